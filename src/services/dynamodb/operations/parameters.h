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

// Refuses requests that use parameters of both generations.
wire::Result<void> check_generations(const std::vector<Given>& legacy,
                                     const std::vector<Given>& expressions);

// `expressions`: those of the operation that take values (for names: `names_allowed`).
wire::Result<Placeholders> placeholders_of(Names& names, wire::Document& values,
                                           const std::vector<Given>& value_expressions,
                                           const std::vector<Given>& other_expressions = {});

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
