// What the scheduler tells about itself.
#include "engine/schedule/scheduler.h"

namespace mayfly::engine {
namespace {

struct Holdings {
  std::int64_t clones = 0;
  std::int64_t memory_bytes = 0;
};

// Under the scheduler's lock.
Holdings holdings(const Pool& pool) {
  Holdings out;
  const auto add = [&](Environment& environment) {
    out.memory_bytes += environment.slot().charge_bytes;
    out.clones += environment.slot().made == Environment::Slot::Made::cloned ? 1 : 0;
  };
  for (const auto& environment : pool.idle) add(*environment);
  for (const auto& environment : pool.prepared) add(*environment);
  for (const auto& environment : pool.provisioned) add(*environment);
  for (Environment* environment : pool.busy) add(*environment);
  if (pool.template_ != nullptr) out.memory_bytes += pool.template_->slot().charge_bytes;
  return out;
}

}  // namespace

EnvironmentStats Scheduler::stats() const {
  const std::lock_guard lock(mutex_);
  EnvironmentStats stats = counts_;
  for (const auto& [key, pool] : pools_) {
    stats.templates += pool->template_ != nullptr ? 1 : 0;
    stats.idle += static_cast<std::int64_t>(pool->idle.size() + pool->prepared.size() +
                                            pool->provisioned.size());
    stats.provisioned += pool->provision.running;
    stats.prepared += static_cast<std::int64_t>(pool->prepared.size());
    stats.busy += static_cast<std::int64_t>(pool->busy.size());
    stats.starting += pool->starting + pool->preparing + pool->provision.starting;
    stats.waiting += static_cast<std::int64_t>(pool->waiting.size());
    stats.clones += holdings(*pool).clones;
  }
  stats.pools = static_cast<std::int64_t>(pools_.size());
  stats.memory_charged_bytes = admission_.charged();
  stats.memory_budget_bytes = admission_.memory_budget();
  return stats;
}

std::vector<VersionState> Scheduler::versions() const {
  const std::lock_guard lock(mutex_);
  std::vector<VersionState> out;
  for (const auto& [key, pool] : pools_) {
    VersionState state{key.scope,
                       key.function,
                       key.version,
                       key.revision,
                       pool->spec->image ? "image" : pool->spec->runtime,
                       {},
                       {}};
    state.interpreter = pool->choice.runtime.interpreter;
    switch (pool->template_state) {
      case TemplateState::none:
        state.cloning = "not started";
        break;
      case TemplateState::starting:
        state.cloning = "template starting";
        break;
      case TemplateState::ready:
        state.cloning = "template ready";
        break;
      case TemplateState::unfit:
        state.cloning = pool->unfit_reason;
        break;
    }
    state.idle = static_cast<std::int64_t>(pool->idle.size() + pool->provisioned.size());
    state.provisioned = pool->provision.running;
    state.prepared = static_cast<std::int64_t>(pool->prepared.size());
    state.busy = static_cast<std::int64_t>(pool->busy.size());
    state.starting = pool->starting + pool->preparing;
    state.waiting = static_cast<std::int64_t>(pool->waiting.size());
    state.templates = pool->template_ != nullptr ? 1 : 0;
    const Holdings held = holdings(*pool);
    state.clones = held.clones;
    state.memory_bytes = held.memory_bytes;
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace mayfly::engine
