// Small coroutine helpers of the scheduler.
#pragma once

#include <coroutine>
#include <memory>

#include "engine/schedule/scheduler.h"
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

class Scheduler::Activity {
 public:
  explicit Activity(std::shared_ptr<Scheduler> scheduler) : scheduler_(std::move(scheduler)) {
    const std::lock_guard lock(scheduler_->mutex_);
    ++scheduler_->activities_;
  }
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;
  ~Activity() {
    const std::lock_guard lock(scheduler_->mutex_);
    if (--scheduler_->activities_ == 0) scheduler_->quiet_.notify_all();
  }

 private:
  std::shared_ptr<Scheduler> scheduler_;
};

}  // namespace mayfly::engine
