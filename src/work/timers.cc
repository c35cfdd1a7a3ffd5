#include "work/timers.h"

#include <vector>

namespace mayfly::work {

void Timers::ring_at(base::WallTime time, const std::shared_ptr<Wake>& wake) {
  const std::lock_guard lock(mutex_);
  const auto added = waiting_.emplace(time, wake);
  if (added == waiting_.begin()) arm(time);
}

void Timers::arm(base::WallTime time) {
  alarm_.set(time, [this] { fire(); });
}

void Timers::fire() {
  std::vector<std::shared_ptr<Wake>> due;
  {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.upper_bound(clock_.now());
    for (auto at = waiting_.begin(); at != end; ++at) {
      if (auto wake = at->second.lock()) due.push_back(std::move(wake));
    }
    waiting_.erase(waiting_.begin(), end);
    if (!waiting_.empty()) arm(waiting_.begin()->first);
  }
  for (const auto& wake : due) wake->ring();
}

}  // namespace mayfly::work
