// Task<T>: a lazily started coroutine that yields one T to the one who awaits it.
//
// Ownership: a Task owns its coroutine frame; destroying an un-awaited Task destroys the frame.
// Await it at most once. Threads: a Task runs on the thread that awaits it, until it suspends in
// something that resumes elsewhere (see base/one_shot.h, which returns to the executor it left).
// Cost: Task<T>::ready(value) holds the value itself and allocates no frame; engines that answer
// without waiting (the embedded store) use it, so the coroutine contract costs them nothing.
// Failure: errors are values (std::expected); an exception is a bug or exhaustion and is rethrown
// at the await.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

namespace mayfly::base {

template <class T>
class Task;

namespace detail {

struct FinalAwaiter {
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    auto continuation = handle.promise().continuation;
    return continuation ? continuation : std::noop_coroutine();
  }
  static void await_resume() noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;
  static std::suspend_always initial_suspend() noexcept { return {}; }
  static FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& from) {
    value.emplace(std::forward<U>(from));
  }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

struct ReadyVoid {};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
  using Stored = std::conditional_t<std::is_void_v<T>, detail::ReadyVoid, T>;

 public:
  using value_type = T;
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  // A finished task around a value: no frame, and awaiting it does not suspend.
  template <class U = Stored>
  static Task ready(U&& value = U{}) {
    Task task{Handle{}};
    task.ready_.emplace(std::forward<U>(value));
    return task;
  }

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept
      : handle_(std::exchange(other.handle_, {})), ready_(std::move(other.ready_)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
      ready_ = std::move(other.ready_);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Task& task;
      bool await_ready() const noexcept { return task.ready_.has_value(); }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        task.handle_.promise().continuation = awaiting;
        return task.handle_;
      }
      T await_resume() {
        if constexpr (std::is_void_v<T>) {
          if (!task.ready_) task.handle_.promise().take();
        } else {
          if (task.ready_) return std::move(*task.ready_);
          return task.handle_.promise().take();
        }
      }
    };
    return Awaiter{*this};
  }

 private:
  Handle handle_;
  std::optional<Stored> ready_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}
}  // namespace detail

}  // namespace mayfly::base
