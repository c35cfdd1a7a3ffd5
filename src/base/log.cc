#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/clock.h"

namespace mayfly::base {
namespace {
std::atomic<LogLevel> threshold{LogLevel::info};
constexpr std::string_view kNames[] = {"debug", "info", "warn", "error", "off"};
}  // namespace

void set_log_level(LogLevel level) { threshold.store(level, std::memory_order_relaxed); }

bool log_enabled(LogLevel level) {
  return level >= threshold.load(std::memory_order_relaxed) && level != LogLevel::off;
}

void write_log(LogLevel level, std::string_view message) {
  std::string line = fmt::format("{} {:5} {}\n", iso8601_ms(SystemClock{}.now()),
                                 kNames[static_cast<std::size_t>(level)], message);
  // One write a line, so that lines of several threads do not mix. A closed stderr is nobody's
  // problem here.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mayfly::base
