// The grammar of WHERE:
//   or      := and (OR and)*
//   and     := not (AND not)*
//   not     := NOT not | test
//   test    := primary [comparator primary | [NOT] BETWEEN primary AND primary | [NOT] IN list
//              | IS [NOT] type]
//   primary := '(' or ')' | function '(' primary, ... ')' | path | value
// As in the expression language, a primary may turn out to be a condition or an operand.
#include "services/dynamodb/model/partiql/conditions.h"

#include <array>
#include <variant>

#include "base/strings.h"

namespace mayfly::dynamodb::partiql {
namespace {

using Node = std::variant<Condition, Operand>;
using MaybeNode = std::optional<Node>;

struct Function {
  std::string_view name;
  std::size_t arguments;
  Condition::Kind kind;
};
constexpr std::array kFunctions{
    Function{"attribute_type", 2, Condition::Kind::has_type},
    Function{"begins_with", 2, Condition::Kind::begins_with},
    Function{"contains", 2, Condition::Kind::contains},
};

// What may stand behind IS, beside MISSING.
struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array kTypeNames{
    TypeName{"NULL", Type::null},       TypeName{"BOOL", Type::boolean},
    TypeName{"BOOLEAN", Type::boolean}, TypeName{"STRING", Type::s},
    TypeName{"NUMERIC", Type::n},       TypeName{"DECIMAL", Type::n},
    TypeName{"LIST", Type::list},       TypeName{"STRUCT", Type::map},
    TypeName{"TUPLE", Type::map},
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

Condition negated(Condition inner) {
  Condition out;
  out.kind = Condition::Kind::negation;
  out.children.push_back(std::move(inner));
  return out;
}

class ConditionParser {
 public:
  ConditionParser(Tokens& tokens, Constants& constants) : tokens_(tokens), constants_(constants) {}

  std::optional<Condition> parse() { return as_condition(any_of()); }

 private:
  MaybeNode any_of() { return chain("OR", Condition::Kind::any_of, &ConditionParser::all_of); }
  MaybeNode all_of() { return chain("AND", Condition::Kind::all_of, &ConditionParser::negation); }

  MaybeNode chain(std::string_view word, Condition::Kind kind,
                  MaybeNode (ConditionParser::*part)()) {
    MaybeNode first = (this->*part)();
    if (!first || !tokens_.current().is_keyword(word)) return first;
    Condition joined;
    joined.kind = kind;
    auto child = as_condition(std::move(first));
    if (!child) return std::nullopt;
    joined.children.push_back(std::move(*child));
    while (tokens_.accept_keyword(word)) {
      child = as_condition((this->*part)());
      if (!child) return std::nullopt;
      joined.children.push_back(std::move(*child));
    }
    return joined;
  }

  MaybeNode negation() {
    if (!tokens_.accept_keyword("NOT")) return test();
    if (!tokens_.enter()) return std::nullopt;
    auto inner = as_condition(negation());
    tokens_.leave();
    if (!inner) return std::nullopt;
    return negated(std::move(*inner));
  }

  MaybeNode test() {
    MaybeNode first = primary();
    if (!first) return std::nullopt;
    if (const auto comparator = comparator_of(tokens_.current().kind)) {
      tokens_.take();
      return compare(*comparator, std::move(first));
    }
    if (tokens_.accept_keyword("IS")) return is(std::move(first));
    const bool inverted =
        tokens_.current().is_keyword("NOT") &&
        (tokens_.following().is_keyword("BETWEEN") || tokens_.following().is_keyword("IN"));
    if (inverted) tokens_.take();
    std::optional<Condition> condition;
    if (tokens_.accept_keyword("BETWEEN")) {
      condition = between(std::move(first));
    } else if (tokens_.accept_keyword("IN")) {
      condition = in(std::move(first));
    } else {
      return first;
    }
    if (!condition) return std::nullopt;
    return inverted ? negated(std::move(*condition)) : std::move(*condition);
  }

  MaybeNode compare(Comparator comparator, MaybeNode left) {
    Condition condition;
    condition.kind = Condition::Kind::compare;
    condition.comparator = comparator;
    if (!add(condition, std::move(left)) || !add(condition, primary())) return std::nullopt;
    return condition;
  }

  std::optional<Condition> between(MaybeNode subject) {
    Condition condition;
    condition.kind = Condition::Kind::between;
    if (!add(condition, std::move(subject)) || !add(condition, primary()) ||
        !tokens_.expect_keyword("AND") || !add(condition, primary())) {
      return std::nullopt;
    }
    return condition;
  }

  std::optional<Condition> in(MaybeNode subject) {
    Condition condition;
    condition.kind = Condition::Kind::in;
    if (!add(condition, std::move(subject))) return std::nullopt;
    const bool brackets = tokens_.current().is(TokenKind::open_bracket);
    if (!brackets && !tokens_.current().is(TokenKind::open)) return tokens_.unexpected();
    tokens_.take();
    do {
      if (!add(condition, primary())) return std::nullopt;
    } while (tokens_.accept(TokenKind::comma));
    if (!tokens_.expect(brackets ? TokenKind::close_bracket : TokenKind::close)) {
      return std::nullopt;
    }
    if (condition.operands.size() > kMaxInValues + 1) {
      return tokens_.refuse(
          "The IN operator is provided with too many operands; number of "
          "operands: " +
          std::to_string(condition.operands.size() - 1));
    }
    return condition;
  }

  MaybeNode is(MaybeNode subject) {
    const bool inverted = tokens_.accept_keyword("NOT");
    Condition condition;
    if (!add(condition, std::move(subject))) return std::nullopt;
    if (!std::holds_alternative<Path>(condition.operands[0])) return tokens_.unexpected();
    if (tokens_.accept_keyword("MISSING")) {
      condition.kind = inverted ? Condition::Kind::exists : Condition::Kind::not_exists;
      return condition;
    }
    for (const TypeName& known : kTypeNames) {
      if (!tokens_.accept_keyword(known.name)) continue;
      condition.kind = Condition::Kind::has_type;
      condition.operands.emplace_back(constants_.add(Value(std::string(type_name(known.type)))));
      return inverted ? negated(std::move(condition)) : std::move(condition);
    }
    return tokens_.unexpected();
  }

  MaybeNode primary() {
    if (tokens_.current().is(TokenKind::open)) {
      tokens_.take();
      if (!tokens_.enter()) return std::nullopt;
      MaybeNode inner = any_of();
      tokens_.leave();
      if (!inner || !tokens_.expect(TokenKind::close)) return std::nullopt;
      return inner;
    }
    if (tokens_.at_value()) {
      auto value = tokens_.value();
      if (!value) return std::nullopt;
      return Operand(constants_.add(std::move(*value)));
    }
    if (tokens_.current().is(TokenKind::word) && tokens_.following().is(TokenKind::open)) {
      return call();
    }
    auto path = tokens_.path();
    if (!path) return std::nullopt;
    return Operand(std::move(*path));
  }

  MaybeNode call() {
    if (!tokens_.at_path()) return tokens_.unexpected();  // EXISTS(...) and other grammar words
    const std::string name = tokens_.take().text;
    tokens_.take();  // the parenthesis
    Condition condition;
    if (!tokens_.enter()) return std::nullopt;
    do {
      if (!add(condition, primary())) return std::nullopt;
    } while (tokens_.accept(TokenKind::comma));
    tokens_.leave();
    if (!tokens_.expect(TokenKind::close)) return std::nullopt;
    if (base::equals_ignore_case(name, "size")) {
      Path* path = std::get_if<Path>(&condition.operands[0]);
      if (condition.operands.size() != 1) return wrong_count(name, condition.operands.size());
      if (path == nullptr) return needs_path(name);
      return Operand(SizeOf{std::move(*path)});
    }
    for (const Function& function : kFunctions) {
      if (!base::equals_ignore_case(name, function.name)) continue;
      if (condition.operands.size() != function.arguments) {
        return wrong_count(name, condition.operands.size());
      }
      if (!std::holds_alternative<Path>(condition.operands[0])) return needs_path(name);
      condition.kind = function.kind;
      return checked(std::move(condition));
    }
    return tokens_.refuse("Unsupported function: " + name);
  }

  MaybeNode checked(Condition condition) {
    if (condition.kind != Condition::Kind::has_type) return condition;
    const auto* constant = std::get_if<const Value*>(&condition.operands[1]);
    const auto* type = constant == nullptr ? nullptr : (*constant)->as<std::string>();
    if (type == nullptr || !type_from_name(*type)) {
      return tokens_.refuse(
          "Invalid attribute type name found; type: " + (type == nullptr ? "" : *type) +
          ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
    }
    return condition;
  }

  bool add(Condition& condition, MaybeNode node) {
    if (!node) return false;
    Operand* operand = std::get_if<Operand>(&*node);
    if (operand == nullptr) {
      tokens_.unexpected();
      return false;
    }
    condition.operands.push_back(std::move(*operand));
    return true;
  }

  std::optional<Condition> as_condition(MaybeNode node) {
    if (!node) return std::nullopt;
    if (Condition* condition = std::get_if<Condition>(&*node)) return std::move(*condition);
    // A BOOL attribute alone would be a condition in SQL; DynamoDB has no such form.
    return tokens_.malformed("Unexpected term");
  }

  std::nullopt_t wrong_count(const std::string& function, std::size_t count) {
    return tokens_.refuse(
        "Incorrect number of operands for operator or function; operator or function: " + function +
        ", number of operands: " + std::to_string(count));
  }
  std::nullopt_t needs_path(const std::string& function) {
    return tokens_.refuse("Operator or function requires a document path; operator or function: " +
                          function);
  }

  Tokens& tokens_;
  Constants& constants_;
};

}  // namespace

std::optional<Condition> parse_where(Tokens& tokens, Constants& constants) {
  return ConditionParser(tokens, constants).parse();
}

}  // namespace mayfly::dynamodb::partiql
