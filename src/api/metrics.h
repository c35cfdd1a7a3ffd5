// Counters of the API's operations: how many, how many failed, how long they took.
//
// A Metrics object is made by app/ and handed to who counts and who shows. Counting is lock-free;
// counters() takes a lock and is for construction. Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace mayfly::api {

// Upper bounds of the latency buckets; the last one has none.
inline constexpr std::array<std::chrono::microseconds, 12> kLatencyBounds = {
    std::chrono::microseconds{50},        std::chrono::microseconds{100},
    std::chrono::microseconds{250},       std::chrono::microseconds{500},
    std::chrono::microseconds{1'000},     std::chrono::microseconds{2'500},
    std::chrono::microseconds{5'000},     std::chrono::microseconds{10'000},
    std::chrono::microseconds{50'000},    std::chrono::microseconds{250'000},
    std::chrono::microseconds{1'000'000}, std::chrono::microseconds{10'000'000}};

struct OperationCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> client_errors{0};  // 4xx
  std::atomic<std::uint64_t> server_errors{0};  // 5xx
  std::atomic<std::uint64_t> total_us{0};
  std::array<std::atomic<std::uint64_t>, kLatencyBounds.size() + 1> buckets{};

  void record(int status, std::chrono::nanoseconds took);
};

class Metrics {
 public:
  // The counters of one operation; the reference stays good as long as the Metrics.
  OperationCounters& counters(std::string_view service, std::string_view operation);

  std::atomic<std::uint64_t> shed{0};        // refused for want of capacity
  std::atomic<std::uint64_t> exceptions{0};  // bugs and exhaustion, caught by the pipeline

  // In the Prometheus text format; operations that were never asked for are left out.
  std::string prometheus() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, OperationCounters> counters_;
};

}  // namespace mayfly::api
