#include "gateway/public_host.h"

#include <fmt/format.h>

#include "http/authority.h"

namespace mayfly::gateway {
namespace {

bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "[::1]" || host == "0.0.0.0" || host == "[::]";
}

}  // namespace

PublicHost::PublicHost(std::string_view endpoint) {
  const std::size_t mark = endpoint.find("://");
  scheme_ = mark == std::string_view::npos ? "http" : endpoint.substr(0, mark);
  std::string_view authority = endpoint.substr(mark == std::string_view::npos ? 0 : mark + 3);
  authority = authority.substr(0, authority.find('/'));
  host_ = http::host_of(authority);
  port_ = authority.substr(host_.size());
  if (is_this_machine(host_)) host_ = "localhost";
}

std::string PublicHost::domain(std::string_view below) const {
  return fmt::format("{}.{}", below, host_);
}

std::string PublicHost::url(std::string_view below) const {
  return fmt::format("{}://{}{}", scheme_, domain(below), port_);
}

}  // namespace mayfly::gateway
