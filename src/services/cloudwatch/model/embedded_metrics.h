// EmbeddedMetrics: metrics that functions write into their logs, in CloudWatch's embedded metric
// format: a line that is a JSON object with "_aws" says which of its members are metrics, and of
// which dimensions.
//
// It stands before the sink of logs, which gets every line as it is. Values are added up in memory;
// flush() stores them, which happens by itself some seconds after the first. As the logs they come
// from they are not acknowledged. A line that is not of the format, and what of one is not, is no
// metric. Threads: any.
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
#include "ports/log_sink.h"
#include "services/cloudwatch/model/series.h"
#include "store/store.h"
#include "work/alarm.h"

namespace mayfly::cloudwatch {

// What the line says, or nothing. Pure.
std::vector<Addition> embedded_metrics(std::string_view line);

class EmbeddedMetrics final : public ports::LogSink {
 public:
  // All outlive it.
  EmbeddedMetrics(store::Store& store, base::Clock& clock, work::Alarm& alarm, ports::LogSink& logs)
      : store_(store), clock_(clock), alarm_(alarm), logs_(logs) {}

  void append(const base::Scope& scope, const std::string& group, const std::string& stream,
              std::vector<ports::LogLine> lines) override;
  base::Task<void> flush() override { co_await logs_.flush(); }
  // Done when all metrics of lines that were appended before are stored.
  base::Task<store::StoreResult<void>> flush_metrics();

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
  ports::LogSink& logs_;
  std::mutex mutex_;
  Batch fresh_;
  std::size_t waiting_ = 0;
  bool armed_ = false, dropping_ = false;
};

}  // namespace mayfly::cloudwatch
