// EmbeddedMetrics: metrics that are written into logs, in CloudWatch's embedded metric
// format: a line that is a JSON object with "_aws" says which of its members are metrics, and of
// which dimensions.
//
// It sees each event of a log (ports::LogWatcher). Values are added up in memory; flush() stores
// them, which happens by itself some seconds after the first. As the logs they come from they are
// not acknowledged. A line that is not of the format, and what of one is not, is no metric.
// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ports/log_watcher.h"
#include "services/cloudwatch/model/series.h"
#include "store/store.h"
#include "work/alarm.h"

namespace mayfly::cloudwatch {

// What the line says, or nothing. Pure.
std::vector<Addition> embedded_metrics(std::string_view line);

class EmbeddedMetrics final : public ports::LogWatcher {
 public:
  // All outlive it.
  EmbeddedMetrics(store::Store& store, base::Clock& clock, work::Alarm& alarm)
      : store_(store), clock_(clock), alarm_(alarm) {}

  void see(const base::Scope& scope, std::string_view message) override;
  // Done when all metrics of what was seen before are stored.
  base::Task<store::StoreResult<void>> flush();

 private:
  // Metrics in one place wait for one flush; more than this are dropped, and told.
  static constexpr std::size_t kMostWaiting = 10'000;
  // A metric's unit and resolution are part of what is added to.
  using Name = std::tuple<MetricName, std::string, std::int64_t>;
  using Batch = std::map<base::Scope, std::map<Name, Addition>>;

  void add(const base::Scope& scope, std::vector<Addition> additions);
  void flush_in_background();

  store::Store& store_;
  base::Clock& clock_;
  work::Alarm& alarm_;
  std::mutex mutex_;
  Batch fresh_;
  std::size_t waiting_ = 0;
  bool armed_ = false, dropping_ = false;
};

}  // namespace mayfly::cloudwatch
