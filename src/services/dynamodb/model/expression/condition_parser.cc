// The grammar of conditions:
//   or      := and (OR and)*
//   and     := not (AND not)*
//   not     := NOT not | comparison
//   comparison := primary [comparator primary | BETWEEN primary AND primary | IN '(' primary, ...
//   ')'] primary := '(' or ')' | function '(' primary, ... ')' | path | :value
// A primary may turn out to be a condition or an operand ("(size(a)) > :n" is legal), so both
// travel as a Node until the place that needs one of them.
#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "services/dynamodb/model/expression/token_stream.h"

namespace mayfly::dynamodb {
namespace {

struct Node {
  std::variant<Condition, Operand> content;
  bool in_parentheses = false;
  std::string_view function;  // set where it is a call

  Condition* condition() { return std::get_if<Condition>(&content); }
  Operand* operand() { return std::get_if<Operand>(&content); }
};
using MaybeNode = std::optional<Node>;

struct Function {
  std::string_view name;
  std::size_t arguments;
  Condition::Kind kind;
  bool first_is_path;
};
constexpr std::array kFunctions{
    Function{"attribute_exists", 1, Condition::Kind::exists, true},
    Function{"attribute_not_exists", 1, Condition::Kind::not_exists, true},
    Function{"attribute_type", 2, Condition::Kind::has_type, true},
    Function{"begins_with", 2, Condition::Kind::begins_with, false},
    Function{"contains", 2, Condition::Kind::contains, false},
};

std::optional<Comparator> comparator_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::equal:
      return Comparator::eq;
    case TokenKind::not_equal:
      return Comparator::ne;
    case TokenKind::less:
      return Comparator::lt;
    case TokenKind::less_equal:
      return Comparator::le;
    case TokenKind::greater:
      return Comparator::gt;
    case TokenKind::greater_equal:
      return Comparator::ge;
    default:
      return std::nullopt;
  }
}

const Value* constant(const Operand& operand) {
  const auto* value = std::get_if<const Value*>(&operand);
  return value == nullptr ? nullptr : *value;
}

class ConditionParser {
 public:
  ConditionParser(ExpressionKind kind, std::string_view text, Placeholders& placeholders)
      : tokens_(kind, text, placeholders) {}

  Checked<Condition> parse() {
    MaybeNode node = any_of();
    const bool whole = node && as_condition(*node);
    if (auto error = tokens_.finish()) return std::unexpected(std::move(*error));
    if (!whole) return std::unexpected(invalid_expression(tokens_.kind(), "Syntax error"));
    return std::move(*node->condition());
  }

 private:
  MaybeNode any_of() { return chain("OR", Condition::Kind::any_of, &ConditionParser::all_of); }
  MaybeNode all_of() { return chain("AND", Condition::Kind::all_of, &ConditionParser::negation); }

  MaybeNode chain(std::string_view word, Condition::Kind kind,
                  MaybeNode (ConditionParser::*part)()) {
    MaybeNode first = (this->*part)();
    if (!first || !tokens_.current().is_keyword(word)) return first;
    if (!as_condition(*first)) return std::nullopt;
    Condition joined;
    joined.kind = kind;
    joined.children.push_back(std::move(*first->condition()));
    while (tokens_.accept_keyword(word)) {
      tokens_.count_operator();
      MaybeNode next = (this->*part)();
      if (!next || !as_condition(*next)) return std::nullopt;
      joined.children.push_back(std::move(*next->condition()));
    }
    return Node{std::move(joined), false, {}};
  }

  MaybeNode negation() {
    if (!tokens_.accept_keyword("NOT")) return comparison();
    tokens_.count_operator();
    if (!tokens_.enter()) return std::nullopt;
    MaybeNode inner = negation();
    tokens_.leave();
    if (!inner || !as_condition(*inner)) return std::nullopt;
    Condition negated;
    negated.kind = Condition::Kind::negation;
    negated.children.push_back(std::move(*inner->condition()));
    return Node{std::move(negated), false, {}};
  }

  MaybeNode comparison() {
    MaybeNode first = primary();
    if (!first) return std::nullopt;
    const Token op = tokens_.current();
    if (const auto comparator = comparator_of(op.kind)) {
      tokens_.take();
      tokens_.count_operator();
      MaybeNode second = primary();
      if (!second) return std::nullopt;
      Condition condition;
      condition.kind = Condition::Kind::compare;
      condition.comparator = *comparator;
      if (!add_operand(condition, *first) || !add_operand(condition, *second)) return std::nullopt;
      if (*comparator != Comparator::eq && *comparator != Comparator::ne) {
        check_ordered(op.text, condition.operands);
      }
      check_distinct(op.text, condition.operands);
      return Node{std::move(condition), false, {}};
    }
    if (tokens_.accept_keyword("BETWEEN")) return between(*first);
    if (tokens_.accept_keyword("IN")) return in(*first);
    return first;
  }

  MaybeNode between(Node& subject) {
    tokens_.count_operator();
    MaybeNode low = primary();
    if (!low) return std::nullopt;
    if (!tokens_.accept_keyword("AND")) return tokens_.syntax_error();
    MaybeNode high = primary();
    if (!high) return std::nullopt;
    Condition condition;
    condition.kind = Condition::Kind::between;
    for (Node* node : {&subject, &*low, &*high}) {
      if (!add_operand(condition, *node)) return std::nullopt;
    }
    check_ordered("BETWEEN", condition.operands);
    check_bounds(condition.operands);
    check_distinct("BETWEEN", condition.operands);
    return Node{std::move(condition), false, {}};
  }

  MaybeNode in(Node& subject) {
    tokens_.count_operator();
    Condition condition;
    condition.kind = Condition::Kind::in;
    if (!add_operand(condition, subject)) return std::nullopt;
    if (!tokens_.expect(TokenKind::open)) return std::nullopt;
    do {
      MaybeNode candidate = primary();
      if (!candidate || !add_operand(condition, *candidate)) return std::nullopt;
    } while (tokens_.accept(TokenKind::comma));
    if (!tokens_.expect(TokenKind::close)) return std::nullopt;
    if (condition.operands.size() > kMaxInOperands + 1)
      wrong_count("IN", condition.operands.size());
    check_distinct("IN", condition.operands);
    return Node{std::move(condition), false, {}};
  }

  MaybeNode primary() {
    if (tokens_.current().is(TokenKind::value_placeholder)) {
      return Node{Operand(tokens_.value()), false, {}};
    }
    if (tokens_.current().is(TokenKind::open)) return parenthesised();
    if (tokens_.current().is(TokenKind::identifier) && tokens_.following().is(TokenKind::open) &&
        tokens_.at_path()) {
      return call();
    }
    auto path = tokens_.path();
    if (!path) return std::nullopt;
    return Node{Operand(std::move(*path)), false, {}};
  }

  MaybeNode parenthesised() {
    tokens_.take();
    if (!tokens_.enter()) return std::nullopt;
    MaybeNode inner = any_of();
    tokens_.leave();
    if (!inner || !tokens_.expect(TokenKind::close)) return std::nullopt;
    if (inner->in_parentheses) tokens_.meaning_error("The expression has redundant parentheses;");
    inner->in_parentheses = true;
    return inner;
  }

  MaybeNode call() {
    const std::string_view name = tokens_.take().text;
    tokens_.take();  // the parenthesis
    tokens_.count_operator();
    if (!tokens_.enter()) return std::nullopt;
    std::vector<Operand> arguments;
    do {
      MaybeNode argument = primary();
      if (!argument) return std::nullopt;
      if (argument->operand() == nullptr || !argument->function.empty()) {
        misplaced(argument->function);
        arguments.emplace_back(nullptr);
      } else {
        arguments.push_back(std::move(*argument->operand()));
      }
    } while (tokens_.accept(TokenKind::comma));
    tokens_.leave();
    if (!tokens_.expect(TokenKind::close)) return std::nullopt;
    return build_call(name, std::move(arguments));
  }

  Node build_call(std::string_view name, std::vector<Operand> arguments) {
    if (name == "size") {
      if (arguments.size() != 1) {
        wrong_count(name, arguments.size());
      } else if (Path* path = std::get_if<Path>(&arguments[0])) {
        return Node{Operand(SizeOf{std::move(*path)}), false, name};
      } else {
        needs_path(name);
      }
      return Node{Operand(SizeOf{path_of("")}), false, name};
    }
    Condition condition;
    for (const Function& function : kFunctions) {
      if (function.name != name) continue;
      condition.kind = function.kind;
      if (arguments.size() != function.arguments) {
        wrong_count(name, arguments.size());
      } else if (function.first_is_path && !std::holds_alternative<Path>(arguments[0])) {
        needs_path(name);
      } else {
        check_arguments(function, arguments);
      }
      condition.operands = std::move(arguments);
      return Node{std::move(condition), false, name};
    }
    if (name == "if_not_exists" || name == "list_append") {
      tokens_.meaning_error("The function is not allowed in a " + place() +
                            " expression; function: " + std::string(name));
    } else {
      tokens_.meaning_error("Invalid function name; function: " + std::string(name));
    }
    return Node{std::move(condition), false, name};
  }

  void check_arguments(const Function& function, const std::vector<Operand>& arguments) {
    if (function.kind == Condition::Kind::has_type) {
      const Value* type = constant(arguments[1]);
      if (type == nullptr) return;
      const auto* text = type->as<std::string>();
      if (text == nullptr) {
        tokens_.wrong_operand(function.name, type->type());
      } else if (!type_from_name(*text)) {
        tokens_.meaning_error("Invalid attribute type name found; type: " + *text +
                              ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
      }
    } else if (function.kind == Condition::Kind::begins_with) {
      for (const Operand& argument : arguments) {
        const Value* value = constant(argument);
        if (value != nullptr && value->type() != Type::s && value->type() != Type::b) {
          tokens_.wrong_operand(function.name, value->type());
        }
      }
    } else if (function.kind == Condition::Kind::contains) {
      if (const Value* whole = constant(arguments[0])) {
        const Type type = whole->type();
        if (type == Type::n || type == Type::boolean || type == Type::null || type == Type::map) {
          tokens_.wrong_operand(function.name, type);
        }
      }
    }
    if (arguments.size() == 2) check_distinct(function.name, arguments);
  }

  // < > and BETWEEN order only strings, numbers and binaries.
  void check_ordered(std::string_view op, const std::vector<Operand>& operands) {
    for (const Operand& operand : operands) {
      const Value* value = constant(operand);
      if (value != nullptr && !value->is_scalar_key()) tokens_.wrong_operand(op, value->type());
    }
  }

  void check_bounds(const std::vector<Operand>& operands) {
    const Value* low = constant(operands[1]);
    const Value* high = constant(operands[2]);
    if (low == nullptr || high == nullptr) return;
    const std::string shown = "lower bound operand: AttributeValue: " + describe(*low) +
                              ", upper bound operand: AttributeValue: " + describe(*high);
    const auto order = compare(*low, *high);
    if (!order) {
      tokens_.meaning_error(
          "The BETWEEN operator requires same data type for lower and upper bounds; " + shown);
    } else if (*order > 0) {
      tokens_.meaning_error(
          "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
          shown);
    }
  }

  void check_distinct(std::string_view op, const std::vector<Operand>& operands) {
    const Path* first = std::get_if<Path>(&operands[0]);
    if (first == nullptr) return;
    for (std::size_t i = 1; i < operands.size(); ++i) {
      const Path* other = std::get_if<Path>(&operands[i]);
      if (other == nullptr || *other != *first) continue;
      tokens_.meaning_error(
          "The first operand must be distinct from the remaining operands for this operator or "
          "function; operator: " +
          std::string(op) + ", first operand: " + describe(*first));
      return;
    }
  }

  bool add_operand(Condition& condition, Node& node) {
    if (Operand* operand = node.operand()) {
      condition.operands.push_back(std::move(*operand));
      return true;
    }
    if (node.function.empty()) {
      tokens_.syntax_error();
      return false;
    }
    misplaced(node.function);
    condition.operands.emplace_back(nullptr);
    return true;
  }

  bool as_condition(Node& node) {
    if (node.condition() != nullptr) return true;
    if (node.function.empty()) {
      tokens_.syntax_error();
      return false;
    }
    misplaced(node.function);
    node.content = Condition{};
    return true;
  }

  void misplaced(std::string_view function) {
    tokens_.meaning_error(
        "The function is not allowed to be used this way in an expression; function: " +
        std::string(function));
  }
  void needs_path(std::string_view function) {
    tokens_.meaning_error("Operator or function requires a document path; operator or function: " +
                          std::string(function));
  }
  void wrong_count(std::string_view function, std::size_t count) {
    tokens_.meaning_error(
        "Incorrect number of operands for operator or function; operator or function: " +
        std::string(function) + ", number of operands: " + std::to_string(count));
  }
  std::string place() const {
    switch (tokens_.kind()) {
      case ExpressionKind::filter:
        return "filter";
      case ExpressionKind::key_condition:
        return "key condition";
      default:
        return "condition";
    }
  }

  TokenStream tokens_;
};

}  // namespace

Checked<Condition> parse_condition(ExpressionKind kind, std::string_view text,
                                   Placeholders& placeholders) {
  if (auto checked = check_text(kind, text); !checked)
    return std::unexpected(std::move(checked).error());
  return ConditionParser(kind, text, placeholders).parse();
}

}  // namespace mayfly::dynamodb
