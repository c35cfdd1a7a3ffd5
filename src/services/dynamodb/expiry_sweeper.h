// ExpirySweeper: deletes expired items of all tables (operations/expiry.h) soon after they expire.
//
// It sleeps until the next item expires, or until the expiry index changes; it sweeps at most once
// a second, so that writes do not keep it busy. Nothing is remembered between two sweeps: what is
// due is in the store, so it goes on where a crash cut it off.
// Ownership: everything given outlives it. await stop() before it is destroyed. Threads: any.
#pragma once

#include <mutex>

#include "base/one_shot.h"
#include "base/task.h"
#include "services/dynamodb/dynamodb.h"
#include "work/alarm.h"

namespace mayfly::dynamodb {

class ExpirySweeper {
 public:
  ExpirySweeper(Dynamodb& dynamodb, work::Alarm& alarm) : dynamodb_(dynamodb), alarm_(alarm) {}

  // Sweeps in the background, on the executor that it is called on.
  void start();
  // Begins nothing more and waits for the sweep under way.
  base::Task<void> stop();

 private:
  base::Task<void> run();
  // Awaited until `ring` is set, at `time` at the latest; false: it is time to stop.
  base::Task<bool> sleep(base::OneShot<bool> ring, std::optional<base::WallTime> time);

  Dynamodb& dynamodb_;
  work::Alarm& alarm_;
  std::mutex mutex_;
  bool started_ = false;
  bool stopping_ = false;
  std::optional<base::OneShot<bool>> ring_;  // what it sleeps for
  base::OneShot<bool> ended_;
};

}  // namespace mayfly::dynamodb
