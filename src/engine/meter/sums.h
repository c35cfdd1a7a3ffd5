// UsageSums: what a function used within an hour, or within a report. Adding is all that happens to
// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ports/usage_sink.h"

namespace mayfly::engine {

inline double gb_seconds(std::int64_t mb_ms) {
  return static_cast<double>(mb_ms) / 1024.0 / 1000.0;
}

struct UsageSums {
  std::int64_t requests = 0;  // that ran; throttled ones apart
  std::int64_t errors = 0;
  std::int64_t throttles = 0;
  std::int64_t billed_ms = 0;
  std::int64_t mb_ms = 0;              // billed ms x MB of memory: exact, unlike GB-seconds
  std::int64_t provisioned_mb_ms = 0;  // of them, on environments of provisioned concurrency
  std::int64_t held_mb_ms = 0;         // by those, whether they ran anything or not
  std::int64_t cpu_us = 0;
  std::int64_t peak_memory_bytes = 0;
  std::int64_t memory_byte_ms =
      0;  // peak memory x duration: what the machine's memory was used for
  std::int64_t init_us = 0;
  std::map<ports::ColdStart, std::int64_t> cold_starts;

  void add(const ports::UsageRecord& record);
  void add(const UsageSums& other);
  double gb_seconds() const;

  std::string encode() const;  // JSON: a stored format, members are append only
  static std::optional<UsageSums> decode(std::string_view text);
};

std::string_view cold_start_name(ports::ColdStart kind);

}  // namespace mayfly::engine
