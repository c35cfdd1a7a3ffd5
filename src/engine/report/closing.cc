#include "engine/report/closing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/strings.h"

namespace mayfly::engine {

void append_lines(const Services& services, Output& output, const FunctionSpec& function,
                  const std::string& log_stream) {
  if (output.empty()) return;
  services.logs.append(function.scope, function.log_group, log_stream, output.take());
}

void open_event(const Services& services, const PlatformLines& lines, Output& output,
                const FunctionSpec& function, const Event& event) {
  output.end_lines();
  output.mark();
  output.add(lines.start(services.clock.now(), event.request_id, function.version));
}

Outcome close_event(const Services& services, const PlatformLines& lines, Output& output,
                    const std::string& log_stream, Closing closing) {
  const FunctionSpec& function = closing.function;
  Outcome outcome;
  outcome.duration_ms = static_cast<double>(closing.duration.count()) / 1e6;
  outcome.init_ms = closing.init_ms;
  // Whole milliseconds, up; INIT is billed with the event that waited for it (AWS, since August
  // 2025).
  outcome.billed_ms = std::max<std::int64_t>(
      1, std::llround(std::ceil(outcome.duration_ms + closing.init_ms - 1e-9)));
  outcome.peak_memory_bytes = closing.peak_memory_bytes;
  outcome.cold_start = closing.cold_start;

  Report report;
  report.request_id = closing.event.request_id;
  report.duration_ms = outcome.duration_ms;
  report.billed_ms = outcome.billed_ms;
  report.memory_mb = function.memory_mb;
  report.peak_memory_bytes = closing.peak_memory_bytes;
  if (closing.init_ms > 0) report.init_ms = closing.init_ms;
  report.trace_header = closing.event.trace_header;
  if (closing.failure != nullptr) {
    if (!closing.failure->log_text.empty()) {
      for (std::string_view line : base::split(closing.failure->log_text, '\n'))
        output.add(std::string(line));
    }
    report.status = closing.failure->timeout ? "timeout" : "error";
    report.error_type = closing.failure->report_type;
    outcome.payload = closing.failure->payload;
    outcome.function_error = "Unhandled";
    outcome.error_type = closing.failure->error_type;
  }
  // Records tell a function's own error too; text lines do not.
  Report record = report;
  if (closing.failure == nullptr) {
    record.produced_bytes = closing.produced_bytes;
    if (closing.answer.is_error) {
      outcome.function_error = "Unhandled";
      outcome.error_type = closing.answer.error_type;
      record.status = "error";
      record.error_type = outcome.error_type;
    }
    outcome.payload = std::move(closing.answer.payload);
  }
  std::string end = lines.end(closing.event.request_id);
  if (!end.empty()) output.add(std::move(end));
  if (closing.telemetry != nullptr) {
    const PlatformLines& records = telemetry_records();
    const base::WallTime now = services.clock.now();
    if (closing.runtime_done == Closing::RuntimeDone::to_tell)
      closing.telemetry->add(Telemetry::Kind::platform, records.runtime_done(now, record));
    closing.telemetry->add(Telemetry::Kind::platform, records.report(now, record));
  }
  output.add(lines.runtime_done(services.clock.now(), record));
  const std::string text =
      lines.report(services.clock.now(), function.log_format == LogFormat::json ? record : report);
  for (std::string_view line : base::split(text, '\n')) output.add(std::string(line));
  outcome.log_tail = output.tail();
  append_lines(services, output, function, log_stream);

  ports::UsageRecord usage;
  usage.scope = function.scope;
  usage.function = function.function;
  usage.version = function.version;
  usage.request_id = closing.event.request_id;
  usage.started = closing.started;
  usage.billed_ms = outcome.billed_ms;
  usage.memory_mb = function.memory_mb;
  usage.duration_ms = outcome.duration_ms;
  usage.init_ms = outcome.init_ms;
  usage.cpu_us = closing.cpu_us;
  usage.peak_memory_bytes = closing.peak_memory_bytes;
  usage.concurrency = closing.concurrency;
  usage.cold_start = closing.cold_start;
  usage.error = outcome.function_error.has_value();
  usage.provisioned = closing.provisioned;
  if (closing.extensions)
    usage.extensions_ms = static_cast<double>(closing.extensions->count()) / 1e6;
  usage.architecture = function.architecture;
  services.usage.record(std::move(usage));
  return outcome;
}

}  // namespace mayfly::engine
