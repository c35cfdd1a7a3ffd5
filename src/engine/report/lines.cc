#include "engine/report/lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/strings.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

// A JSON record of the platform: {"time":...,"type":"platform.x","record":{...}}.
std::string record(base::WallTime now, std::string_view type, wire::Document body) {
  wire::Document document = wire::Document::map();
  document.set("time", base::iso8601_ms(now));
  document.set("type", type);
  document.set("record", std::move(body));
  return wire::to_json(document);
}

double rounded(double ms) { return std::round(ms * 1000.0) / 1000.0; }

std::string_view phase_name(InitPhase phase) {
  return phase == InitPhase::init ? "init" : "invoke";
}

// As AWS maps them: a success is of interest when debugging, anything else is a warning.
SystemLogLevel level_of(const InitReport& report) {
  return report.status == "success" ? SystemLogLevel::debug : SystemLogLevel::warn;
}

std::int64_t megabytes(std::int64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

// "Root=1-5e...;Parent=53995c3f42cd8ad8;Sampled=1" -> the part behind "Root=".
std::string_view trace_part(std::string_view header, std::string_view name) {
  for (std::string_view part : base::split(header, ';')) {
    part = base::trim(part);
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return part.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

RuntimeLabel runtime_label(std::string_view language, std::string_view full_version) {
  // Lambda numbers its builds of a minor version: python:3.12.v89. The patch level takes that place
  // here.
  std::string version;
  const std::size_t dot = full_version.rfind('.');
  if (dot == std::string_view::npos) {
    version = fmt::format("{}:{}.v1", language, full_version);
  } else {
    version = fmt::format("{}:{}.v{}", language, full_version.substr(0, dot),
                          full_version.substr(dot + 1));
  }
  std::string arn = "arn:aws:lambda:us-east-1::runtime:" + base::to_hex(base::sha256(version));
  return {std::move(version), std::move(arn)};
}

std::string PlatformLines::init_start(base::WallTime now, const RuntimeLabel& label,
                                      const FunctionSpec& function) const {
  if (format_ == LogFormat::text) {
    return fmt::format("INIT_START Runtime Version: {}\tRuntime Version ARN: {}", label.version,
                       label.arn);
  }
  if (!shown(SystemLogLevel::info)) return {};
  wire::Document body = wire::Document::map();
  body.set("initializationType", "on-demand");
  body.set("phase", "init");
  body.set("runtimeVersion", label.version);
  body.set("runtimeVersionArn", label.arn);
  body.set("functionName", function.function);
  body.set("functionVersion", function.version);
  return record(now, "platform.initStart", std::move(body));
}

std::string PlatformLines::init_runtime_done(base::WallTime now, const InitReport& report) const {
  if (format_ == LogFormat::text || !shown(level_of(report))) return {};
  wire::Document body = wire::Document::map();
  body.set("initializationType", "on-demand");
  body.set("phase", phase_name(report.phase));
  body.set("status", report.status);
  if (!report.error_type.empty()) body.set("errorType", report.error_type);
  return record(now, "platform.initRuntimeDone", std::move(body));
}

std::string PlatformLines::init_report(base::WallTime now, const InitReport& report) const {
  if (format_ == LogFormat::text) {
    if (report.status == "success") return {};
    std::string line = fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: {}\tStatus: {}",
                                   report.init_ms, phase_name(report.phase), report.status);
    if (!report.error_type.empty()) line += fmt::format("\tError Type: {}", report.error_type);
    return line;
  }
  if (!shown(level_of(report))) return {};
  wire::Document metrics = wire::Document::map();
  metrics.set("durationMs", rounded(report.init_ms));
  wire::Document body = wire::Document::map();
  body.set("initializationType", "on-demand");
  body.set("phase", phase_name(report.phase));
  body.set("metrics", std::move(metrics));
  body.set("status", report.status);
  if (!report.error_type.empty()) body.set("errorType", report.error_type);
  return record(now, "platform.initReport", std::move(body));
}

std::string PlatformLines::extension(base::WallTime now, const ExtensionState& extension) const {
  if (format_ == LogFormat::text) {
    std::string line = fmt::format("EXTENSION\tName: {}\tState: {}\tEvents: [{}]", extension.name,
                                   extension.state, fmt::join(extension.events, ", "));
    if (!extension.error_type.empty()) line += "\tError Type: " + extension.error_type;
    return line;
  }
  if (!shown(extension.error_type.empty() ? SystemLogLevel::info : SystemLogLevel::warn)) return {};
  wire::Document body = wire::Document::map();
  body.set("name", extension.name);
  body.set("state", extension.state);
  wire::Document events = wire::Document::list();
  for (const std::string_view each : extension.events) events.push_back(std::string(each));
  body.set("events", std::move(events));
  if (!extension.error_type.empty()) body.set("errorType", extension.error_type);
  return record(now, "platform.extension", std::move(body));
}

std::string PlatformLines::subscription(base::WallTime now, const Subscriber& subscriber) const {
  const bool telemetry = subscriber.api == Subscriber::Api::telemetry;
  if (format_ == LogFormat::text) {
    std::vector<std::string> types = subscriber.types;
    for (std::string& type : types) type[0] = static_cast<char>(type[0] - 'a' + 'A');
    return fmt::format("{}\tName: {}\tState: Subscribed\tTypes: [{}]",
                       telemetry ? "TELEMETRY" : "LOGS", subscriber.name, fmt::join(types, ", "));
  }
  if (!shown(SystemLogLevel::info)) return {};
  wire::Document body = wire::Document::map();
  body.set("name", subscriber.name);
  body.set("state", "Subscribed");
  wire::Document types = wire::Document::list();
  for (const std::string& each : subscriber.types) types.push_back(each);
  body.set("types", std::move(types));
  return record(now, telemetry ? "platform.telemetrySubscription" : "platform.logsSubscription",
                std::move(body));
}

std::string PlatformLines::start(base::WallTime now, std::string_view request_id,
                                 std::string_view version) const {
  if (format_ == LogFormat::text)
    return fmt::format("START RequestId: {} Version: {}", request_id, version);
  if (!shown(SystemLogLevel::info)) return {};
  wire::Document body = wire::Document::map();
  body.set("requestId", request_id);
  body.set("version", version);
  return record(now, "platform.start", std::move(body));
}

std::string PlatformLines::end(std::string_view request_id) const {
  return format_ == LogFormat::text ? fmt::format("END RequestId: {}", request_id) : std::string{};
}

std::string PlatformLines::runtime_done(base::WallTime now, const Report& report) const {
  // As AWS maps them: a success is of interest when debugging, anything else is a warning.
  const auto level = report.status.empty() ? SystemLogLevel::debug : SystemLogLevel::warn;
  if (format_ == LogFormat::text || !shown(level)) return {};
  wire::Document metrics = wire::Document::map();
  metrics.set("durationMs", rounded(report.duration_ms));
  if (report.produced_bytes) metrics.set("producedBytes", *report.produced_bytes);
  wire::Document body = wire::Document::map();
  body.set("requestId", report.request_id);
  body.set("status", report.status.empty() ? std::string_view("success") : report.status);
  if (!report.error_type.empty()) body.set("errorType", report.error_type);
  body.set("metrics", std::move(metrics));
  return record(now, "platform.runtimeDone", std::move(body));
}

std::string PlatformLines::report(base::WallTime now, const Report& report) const {
  const std::int64_t peak_mb = megabytes(report.peak_memory_bytes);
  if (format_ == LogFormat::text) {
    std::string line = fmt::format(
        "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} "
        "MB\tMax Memory Used: {} MB\t",
        report.request_id, report.duration_ms, report.billed_ms, report.memory_mb, peak_mb);
    if (report.init_ms) line += fmt::format("Init Duration: {:.2f} ms\t", *report.init_ms);
    if (!report.status.empty()) {
      line += fmt::format("Status: {}", report.status);
      if (report.status == "error" && !report.error_type.empty())
        line += fmt::format("\tError Type: {}", report.error_type);
    }
    if (!report.trace_header.empty()) {
      const bool sampled = trace_part(report.trace_header, "Sampled") == "1";
      if (sampled) {
        line += fmt::format("\nXRAY TraceId: {}\tSegmentId: {}\tSampled: true",
                            trace_part(report.trace_header, "Root"),
                            trace_part(report.trace_header, "Parent"));
      }
    }
    return line;
  }
  if (!shown(report.status.empty() ? SystemLogLevel::info : SystemLogLevel::warn)) return {};
  wire::Document metrics = wire::Document::map();
  metrics.set("durationMs", rounded(report.duration_ms));
  metrics.set("billedDurationMs", report.billed_ms);
  metrics.set("memorySizeMB", report.memory_mb);
  metrics.set("maxMemoryUsedMB", peak_mb);
  if (report.init_ms) metrics.set("initDurationMs", rounded(*report.init_ms));
  wire::Document body = wire::Document::map();
  body.set("requestId", report.request_id);
  body.set("metrics", std::move(metrics));
  body.set("status", report.status.empty() ? std::string_view("success") : report.status);
  if (!report.error_type.empty()) body.set("errorType", report.error_type);
  return record(now, "platform.report", std::move(body));
}

const PlatformLines& telemetry_records() {
  static const PlatformLines lines(LogFormat::json, SystemLogLevel::debug);
  return lines;
}

}  // namespace mayfly::engine
