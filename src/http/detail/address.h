// Addresses of sockets as text ("127.0.0.1:51234", "[::1]:80", "unix"), and listening sockets.
#pragma once

#include <cstdint>
#include <string>

namespace mayfly::http::detail {

std::string peer_address(int fd);
std::string local_address(int fd);

struct ListeningSocket {
  int fd = -1;
  std::uint16_t port = 0;
};
// Throws std::system_error; the message names the address.
ListeningSocket listen_on(const std::string& address, std::uint16_t port);

}  // namespace mayfly::http::detail
