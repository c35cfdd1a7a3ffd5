// Lexer: an expression's text as tokens, one at a time. Never fails: what fits no token is a token
// of kind `unknown`, which no grammar accepts.
#pragma once

#include <cstdint>
#include <string_view>

namespace mayfly::dynamodb {

enum class TokenKind : std::uint8_t {
  end,
  unknown,
  identifier,
  name_placeholder,
  value_placeholder,
  number,
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
  comma,
  dot,
  plus,
  minus
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  // a part of the expression, so its place is known too

  bool is(TokenKind k) const { return kind == k; }
  // A keyword: an identifier in any case. `upper` is in upper case.
  bool is_keyword(std::string_view upper) const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace mayfly::dynamodb
