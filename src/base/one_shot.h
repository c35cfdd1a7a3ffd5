// OneShot<T>: a value that one thread sets once and one coroutine awaits.
//
// Copies share the same state. set() may be called from any thread; the first counts, later ones do
// nothing, so whoever gives up waiting sets it himself. wait() is awaited once. The awaiting
// coroutine resumes on the executor that it left (Executor::current() at the await), or inside
// set() where it left none. A OneShot that is never set leaves its waiter suspended forever:
// whoever holds the setting side must set it on every path.
#pragma once

#include <atomic>
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "base/executor.h"

namespace mayfly::base {

template <class T>
class OneShot {
  struct State {
    std::atomic<bool> taken{false};  // by the one whose set() counts
    // null: nothing yet; kSet: the value is there; anything else: the address of the suspended
    // coroutine.
    std::atomic<void*> slot{nullptr};
    Executor* executor = nullptr;
    std::optional<T> value;
  };
  static inline char set_mark = 0;

 public:
  OneShot() : state_(std::make_shared<State>()) {}

  void set(T value) const {
    if (state_->taken.exchange(true, std::memory_order_acq_rel)) return;
    state_->value.emplace(std::move(value));
    void* waiter = state_->slot.exchange(&set_mark, std::memory_order_acq_rel);
    if (waiter == nullptr) return;
    auto handle = std::coroutine_handle<>::from_address(waiter);
    if (state_->executor == nullptr) {
      handle.resume();
    } else {
      state_->executor->post([handle] { handle.resume(); });
    }
  }

  // True where this is the last copy and nobody waits: setting it would reach no one. A hint for
  // registries.
  bool abandoned() const { return state_.use_count() == 1; }

  bool is_set() const { return state_->slot.load(std::memory_order_acquire) == &set_mark; }

  auto wait() const {
    struct Awaiter {
      std::shared_ptr<State> state;
      bool await_ready() const noexcept {
        return state->slot.load(std::memory_order_acquire) == &set_mark;
      }
      bool await_suspend(std::coroutine_handle<> handle) noexcept {
        state->executor = Executor::current();
        void* expected = nullptr;
        return state->slot.compare_exchange_strong(expected, handle.address(),
                                                   std::memory_order_acq_rel);
      }
      T await_resume() { return std::move(*state->value); }
    };
    return Awaiter{state_};
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mayfly::base
