#include "services/dynamodb/model/expression/lexer.h"

#include "base/strings.h"

namespace mayfly::dynamodb {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

// How many bytes the (perhaps broken) UTF-8 character at the front has, so that a message does not
// cut it in two.
std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 &&
         (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

}  // namespace

bool Token::is_keyword(std::string_view upper) const {
  return kind == TokenKind::identifier && base::equals_ignore_case(text, upper);
}

Token Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  const std::string_view rest = text_.substr(at_);
  const auto take = [&](TokenKind kind, std::size_t length) {
    at_ += length;
    return Token{kind, rest.substr(0, length)};
  };
  const auto run = [&](std::size_t from, bool (*accepts)(char)) {
    std::size_t length = from;
    while (length < rest.size() && accepts(rest[length])) ++length;
    return length;
  };
  if (rest.empty()) return Token{TokenKind::end, rest};

  const char c = rest.front();
  if (is_letter(c)) return take(TokenKind::identifier, run(1, is_word));
  if (is_digit(c)) return take(TokenKind::number, run(1, is_digit));
  if (c == '#' || c == ':') {
    const std::size_t length = run(1, is_word);
    if (length == 1) return take(TokenKind::unknown, 1);
    return take(c == '#' ? TokenKind::name_placeholder : TokenKind::value_placeholder, length);
  }
  const char second = rest.size() > 1 ? rest[1] : '\0';
  switch (c) {
    case '=':
      return take(TokenKind::equal, 1);
    case '<':
      if (second == '>') return take(TokenKind::not_equal, 2);
      if (second == '=') return take(TokenKind::less_equal, 2);
      return take(TokenKind::less, 1);
    case '>':
      if (second == '=') return take(TokenKind::greater_equal, 2);
      return take(TokenKind::greater, 1);
    case '(':
      return take(TokenKind::open, 1);
    case ')':
      return take(TokenKind::close, 1);
    case '[':
      return take(TokenKind::open_bracket, 1);
    case ']':
      return take(TokenKind::close_bracket, 1);
    case ',':
      return take(TokenKind::comma, 1);
    case '.':
      return take(TokenKind::dot, 1);
    case '+':
      return take(TokenKind::plus, 1);
    case '-':
      return take(TokenKind::minus, 1);
    default:
      return take(TokenKind::unknown, character_length(rest));
  }
}

}  // namespace mayfly::dynamodb
