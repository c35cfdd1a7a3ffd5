#include "base/clock.h"

#include <fmt/format.h>

namespace mayfly::base {

WallTime SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

MonotonicTime SystemClock::monotonic() const { return std::chrono::steady_clock::now(); }

WallTime FakeClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

MonotonicTime FakeClock::monotonic() const {
  std::lock_guard lock(mutex_);
  return monotonic_;
}

void FakeClock::advance(std::chrono::microseconds by) {
  std::lock_guard lock(mutex_);
  now_ += by;
  monotonic_ += by;
}

std::int64_t epoch_us(WallTime time) { return time.time_since_epoch().count(); }

std::int64_t epoch_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

double epoch_seconds(WallTime time) { return static_cast<double>(epoch_us(time)) / 1e6; }

WallTime from_epoch_ms(std::int64_t ms) { return WallTime{std::chrono::milliseconds{ms}}; }

namespace {
std::string iso8601(WallTime time, std::string_view suffix) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  std::chrono::hh_mm_ss of_day{std::chrono::floor<std::chrono::milliseconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     of_day.hours().count(), of_day.minutes().count(), of_day.seconds().count(),
                     of_day.subseconds().count(), suffix);
}
}  // namespace

std::string iso8601_ms(WallTime time) { return iso8601(time, "Z"); }
std::string iso8601_lambda(WallTime time) { return iso8601(time, "+0000"); }

}  // namespace mayfly::base
