#include "http/detail/request_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "http/detail/syntax.h"

namespace mayfly::http::detail {
namespace {

bool is_target(std::string_view target) {
  return !target.empty() && std::ranges::none_of(target, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
  });
}

}  // namespace

std::string Origin::name() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Origin::authority() const {
  const bool is_default = port == (scheme == Scheme::http ? 80 : 443);
  if (!is_default) return name();
  return host.contains(':') ? fmt::format("[{}]", host) : host;
}

std::expected<Origin, std::string> parse_origin(std::string_view url) {
  const auto bad = [url] {
    return std::unexpected(fmt::format("\"{}\" is not a URL like http://127.0.0.1:4566", url));
  };
  Origin origin;
  const std::size_t mark = url.find("://");
  if (mark == std::string_view::npos) return bad();
  const std::string scheme = base::to_lower(url.substr(0, mark));
  if (scheme == "https") {
    origin.scheme = Scheme::https;
    origin.port = 443;
  } else if (scheme != "http") {
    return bad();
  }
  std::string_view rest = url.substr(mark + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad();
    origin.host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
  } else {
    origin.host = rest.substr(0, rest.find(':'));
    rest = rest.substr(origin.host.size());
  }
  if (!rest.empty()) {
    const auto port = rest[0] == ':' ? base::parse_int(rest.substr(1)) : std::nullopt;
    if (!port || *port < 1 || *port > 65535) return bad();
    origin.port = static_cast<std::uint16_t>(*port);
  }
  const auto in_host = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  };
  if (origin.host.empty() || !std::ranges::all_of(origin.host, in_host)) return bad();
  return origin;
}

std::expected<std::string, std::string> serialize(const Request& request, const Origin& origin) {
  if (!is_token(request.method)) return std::unexpected("the request method cannot be sent");
  if (!is_target(request.target)) return std::unexpected("the request target cannot be sent");
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  if (!request.headers.has("Host")) out += fmt::format("Host: {}\r\n", origin.authority());
  for (const auto& [name, value] : request.headers) {
    if (is_framing(name)) continue;
    if (!is_token(name) || !is_field_value(value)) {
      return std::unexpected("a request header cannot be sent");
    }
    out += fmt::format("{}: {}\r\n", name, value);
  }
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) out += fmt::format("Content-Length: {}\r\n", request.body.size());
  out += "\r\n";
  out += request.body;
  return out;
}

}  // namespace mayfly::http::detail
