#include "engine/report/failure.h"

#include <fmt/format.h>

#include <csignal>

#include "wire/json.h"

namespace mayfly::engine {
namespace {

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGHUP:
      return "hangup";
    case SIGINT:
      return "interrupt";
    case SIGQUIT:
      return "quit";
    case SIGILL:
      return "illegal instruction";
    case SIGTRAP:
      return "trace/breakpoint trap";
    case SIGABRT:
      return "aborted";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "floating point exception";
    case SIGKILL:
      return "killed";
    case SIGSEGV:
      return "segmentation fault";
    case SIGPIPE:
      return "broken pipe";
    case SIGALRM:
      return "alarm clock";
    case SIGTERM:
      return "terminated";
    case SIGSYS:
      return "bad system call";
    default:
      return {};
  }
}

}  // namespace

std::string error_json(std::string_view type, std::string_view message) {
  std::string json = "{\"errorType\":";
  wire::write_json_string(type, json);
  json += ",\"errorMessage\":";
  wire::write_json_string(message, json);
  json += "}";
  return json;
}

std::string exit_words(const sandbox::Exit& exit) {
  if (exit.signal == 0) return fmt::format("exit status {}", exit.status);
  return signal_words(exit.signal);
}

std::string signal_words(int signal) {
  const std::string_view name = signal_name(signal);
  return name.empty() ? fmt::format("signal: signal {}", signal) : fmt::format("signal: {}", name);
}

Failure timeout_failure(std::string_view request_id, std::string_view iso_time,
                        std::chrono::milliseconds limit) {
  const double seconds = static_cast<double>(limit.count()) / 1000.0;
  Failure failure;
  failure.error_type = "Sandbox.Timedout";
  failure.report_type = failure.error_type;
  failure.timeout = true;
  failure.payload = error_json(
      failure.error_type,
      fmt::format("RequestId: {} Error: Task timed out after {:.2f} seconds", request_id, seconds));
  failure.log_text =
      fmt::format("{} {} Task timed out after {:.2f} seconds", iso_time, request_id, seconds);
  return failure;
}

Failure exit_failure(std::string_view request_id, const sandbox::Exit& exit) {
  // A killed group shows Runtime.ExitError to the caller and Runtime.OutOfMemory in the log only
  // (facts/wire.md 1.4).
  const bool clean = exit.signal == 0 && exit.status == 0;
  const std::string words =
      clean ? "Runtime exited without providing a reason"
            : fmt::format("Runtime exited with error: {}",
                          exit.out_of_memory ? "signal: killed" : exit_words(exit));
  Failure failure;
  failure.error_type = "Runtime.ExitError";
  failure.report_type = exit.out_of_memory ? "Runtime.OutOfMemory" : failure.error_type;
  const std::string message = fmt::format("RequestId: {} Error: {}", request_id, words);
  failure.payload = error_json(failure.error_type, message);
  failure.log_text = message + "\n" + failure.error_type;
  return failure;
}

Failure extension_failure(std::string_view request_id, const ExtensionFailure& failure) {
  Failure out;
  out.error_type = failure.type;
  out.report_type = failure.type;
  const std::string message = fmt::format("RequestId: {} Error: {}", request_id, failure.words);
  out.payload = error_json(out.error_type, message);
  out.log_text = message + "\n" + out.error_type;
  return out;
}

Failure too_large_failure(std::size_t limit) {
  Failure failure;
  failure.error_type = "Function.ResponseSizeTooLarge";
  failure.report_type = failure.error_type;
  failure.payload = error_json(
      failure.error_type,
      fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).",
                  limit));
  return failure;
}

Failure truncated_failure(std::string_view request_id, std::string_view report_type) {
  Failure failure;
  failure.error_type = "Runtime.TruncatedResponse";
  failure.report_type = report_type.empty() ? failure.error_type : std::string(report_type);
  const std::string message = fmt::format(
      "RequestId: {} Error: The runtime ended before its response was complete", request_id);
  failure.payload = error_json(failure.error_type, message);
  failure.log_text = message + "\n" + failure.error_type;
  return failure;
}

Failure entry_failure(std::string_view request_id, std::string_view reason, EntryFault fault) {
  Failure failure;
  failure.error_type = fault == EntryFault::working_folder ? "Runtime.InvalidWorkingDir"
                                                           : "Runtime.InvalidEntrypoint";
  failure.report_type = failure.error_type;
  const std::string message = fmt::format("RequestId: {} Error: {}", request_id, reason);
  failure.payload = error_json(failure.error_type, message);
  failure.log_text = message + "\n" + failure.error_type;
  return failure;
}

std::string error_type_of(std::string_view error_json) {
  auto document = wire::parse_json(error_json);
  if (!document) return {};
  const wire::Document* type = document->find("errorType");
  return type != nullptr && type->as_string() != nullptr ? *type->as_string() : std::string{};
}

}  // namespace mayfly::engine
