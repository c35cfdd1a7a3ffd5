// Logs: CloudWatch Logs on the store. Start here.
//
// Owns the sink that functions' output goes to; everything else is in the store. The operations are
// free functions in operations/; logs.cc lists them. Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "ports/log_sink.h"
#include "ports/log_watcher.h"
#include "services/logs/model/sink.h"
#include "store/store.h"

namespace mayfly::logs {

struct Logs {
  // All outlive it. `watcher` sees every event.
  Logs(store::Store& store_, base::Clock& clock_, ports::LogWatcher& watcher_)
      : store(store_), clock(clock_), watcher(watcher_), sink(store_, clock_, watcher_) {}

  store::Store& store;
  base::Clock& clock;
  ports::LogWatcher& watcher;
  Sink sink;
};

api::Service make_service(Logs& logs);

}  // namespace mayfly::logs
