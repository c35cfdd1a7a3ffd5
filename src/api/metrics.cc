#include "api/metrics.h"

#include <fmt/format.h>

#include "base/exposition.h"

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
  using base::Exposition;
  using Kind = Exposition::Kind;
  Exposition out;
  const std::lock_guard lock(mutex_);
  const auto each = [&](auto show) {
    for (const auto& [name, counters] : counters_) {
      if (counters.requests.load(std::memory_order_relaxed) == 0) continue;
      show(Exposition::Labels{{"service", name.first}, {"operation", name.second}}, counters);
    }
  };
  const auto value = [](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load(std::memory_order_relaxed));
  };
  out.family("mayfly_requests_total", Kind::counter, "Requests to operations of the API.");
  each([&](const auto& labels, const OperationCounters& counters) {
    out.sample(labels, value(counters.requests));
  });
  out.family("mayfly_errors_total", Kind::counter,
             "Of these, that were answered with an error, by whose fault it is.");
  each([&](auto labels, const OperationCounters& counters) {
    labels.emplace_back("fault", "client");
    out.sample(labels, value(counters.client_errors));
    labels.back().second = "server";
    out.sample(labels, value(counters.server_errors));
  });
  out.family("mayfly_latency_seconds", Kind::histogram, "Time to answer operations of the API.");
  each([&](auto labels, const OperationCounters& counters) {
    const auto plain = labels;
    labels.emplace_back("le", "");
    double below = 0;
    for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
      below += value(counters.buckets[i]);
      labels.back().second =
          fmt::format("{}", static_cast<double>(kLatencyBounds[i].count()) / 1e6);
      out.line("_bucket", labels, below);
    }
    below += value(counters.buckets.back());
    labels.back().second = "+Inf";
    out.line("_bucket", labels, below);
    out.line("_sum", plain, value(counters.total_us) / 1e6);
    out.line("_count", plain, below);
  });
  out.family("mayfly_shed_total", Kind::counter,
             "Requests that were refused for want of capacity.");
  out.sample({}, value(shed));
  out.family("mayfly_exceptions_total", Kind::counter, "Faults of this program, caught.");
  out.sample({}, value(exceptions));
  return out.take();
}

}  // namespace mayfly::api
