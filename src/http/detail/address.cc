#include "http/detail/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace mayfly::http::detail {
namespace {

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  return address.ss_family == AF_UNIX ? "unix" : "";
}

// SAFETY: sockaddr_storage is large enough for every family, and the kernel writes at most `size`
// bytes.
template <class Call>
std::string address_by(Call call, int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (call(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  return text_of(address);
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof(v4));  // the port is at the same place in both families
  return ntohs(v4.sin_port);
}

}  // namespace

std::string peer_address(int fd) { return address_by(::getpeername, fd); }

std::string local_address(int fd) { return address_by(::getsockname, fd); }

ListeningSocket listen_on(const std::string& address, std::uint16_t port) {
  const std::string name = fmt::format("{}:{}", address, port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failure =
          ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
      failure != 0) {
    throw std::system_error(std::make_error_code(std::errc::address_not_available),
                            fmt::format("cannot listen on {}: {}", name, ::gai_strerror(failure)));
  }
  int fd = -1;
  int error = 0;
  for (const addrinfo* each = found; each != nullptr && fd < 0; each = each->ai_next) {
    fd = ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    // SO_REUSEADDR only: with SO_REUSEPORT a second Mayfly would share the port in silence.
    if (fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        ::bind(fd, each->ai_addr, each->ai_addrlen) == 0 && ::listen(fd, SOMAXCONN) == 0) {
      break;
    }
    error = errno;
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  ::freeaddrinfo(found);
  if (fd < 0) {
    throw std::system_error(error, std::generic_category(),
                            fmt::format("cannot listen on {}", name));
  }
  return {fd, port_of(fd)};
}

}  // namespace mayfly::http::detail
