// table export and import: all items of a table to and from a file, in constant memory.
#pragma once

#include "cli/commands.h"
#include "cli/dynamodb.h"

namespace mayfly::cli {

Answer<int> export_items(const TableCommand& command, DynamoDbClient& client, Terminal& terminal);
// Items with the same key are put in the order of the file. Stops at the first line that is wrong;
// what was put before it stays.
Answer<int> import_items(const TableCommand& command, const Target& target, DynamoDbClient& client,
                         Terminal& terminal);

}  // namespace mayfly::cli
