// An alarm that fires when a test says so, by a fake clock.
#pragma once

#include <optional>
#include <utility>

#include "work/alarm.h"

namespace mayfly::work {

class FakeAlarm final : public Alarm {
 public:
  explicit FakeAlarm(const base::Clock& clock) : clock_(clock) {}

  void set(base::WallTime time, std::function<void()> fire) override {
    pending_.emplace(time, std::move(fire));
  }
  // Fires what is due, and what that sets, if it is due too.
  void fire_due() {
    while (pending_ && pending_->first <= clock_.now()) {
      auto fire = std::exchange(pending_, std::nullopt)->second;
      fire();
    }
  }

 private:
  const base::Clock& clock_;
  std::optional<std::pair<base::WallTime, std::function<void()>>> pending_;
};

}  // namespace mayfly::work
