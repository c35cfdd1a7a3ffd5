// Alarm: one timer, set again and again. The queue has one for all its due times.
#pragma once

#include <functional>

#include "base/clock.h"

namespace mayfly::work {

class Alarm {
 public:
  virtual ~Alarm() = default;
  // Calls `fire` once, when it is `time` or soon after, from any thread. It replaces what was set
  // before. What is about to fire when it is replaced, or when the alarm goes, may still do so:
  // `fire` must be harmless at any time.
  virtual void set(base::WallTime time, std::function<void()> fire) = 0;
};

}  // namespace mayfly::work
