// A task against the clock.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/one_shot.h"
#include "base/spawn.h"
#include "base/task.h"
#include "http/io.h"

namespace mayfly::apigateway {

// Calls back after a time, unless the token is dropped before. Of an I/O loop in the daemon, of the
// test in tests.
using After = std::function<std::unique_ptr<http::Loop::Token>(std::chrono::microseconds,
                                                               std::function<void()>)>;

// The timers of the loop that the caller runs on; of any loop where it runs on none.
inline After timers_of(http::Io& io) {
  return [&io](std::chrono::microseconds delay, std::function<void()> fire) {
    auto* loop = dynamic_cast<http::Loop*>(base::Executor::current());
    return (loop != nullptr ? *loop : io.any()).after(delay, std::move(fire));
  };
}

// What the task yields, or nullopt when the time is over first: then the task runs on by itself,
// and its result is dropped.
template <class T>
base::Task<std::optional<T>> race(base::Task<T> task,
                                  std::optional<std::chrono::milliseconds> limit, After after) {
  if (!limit) co_return std::optional<T>(co_await std::move(task));
  struct Shared {
    std::atomic<bool> decided = false;
    base::OneShot<std::optional<T>> outcome;
  };
  auto shared = std::make_shared<Shared>();
  base::spawn(std::move(task), [shared](T result) {
    if (!shared->decided.exchange(true)) shared->outcome.set(std::move(result));
  });
  std::unique_ptr<http::Loop::Token> timer;
  if (!shared->decided.load()) {
    timer = after(*limit, [shared] {
      if (!shared->decided.exchange(true)) shared->outcome.set(std::nullopt);
    });
  }
  co_return co_await shared->outcome.wait();
}

}  // namespace mayfly::apigateway
