// What a function is given of a stream, and what its answer says of the records. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace mayfly::lambda {

// A record on its way to the function.
struct StreamEntry {
  std::string json;
  std::string sequence_number;
  std::string next;  // the source's position behind it
  base::WallTime arrived;
};

// The window of aggregation that an event belongs to.
struct StreamWindow {
  std::int64_t start_ms = 0, end_ms = 0;
  std::string state;  // JSON
  std::string shard, source;
  bool final = false, early = false;
};

std::string stream_event(std::span<const StreamEntry> entries,
                         const std::optional<StreamWindow>& window);

// By ReportBatchItemFailures: the first record that failed, entries.size() where none did. nullopt:
// the answer is no such report, which counts as a failure of all.
std::optional<std::size_t> first_failure(std::string_view answer,
                                         std::span<const StreamEntry> entries);

// The state that an answer carries over to the next event of its window, as JSON; nullopt where it
// has none, which counts as a failure.
std::optional<std::string> answered_state(std::string_view answer);

}  // namespace mayfly::lambda
