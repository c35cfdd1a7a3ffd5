#include "http/server.h"

#include <fcntl.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>

#include "base/log.h"
#include "http/detail/acceptor.h"
#include "http/detail/address.h"
#include "http/detail/connection.h"
#include "http/detail/server_state.h"

namespace mayfly::http {

using namespace std::chrono_literals;
using detail::Acceptor;
using detail::Lane;

struct Server::Impl {
  Impl(Io& given_io, const Limits& limits)
      : io(given_io), state(std::make_shared<detail::ServerState>(given_io, limits)) {}

  std::shared_ptr<Acceptor> make_acceptor(int fd, Handler handler, ListenerOptions options = {}) {
    auto listener = std::make_shared<detail::Listener>();
    listener->id = next_id++;
    listener->handler = std::move(handler);
    listener->streams = std::move(options.streams);
    listener->admits = std::move(options.admits);
    auto& loop = static_cast<detail::AsioLoop&>(io.any());
    return std::make_shared<Acceptor>(state, std::move(listener), loop, fd);
  }

  // Runs `work(lane)` on each lane's loop and waits for all. Where the loops no longer run, nothing
  // can be happening on them, and it is done here.
  void on_each_lane(const std::function<void(Lane&)>& work) {
    if (!io.impl().running) {
      for (auto& lane : state->lanes) work(*lane);
      return;
    }
    struct Pending {
      std::mutex mutex;
      std::condition_variable done;
      std::size_t left;
    };
    auto pending = std::make_shared<Pending>();
    pending->left = state->lanes.size();
    for (auto& lane : state->lanes) {
      lane->loop.post([pending, work, state = state, each = lane.get()] {
        work(*each);
        std::lock_guard lock(pending->mutex);
        if (--pending->left == 0) pending->done.notify_all();
      });
    }
    std::unique_lock lock(pending->mutex);
    if (!pending->done.wait_for(lock, 10s, [&] { return pending->left == 0; })) {
      base::log_error("an I/O thread does not answer; the server stops without it");
    }
  }

  Io& io;
  std::shared_ptr<detail::ServerState> state;
  std::shared_ptr<Acceptor> main;
  std::uint16_t port = 0;

  std::mutex mutex;  // guards the two below
  std::uint64_t next_id = 1;
  std::map<ListenerId, std::shared_ptr<Acceptor>> foreign;
};

Server::Server(Io& io, ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(io, options.limits)) {
  const auto socket = detail::listen_on(options.address, options.port);
  impl_->port = socket.port;
  impl_->main = impl_->make_acceptor(socket.fd, std::move(handler));
}

Server::~Server() { stop(0ms); }

std::uint16_t Server::port() const { return impl_->port; }

void Server::start() { impl_->main->start(); }

std::size_t Server::drain(std::chrono::milliseconds grace) {
  auto& state = *impl_->state;
  std::shared_ptr<detail::Listener> listener;
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->main) return 0;
    listener = impl_->main->listener();
    impl_->main->stop();
    impl_->main.reset();
  }
  listener->draining = true;
  const auto mine = [&listener](const detail::Connection& connection) {
    return &connection.listener() == listener.get();
  };
  // Behind the acceptor's stop on every loop, so no connection starts after it.
  impl_->on_each_lane([](Lane&) {});
  impl_->on_each_lane([&mine](Lane& lane) {
    lane.each([&mine](detail::Connection& connection) {
      if (mine(connection)) connection.close_if_idle();
    });
  });
  std::size_t left = 0;
  {
    std::unique_lock lock(state.mutex);
    state.ended.wait_for(lock, grace, [&listener] { return listener->open == 0; });
    left = listener->open;
  }
  impl_->on_each_lane([&mine](Lane& lane) {
    lane.each([&mine](detail::Connection& connection) {
      if (mine(connection)) connection.close();
    });
  });
  return left;
}

std::size_t Server::stop(std::chrono::milliseconds grace) {
  auto& state = *impl_->state;
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->main) impl_->main->stop();
    for (auto& [id, acceptor] : impl_->foreign) acceptor->stop();
    impl_->foreign.clear();
    impl_->main.reset();
  }
  state.stopping = true;
  // Behind the acceptors' stop on every loop, so no connection starts after it.
  impl_->on_each_lane([](Lane&) {});
  impl_->on_each_lane([](Lane& lane) {
    lane.each([](detail::Connection& connection) { connection.close_if_idle(); });
  });
  {
    std::unique_lock lock(state.mutex);
    state.ended.wait_for(lock, grace, [&state] { return state.open == 0; });
  }
  impl_->on_each_lane([](Lane& lane) {
    lane.each([](detail::Connection& connection) { connection.close(); });
    lane.shut_down();
  });
  if (impl_->io.impl().running) {
    // What was pending on the closed sockets still has to come back, or its coroutines would never
    // end.
    std::unique_lock lock(state.mutex);
    state.ended.wait_for(lock, 10s, [&state] { return state.alive <= state.handlers; });
  }
  return state.handlers;
}

Server::ListenerId Server::add_listener(int listening_fd, Handler handler,
                                        ListenerOptions options) {
  const int flags = ::fcntl(listening_fd, F_GETFL);
  if (flags < 0 || ::fcntl(listening_fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
      ::fcntl(listening_fd, F_SETFD, FD_CLOEXEC) < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot serve a listening socket");
  }
  std::lock_guard lock(impl_->mutex);
  auto acceptor = impl_->make_acceptor(listening_fd, std::move(handler), std::move(options));
  const ListenerId id = acceptor->listener()->id;
  impl_->foreign.emplace(id, acceptor);
  acceptor->start();
  return id;
}

void Server::remove_listener(ListenerId id) {
  std::shared_ptr<Acceptor> acceptor;
  {
    std::lock_guard lock(impl_->mutex);
    const auto found = impl_->foreign.find(id);
    if (found == impl_->foreign.end()) return;
    acceptor = std::move(found->second);
    impl_->foreign.erase(found);
  }
  acceptor->listener()->closed = true;
  acceptor->stop();
  for (auto& lane : impl_->state->lanes) {
    lane->loop.post([state = impl_->state, each = lane.get(), id] {
      each->each([id](detail::Connection& connection) {
        if (connection.listener().id == id) connection.close();
      });
    });
  }
}

std::size_t Server::open_connections() const { return impl_->state->open; }

ServerLoad Server::load() const {
  return {impl_->state->open, impl_->state->handlers, impl_->state->charged};
}

}  // namespace mayfly::http
