// UsageSink: one record an invocation, and what is held for none; the meter (engine/meter) adds
// them up by hour.
#pragma once

#include <cstdint>
#include <string>

#include "base/arn.h"
#include "base/clock.h"

namespace mayfly::ports {

enum class ColdStart { none, spare, clone, template_init, exec };

// Whether an event of a version with provisioned concurrency found one of its environments free, or
// went to one that was started on demand.
enum class Provisioned { none, used, spilled };

// Events under way when one began, that one included. Zeros: not known.
struct Concurrency {
  std::int64_t account = 0;      // of its account and region
  std::int64_t unreserved = 0;   // of functions without reserved concurrency; 0: this one has some
  std::int64_t function = 0;     // of its function
  std::int64_t provisioned = 0;  // of its version's environments of provisioned concurrency,
  std::int64_t allocated = 0;    // of how many there are
};

struct UsageRecord {
  base::Scope scope;
  std::string function;
  std::string version;
  std::string request_id;
  base::WallTime started;
  std::int64_t billed_ms = 0;
  std::int64_t memory_mb = 0;
  double duration_ms = 0;
  double init_ms = 0;                   // 0 where warm
  std::optional<double> extensions_ms;  // where there are any: theirs, after the function's answer
  std::int64_t cpu_us = 0;              // used by the environment during this invocation
  std::int64_t peak_memory_bytes = 0;
  Concurrency concurrency;
  ColdStart cold_start = ColdStart::none;
  Provisioned provisioned = Provisioned::none;
  bool error = false;
  bool throttled = false;
  std::string architecture = "x86_64";
};

// Environments that were kept running by provisioned concurrency for a while, used or not.
struct HeldRecord {
  base::Scope scope;
  std::string function;
  base::WallTime until;
  std::int64_t mb_ms = 0;  // MB of memory x milliseconds, of all of them
  std::string architecture = "x86_64";
};

class UsageSink {
 public:
  virtual ~UsageSink() = default;
  // Any thread; never block.
  virtual void record(UsageRecord record) = 0;
  virtual void hold(const HeldRecord&) {}
};

}  // namespace mayfly::ports
