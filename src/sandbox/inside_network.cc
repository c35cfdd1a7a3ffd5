#include "sandbox/inside_network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

using Done = std::expected<void, std::string>;

Done fail(const std::string& what) { return std::unexpected(error_text(what, errno)); }

Done open_listeners(std::vector<base::UniqueFd>& listeners, in_addr_t on,
                    const std::vector<std::uint16_t>& ports) {
  for (std::uint16_t port : ports) {
    base::UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(on);
    if (!socket ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), 512) != 0) {
      return std::unexpected(
          error_text("listening on port " + std::to_string(port) + " inside", errno));
    }
    listeners.push_back(std::move(socket));
  }
  return {};
}

}  // namespace

std::expected<void, std::string> bring_up_loopback() {
  base::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return fail("loopback");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
    return fail("bringing up the loopback interface");
  return {};
}

std::expected<void, std::string> add_own_addresses(const SandboxSpec& spec) {
  const std::vector<std::string>& own_addresses = spec.own_addresses;
  if (own_addresses.empty()) return {};
  base::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return fail("loopback");
  for (std::size_t at = 0; at < own_addresses.size(); ++at) {
    ifreq alias{};
    std::snprintf(alias.ifr_name, sizeof alias.ifr_name, "lo:%zu", at);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (::inet_pton(AF_INET, own_addresses[at].c_str(), &address.sin_addr) != 1)
      return std::unexpected(own_addresses[at] + " is no IPv4 address");
    std::memcpy(&alias.ifr_addr, &address, sizeof address);
    if (::ioctl(socket.get(), SIOCSIFADDR, &alias) != 0)
      return fail("giving the loopback interface the address " + own_addresses[at]);
    // Of itself only: the address's class would take its whole network along.
    address.sin_addr.s_addr = INADDR_BROADCAST;
    std::memcpy(&alias.ifr_netmask, &address, sizeof address);
    if (::ioctl(socket.get(), SIOCSIFNETMASK, &alias) != 0)
      return fail("the netmask of " + own_addresses[at]);
  }
  return {};
}

std::expected<std::vector<base::UniqueFd>, std::string> open_listeners(const SandboxSpec& spec) {
  std::vector<base::UniqueFd> listeners;
  if (auto done = open_listeners(listeners, INADDR_LOOPBACK, spec.listen_ports); !done)
    return std::unexpected(done.error());
  if (auto done = open_listeners(listeners, INADDR_ANY, spec.open_ports); !done)
    return std::unexpected(done.error());
  return listeners;
}

}  // namespace mayfly::sandbox
