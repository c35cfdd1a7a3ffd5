// Transport: a client's connection, plain or TLS, behind one set of operations, so that what speaks
// HTTP over it is compiled once. Used on one loop's thread. A callback always comes, with an error
// after close().
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <functional>
#include <memory>
#include <string>

#include "http/detail/asio.h"

namespace mayfly::http::detail {

using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, AsioExecutor>;

class Transport {
 public:
  using Done = std::move_only_function<void(Error, std::size_t)>;

  virtual ~Transport() = default;
  virtual TcpSocket& socket() = 0;
  virtual void handshake(Done done) = 0;  // after the socket is connected
  virtual void read(asio::mutable_buffer into, Done done) = 0;
  virtual void write(asio::const_buffer from, Done done) = 0;  // all of it
  void close();
  // The peer has closed, or has sent what nobody asked for: of no use for another request.
  bool stale();

 protected:
  virtual bool may_have_pending_bytes() const = 0;
};

std::unique_ptr<Transport> make_plain_transport(AsioLoop& loop);
// Verifies the certificate for `host`.
std::unique_ptr<Transport> make_tls_transport(AsioLoop& loop, asio::ssl::context& context,
                                              const std::string& host);
// The system's certificate authorities.
std::unique_ptr<asio::ssl::context> make_tls_context();

}  // namespace mayfly::http::detail
