// Page: how Query and Scan walk over rows: filter, projection, limits of a page, where the next one
// begins.
#pragma once

#include <cstdint>
#include <optional>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/constants.h"
#include "services/dynamodb/operations/capacity.h"
#include "services/dynamodb/operations/parameters.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {

inline constexpr std::size_t kMaxPageBytes = 1024 * 1024;

enum class Select : std::uint8_t { all_attributes, all_projected, specific, count };

// How a projection is shown: inside the maps and lists that lead to it, or (PartiQL) as attributes
// of their own.
enum class Shown : std::uint8_t { in_place, by_last_name };

// What Query and Scan ask of their rows, parsed. Moving it keeps the trees good.
struct PageRequest {
  Placeholders placeholders;
  Constants constants;
  OwnedCondition filter;
  std::optional<Projection> projection;
  Shown shown = Shown::in_place;
  Select select = Select::all_attributes;
  std::optional<std::int32_t> limit;
  std::optional<Item> start;  // ExclusiveStartKey
  store::Direction direction = store::Direction::forward;
  Consistency consistency = Consistency::eventual;
};

// A page with what it cost, which is for the caller to report.
struct Page {
  PageResponse response;
  Capacity capacity;
};

// The index named, or null; checks that it can be read so.
wire::Result<const Index*> readable_index(const Table& table,
                                          const std::optional<std::string>& name,
                                          const PageRequest& request);
// Select, from the parameter and what else is given: `projection` is the parameter that names
// attributes, or empty.
wire::Result<Select> select_of(const std::optional<std::string>& text, bool has_index,
                               std::string_view projection);

// The row that ExclusiveStartKey names, whether it is there or not; nullopt where it cannot name
// one.
std::optional<std::string> start_row(const Table& table, const Index* index, const Item& start);
// The part of `range` behind that row (before it, in reverse); nullopt where it is not in the
// range.
std::optional<keys::Range> resume(keys::Range range, std::string start_row,
                                  store::Direction direction);

base::Task<wire::Result<Page>> read_page(store::Transaction& transaction, TablePtr table,
                                         const Index* index, keys::Range range,
                                         const PageRequest& request);

}  // namespace mayfly::dynamodb
