#include "services/dynamodb/model/partiql/tokens.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace mayfly::dynamodb::partiql {
namespace {

constexpr int kMaxDepth = 200;  // of parentheses, NOTs and values; a statement has 8 KB at most
constexpr std::size_t kMaxListIndexDigits = 9;

// Words of the grammar, which are names only in double quotes.
constexpr std::array<std::string_view, 27> kWords{
    "ALL",   "AND",    "ASC",       "BETWEEN", "BY",  "DELETE",  "DESC",   "EXISTS", "FALSE",
    "FROM",  "IN",     "INSERT",    "INTO",    "IS",  "MISSING", "NOT",    "NULL",   "OR",
    "ORDER", "REMOVE", "RETURNING", "SELECT",  "SET", "TRUE",    "UPDATE", "VALUE",  "WHERE"};

}  // namespace

Tokens::Tokens(std::string_view text, std::vector<Value> parameters)
    : lexer_(text), parameters_(std::move(parameters)) {
  current_ = lexer_.next();
  following_ = lexer_.next();
}

Token Tokens::take() {
  Token taken = std::move(current_);
  current_ = std::move(following_);
  following_ = lexer_.next();
  return taken;
}

bool Tokens::accept(TokenKind kind) {
  if (!current_.is(kind)) return false;
  take();
  return true;
}

bool Tokens::accept_keyword(std::string_view upper) {
  if (!current_.is_keyword(upper)) return false;
  take();
  return true;
}

bool Tokens::expect(TokenKind kind) {
  if (accept(kind)) return true;
  unexpected();
  return false;
}

bool Tokens::expect_keyword(std::string_view upper) {
  if (accept_keyword(upper)) return true;
  unexpected();
  return false;
}

std::nullopt_t Tokens::refuse(std::string message) {
  if (!error_) error_ = Invalid{std::move(message)};
  return std::nullopt;
}

std::nullopt_t Tokens::malformed(std::string_view detail) {
  return refuse("Statement wasn't well formed, can't be processed: " + std::string(detail));
}

std::nullopt_t Tokens::unexpected() {
  if (current_.is(TokenKind::word)) {
    return malformed(at_path() ? "Unexpected term" : "Unexpected keyword");
  }
  return malformed(current_.is(TokenKind::end) ? "Unexpected end of statement"
                                               : "Unexpected token");
}

std::optional<Invalid> Tokens::finish() {
  if (!error_) {
    accept(TokenKind::semicolon);
    if (!current_.is(TokenKind::end)) unexpected();
  }
  if (!error_ && used_parameters_ != parameters_.size()) {
    refuse("Number of parameters in request and statement don't match.");
  }
  return std::move(error_);
}

bool Tokens::enter() {
  if (++depth_ <= kMaxDepth) return true;
  malformed("Too many nested expressions");
  return false;
}

bool Tokens::at_path() const {
  if (current_.is(TokenKind::quoted_name)) return true;
  return current_.is(TokenKind::word) &&
         std::ranges::none_of(kWords,
                              [this](std::string_view word) { return current_.is_keyword(word); });
}

std::optional<std::string> Tokens::name() {
  if (!at_path()) return unexpected();
  Token token = take();
  if (token.text.empty()) return malformed("Unexpected token");
  return std::move(token.text);
}

std::optional<Path> Tokens::path() {
  auto first = name();
  if (!first) return std::nullopt;
  Path path = path_of(std::move(*first));
  for (;;) {
    PathElement element;
    if (accept(TokenKind::dot)) {
      if (!current_.is(TokenKind::word) && !current_.is(TokenKind::quoted_name)) {
        return unexpected();
      }
      element.name = take().text;
    } else if (accept(TokenKind::open_bracket)) {
      if (current_.is(TokenKind::string)) {
        element.name = take().text;
      } else if (current_.is(TokenKind::number)) {
        const std::string digits = take().text;
        const auto index = base::parse_int(digits);
        if (!index || digits.size() > kMaxListIndexDigits) {
          return refuse("List index is not within the allowable range; index: [" + digits + "]");
        }
        element.kind = PathElement::Kind::index;
        element.index = static_cast<std::uint32_t>(*index);
      } else {
        return unexpected();
      }
      if (!expect(TokenKind::close_bracket)) return std::nullopt;
    } else {
      break;
    }
    path.elements.push_back(std::move(element));
  }
  if (path.elements.size() > static_cast<std::size_t>(kMaxNesting)) {
    return refuse("The document path has too many nesting elements; nesting levels: " +
                  std::to_string(path.elements.size()));
  }
  return path;
}

bool Tokens::at_value() const {
  switch (current_.kind) {
    case TokenKind::string:
    case TokenKind::number:
    case TokenKind::parameter:
    case TokenKind::minus:
    case TokenKind::plus:
    case TokenKind::open_bracket:
    case TokenKind::open_brace:
    case TokenKind::open_set:
      return true;
    default:
      return current_.is_keyword("TRUE") || current_.is_keyword("FALSE") ||
             current_.is_keyword("NULL");
  }
}

std::optional<Value> Tokens::value() {
  switch (current_.kind) {
    case TokenKind::string:
      return Value(take().text);
    case TokenKind::number:
      return number(false);
    case TokenKind::parameter:
      return parameter();
    case TokenKind::plus:
    case TokenKind::minus: {
      const bool negative = take().is(TokenKind::minus);
      if (!current_.is(TokenKind::number)) return unexpected();
      return number(negative);
    }
    case TokenKind::open_bracket:
      return list();
    case TokenKind::open_brace:
      return map();
    case TokenKind::open_set:
      return set();
    default:
      break;
  }
  if (accept_keyword("TRUE")) return Value(true);
  if (accept_keyword("FALSE")) return Value(false);
  if (accept_keyword("NULL")) return Value(Null{});
  return unexpected();
}

std::optional<Value> Tokens::number(bool negative) {
  auto parsed = Number::parse((negative ? "-" : "") + take().text);
  if (!parsed) return refuse(std::move(parsed).error().message);
  return Value(*parsed);
}

std::optional<Value> Tokens::parameter() {
  take();
  if (used_parameters_ == parameters_.size()) {
    return refuse("Number of parameters in request and statement don't match.");
  }
  return parameters_[used_parameters_++];
}

bool Tokens::values(TokenKind closing, List& out) {
  take();  // the opening one
  if (!enter()) return false;
  if (!current_.is(closing)) {
    do {
      auto element = value();
      if (!element) return false;
      out.push_back(std::move(*element));
    } while (accept(TokenKind::comma));
  }
  leave();
  return expect(closing);
}

std::optional<Value> Tokens::list() {
  List elements;
  if (!values(TokenKind::close_bracket, elements)) return std::nullopt;
  return Value(std::move(elements));
}

std::optional<Value> Tokens::map() {
  take();
  if (!enter()) return std::nullopt;
  Map map;
  if (!current_.is(TokenKind::close_brace)) {
    do {
      if (!current_.is(TokenKind::string) && !current_.is(TokenKind::quoted_name)) {
        return unexpected();
      }
      const std::string key = take().text;
      if (!expect(TokenKind::colon)) return std::nullopt;
      auto member = value();
      if (!member) return std::nullopt;
      map.set(key, std::move(*member));
    } while (accept(TokenKind::comma));
  }
  leave();
  if (!expect(TokenKind::close_brace)) return std::nullopt;
  return Value(std::move(map));
}

std::optional<Value> Tokens::set() {
  List elements;
  if (!values(TokenKind::close_set, elements)) return std::nullopt;
  if (elements.empty()) {
    return refuse("One or more parameter values were invalid: An string set  may not be empty");
  }
  const auto members = [&]<class T>(std::vector<T> out) {
    for (Value& element : elements) {
      if (T* member = element.as<T>()) out.push_back(std::move(*member));
    }
    return out;
  };
  const Type type = elements.front().type();
  if (std::ranges::any_of(elements, [&](const Value& one) { return one.type() != type; }) ||
      !elements.front().is_scalar_key()) {
    return refuse("One or more parameter values were invalid: Invalid type in a set");
  }
  auto made = type == Type::s   ? Value::string_set(members(StringSet{}))
              : type == Type::n ? Value::number_set(members(NumberSet{}))
                                : Value::binary_set(members(BinarySet{}));
  if (!made) return refuse("Input collection contains duplicates");
  return std::move(*made);
}

}  // namespace mayfly::dynamodb::partiql
