// What the client writes: the address that a url names, and the request line and headers.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "http/message.h"

namespace mayfly::http::detail {

enum class Scheme { http, https };

struct Origin {
  Scheme scheme = Scheme::http;
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string authority() const;  // as Host carries it: no default port
  std::string name() const;       // always with the port: "127.0.0.1:4566"
  auto operator<=>(const Origin&) const = default;
};

// "http://127.0.0.1:4566", "https://example.com/"; nothing behind the authority but one slash.
std::expected<Origin, std::string> parse_origin(std::string_view url);

// Head and body. An error where a part could not be sent as one request (CR or LF in it, a space in
// the target).
std::expected<std::string, std::string> serialize(const Request& request, const Origin& origin);

}  // namespace mayfly::http::detail
