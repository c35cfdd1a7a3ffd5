#include "sandbox/loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace mayfly::sandbox {

Loop::Loop(const base::Clock& clock) : clock_(clock), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Loop::Handle& Loop::Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    key_ = other.key_;
  }
  return *this;
}

void Loop::Handle::reset() {
  if (Loop* loop = std::exchange(loop_, nullptr)) loop->remove(key_);
}

Loop::Handle Loop::watch(int fd, std::function<void()> ready) {
  const std::uint64_t key = next_key_++;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  entries_[key] = Entry{fd, {}, std::make_shared<std::function<void()>>(std::move(ready))};
  return Handle{this, key};
}

Loop::Handle Loop::after(std::chrono::milliseconds delay, std::function<void()> due) {
  const std::uint64_t key = next_key_++;
  const auto at = clock_.monotonic() + delay;
  entries_[key] = Entry{-1, at, std::make_shared<std::function<void()>>(std::move(due))};
  timers_.emplace(at, key);
  return Handle{this, key};
}

void Loop::remove(std::uint64_t key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.fd >= 0) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
  } else {
    const auto [first, last] = timers_.equal_range(found->second.due);
    const auto timer =
        std::find_if(first, last, [key](const auto& each) { return each.second == key; });
    if (timer != last) timers_.erase(timer);
  }
  entries_.erase(found);
}

int Loop::next_timeout() const {
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first - clock_.monotonic();
  if (left <= left.zero()) return 0;
  // Rounded up, or a timer due in half a millisecond would be polled for.
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void Loop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= clock_.monotonic()) {
    const std::uint64_t key = timers_.begin()->second;
    const auto call = entries_.at(key).call;
    timers_.erase(timers_.begin());
    entries_.erase(key);
    (*call)();
  }
}

void Loop::run() {
  std::array<epoll_event, 64> events{};
  while (!stopped_) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), next_timeout());
    if (count < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "epoll_wait");
    for (int at = 0; at < count && !stopped_; ++at) {
      // A callback before this one may have removed it.
      const std::uint64_t key = events[static_cast<std::size_t>(at)].data.u64;  // unaligned there
      const auto found = entries_.find(key);
      if (found == entries_.end()) continue;
      const auto call = found->second.call;
      (*call)();
    }
    run_timers();
  }
}

}  // namespace mayfly::sandbox
