// The stored forms of a stream and of the generations of its shards: JSON rows (wire/row.h), to
// which members may be added. docs/formats/dynamodb-streams.md describes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/dynamodb/model/stream.h"
#include "services/dynamodb/table_shapes.h"
#include "wire/row.h"

namespace mayfly::dynamodb {

struct StreamRow {
  std::string table;
  std::string label;
  std::int64_t id = 0;  // the bits of the unsigned number in its keys
  std::string view;
  std::vector<KeySchemaElement> keys;
  std::int64_t created_ms = 0;
  std::int64_t disabled_ms = 0;  // 0: it is enabled
  static constexpr auto shape() {
    using Self = StreamRow;
    return std::tuple{wire::field("table", &Self::table).required(),
                      wire::field("label", &Self::label).required(),
                      wire::field("id", &Self::id).required(),
                      wire::field("view", &Self::view).required(),
                      wire::field("keys", &Self::keys).required(),
                      wire::field("created_ms", &Self::created_ms).required(),
                      wire::field("disabled_ms", &Self::disabled_ms)};
  }

  std::uint64_t stream() const { return static_cast<std::uint64_t>(id); }
};

// Shards that began together, each with an equal part of the hashes. A generation ends where the
// next begins; the last one of a disabled stream has no shards.
struct GenerationRow {
  std::int64_t first_shard = 0;
  std::int64_t shards = 0;
  std::int64_t created_ms = 0;
  std::int64_t parent_first_shard = 0;
  std::int64_t parent_shards = 0;  // 0: the stream began with it
  std::int64_t parent_created_ms = 0;
  static constexpr auto shape() {
    using Self = GenerationRow;
    return std::tuple{wire::field("first_shard", &Self::first_shard).required(),
                      wire::field("shards", &Self::shards).required(),
                      wire::field("created_ms", &Self::created_ms).required(),
                      wire::field("parent_first_shard", &Self::parent_first_shard),
                      wire::field("parent_shards", &Self::parent_shards),
                      wire::field("parent_created_ms", &Self::parent_created_ms)};
  }
};

}  // namespace mayfly::dynamodb
