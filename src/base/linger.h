// Linger: whether a thread that has nothing to do looks again before it sleeps. Who talks to it
// often answers within microseconds, and to be woken takes longer than that, much longer on a
// virtual machine (docs/decisions/0019-threads-linger.md).
//
// Between looks it offers its core to others. Where the cores are busy it then waits for its turn,
// while a thread that sleeps would be put before them when it is woken: who was kept waiting sleeps
// at once for a while, longer each time that this happens again right afterwards.
//
// Of one thread, which makes it; expect_soon() is for any.
#pragma once

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace mayfly::base {

class Linger {
 public:
  // After work, so long.
  explicit Linger(std::chrono::microseconds length) : length_(length) { of_thread_ = this; }
  ~Linger() { of_thread_ = nullptr; }
  Linger(const Linger&) = delete;
  Linger& operator=(const Linger&) = delete;

  void worked() { until_ = std::max(until_, Clock::now() + length_); }

  // False: sleep now.
  bool look_again() {
    const Clock::time_point now = Clock::now();
    if (alone_ || now >= until_ || now < busy_until_) return false;
    ::sched_yield();
    if (Clock::now() - now > kKeptWaiting) {
      rest_ = now - busy_until_ < rest_ ? std::min(2 * rest_, kLongestRest) : kShortestRest;
      busy_until_ = Clock::now() + rest_;
    }
    return true;
  }

  // The thread that calls will have something to do within some hundred microseconds: it lingers
  // for that, if it is one that lingers.
  static void expect_soon() {
    if (of_thread_ != nullptr)
      of_thread_->until_ = std::max(of_thread_->until_, Clock::now() + kSoon);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::microseconds kSoon{200};
  static constexpr std::chrono::milliseconds kKeptWaiting{2};
  static constexpr std::chrono::milliseconds kShortestRest{10}, kLongestRest{1000};
  static inline thread_local Linger* of_thread_ = nullptr;

  const std::chrono::microseconds length_;
  const bool alone_ = std::thread::hardware_concurrency() <= 1;
  Clock::time_point until_{}, busy_until_{};
  std::chrono::milliseconds rest_{0};
};

}  // namespace mayfly::base
