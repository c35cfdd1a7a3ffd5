// The parser of PartiQL, as far as DynamoDB speaks it: SELECT, INSERT, UPDATE, DELETE of one item
// or one table, and EXISTS for transactions.
//
// Time linear in the text; nesting is bounded. Messages are DynamoDB's where they are known.
#pragma once

#include <string_view>
#include <vector>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/partiql/statement.h"

namespace mayfly::dynamodb::partiql {

// `parameters` stand for the question marks, in their order; as many as there are.
Checked<Statement> parse(std::string_view text, std::vector<Value> parameters);

}  // namespace mayfly::dynamodb::partiql
