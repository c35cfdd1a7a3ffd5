#include "engine/response_stream.h"

#include <utility>

namespace mayfly::engine {

base::Task<std::optional<ResponseStream::Start>> ResponseStream::started() {
  for (;;) {
    base::OneShot<bool> change;
    {
      const std::lock_guard lock(mutex_);
      if (start_ || ended_) co_return start_;
      reader_ = change;
    }
    co_await change.wait();
  }
}

base::Task<std::optional<std::string>> ResponseStream::next() {
  for (;;) {
    base::OneShot<bool> change;
    std::optional<std::string> chunk;
    std::function<void()> drained;
    {
      const std::lock_guard lock(mutex_);
      if (!chunks_.empty()) {
        chunk = std::move(chunks_.front());
        chunks_.pop_front();
        waiting_bytes_ -= chunk->size();
        if (told_full_ && waiting_bytes_ < kHighWater / 2) {
          told_full_ = false;
          drained = drained_;
        }
      } else if (ended_ || abandoned_) {
        co_return std::nullopt;
      } else {
        reader_ = change;
      }
    }
    if (drained) drained();
    if (chunk) co_return chunk;
    co_await change.wait();
  }
}

void ResponseStream::abandon() {
  std::function<void()> drained;
  std::unique_lock lock(mutex_);
  abandoned_ = true;
  chunks_.clear();
  waiting_bytes_ = 0;
  if (std::exchange(told_full_, false)) drained = drained_;
  wake(lock);
  if (drained) drained();
}

void ResponseStream::begin(Start start, std::function<void()> drained) {
  std::unique_lock lock(mutex_);
  if (ended_ || start_) return;
  start_ = std::move(start);
  drained_ = std::move(drained);
  wake(lock);
}

ResponseStream::Push ResponseStream::push(std::string bytes) {
  std::unique_lock lock(mutex_);
  if (abandoned_ || ended_ || bytes.empty()) return Push::taken;
  waiting_bytes_ += bytes.size();
  chunks_.push_back(std::move(bytes));
  told_full_ = waiting_bytes_ >= kHighWater;
  const Push told = told_full_ ? Push::full : Push::taken;
  wake(lock);
  return told;
}

void ResponseStream::end() {
  std::function<void()> dropped;
  std::unique_lock lock(mutex_);
  ended_ = true;
  dropped = std::exchange(drained_, nullptr);
  wake(lock);
}

// Wakes the reader outside the lock: it may run at once, on this thread.
void ResponseStream::wake(std::unique_lock<std::mutex>& lock) {
  const auto reader = std::exchange(reader_, std::nullopt);
  lock.unlock();
  if (reader) reader->set(true);
}

}  // namespace mayfly::engine
