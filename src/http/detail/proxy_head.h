// The head of a request to a forward proxy: CONNECT host:port, or a whole http:// URL. Every byte
// is a function's own and hostile: what is not plainly one of the two is refused.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace mayfly::http::detail {

inline constexpr std::size_t kMaxProxyHead = 16 * 1024;

struct ProxyRequest {
  enum class Kind { tunnel, forward } kind = Kind::tunnel;
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  std::string head;  // of a forwarded request: what the server gets
};

struct ProxyRefusal {
  int status = 400;
  std::string reason;
};

// `head`: up to and with the empty line.
std::expected<ProxyRequest, ProxyRefusal> parse_proxy_head(std::string_view head);

}  // namespace mayfly::http::detail
