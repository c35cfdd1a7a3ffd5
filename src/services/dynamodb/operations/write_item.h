// What TransactWriteItems shares with the single writes: expressions into a Write.
#pragma once

#include <optional>
#include <string>

#include "services/dynamodb/operations/write.h"

namespace mayfly::dynamodb {

OnFailure on_failure_of(const std::optional<std::string>& text);
wire::Result<void> parse_write_condition(const std::string& text, Write& write);
wire::Result<void> parse_write_update(const std::string& text, Write& write);

}  // namespace mayfly::dynamodb
