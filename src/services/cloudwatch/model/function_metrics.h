// FunctionMetrics: what invocations mean for the metrics of AWS/Lambda.
//
// record() adds to sums in memory, one look-up an invocation; flush() stores them, which happens by
// itself some seconds after the first record. Metrics are not acknowledged: what was recorded since
// the last flush is lost with a kill -9. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ports/usage_sink.h"
#include "services/cloudwatch/model/series.h"
#include "store/store.h"
#include "work/alarm.h"

namespace mayfly::cloudwatch {

class FunctionMetrics final : public ports::UsageSink {
 public:
  // All outlive it.
  FunctionMetrics(store::Store& store, base::Clock& clock, work::Alarm& alarm)
      : store_(store), clock_(clock), alarm_(alarm) {}

  void record(ports::UsageRecord record) override;
  // Done when all that was recorded before is stored.
  base::Task<store::StoreResult<void>> flush();

 private:
  struct Key {
    base::Scope scope;
    std::string function, version;
    std::int64_t minute;
    auto operator<=>(const Key&) const = default;
  };
  struct Sums {
    double invocations = 0, errors = 0, throttles = 0;
    double provisioned = 0, spilled = 0;  // of versions with provisioned concurrency
    Statistics duration;                  // ms
    Statistics concurrency;  // events of the function under way when one began, that one included
  };
  using Batch = std::map<Key, Sums>;
  using Additions = std::map<base::Scope, std::vector<Addition>>;

  static Additions additions_of(const Batch& batch);
  void flush_in_background();
  void put_back(Batch batch);

  store::Store& store_;
  base::Clock& clock_;
  work::Alarm& alarm_;
  std::mutex mutex_;
  Batch fresh_;
  bool armed_ = false;
};

}  // namespace mayfly::cloudwatch
