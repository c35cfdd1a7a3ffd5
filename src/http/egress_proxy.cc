#include "http/egress_proxy.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <system_error>

#include "base/log.h"
#include "base/one_shot.h"
#include "base/spawn.h"
#include "base/unique_fd.h"
#include "http/detail/asio.h"
#include "http/detail/proxy_head.h"
#include "http/detail/transport.h"

namespace mayfly::http {

using namespace std::chrono_literals;
using namespace detail;
using asio::ip::tcp;

namespace {

constexpr std::size_t kBlock = 32 * 1024;
constexpr std::uint64_t kLoggedRefusals =
    10;  // of a listener; then each second, fourth, eighth ...

class Tunnel;

struct Listener {
  std::string who;
  AsioLoop* loop = nullptr;
  struct Socket {
    base::UniqueFd fd;
    bool direct = false;
    std::unique_ptr<Loop::Token> watch;
  };
  std::vector<Socket> sockets;  // as many as it began with; used on its loop only
  std::atomic<bool> closed{false};
  std::atomic<std::uint64_t> refused{0};
  std::mutex mutex;
  std::set<std::shared_ptr<Tunnel>> tunnels;  // under the mutex
};

template <class Start>
auto outcome_of(Start start) {
  struct Outcome {
    Error error;
    std::size_t count = 0;
  };
  struct Awaiter {
    Start start;
    Outcome outcome{};
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      start([this, handle](Error error, std::size_t count) {
        outcome = {error, count};
        handle.resume();
      });
    }
    Outcome await_resume() const noexcept { return outcome; }
  };
  return Awaiter{std::move(start)};
}

base::Task<std::vector<std::string>> resolve_by_system(Loop& loop, std::string name) {
  asio::ip::basic_resolver<tcp, AsioExecutor> resolver(static_cast<AsioLoop&>(loop).context());
  std::vector<std::string> found;
  co_await outcome_of([&](Transport::Done done) {
    resolver.async_resolve(
        name, "", [&found, done = std::move(done)](Error error, const auto& results) mutable {
          for (const auto& entry : results) found.push_back(entry.endpoint().address().to_string());
          done(error, 0);
        });
  });
  co_return found;
}

}  // namespace

struct EgressProxy::State {
  State(Io& given_io, EgressRules given_rules, const EgressLimits& given_limits, Resolve given)
      : io(given_io),
        rules(std::move(given_rules)),
        limits(given_limits),
        resolve(given ? std::move(given) : resolve_by_system) {}

  Io& io;
  const EgressRules rules;
  const EgressLimits limits;
  const Resolve resolve;
  std::atomic<std::size_t> open{0};
  std::mutex mutex;
  std::uint64_t next_id = 1;
  std::map<ListenerId, std::shared_ptr<Listener>> listeners;
};

namespace {

// One connection from inside, on one loop's thread.
class Tunnel : public std::enable_shared_from_this<Tunnel> {
 public:
  Tunnel(std::shared_ptr<EgressProxy::State> state, std::shared_ptr<Listener> listener,
         AsioLoop& loop)
      : loop(loop),
        state_(std::move(state)),
        listener_(std::move(listener)),
        inside_(loop.context()),
        outside_(loop.context()) {}

  base::Task<void> run(base::UniqueFd fd, bool direct) {
    const auto self = shared_from_this();
    Error error;
    inside_.assign(tcp::v4(), fd.get(), error);
    if (!error) {
      (void)fd.release();
      inside_.non_blocking(true, error);
      if (!closed_) co_await (direct ? serve_directly() : serve());
    }
    close();
    timer_.reset();
    --state_->open;
    const std::lock_guard lock(listener_->mutex);
    listener_->tunnels.erase(self);
  }

  void close() {
    closed_ = true;
    Error ignored;
    inside_.close(ignored);
    outside_.close(ignored);
  }

  AsioLoop& loop;

 private:
  void set_deadline(std::chrono::milliseconds limit) {
    timer_ = loop.after(limit, [this] { close(); });
  }

  base::Task<void> serve() {
    set_deadline(state_->limits.head_timeout);
    std::string received;
    std::size_t end = 0;
    for (;;) {
      end = received.find("\r\n\r\n");
      if (end != std::string::npos) break;
      if (received.size() > kMaxProxyHead)
        co_return co_await refuse({431, "The request's head is too large"}, "");
      if (!co_await receive(received)) co_return;
    }
    end += 4;
    const auto request = parse_proxy_head(std::string_view(received).substr(0, end));
    if (!request) co_return co_await refuse(request.error(), "");
    const std::string target = fmt::format("{}:{}", request->host, request->port);
    if (!state_->rules.allows(request->host, request->port)) {
      co_return co_await refuse(
          {403, fmt::format("Egress to {} is not allowed; --egress-allow names what is", target)},
          target);
    }
    set_deadline(state_->limits.connect_timeout);
    if (auto refusal = co_await connect(request->host, request->port, target))
      co_return co_await refuse(*refusal, target);
    if (closed_) co_return;
    set_idle_deadline();
    received.erase(0, end);
    const bool forward = request->kind == ProxyRequest::Kind::forward;
    if (forward) received.insert(0, request->head);
    if (!forward && !co_await send(inside_, "HTTP/1.1 200 Connection established\r\n\r\n"))
      co_return;
    if (!received.empty() && !co_await send(outside_, received)) co_return;
    received = {};
    co_await relay();
  }

  // The connection itself says whom it is for, and is told nothing.
  base::Task<void> serve_directly() {
    Error error;
    const tcp::endpoint to = inside_.local_endpoint(error);
    if (error) co_return;
    const std::string host = state_->rules.host_behind(to.address().to_string());
    const std::string target =
        fmt::format("{}:{}", host.empty() ? to.address().to_string() : host, to.port());
    if (host.empty() || !state_->rules.allows(host, to.port()))
      co_return log_refusal(target, "no rule of --egress-allow names it");
    set_deadline(state_->limits.connect_timeout);
    if (auto refusal = co_await connect(host, to.port(), target))
      co_return log_refusal(target, refusal->reason);
    if (closed_) co_return;
    set_idle_deadline();
    co_await relay();
  }

  base::Task<std::optional<ProxyRefusal>> connect(std::string host, std::uint16_t port,
                                                  std::string target) {
    std::vector<std::string> addresses;
    Error error;
    asio::ip::make_address(host, error);
    if (!error) {
      addresses.push_back(host);
    } else {
      addresses = co_await state_->resolve(loop, host);
    }
    if (closed_) co_return std::nullopt;
    if (addresses.empty()) co_return ProxyRefusal{502, "Cannot resolve " + host};
    std::erase_if(addresses,
                  [&](const std::string& each) { return !state_->rules.may_connect(each, port); });
    if (addresses.empty()) {
      co_return ProxyRefusal{
          403, fmt::format("{} leads to addresses that are not public; --egress-allow has to name "
                           "such an address itself",
                           target)};
    }
    for (const std::string& each : addresses) {
      outside_ = TcpSocket(loop.context());
      const tcp::endpoint endpoint(asio::ip::make_address(each, error), port);
      if (error) continue;
      const auto connected = co_await outcome_of([&](Transport::Done done) {
        outside_.async_connect(endpoint,
                               [done = std::move(done)](Error failed) mutable { done(failed, 0); });
      });
      error = connected.error;
      if (closed_) co_return std::nullopt;
      if (!error) break;
    }
    if (error)
      co_return ProxyRefusal{502, fmt::format("Cannot connect to {}: {}", target, error.message())};
    for (TcpSocket* each : {&inside_, &outside_}) each->set_option(tcp::no_delay(true), error);
    co_return std::nullopt;
  }

  // `target`: whom it would have reached, for the log; every byte of it has been checked.
  base::Task<void> refuse(ProxyRefusal refusal, std::string target) {
    if (refusal.status == 403) log_refusal(target, refusal.reason);
    const std::string body = refusal.reason + ".\n";
    co_await send(inside_,
                  fmt::format("HTTP/1.1 {} {}\r\nContent-Type: text/plain\r\nContent-Length: "
                              "{}\r\nConnection: close\r\n\r\n{}",
                              refusal.status, refusal.reason, body.size(), body));
    // What is still unread would reset the connection, and the answer with it.
    Error error;
    inside_.shutdown(tcp::socket::shutdown_send, error);
    std::string rest;
    while (!closed_ && rest.size() < 64 * kMaxProxyHead && co_await receive(rest)) {
    }
  }

  void log_refusal(const std::string& target, const std::string& reason) {
    const std::uint64_t count = ++listener_->refused;
    if (count > kLoggedRefusals && !std::has_single_bit(count)) return;
    base::log_warn("{}: egress to {} refused ({} so far): {}", listener_->who, target, count,
                   reason);
  }

  base::Task<bool> receive(std::string& into) {
    const std::size_t had = into.size();
    into.resize(had + 4096);
    const auto read = co_await outcome_of([&](Transport::Done done) {
      inside_.async_read_some(asio::mutable_buffer(into.data() + had, 4096), std::move(done));
    });
    into.resize(had + read.count);
    co_return !read.error && !closed_;
  }

  base::Task<bool> send(TcpSocket& to, std::string_view bytes) {
    const auto written = co_await outcome_of([&](Transport::Done done) {
      asio::async_write(to, asio::const_buffer(bytes.data(), bytes.size()), std::move(done));
    });
    co_return !written.error && !closed_;
  }

  // Both directions at once, until both have ended or one is broken.
  base::Task<void> relay() {
    base::OneShot<bool> other;
    base::spawn(pump(inside_, outside_), [other] { other.set(true); });
    co_await pump(outside_, inside_);
    co_await other.wait();
  }

  base::Task<void> pump(TcpSocket& from, TcpSocket& to) {
    const auto self = shared_from_this();
    std::string block(kBlock, '\0');
    for (;;) {
      const auto read = co_await outcome_of([&](Transport::Done done) {
        from.async_read_some(asio::mutable_buffer(block.data(), block.size()), std::move(done));
      });
      moved_ = true;
      if (read.count > 0 && !co_await send(to, std::string_view(block).substr(0, read.count)))
        break;
      if (read.error == asio::error::eof && !closed_) {
        Error error;
        to.shutdown(tcp::socket::shutdown_send, error);
        co_return;
      }
      if (read.error || closed_) break;
    }
    close();
  }

  // Looked at now and then instead of set anew with every block.
  void set_idle_deadline() {
    moved_ = false;
    timer_ = loop.after(state_->limits.idle_timeout, [this] {
      if (!moved_) return close();
      set_idle_deadline();
    });
  }

  std::shared_ptr<EgressProxy::State> state_;
  std::shared_ptr<Listener> listener_;
  TcpSocket inside_, outside_;
  bool closed_ = false;
  bool moved_ = false;
  std::unique_ptr<Loop::Token> timer_;  // last: it refers to the others
};

void watch(const std::shared_ptr<EgressProxy::State>& state,
           const std::shared_ptr<Listener>& listener, std::size_t at);

void accept(const std::shared_ptr<EgressProxy::State>& state,
            const std::shared_ptr<Listener>& listener, std::size_t at) {
  Listener::Socket& socket = listener->sockets[at];
  for (int burst = 0; burst < 16; ++burst) {
    base::UniqueFd fd{::accept4(socket.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!fd) {
      // Out of descriptors: without a pause the loop would spin.
      if (errno != EAGAIN) {
        socket.watch = listener->loop->after(100ms, [state, weak = std::weak_ptr(listener), at] {
          if (const auto each = weak.lock()) watch(state, each, at);
        });
      }
      return;
    }
    std::unique_lock lock(listener->mutex);
    // Closed without a word: a function that opens so many is not waiting for one.
    if (listener->closed || listener->tunnels.size() >= state->limits.connections_of_listener ||
        state->open >= state->limits.connections) {
      continue;
    }
    ++state->open;
    auto tunnel = std::make_shared<Tunnel>(state, listener, *listener->loop);
    listener->tunnels.insert(tunnel);
    lock.unlock();
    base::spawn(tunnel->run(std::move(fd), socket.direct));
  }
}

void watch(const std::shared_ptr<EgressProxy::State>& state,
           const std::shared_ptr<Listener>& listener, std::size_t at) {
  if (listener->closed) return;
  Listener::Socket& socket = listener->sockets[at];
  socket.watch =
      listener->loop->watch_readable(socket.fd.get(), [state, weak = std::weak_ptr(listener), at] {
        if (const auto each = weak.lock()) accept(state, each, at);
      });
}

void close_listener(const std::shared_ptr<Listener>& listener) {
  listener->closed = true;
  listener->loop->post([listener] {
    for (Listener::Socket& socket : listener->sockets) {
      socket.watch.reset();
      socket.fd.reset();
    }
    std::unique_lock lock(listener->mutex);
    const auto tunnels = listener->tunnels;
    lock.unlock();
    for (const auto& tunnel : tunnels) tunnel->close();
  });
}

}  // namespace

EgressProxy::EgressProxy(Io& io, EgressRules rules, EgressLimits limits, Resolve resolve)
    : state_(std::make_shared<State>(io, std::move(rules), limits, std::move(resolve))) {}

EgressProxy::~EgressProxy() {
  const std::lock_guard lock(state_->mutex);
  for (const auto& [id, listener] : state_->listeners) close_listener(listener);
  state_->listeners.clear();
}

EgressProxy::ListenerId EgressProxy::add_listener(int proxy_fd, std::string who,
                                                  std::vector<int> direct_fds) {
  auto listener = std::make_shared<Listener>();
  listener->who = std::move(who);
  listener->loop = &static_cast<AsioLoop&>(state_->io.any());
  listener->sockets.push_back({base::UniqueFd{proxy_fd}, false, nullptr});
  for (const int fd : direct_fds) listener->sockets.push_back({base::UniqueFd{fd}, true, nullptr});
  for (const Listener::Socket& socket : listener->sockets) {
    const int flags = ::fcntl(socket.fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.fd.get(), F_SETFL, flags | O_NONBLOCK) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot serve a listening socket");
  }
  listener->loop->post([state = state_, listener] {
    for (std::size_t at = 0; at < listener->sockets.size(); ++at) watch(state, listener, at);
  });
  const std::lock_guard lock(state_->mutex);
  state_->listeners.emplace(state_->next_id, std::move(listener));
  return state_->next_id++;
}

void EgressProxy::remove_listener(ListenerId id) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->listeners.find(id);
  if (found == state_->listeners.end()) return;
  close_listener(found->second);
  state_->listeners.erase(found);
}

std::size_t EgressProxy::open_connections() const { return state_->open; }

const EgressRules& EgressProxy::rules() const { return state_->rules; }

}  // namespace mayfly::http
