// FailedEvents: the last events of each function that ended in an error of the function, to be run
// again (`mayfly replay`).
//
// Kept are events that were answered with a function error, whoever sent them; none above 256 KB.
// They are written behind the answer, a few at a time:
// a crash may lose the last. The oldest of a function go when a new one comes. Threads: any.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/one_shot.h"
#include "base/task.h"
#include "services/lambda/keys.h"
#include "store/store.h"
#include "wire/document.h"
#include "wire/error.h"

namespace mayfly::lambda {

struct FailedEvent {
  base::Scope scope;
  std::string function, request_id;
  FailedEventRow row;
};

class FailedEvents {
 public:
  static constexpr std::size_t kMaxPayload = 256 * 1024;

  // `keep`: so many of each function; 0: none. Both outlive it; await stop() before it goes.
  FailedEvents(store::Store& store, const base::Clock& clock, std::size_t keep)
      : store_(store), clock_(clock), keep_(keep) {}

  bool wanted(std::size_t payload_bytes) const { return keep_ > 0 && payload_bytes <= kMaxPayload; }
  void record(FailedEvent event);
  // Writes what was recorded so far.
  base::Task<wire::Result<void>> flush();
  base::Task<void> stop();

  // [{"RequestId","Function","Account","Region","Qualifier","Time","Error"}], the newest first; of
  // one function where it is named.
  base::Task<wire::Result<wire::Document>> list(std::string function);
  // One of them, with its "Payload"; null where there is none.
  base::Task<wire::Result<wire::Document>> find(std::string request_id);

 private:
  base::Task<void> work();

  store::Store& store_;
  const base::Clock& clock_;
  const std::size_t keep_;
  std::mutex mutex_;
  std::vector<std::pair<std::int64_t, FailedEvent>> fresh_;
  bool working_ = false, stopping_ = false;
  base::OneShot<bool> stopped_;
};

}  // namespace mayfly::lambda
