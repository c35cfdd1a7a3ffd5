// Small coroutine helpers of the scheduler.
#pragma once

#include <coroutine>

#include "http/io.h"

namespace mayfly::engine {

// co_await on(loop): go on on that loop's thread.
struct on {
  explicit on(http::Loop& where) : loop(where) {}
  http::Loop& loop;
  bool await_ready() const noexcept { return base::Executor::current() == &loop; }
  void await_suspend(std::coroutine_handle<> handle) const {
    loop.post([handle] { handle.resume(); });
  }
  static void await_resume() noexcept {}
};

}  // namespace mayfly::engine
