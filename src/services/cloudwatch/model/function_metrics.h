// FunctionMetrics: what invocations mean for the metrics of AWS/Lambda, and what else is told of
// functions.
//
// record() and put() add to sums in memory, one look-up an invocation; flush() stores them, which
// happens by itself some seconds after the first record. Metrics are not acknowledged: what was
// recorded since the last flush is lost with a kill -9. Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ports/metric_sink.h"
#include "ports/usage_sink.h"
#include "services/cloudwatch/model/series.h"
#include "store/store.h"
#include "work/alarm.h"

namespace mayfly::cloudwatch {

class FunctionMetrics final : public ports::UsageSink, public ports::MetricSink {
 public:
  // All outlive it.
  FunctionMetrics(store::Store& store, base::Clock& clock, work::Alarm& alarm)
      : store_(store), clock_(clock), alarm_(alarm) {}

  void record(ports::UsageRecord record) override;
  void put(ports::FunctionMetric metric) override;
  // Done when all that was recorded before is stored.
  base::Task<store::StoreResult<void>> flush();

 private:
  struct Key {
    base::Scope scope;
    std::string function;
    std::string qualifier;  // empty: none was named
    std::int64_t minute;
    std::string mapping = {};  // then the values are its own, not the function's
    auto operator<=>(const Key&) const = default;
  };
  struct Sums {
    double invocations = 0, errors = 0, throttles = 0;
    double provisioned = 0, spilled = 0;  // of versions with provisioned concurrency
    Statistics duration;                  // ms
    // Of each event as it came (ports::Concurrency).
    Statistics concurrency, account_concurrency, unreserved, provisioned_busy, utilization;
    std::map<std::pair<std::string_view, std::string_view>, Statistics> others;  // by name, unit
    void add(const Sums& other);
  };
  using Batch = std::map<Key, Sums>;
  using Additions = std::map<base::Scope, std::vector<Addition>>;

  void change(Key key, const std::function<void(Sums&)>& how);
  static Additions additions_of(const Batch& batch);
  void flush_in_background();
  void put_back(const Batch& batch);

  store::Store& store_;
  base::Clock& clock_;
  work::Alarm& alarm_;
  std::mutex mutex_;
  Batch fresh_;
  bool armed_ = false;
};

}  // namespace mayfly::cloudwatch
