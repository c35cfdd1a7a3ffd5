// LogSink: where functions' log lines go. services/logs implements it; the engine writes to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"

namespace mayfly::ports {

struct LogLine {
  base::WallTime time;
  std::string text;  // without the final newline
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  // Takes the lines and returns at once; they are stored in batches, in this order for one stream,
  // soon (group and stream are created if need be). Lines that were appended before a read began
  // are seen by it. What the daemon had taken and not yet stored when it was killed is lost: logs
  // are not acknowledged one by one. Past a bound on the backlog the oldest lines of the noisiest
  // stream are dropped and a line says how many. Threads: any.
  virtual void append(const base::Scope& scope, const std::string& group, const std::string& stream,
                      std::vector<LogLine> lines) = 0;
  // Done when all that was appended before is stored.
  virtual base::Task<void> flush() = 0;
};

}  // namespace mayfly::ports
