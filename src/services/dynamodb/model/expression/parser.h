// Parsers of the expression language: text to ast.h, in time linear in the text.
//
// Messages are DynamoDB's. The syntax of the whole text is checked before the meaning of any part,
// as there. Values stay owned by `placeholders`, which also notes what was used.
#pragma once

#include <string_view>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/expression/ast.h"
#include "services/dynamodb/model/expression/placeholders.h"

namespace mayfly::dynamodb {

inline constexpr std::size_t kMaxExpressionSize = 4096;
inline constexpr int kMaxOperators = 300;
inline constexpr std::size_t kMaxInOperands = 100;

// `kind`: condition, filter or key_condition; it changes messages and the functions allowed.
Checked<Condition> parse_condition(ExpressionKind kind, std::string_view text,
                                   Placeholders& placeholders);
Checked<Update> parse_update(std::string_view text, Placeholders& placeholders);
Checked<Projection> parse_projection(std::string_view text, Placeholders& placeholders);

std::string_view parameter_name(ExpressionKind kind);  // "ConditionExpression"
// "Invalid ConditionExpression: " + message
Invalid invalid_expression(ExpressionKind kind, std::string_view message);

// Refuses two paths of which one contains the other, or that need one place to be a list and a map.
Checked<void> check_overlaps(ExpressionKind kind, const std::vector<const Path*>& paths);

}  // namespace mayfly::dynamodb
