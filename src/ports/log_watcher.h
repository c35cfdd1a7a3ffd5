// LogWatcher: sees each event that is written into a log, whoever writes it. services/cloudwatch
// implements it (metrics in log lines); services/logs tells it.
#pragma once

#include <string_view>

#include "base/arn.h"

namespace mayfly::ports {

class LogWatcher {
 public:
  virtual ~LogWatcher() = default;
  // Any thread; never blocks.
  virtual void see(const base::Scope& scope, std::string_view message) = 0;
};

}  // namespace mayfly::ports
