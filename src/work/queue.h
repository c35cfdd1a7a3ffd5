// WorkQueue: runs the work that is in the store (work.h), each kind with its handler.
//
// It claims what is due in batches, each claim a lease in the store with the attempt counted, then
// runs the handler and stores its outcome. It sleeps until the store's watch rings, the next work
// is due, or a handler ends; nothing polls.
//  * At least once: a claim whose owner died is taken back, at start where this process is the
//  store's only owner
//    (Owners::sole, the embedded engine), else when its lease runs out. Living owners renew their
//    leases.
//  * Order: by due time within a kind, up to the kind's concurrency at a time; kinds do not hold
//  each other up.
//  * A handler that throws is logged and runs again, later and later (up to an hour).
//  * Where the store fails, it tries again a second later; an outcome that could not be stored is
//  kept and stored then.
// Ownership: everything given to the constructor outlives it. await stop() before it is destroyed.
// Threads: any. Handlers are started on the executor that start() was awaited on and may go
// anywhere.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/one_shot.h"
#include "base/task.h"
#include "store/store.h"
#include "work/alarm.h"
#include "work/wake.h"
#include "work/watching.h"
#include "work/work.h"

namespace mayfly::work {

// sole: no other process works on this store, so leases of other owners are of dead ones.
enum class Owners { sole, several };

struct QueueOptions {
  Owners owners = Owners::sole;
  std::chrono::seconds lease{60};
};

class WorkQueue {
 public:
  WorkQueue(store::Store& store, const base::Clock& clock, base::Ids& ids, Alarm& alarm,
            QueueOptions options = {});
  ~WorkQueue();

  // Before start(). At most `concurrency` of this kind run at a time.
  void handle(std::string kind, int concurrency, WorkHandler handler);

  // Takes back what a dead owner left, then works in the background.
  base::Task<store::StoreResult<void>> start();
  // Begins nothing more and waits for what runs.
  base::Task<void> stop();

  // Ends `work` in the handler's own transaction, so that its effect and its end commit together.
  // False: it is not this run's any more (another owner took it), and the handler should commit
  // nothing. The handler then answers done().
  base::Task<store::StoreResult<bool>> finish_in(store::Transaction& transaction, const Work& work);

 private:
  struct Kind {
    std::string name;
    int concurrency;
    WorkHandler handler;
    int running = 0;
    bool claim_lost = false;  // a claim's outcome is unknown; only the pump uses it
  };
  struct Claimed {
    std::vector<Work> work;
    std::optional<base::WallTime> next_due;  // of what is left
  };
  // Of a run that ended, or an outcome that still has to be stored.
  struct Ended {
    Work work;
    WorkOutcome outcome;
  };
  using Key = std::pair<std::string, std::string>;  // kind, id

  base::Task<void> pump();
  base::Task<base::WallTime> pass();
  base::Task<base::WallTime> start_due(Kind& kind);
  base::Task<store::StoreResult<Claimed>> claim(const Kind& kind, std::size_t limit);
  base::Task<void> run(Kind& kind, Work work);
  base::Task<WorkOutcome> call(const Kind& kind, Work work);
  base::Task<bool> store_outcome(Ended ended);
  base::Task<base::WallTime> store_late_outcomes();
  base::Task<base::WallTime> keep_leases();
  base::Task<store::StoreResult<void>> renew();
  base::Task<store::StoreResult<base::WallTime>> take_back(const Kind& kind);
  base::Task<store::StoreResult<void>> report_unknown_kinds();

  bool runs_here(const std::string& kind, const std::string& id);
  std::size_t free_slots(const Kind& kind);
  void watch_for_work();

  store::Store& store_;
  const base::Clock& clock_;
  Alarm& alarm_;
  const QueueOptions options_;
  const std::string owner_;
  std::map<std::string, Kind> kinds_;  // fixed once started
  std::shared_ptr<Wake> wake_ = std::make_shared<Wake>();
  Watching watch_;  // only the pump uses it
  base::WallTime leases_checked_{};

  std::mutex mutex_;
  std::map<Key, int> running_;  // with the attempt
  std::vector<Ended> late_;
  int active_ = 0;  // runs that have not ended
  bool started_ = false;
  bool stopping_ = false;
  base::OneShot<bool> stopped_;
};

}  // namespace mayfly::work
