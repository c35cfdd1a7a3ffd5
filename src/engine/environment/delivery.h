// Delivery: where the bytes of one event's streamed answer go, within the limits of a response:
// into the caller's ResponseStream, or collected where nobody asked for a stream. Threads: the
// environment's loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "engine/engine.h"

namespace mayfly::engine {

class Delivery {
 public:
  Delivery(const EngineOptions& options, base::Clock& clock, std::shared_ptr<ResponseStream> sink)
      : options_(options), clock_(clock), sink_(std::move(sink)) {}

  void begin(ResponseStream::Start start, std::function<void()> drained);
  bool began() const { return began_; }

  struct Added {
    bool too_large = false;             // beyond what a response may have
    bool full = false;                  // hold the guest back until `drained`
    std::chrono::microseconds wait{0};  // and at least so long, for its pace
  };
  Added add(std::string bytes);
  std::size_t limit() const;
  std::size_t total() const { return total_; }
  base::MonotonicTime first_byte() const { return first_byte_; }

  // A whole answer at once. What is left for Outcome::payload.
  std::string whole(std::string payload, std::string content_type);
  std::string collected() { return std::move(collected_); }

 private:
  std::chrono::microseconds pace();

  const EngineOptions& options_;
  base::Clock& clock_;
  std::shared_ptr<ResponseStream> sink_;
  bool began_ = false;
  std::size_t total_ = 0;
  std::string collected_;
  base::MonotonicTime first_byte_{};
  std::optional<base::MonotonicTime> burst_over_;
};

}  // namespace mayfly::engine
