// Timers: many waits on one alarm.
//
// Ownership: alarm and clock outlive it, and nobody else sets the alarm. Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "work/alarm.h"
#include "work/wake.h"

namespace mayfly::work {

class Timers {
 public:
  Timers(Alarm& alarm, const base::Clock& clock) : alarm_(alarm), clock_(clock) {}

  // Rings `wake` once, when it is `time` or soon after, if it is still there. Who no longer waits
  // must bear the ring.
  void ring_at(base::WallTime time, const std::shared_ptr<Wake>& wake);

 private:
  void fire();
  void arm(base::WallTime time);

  Alarm& alarm_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::multimap<base::WallTime, std::weak_ptr<Wake>> waiting_;
};

}  // namespace mayfly::work
