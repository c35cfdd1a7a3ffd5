#pragma once
#include "ports/usage_sink.h"
#include "base/task.h"
namespace mayfly::app {
struct NullMeter : ports::UsageSink {
  void record(ports::UsageRecord) override {}
  base::Task<void> flush() { co_return; }
};
}
