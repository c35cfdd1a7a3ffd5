#include "api/metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace mayfly::api {

void OperationCounters::record(int status, std::chrono::nanoseconds took) {
  requests.fetch_add(1, std::memory_order_relaxed);
  if (status >= 500) {
    server_errors.fetch_add(1, std::memory_order_relaxed);
  } else if (status >= 400) {
    client_errors.fetch_add(1, std::memory_order_relaxed);
  }
  total_us.fetch_add(static_cast<std::uint64_t>(
                         std::chrono::duration_cast<std::chrono::microseconds>(took).count()),
                     std::memory_order_relaxed);
  std::size_t bucket = 0;
  while (bucket < kLatencyBounds.size() && took > kLatencyBounds[bucket]) ++bucket;
  buckets[bucket].fetch_add(1, std::memory_order_relaxed);
}

OperationCounters& Metrics::counters(std::string_view service, std::string_view operation) {
  std::lock_guard lock(mutex_);
  return counters_[{std::string(service), std::string(operation)}];
}

std::string Metrics::prometheus() const {
  std::string requests, errors, latency;
  std::lock_guard lock(mutex_);
  for (const auto& [name, counters] : counters_) {
    const std::uint64_t count = counters.requests.load(std::memory_order_relaxed);
    if (count == 0) continue;
    const std::string labels =
        fmt::format("service=\"{}\",operation=\"{}\"", name.first, name.second);
    fmt::format_to(std::back_inserter(requests), "mayfly_requests_total{{{}}} {}\n", labels, count);
    fmt::format_to(std::back_inserter(errors), "mayfly_errors_total{{{},fault=\"client\"}} {}\n",
                   labels, counters.client_errors.load(std::memory_order_relaxed));
    fmt::format_to(std::back_inserter(errors), "mayfly_errors_total{{{},fault=\"server\"}} {}\n",
                   labels, counters.server_errors.load(std::memory_order_relaxed));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
      below += counters.buckets[i].load(std::memory_order_relaxed);
      fmt::format_to(std::back_inserter(latency),
                     "mayfly_latency_seconds_bucket{{{},le=\"{}\"}} {}\n", labels,
                     static_cast<double>(kLatencyBounds[i].count()) / 1e6, below);
    }
    below += counters.buckets.back().load(std::memory_order_relaxed);
    fmt::format_to(std::back_inserter(latency),
                   "mayfly_latency_seconds_bucket{{{0},le=\"+Inf\"}} "
                   "{1}\nmayfly_latency_seconds_count{{{0}}} {1}\n"
                   "mayfly_latency_seconds_sum{{{0}}} {2}\n",
                   labels, below,
                   static_cast<double>(counters.total_us.load(std::memory_order_relaxed)) / 1e6);
  }
  return "# TYPE mayfly_requests_total counter\n" + requests +
         "# TYPE mayfly_errors_total counter\n" + errors +
         "# TYPE mayfly_latency_seconds histogram\n" + latency +
         fmt::format(
             "# TYPE mayfly_shed_total counter\nmayfly_shed_total {}\n"
             "# TYPE mayfly_exceptions_total counter\nmayfly_exceptions_total {}\n",
             shed.load(std::memory_order_relaxed), exceptions.load(std::memory_order_relaxed));
}

}  // namespace mayfly::api
