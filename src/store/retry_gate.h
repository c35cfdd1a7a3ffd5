// RetryGate: lines up transactions that keep conflicting on one key, so that each gets its turn.
//
// Optimistic transactions on a hot key starve: whoever is quickest wins again and again. A
// transaction that conflicted takes a turn for that key before it runs again, first come first
// served, so that at most one retry a key is under way. First attempts do not wait. It is for speed
// and fairness only: the store's checks alone decide what commits, and nothing breaks if two
// processes have a gate each. Threads: any. A turn is held by one transaction; who holds one never
// waits for another, so there is no deadlock, as long as fn does not run another transact() that
// writes (which side effects forbid anyway).
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/one_shot.h"
#include "base/task.h"

namespace mayfly::store {

class RetryGate {
 public:
  // Held while a transaction retries; gives the turn to the next when destroyed or released.
  class Turn {
   public:
    Turn() = default;
    Turn(RetryGate& gate, std::string key) : gate_(&gate), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&& other) noexcept {
      if (this != &other) {
        release();
        gate_ = std::exchange(other.gate_, nullptr);
        key_ = std::move(other.key_);
      }
      return *this;
    }
    ~Turn() { release(); }

    bool holds(const std::string& key) const { return gate_ != nullptr && key_ == key; }
    void release() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave(key_);
    }

   private:
    RetryGate* gate_ = nullptr;
    std::string key_;
  };

  base::Task<Turn> enter(std::string key);

 private:
  void leave(const std::string& key);

  std::mutex mutex_;
  std::map<std::string, std::deque<base::OneShot<bool>>>
      waiting_;  // an entry: somebody has that key's turn
};

}  // namespace mayfly::store
