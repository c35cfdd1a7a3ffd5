// Logging of the daemon itself: one line an event, on standard error. Not the functions' logs
// (ports/log_sink.h).
//
// Use: log_info("table {} created, {} items", name, count). Never log secrets, event payloads or
// item values. Threads: any.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace mayfly::base {

enum class LogLevel { debug, info, warn, error, off };

void set_log_level(LogLevel level);
void write_log(LogLevel level, std::string_view message);
bool log_enabled(LogLevel level);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) write_log(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::warn, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::error, format, std::forward<Args>(args)...);
}

}  // namespace mayfly::base
