#include "services/dynamodb/model/expression/token_stream.h"

#include "base/strings.h"
#include "services/dynamodb/model/expression/reserved_words.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kMaxListIndexDigits = 9;

// Words that are part of the grammar wherever they stand, so never a path.
bool is_grammar_word(const Token& token) {
  for (const std::string_view word : {"AND", "OR", "NOT", "IN", "BETWEEN"}) {
    if (token.is_keyword(word)) return true;
  }
  return false;
}

}  // namespace

std::string_view parameter_name(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::condition:
      return "ConditionExpression";
    case ExpressionKind::filter:
      return "FilterExpression";
    case ExpressionKind::key_condition:
      return "KeyConditionExpression";
    case ExpressionKind::update:
      return "UpdateExpression";
    case ExpressionKind::projection:
      return "ProjectionExpression";
  }
  return "Expression";
}

Invalid invalid_expression(ExpressionKind kind, std::string_view message) {
  std::string text = "Invalid ";
  text.append(parameter_name(kind)).append(": ").append(message);
  return Invalid{std::move(text)};
}

const Value& no_value() {
  static const Value value;
  return value;
}

Checked<void> check_text(ExpressionKind kind, std::string_view text) {
  if (Lexer(text).next().is(TokenKind::end)) {  // nothing, or white space
    return std::unexpected(invalid_expression(kind, "The expression can not be empty;"));
  }
  if (text.size() > kMaxExpressionSize) {
    return std::unexpected(invalid_expression(
        kind, "Expression size has exceeded the maximum allowed size; expression size: " +
                  std::to_string(text.size())));
  }
  return {};
}

TokenStream::TokenStream(ExpressionKind kind, std::string_view text, Placeholders& placeholders)
    : kind_(kind),
      text_(text),
      placeholders_(placeholders),
      lexer_(text),
      current_(lexer_.next()) {}

Token TokenStream::following() const {
  Lexer ahead = lexer_;
  return ahead.next();
}

Token TokenStream::take() {
  previous_ = current_;
  current_ = lexer_.next();
  return previous_;
}

bool TokenStream::accept(TokenKind kind) {
  if (!current_.is(kind)) return false;
  take();
  return true;
}

bool TokenStream::accept_keyword(std::string_view upper) {
  if (!current_.is_keyword(upper)) return false;
  take();
  return true;
}

bool TokenStream::expect(TokenKind kind) {
  if (accept(kind)) return true;
  syntax_error();
  return false;
}

std::nullopt_t TokenStream::syntax_error() {
  if (syntax_) return std::nullopt;
  // "near" is the text from the token before to the token behind.
  const Token next = following();
  const Token& first = previous_.text.empty() ? current_ : previous_;
  const Token& last = current_.is(TokenKind::end) ? first
                      : next.is(TokenKind::end)   ? current_
                                                  : next;
  const char* begin = first.text.data();
  const char* end = last.text.data() + last.text.size();
  syntax_ = "Syntax error; token: \"";
  syntax_->append(current_.is(TokenKind::end) ? "<EOF>" : current_.text);
  syntax_->append("\", near: \"").append(begin, end).append("\"");
  return std::nullopt;
}

void TokenStream::meaning_error(std::string message) {
  if (!meaning_) meaning_ = std::move(message);
}

void TokenStream::wrong_operand(std::string_view function, Type type) {
  std::string message = "Incorrect operand type for operator or function; operator or function: ";
  message.append(function).append(", operand type: ").append(type_name(type));
  meaning_error(std::move(message));
}

bool TokenStream::enter() {
  if (++depth_ <= kMaxOperators) return true;
  if (!syntax_) {
    syntax_ =
        "The expression contains too many operators; operator count: " + std::to_string(depth_);
  }
  return false;
}

bool TokenStream::at_path() const {
  return current_.is(TokenKind::name_placeholder) ||
         (current_.is(TokenKind::identifier) && !is_grammar_word(current_));
}

void TokenStream::add_name(Path& path, const Token& token) {
  PathElement element;
  if (token.is(TokenKind::name_placeholder)) {
    if (const std::string* name = placeholders_.name(token.text)) {
      element.name = *name;
    } else {
      meaning_error(
          "An expression attribute name used in the document path is not defined; attribute "
          "name: " +
          std::string(token.text));
    }
  } else {
    if (is_reserved_word(token.text)) {
      meaning_error("Attribute name is a reserved keyword; reserved keyword: " +
                    std::string(token.text));
    }
    element.name = token.text;
  }
  path.elements.push_back(std::move(element));
}

std::optional<Path> TokenStream::path() {
  if (!at_path()) return syntax_error();
  Path path;
  add_name(path, take());
  for (;;) {
    if (accept(TokenKind::dot)) {
      if (!current_.is(TokenKind::identifier) && !current_.is(TokenKind::name_placeholder)) {
        return syntax_error();
      }
      add_name(path, take());
    } else if (accept(TokenKind::open_bracket)) {
      if (!current_.is(TokenKind::number)) return syntax_error();
      const Token index = take();
      if (!expect(TokenKind::close_bracket)) return std::nullopt;
      PathElement element;
      element.kind = PathElement::Kind::index;
      if (index.text.size() > kMaxListIndexDigits) {
        meaning_error("List index is not within the allowable range; index: [" +
                      std::string(index.text) + "]");
      } else {
        element.index = static_cast<std::uint32_t>(base::parse_int(index.text).value_or(0));
      }
      path.elements.push_back(std::move(element));
    } else {
      break;
    }
  }
  if (path.elements.size() > static_cast<std::size_t>(kMaxNesting)) {
    meaning_error("The document path has too many nesting elements; nesting levels: " +
                  std::to_string(path.elements.size()));
  }
  return path;
}

const Value* TokenStream::value() {
  const Token token = take();
  if (const Value* found = placeholders_.value(token.text)) return found;
  meaning_error(
      "An expression attribute value used in expression is not defined; attribute value: " +
      std::string(token.text));
  return &no_value();
}

std::optional<Invalid> TokenStream::finish() {
  if (!syntax_ && !current_.is(TokenKind::end)) syntax_error();
  if (syntax_) return invalid_expression(kind_, *syntax_);
  if (operators_ > kMaxOperators) {
    return invalid_expression(kind_,
                              "The expression contains too many operators; operator count: " +
                                  std::to_string(operators_));
  }
  if (meaning_) return invalid_expression(kind_, *meaning_);
  return std::nullopt;
}

}  // namespace mayfly::dynamodb
