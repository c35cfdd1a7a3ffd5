// Counters: what functions have done since the daemon started, for `mayfly top` and Prometheus.
//
// observe() is one look-up under a lock that nobody holds for long. Nothing is stored: the meter
// (meter.h) keeps what is billed. Threads: any.
//
// Of the first kMostFunctions functions that ran each is counted for itself, of later ones all
// together, so that names cannot fill the memory here or in whoever scrapes.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/exposition.h"
#include "base/histogram.h"
#include "ports/usage_sink.h"

namespace mayfly::engine {

std::string_view rung_name(ports::ColdStart rung);

struct FunctionCounters {
  base::Scope scope;
  std::string function;  // empty: all that have none of their own
  std::uint64_t invocations = 0, errors = 0, throttles = 0;
  std::uint64_t cpu_us = 0, billed_ms = 0;
  std::int64_t peak_memory_bytes = 0;
  std::map<ports::ColdStart, std::uint64_t> cold_starts;
  base::Histogram duration;  // ms
  base::Histogram init;      // of events that waited for one
};

class Counters {
 public:
  static constexpr std::size_t kMostFunctions = 500;

  void observe(const ports::UsageRecord& record);
  std::vector<FunctionCounters> functions() const;
  void expose(base::Exposition& out) const;

 private:
  struct Key {
    base::Scope scope;
    std::string function;
    auto operator<=>(const Key&) const = default;
  };
  struct Less {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return a < b; }
    // Without a copy of the names for each look-up.
    bool operator()(const Key& a, const ports::UsageRecord& b) const;
    bool operator()(const ports::UsageRecord& a, const Key& b) const;
  };
  FunctionCounters& of(const ports::UsageRecord& record);

  mutable std::mutex mutex_;
  std::map<Key, FunctionCounters, Less> functions_;
  FunctionCounters others_;
};

}  // namespace mayfly::engine
