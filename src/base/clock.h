// Clock: the only source of time. Services, work queues and the engine take a Clock&, so tests
// drive it.
//
// now() is wall-clock time (UTC), monotonic() is for measuring intervals and deadlines. Threads:
// any.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace mayfly::base {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using MonotonicTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual MonotonicTime monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  MonotonicTime monotonic() const override;
};

// Stands still until advance() is called; both times move together.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime start = WallTime{std::chrono::seconds{1'750'000'000}})
      : now_(start) {}
  WallTime now() const override;
  MonotonicTime monotonic() const override;
  void advance(std::chrono::microseconds by);

 private:
  mutable std::mutex mutex_;
  WallTime now_;
  MonotonicTime monotonic_{};
};

std::int64_t epoch_ms(WallTime time);
std::int64_t epoch_us(WallTime time);
double epoch_seconds(WallTime time);
WallTime from_epoch_ms(std::int64_t ms);
// "2026-01-31T12:34:56.789Z"
std::string iso8601_ms(WallTime time);
// "2026-01-31T12:34:56.789+0000", as Lambda writes LastModified.
std::string iso8601_lambda(WallTime time);

}  // namespace mayfly::base
