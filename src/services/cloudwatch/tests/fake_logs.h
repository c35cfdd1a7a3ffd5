// A sink of log lines that keeps them.
#pragma once

#include <string>
#include <vector>

#include "ports/log_sink.h"

namespace mayfly::cloudwatch {

class FakeLogs final : public ports::LogSink {
 public:
  void append(const base::Scope&, const std::string&, const std::string&,
              std::vector<ports::LogLine> lines) override {
    for (ports::LogLine& line : lines) texts.push_back(std::move(line.text));
  }
  base::Task<void> flush() override { co_return; }

  std::vector<std::string> texts;
};

}  // namespace mayfly::cloudwatch
