#include "services/dynamodb/expiry_sweeper.h"

#include <chrono>

#include "base/log.h"
#include "base/spawn.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/expiry.h"

namespace mayfly::dynamodb {
namespace {
constexpr std::chrono::seconds kBetween{1};
constexpr std::chrono::seconds kAfterFailure{10};
}  // namespace

void ExpirySweeper::start() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    started_ = true;
  }
  base::spawn(run());
}

base::Task<void> ExpirySweeper::stop() {
  std::optional<base::OneShot<bool>> ring;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!started_) co_return;
    ring = ring_;
  }
  if (ring) ring->set(false);
  co_await ended_.wait();
}

base::Task<bool> ExpirySweeper::sleep(base::OneShot<bool> ring,
                                      std::optional<base::WallTime> time) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) co_return false;
    ring_ = ring;
  }
  if (time) alarm_.set(*time, [ring] { ring.set(true); });
  co_await ring.wait();
  std::lock_guard lock(mutex_);
  ring_.reset();
  co_return !stopping_;
}

base::Task<void> ExpirySweeper::run() {
  for (;;) {
    // Watched before it is read, so that no change is missed.
    const base::OneShot<bool> changed = dynamodb_.store.watch(keys::all_expiries());
    auto swept = co_await sweep_expired(dynamodb_);
    std::optional<base::WallTime> next = dynamodb_.clock.now() + kAfterFailure;
    if (swept) {
      next = swept->next;
    } else {
      base::log_warn("dynamodb: expired items cannot be deleted now: {}", swept.error().message);
    }
    if (!co_await sleep(changed, next)) break;
    if (!co_await sleep(base::OneShot<bool>(), dynamodb_.clock.now() + kBetween)) break;
  }
  ended_.set(true);
}

}  // namespace mayfly::dynamodb
