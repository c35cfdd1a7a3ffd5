// Executor: where suspended coroutines and callbacks are resumed. An I/O thread of the server is
// one.
//
// current() is the executor that the calling thread serves, or null on a thread that serves none;
// it is set by ExecutorScope and read only by the primitives that suspend (one_shot.h), never by
// services.
#pragma once

#include <functional>

namespace mayfly::base {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `work` on this executor, soon, exactly once. Any thread may call it. After the executor
  // has stopped, `work` is destroyed without being run.
  virtual void post(std::move_only_function<void()> work) = 0;

  static Executor* current() noexcept;
};

class ExecutorScope {
 public:
  explicit ExecutorScope(Executor* executor) noexcept;
  ~ExecutorScope();
  ExecutorScope(const ExecutorScope&) = delete;
  ExecutorScope& operator=(const ExecutorScope&) = delete;

 private:
  Executor* previous_;
};

}  // namespace mayfly::base
