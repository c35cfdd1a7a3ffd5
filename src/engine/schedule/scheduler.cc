#include "engine/schedule/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "engine/schedule/activity.h"

namespace mayfly::engine {
namespace {

constexpr std::chrono::seconds kSweepEvery{1};
constexpr std::int64_t kFirstEstimate = 64LL
                                        << 20;  // of an environment of a version that never ran
constexpr std::int64_t kLeastEstimate = 8LL << 20;
constexpr std::size_t kLookBack = 16;  // idle environments looked at for one on the caller's loop
constexpr int kMostReturns = 3;

Refusal make_refusal(Refusal::Kind kind, std::string message) {
  return Refusal{kind, ThrottleReason::account_concurrency, std::move(message)};
}

}  // namespace

Scheduler::Scheduler(Services services)
    : services_(std::move(services)),
      runtimes_(SearchFolders::of_this_user(),
                find_packs({services_.options.packs_folder, services_.options.runtimes_folder}),
                services_.options.runtime_versions),
      launcher_(services_, *this),
      admission_(services_.options.account_concurrency,
                 services_.options.memory_budget_bytes > 0 ? services_.options.memory_budget_bytes
                                                           : default_memory_budget(),
                 services_.options.most_environments > 0 ? services_.options.most_environments
                                                         : default_most_environments(),
                 services_.options.scaling_rate) {}

Scheduler::~Scheduler() = default;

void Scheduler::listen() {
  services_.warden.on_exit([weak = weak_from_this()](sandbox::Exit exit) {
    if (const auto self = weak.lock()) self->launcher_.registry().exited(exit);
  });
}

base::Task<std::expected<Outcome, Refusal>> Scheduler::run(
    std::shared_ptr<const FunctionSpec> function, Event event) {
  auto pending = std::make_unique<Pending>();
  pending->function = function;
  pending->event = std::move(event);
  pending->loop = dynamic_cast<http::Loop*>(base::Executor::current());
  const auto done = pending->done;

  auto found = pool_of(function);
  if (!found) co_return std::unexpected(std::move(found).error());
  const PoolPtr pool = *found;
  EnvironmentPtr environment;
  std::vector<EnvironmentPtr> to_end;
  std::optional<ThrottleReason> refused;
  http::Loop* loop = pending->loop;
  bool launch = false;
  int spares = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_)
      co_return std::unexpected(make_refusal(Refusal::Kind::unavailable, "Mayfly is stopping"));
    refused = admission_.enter(pool->load, function->reserved_concurrency);
    if (!refused) {
      pool->used = services_.clock.monotonic();
      pool->called = true;
      pending->concurrency = Admission::concurrency(pool->load);
      pending->wants_provisioned = pool->provision.wanted > 0;
      environment = take_idle(*pool, loop);
      if (environment == nullptr) {
        // A start that was made for an event which a free environment took meanwhile serves this
        // one, and so does a spare under way.
        launch = pool->starting + spares_under_way(*pool) <=
                 static_cast<std::int64_t>(pool->waiting.size());
        if (launch && !admission_.may_grow(*pool->load.function, pool->used)) {
          refused = ThrottleReason::scaling_rate;
        } else if (launch && !make_room(*pool, to_end)) {
          refused = ThrottleReason::machine_memory;
        }
        if (refused) {
          leave(*pool);
        } else {
          pool->waiting.push_back(std::move(pending));
          if (launch) ++pool->starting;
        }
      }
      note_arrival(*pool);
      spares = order_spares(*pool);
    }
    if (refused) {
      ++counts_.throttles;
      ++counts_.throttle_reasons[*refused];
    }
  }
  for (const EnvironmentPtr& old : to_end) end_on_loop(old);
  launch_spares(pool, spares);
  if (refused) {
    throttled(*function, pending->event);
    co_return std::unexpected(Refusal{Refusal::Kind::throttled, *refused, "Rate Exceeded."});
  }
  if (environment != nullptr) {
    hand_over(environment, std::move(pending));
  } else if (launch) {
    base::spawn(bring_up(pool, loop != nullptr ? *loop : services_.io.any()));
  }
  co_return co_await done.wait();
}

std::expected<Scheduler::PoolPtr, Refusal> Scheduler::pool_of(
    const std::shared_ptr<const FunctionSpec>& function) {
  Key key;
  {
    const std::lock_guard lock(mutex_);
    const auto known = pools_by_spec_.find(function.get());
    if (known != pools_by_spec_.end()) return known->second;
    key = Key{function->scope, function->function, function->version, function->revision};
    const auto found = pools_.find(key);
    if (found != pools_.end()) return found->second;
  }
  auto choice = function->image ? std::expected<Choice, std::string>(Choice{})
                                : runtimes_.choose(function->runtime);
  if (!choice) return std::unexpected(make_refusal(Refusal::Kind::invalid_runtime, choice.error()));
  if (!choice->note.empty()) base::log_warn("function {}: {}", function->function, choice->note);
  auto pool = std::make_shared<Pool>();
  pool->spec = function;
  pool->level_at = services_.clock.monotonic();
  pool->choice = std::move(*choice);
  pool->unfit_reason = launcher_.why_never_cloned(*function, pool->choice);
  if (!pool->unfit_reason.empty()) pool->template_state = TemplateState::unfit;
  Lock lock(mutex_);
  const auto [at, added] = pools_.emplace(std::move(key), pool);
  if (!added) return at->second;
  pool->load.function = &admission_.function(function->scope, function->function);
  // It ran before and was forgotten.
  const auto& started = pool->load.function->started;
  const auto before = started.find(function->version);
  if (before != started.end() && before->second == function->revision)
    pool->lost = ColdCause::expired;
  pools_by_spec_.emplace(function.get(), pool);
  std::vector<EnvironmentPtr> to_end;
  const int starts = take_over_provision(pool, to_end);
  lock.unlock();
  for (const EnvironmentPtr& old : to_end) end_on_loop(old);
  launch_provisioned(pool, starts);
  return pool;
}

Scheduler::EnvironmentPtr Scheduler::take_idle(Pool& pool, const http::Loop* preferred) {
  for (auto* stack : {&pool.provisioned, &pool.idle, &pool.prepared}) {
    if (stack->empty()) continue;
    std::size_t chosen = stack->size() - 1;
    const std::size_t stop = stack->size() > kLookBack ? stack->size() - kLookBack : 0;
    for (std::size_t i = stack->size(); preferred != nullptr && i > stop; --i) {
      if (&(*stack)[i - 1]->loop() == preferred) {
        chosen = i - 1;
        break;
      }
    }
    EnvironmentPtr environment = std::move((*stack)[chosen]);
    stack->erase(stack->begin() + static_cast<std::ptrdiff_t>(chosen));
    environment->slot().place = Environment::Place::busy;
    if (std::exchange(environment->slot().unused, false))
      count_cold_start(pool, ports::ColdStart::spare, pool.busy.size());
    pool.busy.insert(environment.get());
    return environment;
  }
  return nullptr;
}

void Scheduler::hand_over(const EnvironmentPtr& environment, std::unique_ptr<Pending> pending) {
  if (base::Executor::current() == &environment->loop()) {
    environment->begin(std::move(pending));
  } else {
    environment->loop().post([environment, pending = std::move(pending)]() mutable {
      environment->begin(std::move(pending));
    });
  }
}

std::unique_ptr<Pending> Scheduler::finished(const EnvironmentPtr& environment,
                                             std::int64_t memory_bytes) {
  bool end = false;
  bool prepare = false;
  std::unique_ptr<Pending> next;
  PoolPtr pool;
  {
    const std::lock_guard lock(mutex_);
    pool = environment->slot().pool;
    leave(*pool);
    ++counts_.invocations;
    pool->typical_bytes = std::max(pool->typical_bytes, memory_bytes);
    set_charge(*environment, std::max(memory_bytes, kLeastEstimate));
    if (!pool->waiting.empty()) {
      next = std::move(pool->waiting.front());
      pool->waiting.pop_front();
    } else if (pool->retired || stopping_) {
      end = true;
    } else {
      pool->busy.erase(environment.get());
      // More are running than are wanted now: this one is as any other from here on.
      if (environment->slot().provisioned && pool->provision.running > pool->provision.wanted) {
        environment->slot().provisioned = false;
        meter_provisioned(*pool, services_.clock.monotonic());
        --pool->provision.running;
      }
      place(pool, environment, Environment::Place::idle);
    }
    // What cannot be cloned and starts slowly is started ahead.
    prepare = pool->choice.language == Language::node &&
              pool->template_state == TemplateState::unfit && pool->prepared.empty() &&
              pool->preparing == 0 && pool->idle.size() + pool->busy.size() <= 1 &&
              !pool->retired && !stopping_;
    if (prepare) ++pool->preparing;
    arm_sweep();
  }
  if (end) environment->end();
  if (prepare) prepare_next(pool, environment->loop());
  return next;
}

void Scheduler::leave(Pool& pool) {
  admission_.leave(pool.load);
  if (admission_.under_way() > 0) return;
  for (auto& waiter : std::exchange(drained_, {})) {
    services_.io.any().post(
        [waiter = std::move(waiter)] { waiter.set(true); });  // not under the lock
  }
}

void Scheduler::ended(const EnvironmentPtr& environment) {
  PoolPtr pool;
  int starts = 0;
  {
    const std::lock_guard lock(mutex_);
    pool = environment->slot().pool;
    if (environment->slot().place == Environment::Place::busy) {
      leave(*pool);
      ++counts_.invocations;
      ++counts_.errors;
      count_end(*pool, ColdCause::failed);
    }
    remove(*environment);
    if (pool != nullptr) starts = order_provisioned(*pool);
  }
  launch_provisioned(pool, starts);
}

void Scheduler::count_cold_start(Pool& pool, ports::ColdStart rung, std::size_t others_busy) {
  std::string& revision = pool.load.function->started[pool.spec->version];
  ColdCause cause = ColdCause::scale_up;
  if (revision.empty()) {
    cause = ColdCause::first;
  } else if (revision != pool.spec->revision) {
    cause = ColdCause::replaced;
  } else if (others_busy == 0) {
    cause = pool.lost.value_or(ColdCause::scale_up);
  }
  revision = pool.spec->revision;
  pool.lost.reset();
  ++counts_.cold_starts[rung];
  ++counts_.cold_causes[{rung, cause}];
}

void Scheduler::count_end(Pool& pool, ColdCause cause) {
  ++counts_.ended[cause];
  pool.lost = cause;
}

void Scheduler::returned(std::unique_ptr<Pending> pending) {
  // Its environment has left the books as busy, and the event's count with it: count it in again.
  auto found = pool_of(pending->function);
  if (!found || ++pending->returned > kMostReturns) {
    const auto done = pending->done;
    done.set(std::unexpected(
        make_refusal(Refusal::Kind::unavailable,
                     "environments of this function end before they take an event")));
    return;
  }
  http::Loop* loop = pending->loop != nullptr ? pending->loop : &services_.io.any();
  {
    const std::lock_guard lock(mutex_);
    ++(*found)->starting;
    admission_.enter_again((*found)->load);
    (*found)->waiting.push_front(std::move(pending));
  }
  base::spawn(bring_up(*found, *loop));
}

void Scheduler::place(const PoolPtr& pool, const EnvironmentPtr& environment,
                      Environment::Place where) {
  Environment::Slot& slot = environment->slot();
  slot.pool = pool;
  slot.place = where;
  slot.idle_since = services_.clock.monotonic();
  switch (where) {
    case Environment::Place::idle:
      (slot.provisioned ? pool->provisioned : pool->idle).push_back(environment);
      break;
    case Environment::Place::prepared:
      pool->prepared.push_back(environment);
      break;
    case Environment::Place::busy:
      pool->busy.insert(environment.get());
      break;
    case Environment::Place::template_:
      pool->template_ = environment;
      break;
    case Environment::Place::starting:
    case Environment::Place::gone:
      break;
  }
}

void Scheduler::remove(Environment& environment) {
  Environment::Slot& slot = environment.slot();
  if (slot.pool == nullptr || slot.place == Environment::Place::gone) return;
  Pool& pool = *slot.pool;
  const auto drop = [&](std::vector<EnvironmentPtr>& from) {
    std::erase_if(from, [&](const EnvironmentPtr& one) { return one.get() == &environment; });
  };
  switch (slot.place) {
    case Environment::Place::idle:
      drop(slot.provisioned ? pool.provisioned : pool.idle);
      break;
    case Environment::Place::prepared:
      drop(pool.prepared);
      break;
    case Environment::Place::busy:
      pool.busy.erase(&environment);
      break;
    case Environment::Place::template_:
      pool.template_.reset();
      if (pool.template_state == TemplateState::ready) pool.template_state = TemplateState::none;
      break;
    case Environment::Place::starting:
    case Environment::Place::gone:
      break;
  }
  if (std::exchange(slot.provisioned, false)) {
    meter_provisioned(pool, services_.clock.monotonic());
    --pool.provision.running;
  }
  slot.place = Environment::Place::gone;
  set_charge(environment, 0);
}

void Scheduler::set_charge(Environment& environment, std::int64_t bytes) {
  admission_.charge(environment.slot().charge_bytes, bytes);
  environment.slot().charge_bytes = bytes;
}

std::int64_t Scheduler::estimate(const Pool& pool) const {
  const std::int64_t limit = pool.spec->memory_mb << 20;
  if (pool.typical_bytes == 0) {
    const bool clone = pool.template_state == TemplateState::ready;
    return std::min(limit, clone ? kCloneCharge : kFirstEstimate);
  }
  return std::min(limit, std::max(pool.typical_bytes, kLeastEstimate));
}

bool Scheduler::make_room(const Pool& wanting, std::vector<EnvironmentPtr>& to_end) {
  const std::int64_t bytes = estimate(wanting);
  const std::int64_t count = wanting.template_state == TemplateState::none ? 2 : 1;
  while (!admission_.has_room(bytes, count)) {
    EnvironmentPtr oldest;
    // Spares first: no event has needed them yet.
    for (const auto stack : {&Pool::prepared, &Pool::idle}) {
      if (oldest != nullptr) break;
      for (const auto& [key, pool] : pools_) {
        if (((*pool).*stack).empty()) continue;
        const EnvironmentPtr& candidate = ((*pool).*stack).front();
        if (oldest == nullptr || candidate->slot().idle_since < oldest->slot().idle_since)
          oldest = candidate;
      }
    }
    // Templates last: without them the next start is a slow one.
    for (const auto& [key, pool] : pools_) {
      if (oldest != nullptr) break;
      if (pool->template_ != nullptr && pool->busy.empty() && pool->starting == 0)
        oldest = pool->template_;
    }
    if (oldest == nullptr) return false;
    count_end(*oldest->slot().pool, ColdCause::evicted);
    remove(*oldest);
    to_end.push_back(std::move(oldest));
  }
  return true;
}

void Scheduler::end_on_loop(const EnvironmentPtr& environment) {
  environment->loop().post([environment] { environment->end(); });
}

void Scheduler::throttled(const FunctionSpec& function, const Event& event) {
  ports::UsageRecord usage;
  usage.scope = function.scope;
  usage.function = function.function;
  usage.version = function.version;
  usage.request_id = event.request_id;
  usage.started = services_.clock.now();
  usage.memory_mb = function.memory_mb;
  usage.throttled = true;
  usage.architecture = function.architecture;
  services_.usage.record(std::move(usage));
}

void Scheduler::retire(const base::Scope& scope, const std::string& function,
                       const std::string& version, const std::string& keep_revision) {
  std::vector<EnvironmentPtr> to_end;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = pools_.lower_bound(Key{scope, function, version, {}});
         at != pools_.end() && at->first.scope == scope && at->first.function == function &&
         at->first.version == version;
         ++at) {
      Pool& pool = *at->second;
      if (at->first.revision == keep_revision) continue;
      pool.retired = true;
      set_provision(pool, 0, to_end);
      to_end.insert(to_end.end(), pool.idle.begin(), pool.idle.end());
      to_end.insert(to_end.end(), pool.prepared.begin(), pool.prepared.end());
      if (pool.template_ != nullptr && pool.starting == 0) to_end.push_back(pool.template_);
    }
    for (const EnvironmentPtr& environment : to_end) {
      count_end(*environment->slot().pool, ColdCause::replaced);
      remove(*environment);
    }
    // Deleted: what comes under this name later is another function.
    if (keep_revision.empty()) admission_.function(scope, function).started.erase(version);
    arm_sweep();
  }
  for (const EnvironmentPtr& environment : to_end) end_on_loop(environment);
}

void Scheduler::sweep() {
  std::vector<EnvironmentPtr> to_end;
  std::vector<std::pair<PoolPtr, int>> provisioned;
  std::vector<EnvironmentPtr> to_check = launcher_.registry().all();
  const base::MonotonicTime now = services_.clock.monotonic();
  const auto& options = services_.options;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = pools_.begin(); at != pools_.end();) {
      Pool& pool = *at->second;
      const auto old = [&](const std::vector<EnvironmentPtr>& stack, std::chrono::seconds age) {
        for (const EnvironmentPtr& environment : stack) {
          if (now - environment->slot().idle_since >= age) to_end.push_back(environment);
        }
      };
      meter_provisioned(pool, now);
      if (const int starts = order_provisioned(pool); starts > 0)
        provisioned.emplace_back(at->second, starts);
      const std::size_t before = to_end.size();
      old(pool.idle, options.environment_idle);
      forget_demand(pool, now);
      // What was forked is forked again in no time, unlike what has run its own INIT.
      old(pool.prepared,
          pool.template_state == TemplateState::ready ? options.spare_idle : options.template_idle);
      const bool template_old = now - pool.used >= options.template_idle || pool.retired;
      if (pool.template_ != nullptr && template_old && pool.busy.empty() && pool.starting == 0) {
        to_end.push_back(pool.template_);
      }
      for (std::size_t i = before; i < to_end.size(); ++i) {
        // Templates and spares that go leave environments that work.
        if (to_end[i]->slot().place == Environment::Place::idle)
          count_end(pool, ColdCause::expired);
        remove(*to_end[i]);
      }
      // What was learned about a version that nobody uses is forgotten with it.
      if (pool.empty() && (pool.retired || now - pool.used >= options.template_idle)) {
        pools_by_spec_.erase(pool.spec.get());
        at = pools_.erase(at);
      } else {
        ++at;
      }
    }
  }
  for (const EnvironmentPtr& environment : to_end) end_on_loop(environment);
  for (const auto& [pool, starts] : provisioned) launch_provisioned(pool, starts);
  for (const EnvironmentPtr& environment : to_check) {
    environment->loop().post([environment] { environment->check_deadline(); });
  }
}

// Once a second while there is anything to look after; an idle daemon does not wake up.
void Scheduler::arm_sweep() {
  if (sweep_armed_ || stopping_) return;
  sweep_armed_ = true;
  http::Loop& loop = services_.io.loop(0);
  loop.post([weak = weak_from_this(), &loop] {
    const auto self = weak.lock();
    if (!self) return;
    auto timer = loop.after(kSweepEvery, [weak] {
      const auto again = weak.lock();
      if (!again) return;
      again->sweep();
      const std::lock_guard lock(again->mutex_);
      again->sweep_armed_ = false;
      if (!again->pools_.empty()) again->arm_sweep();
    });
    const std::lock_guard lock(self->mutex_);
    if (!self->stopping_) self->sweep_timer_ = std::move(timer);
  });
}

base::Task<void> Scheduler::stop(std::chrono::milliseconds grace) {
  base::OneShot<bool> drained;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (admission_.under_way() > 0) {
      drained_.push_back(drained);
    } else {
      drained.set(true);
    }
  }
  // Whichever comes first; the loser finds nothing left to do.
  struct Race {
    std::atomic<bool> over{false};
    base::OneShot<bool> done;
    void finish() {
      if (!over.exchange(true)) done.set(true);
    }
  };
  auto race = std::make_shared<Race>();
  auto timer = services_.io.any().after(grace, [race] { race->finish(); });
  base::spawn(
      [](base::OneShot<bool> wait) -> base::Task<bool> { co_return co_await wait.wait(); }(drained),
      [race](bool) { race->finish(); });
  co_await race->done.wait();
  timer.reset();
  for (const EnvironmentPtr& environment : launcher_.registry().all()) end_on_loop(environment);
}

void Scheduler::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    sweep_timer_.reset();
    for (const auto& waiter : std::exchange(drained_, {})) waiter.set(true);
  }
  constexpr std::chrono::seconds kPatience{10};
  const auto until = std::chrono::steady_clock::now() + kPatience;
  // Starts under way end first: each may add a process.
  while (true) {
    for (const EnvironmentPtr& environment : launcher_.registry().all()) end_on_loop(environment);
    Lock lock(mutex_);
    if (activities_ == 0) break;
    if (quiet_.wait_for(lock, std::chrono::milliseconds(50), [this] { return activities_ == 0; }))
      continue;
    if (std::chrono::steady_clock::now() > until) break;
  }
  if (!launcher_.registry().wait_until_empty(kPatience))
    base::log_warn("the warden did not end every function process");
  // The last call may still hold this scheduler, and must not be the one that ends it, after the
  // loops.
  services_.warden.on_exit({});
  // Environments let go of their descriptors by tasks on their loops: wait for what was posted so
  // far.
  for (std::size_t i = 0; i < services_.io.size(); ++i) {
    struct Signal {
      std::shared_ptr<base::OneShot<bool>> shot;
      explicit Signal(std::shared_ptr<base::OneShot<bool>> to) : shot(std::move(to)) {}
      Signal(Signal&&) = default;
      ~Signal() {
        if (shot) shot->set(true);  // run or, on a loop that has stopped, dropped
      }
    };
    auto shot = std::make_shared<base::OneShot<bool>>();
    services_.io.loop(i).post([signal = Signal(shot)] {});
    base::sync_wait([](base::OneShot<bool> wait) -> base::Task<bool> {
      co_return co_await wait.wait();
    }(*shot));
  }
  const std::lock_guard lock(mutex_);
  pools_.clear();
  pools_by_spec_.clear();
  uncalled_.clear();
}

}  // namespace mayfly::engine
