#include "store/retry_gate.h"

#include <optional>

namespace mayfly::store {

base::Task<RetryGate::Turn> RetryGate::enter(std::string key) {
  std::optional<base::OneShot<bool>> wait;
  {
    std::lock_guard lock(mutex_);
    const auto [at, first] = waiting_.try_emplace(key);
    if (!first) wait = at->second.emplace_back();
  }
  if (wait) co_await wait->wait();
  co_return Turn(*this, std::move(key));
}

void RetryGate::leave(const std::string& key) {
  std::optional<base::OneShot<bool>> next;
  {
    std::lock_guard lock(mutex_);
    const auto at = waiting_.find(key);
    if (at->second.empty()) {
      waiting_.erase(at);
    } else {
      next = std::move(at->second.front());
      at->second.pop_front();
    }
  }
  if (next) next->set(true);
}

}  // namespace mayfly::store
