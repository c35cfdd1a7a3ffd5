// A plain blocking socket that speaks whatever bytes a test wants. Reads give up after a few
// seconds, so a server that does not answer fails the test instead of hanging it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace mayfly::http::testing {

class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port, const char* to = "127.0.0.1") {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, to, &address.sin_addr);
    connect(reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  explicit RawPeer(const std::string& unix_path) {
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof(address.sun_path) - 1);
    connect(reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  RawPeer(RawPeer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        pending_(std::move(other.pending_)) {}
  RawPeer& operator=(RawPeer&&) = delete;
  ~RawPeer() {
    if (fd_ >= 0) ::close(fd_);
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  // False where the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }

  // Up to and including `mark`; what there is where the connection ends before.
  std::string read_until(std::string_view mark) {
    std::size_t found = pending_.find(mark);
    while (found == std::string::npos && read_more()) found = pending_.find(mark);
    const std::size_t size = found == std::string::npos ? pending_.size() : found + mark.size();
    return take(size);
  }
  std::string read_exactly(std::size_t size) {
    while (pending_.size() < size && read_more()) {
    }
    return take(std::min(size, pending_.size()));
  }
  std::string read_to_end() {
    while (read_more()) {
    }
    return take(pending_.size());
  }
  // Head and body of one answer with a Content-Length.
  std::string read_response() {
    std::string head = read_until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    return head + read_exactly(std::strtoull(head.c_str() + at + 16, nullptr, 10));
  }
  // True where the server closes without sending anything more.
  bool at_end() { return pending_.empty() && !read_more() && ended_; }

 private:
  void connect(sockaddr* address, socklen_t size) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    connected_ = ::connect(fd_, address, size) == 0;
  }
  bool read_more() {
    char block[16 * 1024];
    const ssize_t count = ::recv(fd_, block, sizeof(block), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) ended_ = true;
    if (count <= 0) return false;
    pending_.append(block, static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t size) {
    std::string taken = pending_.substr(0, size);
    pending_.erase(0, size);
    return taken;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string pending_;
};

}  // namespace mayfly::http::testing
