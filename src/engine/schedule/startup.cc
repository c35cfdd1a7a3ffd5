// The cold-start ladder: how an environment comes to be. One coroutine for each start, on the loop
// that the environment will live on.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "engine/launch/variables.h"
#include "engine/report/closing.h"
#include "engine/schedule/activity.h"
#include "engine/schedule/scheduler.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

// A sentence for people about an INIT that did not end well.
std::string init_message(const InitResult& init) {
  if (init.timed_out) return fmt::format("INIT did not end within {:.0f} ms", init.init_ms);
  if (init.extension) return fmt::format("{}: {}", init.extension->type, init.extension->words);
  if (!init.error)
    return init.exit.out_of_memory ? "INIT ran out of memory"
                                   : "the runtime ended in INIT: " + exit_words(init.exit);
  auto document = wire::parse_json(init.error->payload);
  const wire::Document* message = document ? document->find("errorMessage") : nullptr;
  if (message == nullptr || message->as_string() == nullptr) return init.error->error_type;
  return fmt::format("{}: {}", init.error->error_type, *message->as_string());
}

double ms_between(base::MonotonicTime from, base::MonotonicTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

base::Task<void> Scheduler::bring_up(PoolPtr pool, http::Loop& loop) {
  const Activity activity(shared_from_this());
  co_await on(loop);
  for (const InitPhase phase : {InitPhase::init, InitPhase::invoke}) {
    const base::MonotonicTime started = services_.clock.monotonic();
    Attempt tried = co_await attempt(pool, loop, phase);
    if (tried.kind == Attempt::Kind::ready) {
      // An INIT that was repeated inside the invocation is part of its duration, and not told as
      // Init Duration.
      std::optional<base::MonotonicTime> since;
      if (phase == InitPhase::invoke) {
        since = started;
        tried.cost.init_ms = 0;
      }
      offer(pool, std::move(tried), Purpose::event, since);
      co_return;
    }
    bool again = false;
    if (tried.kind == Attempt::Kind::init_failed && phase == InitPhase::init) {
      // As Lambda does: INIT failed in its own phase, so it runs once more inside the invocation
      // and its time limit.
      const std::lock_guard lock(mutex_);
      again = !pool->waiting.empty() && !stopping_;
    }
    if (!again) {
      fail_waiting(pool, tried, started);
      co_return;
    }
  }
}

base::Task<void> Scheduler::bring_up_ahead(PoolPtr pool, http::Loop& loop) {
  const Activity activity(shared_from_this());
  co_await on(loop);
  Attempt tried = co_await attempt_exec(pool, loop, InitPhase::init);
  if (tried.kind == Attempt::Kind::ready) {
    offer(pool, std::move(tried), Purpose::ahead, std::nullopt);
    co_return;
  }
  // Nobody waits for it. The next event starts one of its own and is told what is wrong.
  const std::lock_guard lock(mutex_);
  --pool->preparing;
}

base::Task<Scheduler::Attempt> Scheduler::attempt(PoolPtr pool, http::Loop& loop, InitPhase phase) {
  bool cloneable = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      Attempt none;
      none.message = "Mayfly is stopping";
      co_return none;
    }
    cloneable = pool->template_state != TemplateState::unfit;
  }
  if (pool->choice.language == Language::custom && pool->choice.pack == nullptr) {
    // Told by the failure of the event itself: InvalidEntrypoint.
    std::string missing = Launcher::missing_entrypoint(*pool->spec);
    if (!missing.empty()) {
      Attempt none;
      none.kind = Attempt::Kind::init_failed;
      none.message = std::move(missing);
      co_return none;
    }
  }
  if (cloneable) co_return co_await attempt_clone(pool, loop, phase);
  co_return co_await attempt_exec(pool, loop, phase);
}

base::Task<Scheduler::Attempt> Scheduler::attempt_exec(PoolPtr pool, http::Loop& loop,
                                                       InitPhase phase) {
  Attempt tried;
  auto started =
      co_await launcher_.start(pool->spec, pool->choice, loop, Launcher::Role::environment);
  if (!started) {
    tried.message = std::move(started).error();
    // The function's own program that cannot be executed is the function's fault, told as on
    // Lambda.
    const std::string why = Launcher::program_failure(*pool->spec, pool->choice, tried.message);
    if (std::string folder = Launcher::folder_failure(*pool->spec, tried.message);
        !folder.empty()) {
      tried.kind = Attempt::Kind::init_failed;
      tried.message = std::move(folder);
      tried.fault = EntryFault::working_folder;
      co_return tried;
    }
    if (!why.empty() && Launcher::has_wrapper(*pool->spec)) {
      tried.kind = Attempt::Kind::init_failed;
      tried.message.clear();
      tried.init.exit.status = 127;
    } else if (!why.empty() && pool->choice.language == Language::custom) {
      tried.kind = Attempt::Kind::init_failed;
      tried.message =
          fmt::format("fork/exec {}: {}", Launcher::program(*pool->spec, pool->choice), why);
    }
    co_return tried;
  }
  const EnvironmentPtr environment = std::move(*started);
  {
    const std::lock_guard lock(mutex_);
    place(pool, environment, Environment::Place::starting);
    set_charge(*environment, estimate(*pool));
  }
  InitResult init = co_await environment->initialize(init_budget(*pool, phase), phase);
  tried.log_stream = environment->log_stream();
  if (!init.ok) {
    tried.kind = Attempt::Kind::init_failed;
    tried.init = std::move(init);
    co_return tried;
  }
  launcher_.initialized(*environment);
  tried.kind = Attempt::Kind::ready;
  tried.environment = environment;
  tried.cost = {ports::ColdStart::exec, init.init_ms};
  co_return tried;
}

base::Task<Scheduler::Attempt> Scheduler::attempt_clone(PoolPtr pool, http::Loop& loop,
                                                        InitPhase phase) {
  Attempt tried;
  TemplateAttempt made = co_await ensure_template(pool, loop, phase);
  switch (made.result.kind) {
    case TemplateResult::Kind::refused:
      tried.message = std::move(made.result.message);
      co_return tried;
    case TemplateResult::Kind::failed:
      tried.kind = Attempt::Kind::init_failed;
      tried.init = std::move(made.result.init);
      tried.log_stream = std::move(made.result.message);
      co_return tried;
    case TemplateResult::Kind::unfit:
      if (made.unfit == nullptr) co_return co_await attempt_exec(pool, loop, phase);
      tried.kind = Attempt::Kind::ready;
      tried.log_stream = made.unfit->log_stream();
      tried.environment = std::move(made.unfit);
      tried.cost = {ports::ColdStart::exec, made.result.init.init_ms};
      co_return tried;
    case TemplateResult::Kind::ready:
      break;
  }
  auto cloned = co_await clone_template(pool, loop);
  // A template that does not answer is of no more use; the event shall not pay for it.
  if (!cloned) co_return co_await attempt_exec(pool, loop, phase);
  tried = std::move(*cloned);
  if (made.result.init.ok && made.started_here)
    tried.cost = {ports::ColdStart::template_init, made.result.init.init_ms + tried.cost.init_ms};
  co_return tried;
}

base::Task<std::optional<Scheduler::Attempt>> Scheduler::clone_template(PoolPtr pool,
                                                                        http::Loop& loop) {
  const base::MonotonicTime asked = services_.clock.monotonic();
  EnvironmentPtr mother;
  std::string log_stream;
  {
    const std::lock_guard lock(mutex_);
    mother = pool->template_;
    if (mother != nullptr && !std::exchange(pool->template_stream_taken, true))
      log_stream = mother->log_stream();
  }
  if (mother == nullptr) co_return std::nullopt;  // it ended meanwhile
  auto cloned = co_await launcher_.clone(mother, std::move(log_stream), loop);
  if (!cloned) {
    base::log_warn("function {}: cloning failed: {}", pool->spec->function, cloned.error());
    end_on_loop(mother);
    co_return std::nullopt;
  }
  Attempt tried;
  tried.kind = Attempt::Kind::ready;
  tried.environment = std::move(*cloned);
  tried.log_stream = tried.environment->log_stream();
  tried.cost = {ports::ColdStart::clone, ms_between(asked, services_.clock.monotonic())};
  const std::lock_guard lock(mutex_);
  place(pool, tried.environment, Environment::Place::starting);
  tried.environment->slot().made = Environment::Slot::Made::cloned;
  set_charge(*tried.environment, kCloneCharge);
  co_return tried;
}

base::Task<Scheduler::TemplateAttempt> Scheduler::ensure_template(PoolPtr pool, http::Loop& loop,
                                                                  InitPhase phase) {
  TemplateAttempt made;
  std::optional<base::OneShot<TemplateResult>> wait;
  {
    const std::lock_guard lock(mutex_);
    switch (pool->template_state) {
      case TemplateState::ready:
        made.result.kind = TemplateResult::Kind::ready;
        break;
      case TemplateState::unfit:
        made.result.kind = TemplateResult::Kind::unfit;
        break;
      case TemplateState::starting:
        wait.emplace();
        pool->template_waiters.push_back(*wait);
        break;
      case TemplateState::none:
        pool->template_state = TemplateState::starting;
        made.started_here = true;
        break;
    }
  }
  if (wait) {
    made.result = co_await wait->wait();
    // It waited for that INIT as the one did who started it.
    made.started_here = made.result.kind == TemplateResult::Kind::ready;
    co_return made;
  }
  if (!made.started_here) co_return made;

  EnvironmentPtr environment;
  auto started =
      co_await launcher_.start(pool->spec, pool->choice, loop, Launcher::Role::template_);
  if (!started) {
    made.result.kind = TemplateResult::Kind::refused;
    made.result.message = std::move(started).error();
  } else {
    environment = std::move(*started);
    {
      const std::lock_guard lock(mutex_);
      place(pool, environment, Environment::Place::starting);
      set_charge(*environment, estimate(*pool));
    }
    made.result.init = co_await environment->initialize(init_budget(*pool, phase), phase);
    made.result.message = environment->log_stream();
    if (!made.result.init.ok) {
      made.result.kind = TemplateResult::Kind::failed;
    } else if (made.result.init.readiness.cloneable) {
      made.result.kind = TemplateResult::Kind::ready;
    } else {
      made.result.kind = TemplateResult::Kind::unfit;
      launcher_.initialized(*environment);
    }
  }

  std::optional<sandbox::Usage> usage;
  if (environment != nullptr && made.result.init.ok)
    usage = services_.warden.usage(environment->id());
  std::vector<base::OneShot<TemplateResult>> waiters;
  bool unwanted = false;
  {
    const std::lock_guard lock(mutex_);
    waiters = std::exchange(pool->template_waiters, {});
    switch (made.result.kind) {
      case TemplateResult::Kind::ready:
        pool->template_state = TemplateState::ready;
        pool->template_stream_taken = false;
        if (environment->slot().place == Environment::Place::starting) {
          place(pool, environment, Environment::Place::template_);
          if (usage) set_charge(*environment, usage->memory_bytes);
        } else {
          pool->template_state = TemplateState::none;  // it ended at once
        }
        unwanted = stopping_;
        break;
      case TemplateResult::Kind::unfit:
        pool->template_state = TemplateState::unfit;
        pool->unfit_reason = made.result.init.readiness.reason;
        made.unfit = environment;
        base::log_info("function {}: not cloned: {}", pool->spec->function, pool->unfit_reason);
        break;
      case TemplateResult::Kind::failed:
      case TemplateResult::Kind::refused:
        pool->template_state = TemplateState::none;
        break;
    }
    arm_sweep();
  }
  if (unwanted) environment->end();
  for (const auto& waiter : waiters) waiter.set(made.result);
  co_return made;
}

void Scheduler::offer(const PoolPtr& pool, Attempt attempt, Purpose purpose,
                      std::optional<base::MonotonicTime> started) {
  const EnvironmentPtr& environment = attempt.environment;
  std::unique_ptr<Pending> pending;
  bool end = false;
  int spares = 0;
  const bool provisioned = purpose == Purpose::provisioned;
  {
    const std::lock_guard lock(mutex_);
    --(provisioned                 ? pool->provision.starting
       : purpose == Purpose::event ? pool->starting
                                   : pool->preparing);
    const bool gone = environment->slot().place == Environment::Place::gone;
    if (provisioned && !gone) {
      environment->slot().provisioned = true;
      meter_provisioned(*pool, services_.clock.monotonic());
      ++pool->provision.running;
      pool->provision.failures = 0;
      pool->provision.failure.clear();
    }
    if (!pool->waiting.empty()) {
      pending = std::move(pool->waiting.front());
      pool->waiting.pop_front();
      if (!gone) {
        place(pool, environment, Environment::Place::busy);
      } else {
        leave(*pool);  // returned() counts it in again
      }
    } else if (pool->retired || stopping_ ||
               (provisioned && pool->provision.running > pool->provision.wanted)) {
      end = true;
    } else if (!gone && provisioned) {
      attempt.cost = {};
      place(pool, environment, Environment::Place::idle);
    } else if (!gone) {
      // What an event did not wait for costs it nothing.
      attempt.cost = {ports::ColdStart::spare, 0};
      environment->slot().unused = true;
      // A clone that no event needed after all is a spare.
      const bool spare = purpose == Purpose::ahead || pool->template_state == TemplateState::ready;
      place(pool, environment, spare ? Environment::Place::prepared : Environment::Place::idle);
    }
    if (pending) count_cold_start(*pool, attempt.cost.kind, pool->busy.size() - (gone ? 0 : 1));
    spares = order_spares(*pool);
    arm_sweep();
  }
  launch_spares(pool, spares);
  if (end) return environment->end();
  environment->ready(attempt.cost, attempt.log_stream,
                     provisioned ? Environment::Initialization::provisioned_concurrency
                                 : Environment::Initialization::on_demand);
  if (pending) environment->begin(std::move(pending), started);
}

void Scheduler::fail_waiting(const PoolPtr& pool, const Attempt& attempt,
                             base::MonotonicTime started) {
  std::unique_ptr<Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    --pool->starting;
    if (pool->waiting.empty()) return;  // a free environment took it meanwhile
    pending = std::move(pool->waiting.front());
    pool->waiting.pop_front();
    leave(*pool);
    if (attempt.kind == Attempt::Kind::init_failed) {
      ++counts_.invocations;
      ++counts_.errors;
    }
  }
  if (attempt.kind == Attempt::Kind::refused) {
    base::log_error("function {}: cannot start: {}", pool->spec->function, attempt.message);
    pending->done.set(std::unexpected(Refusal{Refusal::Kind::unavailable, {}, attempt.message}));
    return;
  }
  const std::string& id = pending->event.request_id;
  const FunctionSpec& function = *pool->spec;
  Failure failure;
  std::chrono::nanoseconds duration = services_.clock.monotonic() - started;
  if (!attempt.message.empty()) {
    failure = entry_failure(id, attempt.message, attempt.fault);
  } else if (attempt.init.timed_out) {
    failure = timeout_failure(id, base::iso8601_ms(services_.clock.now()), time_limit(function));
    duration = time_limit(function);
  } else if (attempt.init.extension) {
    failure = extension_failure(id, *attempt.init.extension);
  } else if (attempt.init.error) {
    failure.payload = attempt.init.error->payload;
    failure.error_type = attempt.init.error->error_type;
    failure.report_type = failure.error_type;
  } else {
    failure = exit_failure(id, attempt.init.exit);
  }
  const PlatformLines lines(function.log_format, function.system_log_level);
  Output output(services_.clock);
  open_event(services_, lines, output, function, pending->event);
  Closing closing{function,
                  pending->event,
                  Answer{},
                  &failure,
                  services_.clock.now(),
                  duration,
                  0,
                  ports::ColdStart::exec,
                  attempt.init.exit.usage.peak_memory_bytes,
                  attempt.init.exit.usage.cpu_us};
  std::string log_stream = attempt.log_stream;
  if (log_stream.empty())
    log_stream = log_stream_name(services_.clock.now(), function.version, services_.ids);
  Outcome outcome = close_event(services_, lines, output, log_stream, std::move(closing));
  pending->done.set(std::move(outcome));
}

void Scheduler::prepare_next(const PoolPtr& pool, http::Loop& loop) {
  base::spawn(bring_up_ahead(pool, loop));
}

std::chrono::milliseconds Scheduler::init_budget(const Pool& pool, InitPhase phase) const {
  return phase == InitPhase::init ? services_.options.init_timeout : time_limit(*pool.spec);
}

base::Task<std::expected<void, std::string>> Scheduler::prepare(
    std::shared_ptr<const FunctionSpec> function) {
  const Activity activity(shared_from_this());
  auto found = pool_of(function);
  if (!found) co_return std::unexpected(found.error().message);
  const PoolPtr pool = *found;
  http::Loop* own = dynamic_cast<http::Loop*>(base::Executor::current());
  http::Loop& loop = own != nullptr ? *own : services_.io.any();
  co_await on(loop);
  bool clone = false;
  std::vector<EnvironmentPtr> to_end;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) co_return std::unexpected("Mayfly is stopping");
    pool->used = services_.clock.monotonic();
    clone = pool->template_state != TemplateState::unfit;
    if (!clone && (!pool->prepared.empty() || pool->preparing > 0))
      co_return std::expected<void, std::string>{};
    limit_uncalled(to_end);
    if (!pool->called && std::ranges::find(uncalled_, pool) == uncalled_.end())
      uncalled_.push_back(pool);
    if (!make_room(*pool, to_end)) co_return std::unexpected("no room on this machine");
    if (!clone) ++pool->preparing;
  }
  for (const EnvironmentPtr& environment : to_end) end_on_loop(environment);

  Attempt tried;
  if (clone) {
    TemplateAttempt made = co_await ensure_template(pool, loop, InitPhase::init);
    if (made.result.kind == TemplateResult::Kind::failed)
      co_return std::unexpected(init_message(made.result.init));
    if (made.result.kind == TemplateResult::Kind::refused)
      co_return std::unexpected(made.result.message);
    if (made.unfit == nullptr) {
      // The first event after a deployment finds a spare.
      int spares = 0;
      {
        const std::lock_guard lock(mutex_);
        pool->level = std::max(pool->level, 1.0);
        spares = order_spares(*pool);
      }
      launch_spares(pool, spares);
      co_return std::expected<void, std::string>{};
    }
    tried.kind = Attempt::Kind::ready;
    tried.log_stream = made.unfit->log_stream();
    tried.environment = std::move(made.unfit);
    tried.cost = {ports::ColdStart::exec, made.result.init.init_ms};
    const std::lock_guard lock(mutex_);
    ++pool->preparing;
  } else {
    tried = co_await attempt(pool, loop, InitPhase::init);
    if (tried.kind != Attempt::Kind::ready) {
      const std::lock_guard lock(mutex_);
      --pool->preparing;
      co_return std::unexpected(tried.message.empty() ? init_message(tried.init) : tried.message);
    }
  }
  offer(pool, std::move(tried), Purpose::ahead, std::nullopt);
  co_return std::expected<void, std::string>{};
}

}  // namespace mayfly::engine
