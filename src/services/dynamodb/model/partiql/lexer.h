// Lexer of PartiQL: a statement's text as tokens, one at a time. Never fails: what fits no token is
// a token of kind `unknown`, which no grammar accepts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mayfly::dynamodb::partiql {

enum class TokenKind : std::uint8_t {
  end,
  unknown,
  word,         // an identifier or a keyword
  quoted_name,  // "an identifier that is never a keyword"
  string,       // 'text'
  number,       // without a sign
  parameter,    // ?
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  open,
  close,
  open_bracket,
  close_bracket,
  open_brace,
  close_brace,
  open_set,   // <<
  close_set,  // >>
  comma,
  dot,
  colon,
  star,
  plus,
  minus,
  semicolon
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // of strings and quoted names without the quotes, escapes undone

  bool is(TokenKind k) const { return kind == k; }
  // A word in any case. `upper` is in upper case.
  bool is_keyword(std::string_view upper) const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  Token quoted(TokenKind kind, char quote);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace mayfly::dynamodb::partiql
