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
// As it is seen from scope's region; nullopt where the bytes are damaged, or it has no replica
// there.
std::optional<Table> decode_table(const base::Scope& scope, std::string_view bytes);

// As it is seen from the region in the keys of its rows, or else from any.
std::optional<Table> decode_anywhere(const base::Scope& home, std::string_view bytes);

// Where a table is one of a global table's replicas, this is stored in its place: where the
// definition of all of them is (keys::global_table).
struct TablePointer {
  base::Scope home;
  std::uint64_t row_id = 0;
};
std::string encode_pointer(const TablePointer& pointer);
// nullopt: the bytes are a definition, or damaged.
std::optional<TablePointer> decode_pointer(const base::Scope& scope, std::string_view bytes);

std::string_view global_version_name(GlobalVersion version);
std::string_view consistency_name(MultiRegionConsistency consistency);

}  // namespace mayfly::dynamodb
