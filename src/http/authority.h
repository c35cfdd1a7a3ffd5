// The authority of a URL, which is what a Host header has as well: "localhost:4566", "[::1]:4566".
#pragma once

#include <string_view>

namespace mayfly::http {

// Without the port; an IPv6 address, which has colons of its own, keeps its brackets.
inline std::string_view host_of(std::string_view authority) {
  const std::size_t end = authority.starts_with('[') ? authority.find(']') : 0;
  return authority.substr(0, authority.find(':', end == std::string_view::npos ? 0 : end));
}

}  // namespace mayfly::http
