// Worker: one thread for work that blocks (files, other processes), so that no I/O thread does.
//
//   auto answer = co_await worker.run([...] { return read_that_file(); });
// Jobs run one after the other; the coroutine resumes on the executor that it left. What `run` is
// given must not throw. Threads: run() from any, stop() and the destructor from one.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "base/one_shot.h"
#include "base/task.h"

namespace mayfly::base {

class Worker {
 public:
  Worker() : thread_([this] { main(); }) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Finishes what was asked for and ends the thread; nothing may be asked for afterwards.
  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  template <class Fn>
  auto run(Fn work) -> Task<decltype(work())> {
    OneShot<decltype(work())> done;
    {
      std::lock_guard lock(mutex_);
      jobs_.push_back([work = std::move(work), done]() mutable { done.set(work()); });
    }
    wake_.notify_one();
    co_return co_await done.wait();
  }

 private:
  void main() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::move_only_function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace mayfly::base
