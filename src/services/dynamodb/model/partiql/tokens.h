// Tokens: what the parts of the PartiQL parser share: look-ahead, the first error, parameters,
// names, paths and values.
//
// Functions answer nullopt (or false) once there is an error; the first one counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/expression/ast.h"
#include "services/dynamodb/model/partiql/lexer.h"

namespace mayfly::dynamodb::partiql {

class Tokens {
 public:
  Tokens(std::string_view text, std::vector<Value> parameters);

  const Token& current() const { return current_; }
  const Token& following() const { return following_; }
  Token take();
  bool accept(TokenKind kind);
  bool accept_keyword(std::string_view upper);
  bool expect(TokenKind kind);
  bool expect_keyword(std::string_view upper);

  std::nullopt_t unexpected();  // "Statement wasn't well formed ...", by the kind of token
  std::nullopt_t malformed(std::string_view detail);
  std::nullopt_t refuse(std::string message);
  bool failed() const { return error_.has_value(); }
  // The error to report: also where text or parameters are left over.
  std::optional<Invalid> finish();

  // False, with the error noted, where nesting would go too deep.
  bool enter();
  void leave() { --depth_; }

  bool at_path() const;  // a name that is no word of the grammar
  bool at_value() const;
  std::optional<std::string> name();
  std::optional<Path> path();
  std::optional<Value> value();

 private:
  std::optional<Value> number(bool negative);
  std::optional<Value> list();
  std::optional<Value> map();
  std::optional<Value> set();
  std::optional<Value> parameter();
  bool values(TokenKind closing, List& out);

  Lexer lexer_;
  Token current_;
  Token following_;
  std::vector<Value> parameters_;
  std::size_t used_parameters_ = 0;
  int depth_ = 0;
  std::optional<Invalid> error_;
};

}  // namespace mayfly::dynamodb::partiql
