// Conditions of PartiQL (WHERE), as the trees of the expression language.
#pragma once

#include <optional>

#include "services/dynamodb/model/constants.h"
#include "services/dynamodb/model/partiql/tokens.h"

namespace mayfly::dynamodb::partiql {

inline constexpr std::size_t kMaxInValues = 100;

// nullopt once `tokens` holds an error.
std::optional<Condition> parse_where(Tokens& tokens, Constants& constants);

}  // namespace mayfly::dynamodb::partiql
