// The end of an event: its last lines, its usage record and its outcome, whichever way it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "engine/engine.h"
#include "engine/environment/output.h"
#include "engine/guest/guest.h"
#include "engine/report/failure.h"
#include "engine/report/lines.h"
#include "engine/runtime_api/telemetry.h"
#include "engine/services.h"

namespace mayfly::engine {

struct Closing {
  const FunctionSpec& function;
  const Event& event;
  Answer answer;
  const Failure* failure = nullptr;  // the platform ended it, or null
  base::WallTime started;
  std::chrono::nanoseconds duration{0};
  double init_ms = 0;
  ports::ColdStart cold_start = ports::ColdStart::none;
  std::int64_t peak_memory_bytes = 0;
  std::int64_t cpu_us = 0;
  ports::Concurrency concurrency = {};  // when the event came
  Telemetry* telemetry = nullptr;       // is told the records too, or null
  ports::Provisioned provisioned = ports::Provisioned::none;
  std::int64_t produced_bytes = 0;  // by the function
  // Of an environment with extensions: how much of `duration` was theirs, after the answer.
  std::optional<std::chrono::nanoseconds> extensions = {};
  // Whether the telemetry knows that the runtime is done: it was told before extensions were.
  enum class RuntimeDone { to_tell, told } runtime_done = RuntimeDone::to_tell;
};

// Adds END and REPORT to `output`, hands its lines to the log sink, records the usage. The START
// line is there already.
Outcome close_event(const Services& services, const PlatformLines& lines, Output& output,
                    const std::string& log_stream, Closing closing);

// The START line, from which the log tail begins.
void open_event(const Services& services, const PlatformLines& lines, Output& output,
                const FunctionSpec& function, const Event& event);

void append_lines(const Services& services, Output& output, const FunctionSpec& function,
                  const std::string& log_stream);

}  // namespace mayfly::engine
