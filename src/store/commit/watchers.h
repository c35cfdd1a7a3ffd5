// Watchers: who waits for a commit below which prefix. Engines share it.
//
// Threads: any. Waiters are resumed outside the lock, on the executor that they left, or on the
// thread that calls notify() where they left none. A watch that nobody holds any more is dropped in
// time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/one_shot.h"
#include "store/commit/write_set.h"

namespace mayfly::store {

class Watchers {
 public:
  base::OneShot<bool> add(std::string_view prefix);
  // Wakes those whose prefix was written by a commit that is visible now.
  void notify(std::uint64_t sequence, const WriteSet& writes);
  // Wakes all with false, and from now on everyone at once.
  void close();

 private:
  using Waiting = std::vector<base::OneShot<bool>>;
  using Prefixes = std::map<std::string, Waiting, std::less<>>;

  void collect(std::string_view key, Waiting& out);
  void collect(const KeyRange& range, Waiting& out);
  void take(Prefixes::iterator at, Waiting& out);
  void drop_abandoned();

  std::mutex mutex_;
  Prefixes prefixes_;
  std::map<std::size_t, std::size_t> lengths_;  // of the prefixes: how many there are of each
  std::atomic<std::size_t> count_{0};           // of the waiters; read without the lock
  std::size_t sweep_at_ = 64;
  bool closed_ = false;
};

}  // namespace mayfly::store
