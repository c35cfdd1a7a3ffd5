#include "engine/runtime_api/line_sender.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include "base/one_shot.h"

namespace mayfly::engine {
namespace {

constexpr std::chrono::seconds kPatience{5};

class LineSender : public std::enable_shared_from_this<LineSender> {
 public:
  LineSender(http::Loop& loop, base::UniqueFd socket, std::string bytes)
      : loop_(loop), socket_(std::move(socket)), bytes_(std::move(bytes)) {}

  base::OneShot<bool> begin(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
      done_.set(false);
      return done_;
    }
    watch_ = loop_.watch_writable(socket_.get(), [self = shared_from_this()] { self->write(); });
    timer_ = loop_.after(kPatience, [self = shared_from_this()] { self->finish(); });
    return done_;
  }

 private:
  void write() {
    while (sent_ < bytes_.size()) {
      const ssize_t wrote =
          ::send(socket_.get(), bytes_.data() + sent_, bytes_.size() - sent_, MSG_NOSIGNAL);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0 && errno == EAGAIN) return;
      if (wrote < 0) return finish();
      sent_ += static_cast<std::size_t>(wrote);
    }
    ::shutdown(socket_.get(), SHUT_WR);
    watch_ = loop_.watch_readable(socket_.get(), [self = shared_from_this()] { self->read(); });
  }

  void read() {
    char ignored[4096];
    const ssize_t got = ::recv(socket_.get(), ignored, sizeof ignored, 0);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) finish();
  }

  void finish() {
    const auto self = shared_from_this();  // the watches hold it
    watch_.reset();
    timer_.reset();
    socket_.reset();
    done_.set(sent_ == bytes_.size());
  }

  http::Loop& loop_;
  base::UniqueFd socket_;
  const std::string bytes_;
  std::size_t sent_ = 0;
  std::unique_ptr<http::Loop::Token> watch_, timer_;
  base::OneShot<bool> done_;
};

}  // namespace

base::Task<bool> send_lines(http::Loop& loop, base::UniqueFd socket, std::uint16_t port,
                            std::string bytes) {
  const auto sender = std::make_shared<LineSender>(loop, std::move(socket), std::move(bytes));
  const base::OneShot<bool> done = sender->begin(port);
  co_return co_await done.wait();
}

}  // namespace mayfly::engine
