// MetricSink: values of a function's metrics in AWS/Lambda that do not follow from its usage
// records (usage_sink.h): what became of its asynchronous events, requests to its URL.
#pragma once

#include <string>
#include <string_view>

#include "base/arn.h"
#include "base/clock.h"

namespace mayfly::ports {

struct FunctionMetric {
  base::Scope scope;
  std::string function;
  std::string qualifier;  // version or alias; empty: none was named
  base::WallTime at;
  std::string_view name;  // of static storage, as AWS spells it: "AsyncEventsReceived"
  std::string_view unit;  // of static storage: "Count", "Milliseconds"
  double value = 1;
  std::string mapping =
      {};  // UUID of the event source mapping whose metric it is, not the function's
};

class MetricSink {
 public:
  virtual ~MetricSink() = default;
  // Any thread; never blocks.
  virtual void put(FunctionMetric metric) = 0;
};

}  // namespace mayfly::ports
