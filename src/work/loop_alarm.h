// LoopAlarm: an Alarm on the timers of an I/O loop.
//
// Ownership: loop and clock outlive it. Threads: any.
#pragma once

#include <memory>

#include "base/clock.h"
#include "http/io.h"
#include "work/alarm.h"

namespace mayfly::work {

class LoopAlarm final : public Alarm {
 public:
  LoopAlarm(http::Loop& loop, const base::Clock& clock);
  ~LoopAlarm() override;
  void set(base::WallTime time, std::function<void()> fire) override;

 private:
  struct State;
  http::Loop& loop_;
  const base::Clock& clock_;
  std::shared_ptr<State> state_;
};

}  // namespace mayfly::work
