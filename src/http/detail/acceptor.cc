#include "http/detail/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "http/detail/connection.h"

namespace mayfly::http::detail {
namespace {

using namespace std::chrono_literals;

// Connections taken before others on the loop get their turn.
constexpr int kBurst = 64;
// Connections above the limit that are told so; beyond them they are closed without a word.
constexpr std::size_t kRefusals = 128;

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&&) = delete;
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

int family_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return AF_UNSPEC;
  return address.ss_family;
}

void start_connection(const std::shared_ptr<ServerState>& server, Lane& lane,
                      const std::shared_ptr<Listener>& listener, int family, OwnedFd fd,
                      Admission admission) {
  if (!server->stopping && !listener->draining && !listener->closed) {
    Socket socket(lane.loop.context());
    Error error;
    socket.assign(boost::asio::generic::stream_protocol(family, 0), fd.get(), error);
    if (!error) {
      fd.release();
      socket.non_blocking(true, error);
    }
    if (!error) {
      std::make_shared<Connection>(server, lane, listener, std::move(socket))->start(admission);
      return;
    }
    base::log_warn("a connection could not be taken: {}", error.message());
  }
  lane.count.fetch_sub(1, std::memory_order_relaxed);
  server->connection_closed(*listener);
}

}  // namespace

Acceptor::Acceptor(std::shared_ptr<ServerState> server, std::shared_ptr<Listener> listener,
                   AsioLoop& loop, int fd)
    : server_(std::move(server)),
      listener_(std::move(listener)),
      loop_(loop),
      fd_(fd),
      family_(family_of(fd)) {}

Acceptor::~Acceptor() { close_socket(); }

void Acceptor::start() {
  loop_.post([self = shared_from_this()] { self->watch(); });
}

void Acceptor::stop() {
  loop_.post([self = shared_from_this()] { self->close_socket(); });
}

void Acceptor::close_socket() {
  token_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Acceptor::watch() {
  if (fd_ < 0) return;
  token_ = loop_.watch_readable(fd_, [this] { accept(); });
}

void Acceptor::pause(std::chrono::milliseconds time) {
  token_ = loop_.after(time, [this] { watch(); });
}

void Acceptor::accept() {
  for (int i = 0; i < kBurst; ++i) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      hand_over(fd);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      // Out of descriptors or memory: the connection stays in the backlog. Without a pause the loop
      // would spin.
      base::log_warn("cannot accept a connection: {}", std::strerror(errno));
      pause(100ms);
      return;
    }
  }
}

void Acceptor::hand_over(int raw) {
  OwnedFd fd(raw);
  if (listener_->admits && !listener_->admits(raw)) return;
  const std::size_t open = server_->open.load(std::memory_order_relaxed);
  if (open >= server_->limits.connections + kRefusals) return;
  const Admission admission =
      open < server_->limits.connections ? Admission::serve : Admission::refuse;
  if (family_ == AF_INET || family_ == AF_INET6) {
    const int on = 1;
    ::setsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  auto& lanes = server_->lanes;
  Lane& lane = **std::ranges::min_element(
      lanes, {}, [](const auto& each) { return each->count.load(std::memory_order_relaxed); });
  lane.count.fetch_add(1, std::memory_order_relaxed);
  server_->connection_opened(*listener_);
  if (&lane.loop == &loop_) {
    start_connection(server_, lane, listener_, family_, std::move(fd), admission);
    return;
  }
  lane.loop.post([server = server_, listener = listener_, &lane, family = family_, admission,
                  fd = std::move(fd)]() mutable {
    start_connection(server, lane, listener, family, std::move(fd), admission);
  });
}

}  // namespace mayfly::http::detail
