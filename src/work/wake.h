// Wake: what one coroutine waits at and anyone may ring. Rings while nobody waits are kept, as one.
//
// Threads: any. Shared by pointer, because watches and timers that ring it may outlive the one who
// waits.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "base/one_shot.h"

namespace mayfly::work {

class Wake {
 public:
  void ring() {
    std::optional<base::OneShot<bool>> waiter;
    {
      std::lock_guard lock(mutex_);
      waiter = std::exchange(waiter_, std::nullopt);
      if (!waiter) rung_ = true;
    }
    if (waiter) waiter->set(true);
  }

  // To be awaited; one at a time.
  base::OneShot<bool> next() {
    base::OneShot<bool> ring;
    std::lock_guard lock(mutex_);
    if (std::exchange(rung_, false)) {
      ring.set(true);
    } else {
      waiter_ = ring;
    }
    return ring;
  }

 private:
  std::mutex mutex_;
  bool rung_ = false;
  std::optional<base::OneShot<bool>> waiter_;
};

}  // namespace mayfly::work
