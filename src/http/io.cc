#include "http/io.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/linger.h"
#include "http/detail/asio.h"

namespace mayfly::http {
namespace detail {
namespace {

constexpr std::chrono::milliseconds kDescriptorPause{50};

// The watched descriptor is a duplicate: the caller may close its own as soon as the token is gone,
// on any thread, without the epoll set ever holding a number that has been given away again. Where
// this process has no descriptor left for the duplicate, it is made when one is free.
struct Watch : std::enable_shared_from_this<Watch> {
  using Descriptor = asio::posix::basic_stream_descriptor<AsioExecutor>;

  Watch(AsioLoop& on, int fd, Descriptor::wait_type what, std::function<void()> callback)
      : loop(on),
        source(fd),
        descriptor(on.context()),
        retry(on.context()),
        type(what),
        ready(std::move(callback)) {}

  bool duplicate() {
    const int copy = ::fcntl(source, F_DUPFD_CLOEXEC, 3);
    int fault = copy < 0 ? errno : 0;
    if (copy >= 0) {
      Error error;
      descriptor.assign(copy, error);
      if (!error) return true;
      ::close(copy);
      fault = error.value();
    }
    if (fault != EMFILE && fault != ENFILE && fault != ENOMEM && fault != ENOSPC)
      throw std::system_error(fault, std::generic_category(), "cannot watch a descriptor");
    return false;
  }

  // async_wait re-registers with epoll each time, which makes it level-triggered.
  void arm() {
    if (!descriptor.is_open() && !duplicate()) {
      retry.expires_after(kDescriptorPause);
      retry.async_wait([self = shared_from_this()](Error error) {
        if (!error && self->live) self->arm();
      });
      return;
    }
    descriptor.async_wait(type, [self = shared_from_this()](Error error) {
      if (error || !self->live) return;
      self->ready();
      if (self->live) self->arm();
    });
  }

  void close() {
    Error ignored;
    descriptor.close(ignored);
    retry.cancel();
  }

  AsioLoop& loop;
  int source;
  Descriptor descriptor;
  Timer retry;
  Descriptor::wait_type type;
  std::function<void()> ready;
  std::atomic<bool> live{true};
};

struct Alarm : std::enable_shared_from_this<Alarm> {
  Alarm(AsioLoop& on, std::function<void()> callback)
      : loop(on), timer(on.context()), fire(std::move(callback)) {}

  void arm(std::chrono::microseconds delay) {
    timer.expires_after(delay);
    timer.async_wait([self = shared_from_this()](Error error) {
      if (!error && self->live.exchange(false)) self->fire();
    });
  }

  void close() { timer.cancel(); }

  AsioLoop& loop;
  Timer timer;
  std::function<void()> fire;
  std::atomic<bool> live{true};
};

template <class State>
class StateToken final : public Loop::Token {
 public:
  explicit StateToken(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~StateToken() override {
    state_->live = false;
    if (state_->loop.is_current()) {
      state_->close();
    } else {
      AsioLoop& loop = state_->loop;
      loop.post([state = std::move(state_)] { state->close(); });
    }
  }

 private:
  std::shared_ptr<State> state_;
};

std::unique_ptr<Loop::Token> watch(AsioLoop& loop, int fd, Watch::Descriptor::wait_type type,
                                   std::function<void()> ready) {
  auto state = std::make_shared<Watch>(loop, fd, type, std::move(ready));
  state->arm();
  return std::make_unique<StateToken<Watch>>(std::move(state));
}

}  // namespace

AsioLoop::AsioLoop() = default;

AsioLoop::~AsioLoop() { stop(); }

void AsioLoop::post(std::move_only_function<void()> work) {
  if (stopped_.load(std::memory_order_relaxed)) return;
  asio::post(context_, [work = std::move(work)]() mutable { work(); });
}

std::unique_ptr<Loop::Token> AsioLoop::watch_readable(int fd, std::function<void()> ready) {
  return watch(*this, fd, Watch::Descriptor::wait_read, std::move(ready));
}

std::unique_ptr<Loop::Token> AsioLoop::watch_writable(int fd, std::function<void()> ready) {
  return watch(*this, fd, Watch::Descriptor::wait_write, std::move(ready));
}

std::unique_ptr<Loop::Token> AsioLoop::after(std::chrono::microseconds delay,
                                             std::function<void()> fire) {
  auto state = std::make_shared<Alarm>(*this, std::move(fire));
  state->arm(delay);
  return std::make_unique<StateToken<Alarm>>(std::move(state));
}

base::Task<void> AsioLoop::sleep(std::chrono::microseconds delay) {
  struct Awaiter {
    Timer& timer;
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      timer.async_wait([handle](Error) { handle.resume(); });
    }
    static void await_resume() noexcept {}
  };
  Timer timer(context_, delay);
  co_await Awaiter{timer};
}

void AsioLoop::start(std::size_t number) {
  thread_ = std::thread([this, number] {
    const std::string name = "mayfly-io-" + std::to_string(number);
    ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
    base::ExecutorScope scope(this);
    run();
  });
}

void AsioLoop::run() {
  // The next request of a client often comes within that.
  base::Linger linger{std::chrono::microseconds{50}};
  while (!context_.stopped()) {
    if (context_.poll() > 0) {
      linger.worked();
    } else if (!linger.look_again()) {
      context_.run_one();
      linger.worked();
    }
  }
}

void AsioLoop::stop() {
  stopped_ = true;
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace detail

Io::Io(int threads) : impl_(std::make_unique<Impl>()) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned count = threads > 0 ? static_cast<unsigned>(threads) : cores;
  for (unsigned i = 0; i < count; ++i) {
    impl_->loops.push_back(std::make_unique<detail::AsioLoop>());
  }
}

Io::~Io() { stop(); }

void Io::start() {
  if (impl_->running.exchange(true)) return;
  for (std::size_t i = 0; i < impl_->loops.size(); ++i) impl_->loops[i]->start(i);
}

void Io::stop() {
  impl_->running = false;
  for (auto& loop : impl_->loops) loop->stop();
}

std::size_t Io::size() const { return impl_->loops.size(); }

Loop& Io::loop(std::size_t index) { return *impl_->loops.at(index); }

Loop& Io::any() {
  return *impl_->loops[impl_->next.fetch_add(1, std::memory_order_relaxed) % impl_->loops.size()];
}

}  // namespace mayfly::http
