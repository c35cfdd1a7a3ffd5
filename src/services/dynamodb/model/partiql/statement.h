// Statement: what a PartiQL text says, in the trees of the expression language (ast.h), so that
// evaluation, validation and capacity are those of the other operations.
//
// The trees point into `constants`; moving a Statement (or its constants) keeps them good.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/model/constants.h"
#include "services/dynamodb/model/expression/ast.h"

namespace mayfly::dynamodb::partiql {

enum class StatementKind : std::uint8_t { select, insert, update, remove, exists };
enum class Returning : std::uint8_t { nothing, all_old, modified_old, all_new, modified_new };

struct OrderBy {
  std::string attribute;
  enum class Direction : std::uint8_t { ascending, descending } direction = Direction::ascending;
};

struct Statement {
  StatementKind kind = StatementKind::select;
  std::string table;
  std::optional<std::string> index;
  std::optional<Projection> projection;  // of SELECT; unset: *
  std::optional<Condition> where;
  std::vector<OrderBy> order;
  Item item;  // of INSERT
  Update update;
  Returning returning = Returning::nothing;
  Constants constants;

  bool reads() const { return kind == StatementKind::select; }
};

}  // namespace mayfly::dynamodb::partiql
