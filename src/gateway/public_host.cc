#include "gateway/public_host.h"

#include <fmt/format.h>

namespace mayfly::gateway {
namespace {

bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "[::1]" || host == "0.0.0.0" || host == "[::]";
}

}  // namespace

PublicHost::PublicHost(std::string_view endpoint) {
  const std::size_t mark = endpoint.find("://");
  scheme_ = mark == std::string_view::npos ? "http" : endpoint.substr(0, mark);
  host_ = endpoint.substr(mark == std::string_view::npos ? 0 : mark + 3);
  host_ = host_.substr(0, host_.find('/'));
  // An IPv6 address has colons of its own, inside its brackets.
  const std::size_t colon = host_.find(':', host_.starts_with('[') ? host_.find(']') : 0);
  if (colon != std::string::npos) {
    port_ = host_.substr(colon);
    host_.resize(colon);
  }
  if (is_this_machine(host_)) host_ = "localhost";
}

std::string PublicHost::domain(std::string_view below) const {
  return fmt::format("{}.{}", below, host_);
}

std::string PublicHost::url(std::string_view below) const {
  return fmt::format("{}://{}{}", scheme_, domain(below), port_);
}

}  // namespace mayfly::gateway
