// Output: what a function wrote to standard output and error, as lines of its log.
//
// Owns the pipe's reading end. Lines are split at newlines; one longer than kMaxLine is cut there,
// so a guest that never ends a line costs no more than that. Collected lines are handed over by
// take(); the last kTail bytes since mark() are kept for X-Amz-Log-Result. Threads: the
// environment's loop.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "ports/log_sink.h"

namespace mayfly::engine {

class Output {
 public:
  static constexpr std::size_t kMaxLine = 256 * 1024;  // CloudWatch's limit of one event
  static constexpr std::size_t kTail = 4096;

  Output(base::UniqueFd pipe, base::Clock& clock) : pipe_(std::move(pipe)), clock_(clock) {}

  int fd() const { return pipe_.get(); }
  void close() { pipe_.reset(); }
  enum class State { open, closed };
  // Reads what is there, at most about `budget` bytes of it. closed: nobody holds the writing end
  // any more.
  State read(std::size_t budget);
  // A line that the platform adds; an empty one is none.
  void add(std::string line);
  // Ends a line that the guest left open (it exited, or its event ended).
  void end_line();

  // Is told each line that the guest wrote.
  void listen(std::function<void(base::WallTime, std::string_view)> listener) {
    listener_ = std::move(listener);
  }

  std::vector<ports::LogLine> take();
  std::size_t pending_bytes() const { return pending_bytes_; }
  bool empty() const { return lines_.empty(); }

  void mark() { tail_.clear(); }
  std::string tail() const;

 private:
  void feed(std::string_view bytes, base::WallTime now);
  void push_own(std::string line, base::WallTime now);
  void push(std::string line, base::WallTime now);

  base::UniqueFd pipe_;
  base::Clock& clock_;
  std::string partial_;
  std::function<void(base::WallTime, std::string_view)> listener_;
  std::vector<ports::LogLine> lines_;
  std::size_t pending_bytes_ = 0;
  std::string tail_;
};

}  // namespace mayfly::engine
