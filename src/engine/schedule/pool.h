// Pool: everything that runs one revision of a function version. Data only, under the scheduler's
// lock.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/one_shot.h"
#include "engine/environment/environment.h"
#include "engine/launch/runtimes.h"
#include "engine/schedule/admission.h"

namespace mayfly::engine {

// How the start of a template went, for all who waited for it.
struct TemplateResult {
  enum class Kind { ready, unfit, failed, refused } kind = Kind::failed;
  InitResult init;      // where ready, unfit, failed
  std::string message;  // where refused
};

enum class TemplateState {
  none,
  starting,
  ready,
  unfit,  // this revision's state is not safe to copy, or its runtime has no templates
};

// Environments that are kept running, whether events come or not (provisioned.cc).
struct Provision {
  std::int64_t wanted = 0;
  std::int64_t running = 0;  // INIT is behind them, busy ones too
  std::int64_t starting = 0;
  std::string failure;            // of the last start
  int failures = 0;               // in a row
  base::MonotonicTime again{};    // no start before, after a failure
  base::MonotonicTime metered{};  // what they held until then has been recorded
  bool idle() const { return wanted == 0 && running == 0 && starting == 0; }
};

struct Pool {
  std::shared_ptr<const FunctionSpec> spec;
  Choice choice;
  VersionLoad load;
  bool retired = false;
  bool called = false;  // an event came for it

  std::vector<std::shared_ptr<Environment>> idle;      // the most recently used last
  std::vector<std::shared_ptr<Environment>> prepared;  // spares: INIT is behind them, no event yet
  std::vector<std::shared_ptr<Environment>> provisioned;  // those of provisioned concurrency, free
  std::deque<std::unique_ptr<Pending>> waiting;
  std::unordered_set<Environment*> busy;
  std::int64_t starting = 0;   // environments being started for an event
  std::int64_t preparing = 0;  // ahead of one

  Provision provision;

  TemplateState template_state = TemplateState::none;
  std::string unfit_reason;
  std::shared_ptr<Environment> template_;
  bool template_stream_taken =
      false;  // the first clone goes on with the log stream that INIT wrote to
  std::vector<base::OneShot<TemplateResult>> template_waiters;

  double level = 0;                // the most events at a time lately, decaying (spares.cc),
  base::MonotonicTime level_at{};  // as of then
  base::MonotonicTime used{};
  std::optional<ColdCause> lost;   // why the environment that ended last did, until the next start
  std::int64_t typical_bytes = 0;  // the most that one of its environments was seen to hold

  bool empty() const {
    return idle.empty() && prepared.empty() && waiting.empty() && busy.empty() && starting == 0 &&
           preparing == 0 && provisioned.empty() && provision.idle() && template_ == nullptr &&
           template_state != TemplateState::starting;
  }
};

}  // namespace mayfly::engine
