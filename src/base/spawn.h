// Starting a Task from code that is not a coroutine.
//   spawn(task)      runs it now on this thread until it first suspends; nobody waits for it.
//   sync_wait(task)  runs it and blocks the calling thread until it ends. For main, tests, tools
//   and threads
//                    of their own; never on an executor's thread.
// Failure: an exception that leaves a spawned task ends the process (it is a bug, and nobody is
// there to see it).
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/task.h"

namespace mayfly::base {

namespace detail {
struct Detached {
  struct promise_type {
    static Detached get_return_object() noexcept { return {}; }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class T, class Done>
Detached run_detached(Task<T> task, Done done) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    done();
  } else {
    done(co_await std::move(task));
  }
}
}  // namespace detail

inline void spawn(Task<void> task) {
  detail::run_detached(std::move(task), [] {});
}

// Runs `task`, then calls `done(result)` on whatever thread it ended.
template <class T, class Done>
void spawn(Task<T> task, Done done) {
  detail::run_detached(std::move(task), std::move(done));
}

template <class T>
T sync_wait(Task<T> task) {
  using Stored = std::conditional_t<std::is_void_v<T>, detail::ReadyVoid, T>;
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<Stored> value;
    std::exception_ptr exception;
    bool done = false;
  } shared;
  auto body = [](Task<T> inner, Shared& out) -> Task<void> {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(inner);
      } else {
        out.value.emplace(co_await std::move(inner));
      }
    } catch (...) {
      out.exception = std::current_exception();
    }
  };
  spawn(body(std::move(task), shared), [&shared]() {
    std::lock_guard lock(shared.mutex);
    shared.done = true;
    shared.wake.notify_one();
  });
  std::unique_lock lock(shared.mutex);
  shared.wake.wait(lock, [&shared] { return shared.done; });
  if (shared.exception) std::rethrow_exception(shared.exception);
  if constexpr (!std::is_void_v<T>) return std::move(*shared.value);
}

}  // namespace mayfly::base
