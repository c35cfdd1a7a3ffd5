// Writing and reading events of a stream, inside a transaction.
//
// References are to objects of the caller that outlive the call. Store failures come back as the
// API's errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/logs/keys.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::logs {

// AWS counts 26 bytes for every event beside its text.
inline constexpr std::int64_t kEventOverhead = 26;
inline constexpr std::int64_t kMaxEventBytes = 1'048'576;
inline constexpr std::int64_t kMaxBatchBytes = 1'048'576;

struct NewEvent {
  std::int64_t time = 0;  // ms
  std::string message;
};

base::Task<wire::Result<GroupRow>> find_group(store::Transaction& transaction, base::Scope scope,
                                              std::string group);
base::Task<wire::Result<StreamRow>> find_stream(store::Transaction& transaction, base::Scope scope,
                                                std::string group, std::string stream);

// What to do where the group or the stream is not there: functions' output makes them, PutLogEvents
// does not.
enum class Missing { refuse, create };

// Adds the events in their order and updates the stream and the bytes of its group.
base::Task<wire::Result<void>> append_events(store::Transaction& transaction, base::Scope scope,
                                             std::string group, std::string stream,
                                             const std::vector<NewEvent>& events,
                                             std::int64_t now_ms, Missing missing);

// Events with begin <= position < end, in the asked direction. `limit` events or about `max_bytes`
// at most.
struct EventQuery {
  Position begin;
  Position end;
  store::Direction direction = store::Direction::forward;
  std::size_t limit = 10'000;
  std::size_t max_bytes = 1'048'576;
};
struct EventPage {
  std::vector<Event> events;
  bool more = false;
};
base::Task<wire::Result<EventPage>> read_events(store::Transaction& transaction, base::Scope scope,
                                                std::string group, std::string stream,
                                                EventQuery query);

// The first time (ms) that the group's retention still shows.
std::int64_t first_visible_ms(const GroupRow& group, std::int64_t now_ms);

inline constexpr Position kFirstPosition{0, 0};
inline constexpr Position kEndPosition{INT64_MAX, UINT64_MAX};
inline Position after(Position position) { return {position.time, position.sequence + 1}; }

}  // namespace mayfly::logs
