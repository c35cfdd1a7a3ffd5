// Resolver: decides whether a transaction may commit, by what was committed since its snapshot.
//
// It remembers, for a window of recent commits, which keys and ranges they wrote and when. A
// transaction commits if nothing that it read was written after its snapshot; one whose snapshot is
// older than the window is too_old. The window is bounded in bytes and forgets the oldest commits
// first, so memory is bounded and a transaction is too_old only if that many bytes of keys were
// committed while it ran. Threads: one at a time; an engine calls it only where it orders its
// commits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/commit/read_set.h"
#include "store/commit/write_set.h"
#include "store/store.h"

namespace mayfly::store {

class Resolver {
 public:
  // Nothing is known of commits up to and including `sequence`, and nothing needs to be for
  // snapshots from there on.
  Resolver(std::uint64_t sequence, std::size_t window_bytes);

  // `snapshot`: the sequence of the last commit that the transaction could see.
  std::optional<StoreError> check(std::uint64_t snapshot, const ReadSet& reads) const;

  // Sequences of the calls increase.
  void record(std::uint64_t sequence, const WriteSet& writes);

  // Forgets everything; snapshots before `sequence` are too old from now on.
  void reset(std::uint64_t sequence);

 private:
  using Keys = std::map<std::string, std::uint64_t, std::less<>>;
  struct LoggedKey {
    std::uint64_t sequence;
    Keys::iterator key;
  };
  struct LoggedRange {
    std::uint64_t sequence;
    KeyRange range;
  };

  void record_key(std::uint64_t sequence, std::string_view key);
  void evict();
  void evict_key();
  void evict_range();

  const std::size_t window_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t floor_;  // snapshots before this are too old
  std::uint64_t last_;   // of the last commit recorded
  Keys keys_;            // when each key of the window was last written
  std::deque<LoggedKey>
      key_log_;  // in order of commits; an entry is stale if its key was written again
  std::deque<LoggedRange> range_log_;  // in order of commits
};

}  // namespace mayfly::store
