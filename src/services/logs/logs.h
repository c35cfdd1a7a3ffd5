// Logs: CloudWatch Logs on the store. Start here.
//
// Owns the sink that functions' output goes to; everything else is in the store. The operations are
// free functions in operations/; logs.cc lists them. Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "ports/log_sink.h"
#include "services/logs/model/sink.h"
#include "store/store.h"

namespace mayfly::logs {

struct Logs {
  // Both outlive it.
  Logs(store::Store& store_, base::Clock& clock_)
      : store(store_), clock(clock_), sink(store_, clock_) {}

  store::Store& store;
  base::Clock& clock;
  Sink sink;
};

api::Service make_service(Logs& logs);

}  // namespace mayfly::logs
