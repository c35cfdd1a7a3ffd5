// Throttle: a token bucket, as stages and routes have them. Threads: any.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/clock.h"

namespace mayfly::apigateway {

class Throttle {
 public:
  // `rate` tokens a second, `burst` at most; the bucket starts full.
  Throttle(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  // Takes a token; false: there is none.
  bool admit(base::MonotonicTime now) {
    std::lock_guard lock(mutex_);
    if (!started_) started_ = true, last_ = now;
    const double seconds = std::chrono::duration<double>(now - last_).count();
    if (seconds > 0) {
      tokens_ = std::min(burst_, tokens_ + seconds * rate_);
      last_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const double rate_, burst_;
  std::mutex mutex_;
  double tokens_;
  bool started_ = false;
  base::MonotonicTime last_{};
};

}  // namespace mayfly::apigateway
