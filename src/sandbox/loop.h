// Loop: the warden's single-threaded event loop: descriptors that have something to read, and
// timers.
//
// A watch or timer ends when its handle is destroyed; destroying it inside any callback is fine.
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace mayfly::sandbox {

class Loop {
 public:
  explicit Loop(const base::Clock& clock);

  class Handle {
   public:
    Handle() = default;
    Handle(Handle&& other) noexcept
        : loop_(std::exchange(other.loop_, nullptr)), key_(other.key_) {}
    Handle& operator=(Handle&& other) noexcept;
    ~Handle() { reset(); }
    void reset();
    explicit operator bool() const { return loop_ != nullptr; }

   private:
    friend class Loop;
    Handle(Loop* loop, std::uint64_t key) : loop_(loop), key_(key) {}
    Loop* loop_ = nullptr;
    std::uint64_t key_ = 0;
  };

  // Calls `ready` whenever `fd` is readable or has ended. The descriptor stays the caller's and
  // outlives the handle.
  [[nodiscard]] Handle watch(int fd, std::function<void()> ready);
  [[nodiscard]] Handle after(std::chrono::milliseconds delay, std::function<void()> due);

  void run();  // until stop()
  void stop() { stopped_ = true; }

 private:
  struct Entry {
    int fd = -1;  // -1: a timer
    base::MonotonicTime due{};
    std::shared_ptr<std::function<void()>> call;
  };
  void remove(std::uint64_t key);
  void run_timers();
  int next_timeout() const;

  const base::Clock& clock_;
  base::UniqueFd epoll_;
  std::uint64_t next_key_ = 1;
  std::map<std::uint64_t, Entry> entries_;
  std::multimap<base::MonotonicTime, std::uint64_t> timers_;
  bool stopped_ = false;
};

}  // namespace mayfly::sandbox
