// Cloudwatch: CloudWatch metrics on the store. Start here.
//
// Owns what functions report on its way to the store; everything else is in the store. The
// operations are free functions in operations/; cloudwatch.cc lists them. Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "services/cloudwatch/model/function_metrics.h"
#include "store/store.h"
#include "work/alarm.h"

namespace mayfly::cloudwatch {

struct Cloudwatch {
  // All outlive it.
  Cloudwatch(store::Store& store_, base::Clock& clock_, work::Alarm& alarm)
      : store(store_), clock(clock_), functions(store_, clock_, alarm) {}

  store::Store& store;
  base::Clock& clock;
  FunctionMetrics functions;
};

api::Service make_service(Cloudwatch& cloudwatch);

}  // namespace mayfly::cloudwatch
