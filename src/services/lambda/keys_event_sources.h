// The stored bytes of event source mappings. Not in the account's tables: a start takes up all of
// the installation.
//   mapping   (7, account, region, uuid)   what was asked for, and how far it is (MappingRow)
//   progress  (8, uuid, shard, lane)       how far a shard was read (ProgressRow)
//   outcome   (9, uuid)                    LastProcessingResult
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "services/lambda/keys.h"

namespace mayfly::lambda {

struct MappingRow {
  std::int64_t revision = 0;  // counts the changes of what follows
  std::string function, qualifier, source;
  std::string starting_position;
  std::int32_t batch_size = 100, window_seconds = 0, factor = 1, tumbling_seconds = 0;
  std::int32_t max_age_seconds = -1, retries = -1;  // -1: none
  bool bisect = false, report_failures = false, enabled = true;
  std::optional<std::vector<std::string>> filters, metrics;
  std::map<std::string, std::string> tags;
  std::string state;
  std::int64_t modified_ms = 0;
  static constexpr auto shape() {
    using Self = MappingRow;
    return std::tuple{wire::field("revision", &Self::revision),
                      wire::field("function", &Self::function),
                      wire::field("qualifier", &Self::qualifier),
                      wire::field("source", &Self::source),
                      wire::field("from", &Self::starting_position),
                      wire::field("batch", &Self::batch_size),
                      wire::field("window", &Self::window_seconds),
                      wire::field("factor", &Self::factor),
                      wire::field("tumbling", &Self::tumbling_seconds),
                      wire::field("age", &Self::max_age_seconds),
                      wire::field("retries", &Self::retries),
                      wire::field("bisect", &Self::bisect),
                      wire::field("report", &Self::report_failures),
                      wire::field("enabled", &Self::enabled),
                      wire::field("filters", &Self::filters),
                      wire::field("metrics", &Self::metrics),
                      wire::field("tags", &Self::tags),
                      wire::field("state", &Self::state),
                      wire::field("modified", &Self::modified_ms)};
  }
};

// A window of aggregation that is open.
struct WindowRow {
  std::int64_t start_ms = 0;
  std::string state;  // JSON, as the function answered it last
  static constexpr auto shape() {
    using Self = WindowRow;
    return std::tuple{wire::field("start", &Self::start_ms), wire::field("state", &Self::state)};
  }
};

// Of one of the lanes in which a shard is read: each takes the records whose groups fall to it.
struct ProgressRow {
  std::string position;  // of the source, the next record to be handled
  bool done = false;     // the shard is closed and read to its end
  std::optional<WindowRow> window;
  static constexpr auto shape() {
    using Self = ProgressRow;
    return std::tuple{wire::field("at", &Self::position), wire::field("done", &Self::done),
                      wire::field("window", &Self::window)};
  }
};

// A mapping anywhere in the installation.
struct MappingId {
  base::Scope scope;
  std::string uuid;
  auto operator<=>(const MappingId&) const = default;
};

inline std::string mappings_prefix() { return store::key_in(store::KeySpace::lambda).u8(7).done(); }
inline std::string mappings_prefix(const base::Scope& scope) {
  return store::key_in(store::KeySpace::lambda).u8(7).str(scope.account).str(scope.region).done();
}
inline std::string mapping_key(const MappingId& id) {
  return store::key_in(store::KeySpace::lambda)
      .u8(7)
      .str(id.scope.account)
      .str(id.scope.region)
      .str(id.uuid)
      .done();
}
std::optional<MappingId> read_mapping_key(std::string_view key);

inline std::string progress_prefix(std::string_view uuid) {
  return store::key_in(store::KeySpace::lambda).u8(8).str(uuid).done();
}
inline std::string progress_prefix(std::string_view uuid, std::string_view shard) {
  return store::key_in(store::KeySpace::lambda).u8(8).str(uuid).str(shard).done();
}
inline std::string progress_key(std::string_view uuid, std::string_view shard, std::int32_t lane) {
  return store::key_in(store::KeySpace::lambda)
      .u8(8)
      .str(uuid)
      .str(shard)
      .u8(static_cast<std::uint8_t>(lane))
      .done();
}
inline std::string outcome_key(std::string_view uuid) {
  return store::key_in(store::KeySpace::lambda).u8(9).str(uuid).done();
}

}  // namespace mayfly::lambda
