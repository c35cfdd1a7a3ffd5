// Output: what a function and its extensions wrote to standard output and error, as lines of its
// log.
//
// Owns the pipes' reading ends. Lines are split at newlines; one longer than kMaxLine is cut there,
// so a guest that never ends a line costs no more than that. Collected lines are handed over by
// take(); the last kTail bytes since mark() are kept for X-Amz-Log-Result. Threads: the
// environment's loop.
#pragma once

#include <array>
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

  enum class From { function, extensions };  // external ones; internal ones are the function

  explicit Output(base::Clock& clock) : clock_(clock) {}

  void set_pipe(From from, base::UniqueFd pipe) { pipe_of(from).reading = std::move(pipe); }
  int fd(From from) const { return pipes_[static_cast<std::size_t>(from)].reading.get(); }
  void close();
  enum class State { open, closed };
  // Reads what is there, at most about `budget` bytes of it. closed: nobody holds the writing end
  // any more.
  State read(From from, std::size_t budget);
  // A line that the platform adds; an empty one is none.
  void add(std::string line);
  // Ends the lines that were left open (the guest exited, or its event ended).
  void end_lines();

  // Is told each line that was written.
  using Listener = std::function<void(From, base::WallTime, std::string_view)>;
  void listen(Listener listener) { listener_ = std::move(listener); }

  std::vector<ports::LogLine> take();
  std::size_t pending_bytes() const { return pending_bytes_; }
  bool empty() const { return lines_.empty(); }

  void mark() { tail_.clear(); }
  std::string tail() const;

 private:
  struct Pipe {
    base::UniqueFd reading;
    std::string partial;  // the line that is still open
  };
  Pipe& pipe_of(From from) { return pipes_[static_cast<std::size_t>(from)]; }
  void feed(From from, std::string_view bytes, base::WallTime now);
  void push_written(From from, std::string line, base::WallTime now);
  void push(std::string line, base::WallTime now);

  base::Clock& clock_;
  std::array<Pipe, 2> pipes_;
  Listener listener_;
  std::vector<ports::LogLine> lines_;
  std::size_t pending_bytes_ = 0;
  std::string tail_;
};

}  // namespace mayfly::engine
