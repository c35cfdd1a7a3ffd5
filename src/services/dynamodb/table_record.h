// The stored form of a table's definition: a version byte, then JSON.
// docs/formats/dynamodb-items.md describes it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/dynamodb/model/schema.h"

namespace mayfly::dynamodb {

std::string encode_table(const Table& table);
std::optional<Table> decode_table(const base::Scope& scope, std::string_view bytes);

}  // namespace mayfly::dynamodb
