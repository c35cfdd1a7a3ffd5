// Io: the I/O threads, shared by the server, the client and the engine's sockets.
//
// Each thread runs one event loop (epoll) and is one Executor. Io owns the threads; whoever hands
// it work must be gone, or have cancelled, before Io is destroyed. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/task.h"

namespace mayfly::http {

// A thread's event loop. Watches descriptors and timers for code that is not HTTP (the engine).
class Loop : public base::Executor {
 public:
  // Calls `ready` on this loop whenever `fd` is readable or hung up (level-triggered), until the
  // token is dropped. Dropping the token from the loop's own thread guarantees that no call
  // follows; from another, that none follows a post() made after it. The caller keeps owning fd and
  // closes it after the token is gone. Watching needs a descriptor of its own; where this process
  // has none left, the calls begin when one is free.
  class Token {
   public:
    virtual ~Token() = default;
  };
  virtual std::unique_ptr<Token> watch_readable(int fd, std::function<void()> ready) = 0;
  // As above, for writability; drop the token when done.
  virtual std::unique_ptr<Token> watch_writable(int fd, std::function<void()> ready) = 0;
  // Calls `fire` once on this loop after `delay`, unless the token is dropped before.
  virtual std::unique_ptr<Token> after(std::chrono::microseconds delay,
                                       std::function<void()> fire) = 0;
  // Resumes the awaiting coroutine on this loop after `delay`.
  virtual base::Task<void> sleep(std::chrono::microseconds delay) = 0;
};

class Io {
 public:
  explicit Io(int threads);  // 0: one a core
  ~Io();                     // stops and joins
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;

  void start();
  void stop();
  std::size_t size() const;
  Loop& loop(std::size_t index);
  Loop& any();  // round robin

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::http
