// What a WHERE says of the keys: which partitions a SELECT has to read, which item a write is
// about.
#pragma once

#include <optional>
#include <vector>

#include "services/dynamodb/model/expression/ast.h"
#include "services/dynamodb/model/schema.h"

namespace mayfly::dynamodb::partiql {

// The values that the attribute has wherever the condition holds (by =, IN, OR of those), each
// once; nullopt where the condition does not say.
std::optional<std::vector<const Value*>> possible_values(const Condition& where,
                                                         const std::string& attribute);

// What a Query of one partition can use of the condition for the sort key: = if there is one, else
// a range; null for neither. A part of `where`.
const Condition* sort_condition(const Condition& where, const std::string& attribute);

// The key that the condition names by equality of all key attributes, and what else it says.
struct KeyAndRest {
  Item key;
  std::vector<Condition> rest;  // all of them have to hold
};
std::optional<KeyAndRest> split_key(const Condition& where, const KeySchema& schema);

}  // namespace mayfly::dynamodb::partiql
