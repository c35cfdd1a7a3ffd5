// Scheduler: which environment takes an event, when one is started, and when one ends.
//
// An event takes an idle environment, one on the caller's own loop before others and the most
// recently used first; else one that was prepared; else it waits in the pool while an environment
// is started for it. An environment that becomes free, whichever, takes the event that waits
// longest. So an event never waits for a slow start that a free environment could spare it, and a
// start never waits for anything.
//
// How an environment is started (the ladder) is in startup.cc: clone of the template, template
// first, exec. How many clones are made ahead of need is in spares.cc.
//
// Threads: any. One lock, held for a few map and vector operations, never across a call of another
// part. All else runs on loops. Owned by shared_ptr: coroutines of its own keep it alive;
// shutdown() waits for them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/launch/launcher.h"
#include "engine/launch/runtimes.h"
#include "engine/schedule/admission.h"
#include "engine/schedule/pool.h"
#include "engine/services.h"

namespace mayfly::engine {

class Scheduler final : public Environment::Owner, public std::enable_shared_from_this<Scheduler> {
 public:
  explicit Scheduler(Services services);
  ~Scheduler();
  // Takes the warden's word on processes that ended. Once, before the first run().
  void listen();

  base::Task<std::expected<Outcome, Refusal>> run(std::shared_ptr<const FunctionSpec> function,
                                                  Event event);
  base::Task<std::expected<void, std::string>> prepare(
      std::shared_ptr<const FunctionSpec> function);
  void retire(const base::Scope& scope, const std::string& function, const std::string& version,
              const std::string& keep_revision);
  // Reaps what was idle for long, and acts on deadlines that the clock says have passed.
  void sweep();
  base::Task<void> stop(std::chrono::milliseconds grace);
  // Ends everything and waits for it. Not on a loop's thread.
  void shutdown();

  void provision(const std::shared_ptr<const FunctionSpec>& function, std::int64_t count);
  ProvisionedState provisioned(const base::Scope& scope, const std::string& function,
                               const std::string& version) const;

  std::vector<RuntimeInfo> runtimes() const { return runtimes_.all(); }
  std::vector<std::string> pack_runtimes() const { return runtimes_.pack_names(); }
  std::string why_not_installed(const std::string& runtime) const {
    auto choice = runtimes_.choose(runtime);
    return choice ? std::string{} : std::move(choice).error();
  }
  EnvironmentStats stats() const;
  std::vector<VersionState> versions() const;

 private:
  struct Key {
    base::Scope scope;
    std::string function, version, revision;
    auto operator<=>(const Key&) const = default;
  };
  using PoolPtr = std::shared_ptr<Pool>;
  using EnvironmentPtr = std::shared_ptr<Environment>;
  using Lock = std::unique_lock<std::mutex>;

  // Environment::Owner, on the environment's loop.
  std::unique_ptr<Pending> finished(const EnvironmentPtr& environment,
                                    std::int64_t memory_bytes) override;
  void ended(const EnvironmentPtr& environment) override;
  void returned(std::unique_ptr<Pending> pending) override;

  std::expected<PoolPtr, Refusal> pool_of(const std::shared_ptr<const FunctionSpec>& function);
  EnvironmentPtr take_idle(Pool& pool, const http::Loop* preferred);
  void hand_over(const EnvironmentPtr& environment, std::unique_ptr<Pending> pending);
  // Takes environments out of their pools, oldest first, until one more of `pool` fits, and its
  // template where it has none.
  bool make_room(const Pool& pool, std::vector<EnvironmentPtr>& to_end);
  std::int64_t estimate(const Pool& pool) const;
  void set_charge(Environment& environment, std::int64_t bytes);
  void place(const PoolPtr& pool, const EnvironmentPtr& environment, Environment::Place where);
  void remove(Environment& environment);
  static void end_on_loop(const EnvironmentPtr& environment);
  // An event is no longer under way; tells stop() when it was the last.
  void leave(Pool& pool);
  // `pool` gets an environment for an event that none of its own could take; the lock is held.
  void count_cold_start(Pool& pool, ports::ColdStart rung, std::size_t others_busy);
  void count_end(Pool& pool, ColdCause cause);
  void throttled(const FunctionSpec& function, const Event& event);
  void arm_sweep();

  // provisioned.cc
  // Sets how many are wanted; free ones beyond that leave their pool into `to_end`.
  void set_provision(Pool& pool, std::int64_t count, std::vector<EnvironmentPtr>& to_end);
  // A new revision of a version takes over from the others. How many starts to launch.
  int take_over_provision(const PoolPtr& pool, std::vector<EnvironmentPtr>& to_end);
  int order_provisioned(Pool& pool);
  void launch_provisioned(const PoolPtr& pool, int count);
  base::Task<void> bring_up_provisioned(PoolPtr pool, http::Loop& loop);
  void meter_provisioned(Pool& pool, base::MonotonicTime now);

  // startup.cc
  struct Attempt {
    enum class Kind { ready, init_failed, refused } kind = Kind::refused;
    EnvironmentPtr environment;  // where ready
    ColdStartCost cost;
    InitResult init;      // where init_failed
    std::string message;  // where refused
    EntryFault fault = EntryFault::program;
    std::string log_stream;
  };
  enum class Purpose { event, ahead, provisioned };
  base::Task<void> bring_up(PoolPtr pool, http::Loop& loop);
  base::Task<void> bring_up_ahead(PoolPtr pool, http::Loop& loop);
  base::Task<Attempt> attempt(PoolPtr pool, http::Loop& loop, InitPhase phase);
  base::Task<Attempt> attempt_exec(PoolPtr pool, http::Loop& loop, InitPhase phase);
  base::Task<Attempt> attempt_clone(PoolPtr pool, http::Loop& loop, InitPhase phase);
  // nullopt where the template has ended, or does not answer and is ended.
  base::Task<std::optional<Attempt>> clone_template(PoolPtr pool, http::Loop& loop);
  struct TemplateAttempt {
    TemplateResult result;
    EnvironmentPtr unfit;  // the process itself, for the one who started it: it serves events
    bool started_here = false;
  };
  base::Task<TemplateAttempt> ensure_template(PoolPtr pool, http::Loop& loop, InitPhase phase);
  void offer(const PoolPtr& pool, Attempt attempt, Purpose purpose,
             std::optional<base::MonotonicTime> started);
  void fail_waiting(const PoolPtr& pool, const Attempt& attempt, base::MonotonicTime started);
  void prepare_next(const PoolPtr& pool, http::Loop& loop);

  // spares.cc: clones made ahead of need. order_spares(), under the lock, counts them in as being
  // prepared; the caller launches as many.
  int order_spares(Pool& pool);
  static std::int64_t spares_under_way(const Pool& pool);
  void launch_spares(const PoolPtr& pool, int count);
  base::Task<void> bring_up_spare(PoolPtr pool, http::Loop& loop);
  void note_arrival(Pool& pool);
  // What was prepared for functions that no event came for leaves its pools into `to_end`, the
  // oldest first, where it holds more than its part of the memory budget or is of too many.
  void limit_uncalled(std::vector<EnvironmentPtr>& to_end);
  static void forget_demand(Pool& pool, base::MonotonicTime now);

  std::chrono::milliseconds init_budget(const Pool& pool, InitPhase phase) const;
  // What a clone is taken to hold of its own before it was measured: it shares the rest with its
  // template.
  static constexpr std::int64_t kCloneCharge = 8LL << 20;
  // Keeps shutdown() waiting while a coroutine of this object runs.
  class Activity;

  const Services services_;
  Runtimes runtimes_;
  Launcher launcher_;

  mutable std::mutex mutex_;
  std::condition_variable quiet_;
  bool stopping_ = false;
  int activities_ = 0;
  Admission admission_;
  std::map<Key, PoolPtr> pools_;
  // The same pools by the spec they were made with, which callers usually pass again. A pool keeps
  // its spec alive.
  std::unordered_map<const FunctionSpec*, PoolPtr> pools_by_spec_;
  std::vector<PoolPtr> uncalled_;  // prepared, and no event came yet; in that order
  EnvironmentStats counts_;
  std::vector<base::OneShot<bool>> drained_;
  bool sweep_armed_ = false;
  std::unique_ptr<http::Loop::Token> sweep_timer_;
};

}  // namespace mayfly::engine
