// HTTP/1.1 server on the threads of an Io; each connection is given to the thread that has the
// fewest.
//
// Limits hold for every connection and are refused with a status of their own (400, 408, 413, 414,
// 417, 431, 501, 503, 505), then the connection is closed. The handler runs as a coroutine on the
// connection's thread (Executor::current() is that thread's executor) and must not block it.
// Keep-alive and pipelining: requests of a connection are answered in order. Threads: all members
// may be called from any thread but one of the server's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/io.h"
#include "http/message.h"

namespace mayfly::http {

struct Limits {
  std::size_t request_line = 64 * 1024;
  std::size_t header_bytes = 1024 * 1024;
  std::size_t body_bytes = 70 * 1024 * 1024;
  std::size_t total_body_bytes =
      512 * 1024 * 1024;  // bodies and large headers of all connections; beyond it: 503
  std::size_t connections = 10'000;
  std::chrono::milliseconds header_timeout{
      30'000};  // from the first byte to the end of the headers
  std::chrono::milliseconds body_timeout{120'000};
  std::chrono::milliseconds idle_timeout{120'000};   // keep-alive, between requests
  std::chrono::milliseconds write_timeout{120'000};  // without progress
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;  // 0: the kernel chooses, see port()
  Limits limits = {};
};

struct ListenerOptions {
  // Requests whose handler runs as soon as the header is there and reads Request::incoming itself.
  // Limits::body_bytes and body_timeout do not hold for them: the handler decides. Null: none.
  std::function<bool(std::string_view method, std::string_view target)> streams;
  // Asked once of each connection, by its socket; where the answer is no, it is closed at once.
  // Null: all are served.
  std::function<bool(int socket)> admits;
};

// Of now; requests of listeners added later are counted too.
struct ServerLoad {
  std::size_t connections = 0;
  std::size_t under_way = 0;
  std::size_t buffered_bytes = 0;
};

class Server {
 public:
  // Throws std::system_error when the address cannot be bound; the message names it.
  Server(Io& io, ServerOptions options, Handler handler);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  void start();
  // Stops accepting at the server's own address, lets requests of its connections end within
  // `grace`, then closes those. Listeners made elsewhere are served as before. Returns the number
  // of requests that did not end in time. stop() is still to be called.
  std::size_t drain(std::chrono::milliseconds grace);
  // Stops accepting everywhere, lets requests under way end within `grace`, then closes. Returns
  // when every connection is gone: the number of handlers that have not ended even so. Their
  // answers are dropped, but what they use must outlive them.
  std::size_t stop(std::chrono::milliseconds grace);

  // Also serves a listening stream socket made elsewhere (inside a function's network namespace, a
  // Unix socket). Takes the descriptor. `handler` replaces the server's own for it. remove_listener
  // closes it and its connections, soon, and may be called from the server's own threads too; a
  // handler that is under way goes on.
  using ListenerId = std::uint64_t;
  ListenerId add_listener(int listening_fd, Handler handler, ListenerOptions options = {});
  void remove_listener(ListenerId id);

  std::size_t open_connections() const;
  ServerLoad load() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::http
