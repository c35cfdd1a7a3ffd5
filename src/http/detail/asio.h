// The parts of Asio that this folder uses, and the loop that runs it. Nothing outside src/http
// includes this.
//
// Sockets and timers name io_context's executor as their type: the type-erased default costs on
// every operation.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <thread>

#include "http/io.h"

namespace mayfly::http::detail {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using AsioExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, AsioExecutor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, AsioExecutor>;

class AsioLoop final : public Loop {
 public:
  AsioLoop();
  ~AsioLoop() override;

  void post(std::move_only_function<void()> work) override;
  std::unique_ptr<Token> watch_readable(int fd, std::function<void()> ready) override;
  std::unique_ptr<Token> watch_writable(int fd, std::function<void()> ready) override;
  std::unique_ptr<Token> after(std::chrono::microseconds delay,
                               std::function<void()> fire) override;
  base::Task<void> sleep(std::chrono::microseconds delay) override;

  asio::io_context& context() { return context_; }
  bool is_current() const { return base::Executor::current() == this; }
  void start(std::size_t number);
  void stop();

 private:
  void run();

  // One thread runs it, any thread may post to it. Asio is not told that it is one (a hint of 1):
  // what that thread posts would then go behind what others post meanwhile, and the exit of a
  // process could overtake what it said before.
  asio::io_context context_{2};
  asio::executor_work_guard<AsioExecutor> work_{context_.get_executor()};
  std::thread thread_;
  std::atomic<bool> stopped_{false};
};

// co_await resume_on(loop): goes on on that loop's thread, at once where it is there already.
inline auto resume_on(AsioLoop& loop) {
  struct Awaiter {
    AsioLoop& loop;
    bool await_ready() const noexcept { return loop.is_current(); }
    void await_suspend(std::coroutine_handle<> handle) {
      loop.post([handle] { handle.resume(); });
    }
    static void await_resume() noexcept {}
  };
  return Awaiter{loop};
}

}  // namespace mayfly::http::detail

namespace mayfly::http {

struct Io::Impl {
  std::vector<std::unique_ptr<detail::AsioLoop>> loops;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> running{false};
};

}  // namespace mayfly::http
