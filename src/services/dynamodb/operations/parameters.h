// Parameters that several item operations share: placeholders, conditions old and new, projections.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/errors.h"
#include "services/dynamodb/item_shapes.h"
#include "services/dynamodb/model/expression/ast.h"
#include "services/dynamodb/model/expression/parser.h"
#include "services/dynamodb/model/expression/placeholders.h"
#include "services/dynamodb/model/legacy.h"

namespace mayfly::dynamodb {

using Names = std::optional<std::map<std::string, std::string>>;

// The expression parameters of an operation with whether the request has them, for the messages
// about what is there and what is not.
struct Given {
  std::string_view parameter;
  bool present;
};

// The parameters of an operation that may not go together.
struct ParameterUse {
  std::vector<Given> legacy;
  std::vector<Given> value_expressions;  // those that take values
  std::vector<Given> other_expressions;  // those that take only names
};
// Refuses requests that use parameters of both generations, and placeholders without expressions.
wire::Result<void> check_use(const ParameterUse& use, const Names& names,
                             const wire::Document& values);
// Refuses a ConditionalOperator that joins nothing; `conditions` are null where there are none.
template <class Conditions>
wire::Result<void> check_conditional_operator(const std::optional<std::string>& text,
                                              const std::optional<Conditions>& conditions) {
  if (!text) return {};
  if (!conditions) return refuse("ConditionalOperator cannot be used without Filter or Expected");
  if (conditions->size() < 2) {
    return refuse(
        "ConditionalOperator can only be used when Filter or Expected has two or more elements");
  }
  return {};
}

wire::Result<Placeholders> placeholders_of(Names& names, wire::Document& values);

// A condition and what it points into. Moving it keeps the tree good.
struct OwnedCondition {
  std::vector<LegacyCondition> legacy;
  std::optional<Condition> condition;
};

wire::Result<ConditionalOperator> conditional_operator_of(const std::optional<std::string>& text);
wire::Result<OwnedCondition> expected_condition(std::map<std::string, ExpectedValue>& expected,
                                                ConditionalOperator join);
wire::Result<OwnedCondition> filter_condition(std::map<std::string, LegacyFilter>& filters,
                                              ConditionalOperator join);

// ProjectionExpression or AttributesToGet; nullopt for all attributes.
wire::Result<std::optional<Projection>> projection_of(
    const std::optional<std::string>& expression,
    std::optional<std::vector<std::string>>& attributes, Placeholders& placeholders);

}  // namespace mayfly::dynamodb
