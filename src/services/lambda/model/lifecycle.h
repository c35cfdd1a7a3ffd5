// Lifecycle: how a version becomes Active.
//
// A version is committed as Pending (or LastUpdateStatus InProgress) together with a row that says
// so. begin() then has the engine run INIT ahead in the background and commits Active; INIT that
// fails does not fail the function, its events will tell. After a crash resume() takes up what was
// left.
//
// INIT takes processor time from the events of all functions, so after many deployments at once
// few versions are prepared at a time and the others queue; one that an event waits for goes ahead
// of the queue. Threads: any.
#pragma once

#include <deque>
#include <mutex>

#include "base/one_shot.h"
#include "services/lambda/model/row_cache.h"
#include "services/lambda/model/runner.h"
#include "services/lambda/model/specs.h"

namespace mayfly::lambda {

class Lifecycle {
 public:
  // All outlive it; await stop() before it goes.
  Lifecycle(store::Store& store, Specs& specs, FunctionRunner& runner)
      : store_(store), specs_(specs), runner_(runner) {}

  // In a transaction that creates or changes a version: marks it as on its way.
  static void mark(store::Transaction& transaction, const VersionId& id) {
    transaction.put(pending_key(id), "");
  }
  // After that transaction committed.
  void begin(VersionId id);
  // Returns when the version is not Pending any more, or gone.
  base::Task<wire::Result<void>> wait_active(VersionId id);
  // At start: everything that is marked.
  base::Task<wire::Result<void>> resume();
  // Begins nothing more and waits for what is under way.
  base::Task<void> stop();

 private:
  base::Task<void> work(VersionId id);
  // Has a version that still queues prepared now.
  void hurry(const VersionId& id);
  base::Task<void> settle(const VersionId& id);
  base::Task<wire::Result<bool>> settle_once(VersionId id);

  store::Store& store_;
  Specs& specs_;
  FunctionRunner& runner_;
  std::mutex mutex_;
  std::deque<VersionId> queue_;
  int under_way_ = 0;
  bool stopping_ = false;
  base::OneShot<bool> stopped_;
};

}  // namespace mayfly::lambda
