// The platform's own lines in a function's log, exactly as Lambda writes them, as text or as JSON
// records (facts/wire.md 1.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"

namespace mayfly::engine {

// "python:3.11.v2" and its ARN.
struct RuntimeLabel {
  std::string version;
  std::string arn;
};
RuntimeLabel runtime_label(std::string_view language, std::string_view full_version);

enum class InitPhase { init, invoke };

struct InitReport {
  double init_ms = 0;
  InitPhase phase = InitPhase::init;
  std::string_view status;      // "success", "error", "timeout"
  std::string_view error_type;  // empty: none
};

// What has become of an extension by the end of INIT.
struct ExtensionState {
  std::string name;
  std::string_view state;                // "Started", "Registered", "Ready"
  std::vector<std::string_view> events;  // "INVOKE", "SHUTDOWN"
  std::string error_type;                // empty: none
};

// One that subscribes to telemetry, by one of the two APIs.
struct Subscriber {
  enum class Api { logs, telemetry } api = Api::telemetry;
  std::string name;
  std::vector<std::string> types;  // "platform", "function", "extension"
};

struct Report {
  std::string_view request_id;
  double duration_ms = 0;
  std::int64_t billed_ms = 0;
  std::int64_t memory_mb = 0;
  std::int64_t peak_memory_bytes = 0;
  std::optional<double> init_ms;  // cold starts only
  std::string_view status;        // empty: no trouble of the platform; "error", "timeout"
  std::string_view error_type;
  std::string_view trace_header;               // X-Amzn-Trace-Id, empty: not traced
  std::optional<std::int64_t> produced_bytes;  // by the function
};

class PlatformLines {
 public:
  // In JSON, a record below `least` is empty: there is no line.
  explicit PlatformLines(LogFormat format, SystemLogLevel least = SystemLogLevel::info)
      : format_(format), least_(least) {}
  std::string init_start(base::WallTime now, const RuntimeLabel& label,
                         const FunctionSpec& function) const;
  // JSON only: the runtime is ready, or has failed.
  std::string init_runtime_done(base::WallTime now, const InitReport& report) const;
  // Empty in text where INIT ended well: there the first event's report tells its time.
  std::string init_report(base::WallTime now, const InitReport& report) const;
  std::string extension(base::WallTime now, const ExtensionState& extension) const;
  std::string subscription(base::WallTime now, const Subscriber& subscriber) const;
  std::string start(base::WallTime now, std::string_view request_id,
                    std::string_view version) const;
  // Empty in JSON: there the record of the report ends an invocation.
  std::string end(std::string_view request_id) const;
  // JSON only: the runtime has answered, or not.
  std::string runtime_done(base::WallTime now, const Report& report) const;
  std::string report(base::WallTime now, const Report& report) const;

 private:
  bool shown(SystemLogLevel level) const { return level >= least_; }
  LogFormat format_;
  SystemLogLevel least_;
};

// As telemetry has them: JSON, of every level.
const PlatformLines& telemetry_records();

}  // namespace mayfly::engine
