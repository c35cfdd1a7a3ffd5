// The errors that the platform, not the function, makes: their JSON as Lambda words it, and their
// names in REPORT lines.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sandbox/warden.h"

namespace mayfly::engine {

// What ended an invocation or an INIT in place of an answer.
struct Failure {
  std::string payload;     // for the caller
  std::string error_type;  // in the payload: "Sandbox.Timedout"
  std::string
      report_type;  // in REPORT: "Runtime.OutOfMemory" where the payload says Runtime.ExitError
  bool timeout = false;
  std::string log_text;  // lines for the function's log, may be empty
};

// {"errorType":...,"errorMessage":...}
std::string error_json(std::string_view type, std::string_view message);

Failure timeout_failure(std::string_view request_id, std::string_view iso_time,
                        std::chrono::milliseconds limit);
Failure exit_failure(std::string_view request_id, const sandbox::Exit& exit);
// What an extension told, or how it ended: "Extension.Crash", "exit code 1".
struct ExtensionFailure {
  std::string type, words;
};
Failure extension_failure(std::string_view request_id, const ExtensionFailure& failure);
Failure too_large_failure(std::size_t limit);
// The runtime stopped in the middle of a streamed answer. `report_type`: why, for the log.
Failure truncated_failure(std::string_view request_id, std::string_view report_type);
// The program of a custom runtime or an image cannot be executed, or not where it shall be.
enum class EntryFault { program, working_folder };
Failure entry_failure(std::string_view request_id, std::string_view reason, EntryFault fault);

// "exit status 1", "signal: killed", in Go's words, which Lambda's own supervisor is written in.
std::string exit_words(const sandbox::Exit& exit);
std::string signal_words(int signal);
// The errorType of an error JSON that a runtime sent, or empty.
std::string error_type_of(std::string_view error_json);

}  // namespace mayfly::engine
