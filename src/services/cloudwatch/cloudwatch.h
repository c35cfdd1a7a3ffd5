// Cloudwatch: CloudWatch metrics on the store. Start here.
//
// Owns what functions report, and what is written into logs, on its way to the store; everything
// else is in the store. The operations are free functions in operations/; cloudwatch.cc lists them.
// Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "services/cloudwatch/model/embedded_metrics.h"
#include "services/cloudwatch/model/function_metrics.h"
#include "store/store.h"
#include "work/alarm.h"

namespace mayfly::cloudwatch {

struct Cloudwatch {
  // All outlive it. Each alarm is one of its own.
  Cloudwatch(store::Store& store_, base::Clock& clock_, work::Alarm& alarm,
             work::Alarm& embedded_alarm)
      : store(store_),
        clock(clock_),
        functions(store_, clock_, alarm),
        embedded(store_, clock_, embedded_alarm) {}

  // Done when all that was told before is stored.
  base::Task<store::StoreResult<void>> flush() {
    auto done = co_await functions.flush();
    auto also = co_await embedded.flush();
    co_return done ? also : done;
  }

  store::Store& store;
  base::Clock& clock;
  FunctionMetrics functions;
  EmbeddedMetrics embedded;
};

api::Service make_service(Cloudwatch& cloudwatch);

}  // namespace mayfly::cloudwatch
