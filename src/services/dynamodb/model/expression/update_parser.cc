// The grammar of updates:
//   update := section+         each of SET REMOVE ADD DELETE at most once
//   SET    := path '=' sum, ...         sum  := term [('+' | '-') term]
//   REMOVE := path, ...                 term := path | :value | function '(' sum, sum ')' | '(' sum
//   ')' ADD, DELETE := path :value, ...
#include <optional>
#include <utility>

#include "services/dynamodb/model/expression/token_stream.h"

namespace mayfly::dynamodb {
namespace {

using MaybeTerm = std::optional<UpdateTerm>;

bool is_condition_function(std::string_view name) {
  for (const std::string_view known : {"attribute_exists", "attribute_not_exists", "attribute_type",
                                       "begins_with", "contains", "size"}) {
    if (name == known) return true;
  }
  return false;
}

class UpdateParser {
 public:
  UpdateParser(std::string_view text, Placeholders& placeholders)
      : tokens_(ExpressionKind::update, text, placeholders) {}

  Checked<Update> parse() {
    sections();
    if (auto error = tokens_.finish()) return std::unexpected(std::move(*error));
    if (auto distinct = check_overlaps(ExpressionKind::update, update_.targets()); !distinct) {
      return std::unexpected(std::move(distinct).error());
    }
    return std::move(update_);
  }

 private:
  bool sections() {
    do {
      bool done = false;
      if (tokens_.accept_keyword("SET")) {
        done = section("SET", seen_set_, [this] { return set(); });
      } else if (tokens_.accept_keyword("REMOVE")) {
        done = section("REMOVE", seen_remove_, [this] { return remove(); });
      } else if (tokens_.accept_keyword("ADD")) {
        done = section("ADD", seen_add_, [this] { return with_value("ADD", update_.adds); });
      } else if (tokens_.accept_keyword("DELETE")) {
        done = section("DELETE", seen_delete_,
                       [this] { return with_value("DELETE", update_.deletes); });
      } else {
        tokens_.syntax_error();
      }
      if (!done) return false;
    } while (!tokens_.current().is(TokenKind::end));
    return true;
  }

  template <class Action>
  bool section(std::string_view name, bool& seen, Action action) {
    if (std::exchange(seen, true)) {
      tokens_.meaning_error("The \"" + std::string(name) +
                            "\" section can only be used once in an update expression;");
    }
    do {
      if (!action()) return false;
    } while (tokens_.accept(TokenKind::comma));
    return true;
  }

  bool set() {
    auto path = tokens_.path();
    if (!path || !tokens_.expect(TokenKind::equal)) return false;
    MaybeTerm value = sum();
    if (!value) return false;
    update_.sets.push_back({std::move(*path), std::move(*value)});
    return true;
  }

  bool remove() {
    auto path = tokens_.path();
    if (!path) return false;
    update_.removes.push_back(std::move(*path));
    return true;
  }

  bool with_value(std::string_view name, std::vector<Update::WithValue>& out) {
    auto path = tokens_.path();
    if (!path) return false;
    if (!tokens_.current().is(TokenKind::value_placeholder)) {
      tokens_.syntax_error();
      return false;
    }
    tokens_.count_operator();
    const Value* value = tokens_.value();
    const Type type = value->type();
    const bool is_set = type == Type::ss || type == Type::ns || type == Type::bs;
    if (!is_set && !(name == "ADD" && type == Type::n)) {
      tokens_.meaning_error(
          "Incorrect operand type for operator or function; operator: " + std::string(name) +
          ", operand type: " + std::string(type_long_name(type)));
    }
    out.push_back({std::move(*path), value});
    return true;
  }

  MaybeTerm sum() {
    MaybeTerm left = term();
    if (!left) return std::nullopt;
    const bool plus = tokens_.current().is(TokenKind::plus);
    if (!plus && !tokens_.current().is(TokenKind::minus)) return left;
    tokens_.take();
    tokens_.count_operator();
    MaybeTerm right = term();
    if (!right) return std::nullopt;
    UpdateTerm result;
    result.kind = plus ? UpdateTerm::Kind::plus : UpdateTerm::Kind::minus;
    for (UpdateTerm* side : {&*left, &*right}) {
      if (side->kind == UpdateTerm::Kind::value && side->value->type() != Type::n) {
        tokens_.wrong_operand(plus ? "+" : "-", side->value->type());
      }
      if (side->kind == UpdateTerm::Kind::list_append)
        tokens_.wrong_operand(plus ? "+" : "-", Type::list);
      result.arguments.push_back(std::move(*side));
    }
    return result;
  }

  MaybeTerm term() {
    if (tokens_.current().is(TokenKind::value_placeholder)) {
      UpdateTerm value;
      value.value = tokens_.value();
      return value;
    }
    if (tokens_.accept(TokenKind::open)) {
      if (!tokens_.enter()) return std::nullopt;
      MaybeTerm inner = sum();
      tokens_.leave();
      if (!inner || !tokens_.expect(TokenKind::close)) return std::nullopt;
      return inner;
    }
    if (tokens_.current().is(TokenKind::identifier) && tokens_.following().is(TokenKind::open)) {
      return call();
    }
    auto path = tokens_.path();
    if (!path) return std::nullopt;
    UpdateTerm result;
    result.kind = UpdateTerm::Kind::path;
    result.path = std::move(*path);
    return result;
  }

  MaybeTerm call() {
    const std::string_view name = tokens_.take().text;
    tokens_.take();  // the parenthesis
    tokens_.count_operator();
    if (!tokens_.enter()) return std::nullopt;
    std::vector<UpdateTerm> arguments;
    do {
      MaybeTerm argument = term();
      if (!argument) return std::nullopt;
      arguments.push_back(std::move(*argument));
    } while (tokens_.accept(TokenKind::comma));
    tokens_.leave();
    if (!tokens_.expect(TokenKind::close)) return std::nullopt;
    return build_call(name, std::move(arguments));
  }

  UpdateTerm build_call(std::string_view name, std::vector<UpdateTerm> arguments) {
    UpdateTerm result;
    result.value = &no_value();
    const bool append = name == "list_append";
    if (!append && name != "if_not_exists") {
      tokens_.meaning_error(
          is_condition_function(name)
              ? "The function is not allowed in an update expression; function: " +
                    std::string(name)
              : "Invalid function name; function: " + std::string(name));
      return result;
    }
    if (arguments.size() != 2) {
      tokens_.meaning_error(
          "Incorrect number of operands for operator or function; operator or function: " +
          std::string(name) + ", number of operands: " + std::to_string(arguments.size()));
      return result;
    }
    if (append) {
      result.kind = UpdateTerm::Kind::list_append;
      for (const UpdateTerm& argument : arguments) {
        if (argument.kind == UpdateTerm::Kind::value && argument.value->type() != Type::list) {
          tokens_.wrong_operand(name, argument.value->type());
        }
      }
      result.arguments = std::move(arguments);
      return result;
    }
    if (arguments[0].kind != UpdateTerm::Kind::path) {
      tokens_.meaning_error(
          "Operator or function requires a document path; operator or function: " +
          std::string(name));
      return result;
    }
    result.kind = UpdateTerm::Kind::if_not_exists;
    result.path = std::move(arguments[0].path);
    result.arguments.push_back(std::move(arguments[1]));
    return result;
  }

  TokenStream tokens_;
  Update update_;
  bool seen_set_ = false;
  bool seen_remove_ = false;
  bool seen_add_ = false;
  bool seen_delete_ = false;
};

}  // namespace

Checked<Update> parse_update(std::string_view text, Placeholders& placeholders) {
  if (auto checked = check_text(ExpressionKind::update, text); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return UpdateParser(text, placeholders).parse();
}

}  // namespace mayfly::dynamodb
