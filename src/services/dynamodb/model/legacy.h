// The parameters from before expressions (Expected, QueryFilter, ScanFilter, KeyConditions,
// AttributeUpdates), translated into the same trees. The trees point into the values given, which
// must outlive them and not move.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/expression/ast.h"

namespace mayfly::dynamodb {

struct LegacyCondition {
  std::string attribute;
  std::string comparison;  // "EQ", ...
  std::vector<Value> values;
};
enum class ConditionalOperator : std::uint8_t { all, any };

Checked<Condition> condition_of(const std::vector<LegacyCondition>& conditions,
                                ConditionalOperator join);

struct LegacyUpdate {
  std::string attribute;
  std::string action;  // "PUT", "ADD", "DELETE"
  std::optional<Value> value;
};

Checked<Update> update_of(const std::vector<LegacyUpdate>& updates);

}  // namespace mayfly::dynamodb
