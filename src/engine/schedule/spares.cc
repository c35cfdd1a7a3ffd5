// Spares: clones that are forked ahead of need and wait, so that an event that finds every
// environment busy finds one of these.
//
// How many follows what was seen lately: the most events at a time, halved every twenty seconds.
// One event at a time needs none, for its own environment waits for the next; from two on there is
// a quarter more than was seen, and at least one. A deployment counts as one event. Spares cost no
// billed time, never push anything else out of memory, and go first when others need room.
//
// Many deployments: most functions of a large installation are called seldom, and processes that
// only wait are not free (each is looked at by the kernel's own housekeeping, and by whatever else
// watches the machine). So all that is ready for functions that no event came for yet, templates
// too, holds a part of the memory budget together and belongs to so many functions at most; the
// latest deployments have it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/spawn.h"
#include "engine/schedule/activity.h"
#include "engine/schedule/scheduler.h"

namespace mayfly::engine {
namespace {

constexpr double kHalfLifeSeconds = 20;
constexpr double kForgotten = 0.5;
// Forking takes the processor from events, so few at a time.
constexpr std::int64_t kAtATime = 2;
constexpr std::int64_t kUncalledPart = 16;  // of the memory budget
constexpr int kUncalledFunctions = 32;      // with the one that is being prepared

}  // namespace

void Scheduler::note_arrival(Pool& pool) {
  const auto now = static_cast<double>(pool.busy.size() + pool.waiting.size());
  pool.level = std::max(pool.level, now);
}

void Scheduler::forget_demand(Pool& pool, base::MonotonicTime now) {
  const std::chrono::duration<double> passed = now - std::exchange(pool.level_at, now);
  pool.level *= std::exp2(-passed.count() / kHalfLifeSeconds);
  if (pool.level < kForgotten) pool.level = 0;
}

void Scheduler::limit_uncalled(std::vector<EnvironmentPtr>& to_end) {
  // One that gave up what it had stays listed while anything of it is still being started.
  std::erase_if(uncalled_,
                [](const PoolPtr& pool) { return pool->called || pool->retired || pool->empty(); });
  const auto ready = [](const Pool& pool) {
    std::vector<EnvironmentPtr> all = pool.prepared;
    if (pool.template_ != nullptr) all.push_back(pool.template_);
    return all;
  };
  std::int64_t held = 0;
  int functions = 0;
  for (const PoolPtr& pool : uncalled_) {
    const std::vector<EnvironmentPtr> all = ready(*pool);
    for (const EnvironmentPtr& each : all) held += each->slot().charge_bytes;
    if (!all.empty()) ++functions;
  }
  for (const PoolPtr& pool : uncalled_) {
    if (held <= admission_.memory_budget() / kUncalledPart && functions < kUncalledFunctions) break;
    const std::vector<EnvironmentPtr> all = ready(*pool);
    for (const EnvironmentPtr& each : all) {
      held -= each->slot().charge_bytes;
      remove(*each);
      to_end.push_back(each);
    }
    if (!all.empty()) --functions;
  }
}

int Scheduler::order_spares(Pool& pool) {
  if (pool.template_state != TemplateState::ready || pool.level == 0 || pool.retired || stopping_)
    return 0;
  const auto seen = static_cast<std::int64_t>(std::ceil(pool.level));
  const std::int64_t most = services_.options.most_spares;
  const std::int64_t ahead = std::min(most, seen < 2 ? 0 : std::max<std::int64_t>(seen / 4, 1));
  std::int64_t wanted = seen + ahead;
  if (pool.spec->reserved_concurrency) wanted = std::min(wanted, *pool.spec->reserved_concurrency);
  const auto there = static_cast<std::int64_t>(pool.idle.size() + pool.prepared.size() +
                                               pool.busy.size() + pool.provisioned.size()) +
                     pool.starting + pool.preparing;
  const std::int64_t count = std::min({wanted - there, most, kAtATime - pool.preparing});
  if (count <= 0 || !admission_.has_room(count * kCloneCharge, count)) return 0;
  pool.preparing += count;
  return static_cast<int>(count);
}

std::int64_t Scheduler::spares_under_way(const Pool& pool) {
  return pool.template_state == TemplateState::ready ? pool.preparing : 0;
}

void Scheduler::launch_spares(const PoolPtr& pool, int count) {
  for (; count > 0; --count) base::spawn(bring_up_spare(pool, services_.io.any()));
}

base::Task<void> Scheduler::bring_up_spare(PoolPtr pool, http::Loop& loop) {
  const Activity activity(shared_from_this());
  co_await on(loop);
  auto cloned = co_await clone_template(pool, loop);
  if (cloned) {
    offer(pool, std::move(*cloned), Purpose::ahead, std::nullopt);
    co_return;
  }
  {
    const std::lock_guard lock(mutex_);
    --pool->preparing;
    pool->level = 0;  // not again before the next event
    if (pool->starting >= static_cast<std::int64_t>(pool->waiting.size())) co_return;
    ++pool->starting;  // an event counts on it
  }
  co_await bring_up(pool, loop);
}

}  // namespace mayfly::engine
