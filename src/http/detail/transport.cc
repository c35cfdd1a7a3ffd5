#include "http/detail/transport.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <cerrno>

namespace mayfly::http::detail {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(AsioLoop& loop) : socket_(loop.context()) {}

  TcpSocket& socket() override { return socket_; }
  void handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)]() mutable { done(Error{}, 0); });
  }
  void read(asio::mutable_buffer into, Done done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, Done done) override {
    asio::async_write(socket_, from, std::move(done));
  }

 private:
  bool may_have_pending_bytes() const override { return false; }

  TcpSocket socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(AsioLoop& loop, asio::ssl::context& context, const std::string& host)
      : stream_(TcpSocket(loop.context()), context) {
    Error not_an_address;
    asio::ip::make_address(host, not_an_address);
    // Server Name Indication carries names only (RFC 6066 §3).
    if (not_an_address) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
    stream_.set_verify_mode(asio::ssl::verify_peer);
    stream_.set_verify_callback(asio::ssl::host_name_verification(host));
  }

  TcpSocket& socket() override { return stream_.next_layer(); }
  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::client,
                            [done = std::move(done)](Error error) mutable { done(error, 0); });
  }
  void read(asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, Done done) override {
    asio::async_write(stream_, from, std::move(done));
  }

 private:
  // Session tickets may come at any time.
  bool may_have_pending_bytes() const override { return true; }

  asio::ssl::stream<TcpSocket> stream_;
};

}  // namespace

void Transport::close() {
  Error ignored;
  socket().close(ignored);
}

bool Transport::stale() {
  char byte = 0;
  const ssize_t count = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return !may_have_pending_bytes();
  return count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::unique_ptr<Transport> make_plain_transport(AsioLoop& loop) {
  return std::make_unique<PlainTransport>(loop);
}

std::unique_ptr<Transport> make_tls_transport(AsioLoop& loop, asio::ssl::context& context,
                                              const std::string& host) {
  return std::make_unique<TlsTransport>(loop, context, host);
}

std::unique_ptr<asio::ssl::context> make_tls_context() {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_default_verify_paths();
  return context;
}

}  // namespace mayfly::http::detail
