// KeyCondition: what a Query asks of the keys: one partition, and a range of sort keys in it.
#pragma once

#include <cstdint>

#include "services/dynamodb/model/expression/ast.h"
#include "services/dynamodb/model/schema.h"

namespace mayfly::dynamodb {

struct KeyCondition {
  enum class Sort : std::uint8_t { any, eq, lt, le, gt, ge, between, begins_with };
  const Value* partition = nullptr;  // owned by the request, as in the tree
  Sort sort = Sort::any;
  const Value* first = nullptr;
  const Value* second = nullptr;  // of between
};

// Where the condition came from decides some messages.
enum class KeyConditionSource : std::uint8_t { expression, legacy };

Checked<KeyCondition> key_condition_of(const Condition& condition, const KeySchema& schema,
                                       KeyConditionSource source);

// The first key attribute of the schema that the condition speaks of; null if none. Filters may
// not.
const std::string* find_key_attribute(const Condition& filter, const KeySchema& schema);

}  // namespace mayfly::dynamodb
