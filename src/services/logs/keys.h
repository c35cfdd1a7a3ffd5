// Where CloudWatch Logs keeps what. The only file that knows these bytes.
//
//   logs        (scope) 1 group           GroupRow
//   logs        (scope) 2 group stream    StreamRow
//   logs        (scope) 3 group           bytes of all events, decimal
//   log_events  (scope) group stream time sequence    8 bytes ingestion time (ms, big-endian), then
//   the message
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "store/key.h"
#include "store/keyspaces.h"
#include "wire/shape.h"

namespace mayfly::logs {

struct GroupRow {
  std::int64_t creation_time = 0;  // ms
  std::optional<std::int32_t> retention_days;
  std::string log_group_class = "STANDARD";
  std::map<std::string, std::string> tags;
  bool deletion_protected = false;
  static constexpr auto shape() {
    using Self = GroupRow;
    return std::tuple{wire::field("created", &Self::creation_time),
                      wire::field("retention", &Self::retention_days),
                      wire::field("class", &Self::log_group_class),
                      wire::field("tags", &Self::tags),
                      wire::field("protected", &Self::deletion_protected)};
  }
};

struct StreamRow {
  std::int64_t creation_time = 0;
  std::optional<std::int64_t> first_event;  // ms; of all events ever taken
  std::optional<std::int64_t> last_event;
  std::optional<std::int64_t> last_ingestion;
  std::int64_t next_sequence = 1;
  static constexpr auto shape() {
    using Self = StreamRow;
    return std::tuple{
        wire::field("created", &Self::creation_time), wire::field("first", &Self::first_event),
        wire::field("last", &Self::last_event), wire::field("ingested", &Self::last_ingestion),
        wire::field("next", &Self::next_sequence)};
  }
};

// Where an event is within its stream; the order of events.
struct Position {
  std::int64_t time = 0;  // ms
  std::uint64_t sequence = 0;
  auto operator<=>(const Position&) const = default;
};

struct Event {
  Position position;
  std::int64_t ingestion_time = 0;
  std::string message;
};

inline std::string groups_prefix(const base::Scope& scope) {
  return store::key_in(store::KeySpace::logs, scope).u8(1).done();
}
inline std::string group_key(const base::Scope& scope, std::string_view group) {
  return store::key_in(store::KeySpace::logs, scope).u8(1).str(group).done();
}
inline std::optional<std::string> group_of(const base::Scope& scope, std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(groups_prefix(scope))) return std::nullopt;
  return reader.str();
}

inline std::string streams_prefix(const base::Scope& scope, std::string_view group) {
  return store::key_in(store::KeySpace::logs, scope).u8(2).str(group).done();
}
inline std::string stream_key(const base::Scope& scope, std::string_view group,
                              std::string_view stream) {
  return store::key_in(store::KeySpace::logs, scope).u8(2).str(group).str(stream).done();
}
inline std::optional<std::string> stream_of(const base::Scope& scope, std::string_view group,
                                            std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(streams_prefix(scope, group))) return std::nullopt;
  return reader.str();
}

inline std::string bytes_key(const base::Scope& scope, std::string_view group) {
  return store::key_in(store::KeySpace::logs, scope).u8(3).str(group).done();
}

inline std::string events_prefix(const base::Scope& scope, std::string_view group) {
  return store::key_in(store::KeySpace::log_events, scope).str(group).done();
}
inline std::string events_prefix(const base::Scope& scope, std::string_view group,
                                 std::string_view stream) {
  return store::key_in(store::KeySpace::log_events, scope).str(group).str(stream).done();
}
inline std::string event_key(const base::Scope& scope, std::string_view group,
                             std::string_view stream, Position position) {
  return store::key_in(store::KeySpace::log_events, scope)
      .str(group)
      .str(stream)
      .i64(position.time)
      .u64(position.sequence)
      .done();
}

std::string event_value(std::int64_t ingestion_time, std::string_view message);
// nullopt for bytes that are no event of that prefix.
std::optional<Event> read_event(std::string_view prefix, std::string_view key,
                                std::string_view value);

// The scope and name of a group, from a key in any scope; for housekeeping over all of them.
struct GroupId {
  base::Scope scope;
  std::string group;
};
std::optional<GroupId> read_group_key(std::string_view key);

}  // namespace mayfly::logs
