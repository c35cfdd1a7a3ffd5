#include "services/dynamodb/model/partiql/lexer.h"

#include "base/strings.h"

namespace mayfly::dynamodb::partiql {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_word(char c) { return is_word_start(c) || is_digit(c); }

// How long the number at the front is: digits, a fraction, an exponent.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    while (at < text.size() && is_digit(text[at])) ++at;
  };
  digits();
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    ++at;
    digits();
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t digit = at + 1;
    if (digit < text.size() && (text[digit] == '+' || text[digit] == '-')) ++digit;
    if (digit < text.size() && is_digit(text[digit])) {
      at = digit;
      digits();
    }
  }
  return at;
}

struct Symbol {
  std::string_view text;
  TokenKind kind;
};
// Longer ones first.
constexpr Symbol kSymbols[] = {
    {"<>", TokenKind::not_equal},     {"!=", TokenKind::not_equal}, {"<=", TokenKind::less_equal},
    {">=", TokenKind::greater_equal}, {"<<", TokenKind::open_set},  {">>", TokenKind::close_set},
    {"<", TokenKind::less},           {">", TokenKind::greater},    {"=", TokenKind::equal},
    {"(", TokenKind::open},           {")", TokenKind::close},      {"[", TokenKind::open_bracket},
    {"]", TokenKind::close_bracket},  {"{", TokenKind::open_brace}, {"}", TokenKind::close_brace},
    {",", TokenKind::comma},          {".", TokenKind::dot},        {":", TokenKind::colon},
    {"*", TokenKind::star},           {"+", TokenKind::plus},       {"-", TokenKind::minus},
    {";", TokenKind::semicolon},      {"?", TokenKind::parameter},
};

}  // namespace

bool Token::is_keyword(std::string_view upper) const {
  return kind == TokenKind::word && base::equals_ignore_case(text, upper);
}

Token Lexer::quoted(TokenKind kind, char quote) {
  Token token{kind, {}};
  for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
    if (text_[at] == quote) {
      if (at + 1 == text_.size() || text_[at + 1] != quote) {
        at_ = at + 1;
        return token;
      }
      ++at;  // a quote twice is one of the text
    }
    token.text.push_back(text_[at]);
  }
  at_ = text_.size();
  return Token{TokenKind::unknown, {}};  // nothing closes it
}

Token Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  const std::string_view rest = text_.substr(at_);
  if (rest.empty()) return {};
  const auto take = [&](TokenKind kind, std::size_t length) {
    at_ += length;
    return Token{kind, std::string(rest.substr(0, length))};
  };
  const char c = rest.front();
  if (c == '\'') return quoted(TokenKind::string, '\'');
  if (c == '"') return quoted(TokenKind::quoted_name, '"');
  if (is_digit(c)) return take(TokenKind::number, number_length(rest));
  if (is_word_start(c)) {
    std::size_t length = 1;
    while (length < rest.size() && is_word(rest[length])) ++length;
    return take(TokenKind::word, length);
  }
  for (const Symbol& symbol : kSymbols) {
    if (rest.starts_with(symbol.text)) return take(symbol.kind, symbol.text.size());
  }
  return take(TokenKind::unknown, 1);
}

}  // namespace mayfly::dynamodb::partiql
