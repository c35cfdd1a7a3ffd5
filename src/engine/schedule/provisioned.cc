// Provisioned concurrency: environments of a version that are kept running, whether events come or
// not.
//
// They are started as any other, one INIT behind them before they count as running, a few at a
// time; one that ends is replaced. Events take them before all others; what comes when all of them
// are busy finds environments on demand. They are not reaped, and not given up when memory is
// short. A start that fails is tried again, later each time.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "engine/schedule/activity.h"
#include "engine/schedule/scheduler.h"

namespace mayfly::engine {
namespace {

// An INIT takes the processor from events.
constexpr std::int64_t kAtATime = 4;
constexpr std::chrono::seconds kLongestPause{60};

}  // namespace

void Scheduler::provision(const std::shared_ptr<const FunctionSpec>& function, std::int64_t count) {
  auto found = pool_of(function);
  if (!found) {
    base::log_warn("function {}: cannot be provisioned: {}", function->function,
                   found.error().message);
    return;
  }
  std::vector<EnvironmentPtr> to_end;
  int starts = 0;
  {
    const std::lock_guard lock(mutex_);
    set_provision(**found, count, to_end);
    starts = order_provisioned(**found);
    arm_sweep();
  }
  for (const EnvironmentPtr& environment : to_end) end_on_loop(environment);
  launch_provisioned(*found, starts);
}

ProvisionedState Scheduler::provisioned(const base::Scope& scope, const std::string& function,
                                        const std::string& version) const {
  const std::lock_guard lock(mutex_);
  ProvisionedState state;
  for (auto at = pools_.lower_bound(Key{scope, function, version, {}});
       at != pools_.end() && at->first.scope == scope && at->first.function == function &&
       at->first.version == version;
       ++at) {
    const Provision& provision = at->second->provision;
    if (provision.wanted == 0) continue;
    state.wanted += provision.wanted;
    state.running += std::min(provision.running, provision.wanted);
    state.failure = provision.failure;
  }
  return state;
}

void Scheduler::set_provision(Pool& pool, std::int64_t count, std::vector<EnvironmentPtr>& to_end) {
  Provision& provision = pool.provision;
  meter_provisioned(pool, services_.clock.monotonic());
  provision.wanted = count;
  provision.failure.clear();
  provision.failures = 0;
  provision.again = {};
  admission_.provision(pool.load, count);
  while (provision.running > count && !pool.provisioned.empty()) {
    to_end.push_back(pool.provisioned.front());
    remove(*to_end.back());
  }
}

int Scheduler::take_over_provision(const PoolPtr& pool, std::vector<EnvironmentPtr>& to_end) {
  std::int64_t wanted = 0;
  const FunctionSpec& spec = *pool->spec;
  for (auto at = pools_.lower_bound(Key{spec.scope, spec.function, spec.version, {}});
       at != pools_.end() && at->first.scope == spec.scope && at->first.function == spec.function &&
       at->first.version == spec.version;
       ++at) {
    if (at->second == pool || at->second->provision.wanted == 0) continue;
    wanted += at->second->provision.wanted;
    set_provision(*at->second, 0, to_end);
  }
  if (wanted == 0) return 0;
  set_provision(*pool, wanted, to_end);
  return order_provisioned(*pool);
}

int Scheduler::order_provisioned(Pool& pool) {
  Provision& provision = pool.provision;
  const std::int64_t missing = std::min(provision.wanted - provision.running - provision.starting,
                                        kAtATime - provision.starting);
  if (missing <= 0 || pool.retired || stopping_) return 0;
  if (services_.clock.monotonic() < provision.again) return 0;
  // After a failure one start tells whether it is over.
  const std::int64_t count =
      provision.failures > 0 ? std::min<std::int64_t>(1, 1 - provision.starting) : missing;
  std::vector<EnvironmentPtr> to_end;
  const bool room = count > 0 && make_room(pool, to_end);
  for (const EnvironmentPtr& old : to_end) end_on_loop(old);
  if (!room) return 0;  // the sweep asks again
  provision.starting += count;
  return static_cast<int>(count);
}

void Scheduler::launch_provisioned(const PoolPtr& pool, int count) {
  for (; count > 0; --count) base::spawn(bring_up_provisioned(pool, services_.io.any()));
}

base::Task<void> Scheduler::bring_up_provisioned(PoolPtr pool, http::Loop& loop) {
  const Activity activity(shared_from_this());
  co_await on(loop);
  Attempt tried = co_await attempt(pool, loop, InitPhase::init);
  if (tried.kind == Attempt::Kind::ready) {
    offer(pool, std::move(tried), Purpose::provisioned, std::nullopt);
  } else {
    const std::lock_guard lock(mutex_);
    Provision& provision = pool->provision;
    --provision.starting;
    provision.failure =
        tried.kind == Attempt::Kind::init_failed ? "FUNCTION_ERROR_INIT_FAILURE" : tried.message;
    const std::chrono::seconds pause{std::int64_t{1} << std::min(provision.failures++, 6)};
    provision.again = services_.clock.monotonic() + std::min(pause, kLongestPause);
    arm_sweep();
  }
  int starts = 0;
  {
    const std::lock_guard lock(mutex_);
    starts = order_provisioned(*pool);
  }
  launch_provisioned(pool, starts);
}

// What is provisioned costs while it is there, used or not.
void Scheduler::meter_provisioned(Pool& pool, base::MonotonicTime now) {
  Provision& provision = pool.provision;
  const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(
      now - std::exchange(provision.metered, now));
  if (provision.running == 0 || held.count() <= 0) return;
  ports::HeldRecord record;
  record.scope = pool.spec->scope;
  record.function = pool.spec->function;
  record.until = services_.clock.now();
  record.mb_ms =
      held.count() * pool.spec->memory_mb * std::min(provision.running, provision.wanted);
  record.architecture = pool.spec->architecture;
  services_.usage.hold(record);
}

}  // namespace mayfly::engine
