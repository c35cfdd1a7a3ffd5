// TokenStream: what the three parsers share: look-ahead, document paths, placeholders, and errors.
//
// Two kinds of error: the first syntax error stops the parse (functions return nullopt then); the
// first error of meaning is kept while the parse goes on, because DynamoDB reports syntax first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/dynamodb/model/expression/lexer.h"
#include "services/dynamodb/model/expression/parser.h"

namespace mayfly::dynamodb {

class TokenStream {
 public:
  TokenStream(ExpressionKind kind, std::string_view text, Placeholders& placeholders);

  ExpressionKind kind() const { return kind_; }
  const Token& current() const { return current_; }
  Token following() const;  // the token behind the current one
  Token take();
  bool accept(TokenKind kind);
  bool accept_keyword(std::string_view upper);
  bool expect(TokenKind kind);  // a syntax error otherwise

  std::nullopt_t syntax_error();  // at the current token
  void meaning_error(std::string message);
  void wrong_operand(std::string_view function, Type type);
  void count_operator() { ++operators_; }
  // False, with the error noted, where nesting would go too deep.
  bool enter();
  void leave() { --depth_; }

  bool at_path() const;
  std::optional<Path> path();
  const Value* value();  // the current token is a value placeholder

  // The error to report, once the parse is over: also checks that the text is used up and the
  // limits.
  std::optional<Invalid> finish();

 private:
  void add_name(Path& path, const Token& token);

  ExpressionKind kind_;
  std::string_view text_;
  Placeholders& placeholders_;
  Lexer lexer_;
  Token previous_;
  Token current_;
  int operators_ = 0;
  int depth_ = 0;
  std::optional<std::string> syntax_;
  std::optional<std::string> meaning_;
};

// Stands in for what an error of meaning leaves undefined, in a tree that is thrown away.
const Value& no_value();

// Checks that come before any parse: empty or oversized text.
Checked<void> check_text(ExpressionKind kind, std::string_view text);

}  // namespace mayfly::dynamodb
