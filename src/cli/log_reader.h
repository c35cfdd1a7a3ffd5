// LogReader: the lines of a log group as they come, each once. Used by one thread.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>

#include "cli/api_client.h"
#include "cli/commands.h"

namespace mayfly::cli {

class LogReader {
 public:
  // `command` and `terminal` outlive it.
  LogReader(const LogsCommand& command, const Target& target, Terminal& terminal);

  void since(std::int64_t epoch_ms) { start_ms_ = epoch_ms; }
  const std::string& group() const { return group_; }
  // Prints what has come since the last call.
  std::expected<void, Problem> print_new();

 private:
  void print(const wire::Document& event);
  void forget_old();

  const LogsCommand& command_;
  Terminal& terminal_;
  ApiClient client_;
  std::string group_;
  std::int64_t start_ms_ = 0;
  std::int64_t newest_ms_ = 0;
  std::map<std::string, std::int64_t> seen_;  // event id, time
};

}  // namespace mayfly::cli
