#include "http/detail/proxy_head.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/strings.h"
#include "http/detail/syntax.h"
#include "http/egress_rules.h"

namespace mayfly::http::detail {
namespace {

struct Authority {
  std::string host;
  std::uint16_t port = 0;
  std::string_view text;
};

// "host", "host:port", "[v6]:port". No user, no other bytes: they could be read in two ways.
std::optional<Authority> parse_authority(std::string_view text, std::uint16_t otherwise) {
  Authority out{.host = {}, .port = otherwise, .text = text};
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(out.host, error);
    if (error || out.host.contains('%')) return std::nullopt;
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return std::nullopt;
    has_port = !text.empty();
    if (has_port) port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    out.host = text.substr(0, colon);
    if (has_port) port = text.substr(colon + 1);
    if (!is_host_name(out.host.ends_with('.')
                          ? std::string_view(out.host).substr(0, out.host.size() - 1)
                          : std::string_view(out.host))) {
      return std::nullopt;
    }
  }
  if (has_port) {
    const auto number = base::parse_int(port);
    if (port.empty() || port.size() > 5 || !number || *number < 1 || *number > 65535)
      return std::nullopt;
    out.port = static_cast<std::uint16_t>(*number);
  }
  if (out.port == 0) return std::nullopt;
  return out;
}

bool is_target(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// What the proxy itself answers for, and is told of.
bool is_hop_by_hop(std::string_view name) {
  constexpr std::string_view kNames[] = {"connection",          "proxy-connection",   "keep-alive",
                                         "proxy-authorization", "proxy-authenticate", "host"};
  return std::ranges::any_of(
      kNames, [name](std::string_view each) { return base::equals_ignore_case(name, each); });
}

}  // namespace

std::expected<ProxyRequest, ProxyRefusal> parse_proxy_head(std::string_view head) {
  const auto bad = [](std::string reason) {
    return std::unexpected(ProxyRefusal{400, std::move(reason)});
  };
  if (!head.ends_with("\r\n\r\n")) return bad("The request is cut off");
  head.remove_suffix(2);
  std::vector<std::string_view> lines;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return bad("The request's lines do not end as HTTP says");
    lines.push_back(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
  const auto words = base::split(lines.front(), ' ');
  if (words.size() != 3 || !is_token(words[0]) || !is_target(words[1]) ||
      (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0")) {
    return bad("The request line is not one of HTTP/1.1");
  }
  ProxyRequest out;
  std::string fields;
  for (std::string_view line : std::span(lines).subspan(1)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
        !is_field_value(line.substr(colon + 1))) {
      return bad("A header is not as HTTP says");
    }
    if (!is_hop_by_hop(line.substr(0, colon))) fields += fmt::format("{}\r\n", line);
  }
  if (words[0] == "CONNECT") {
    auto authority = parse_authority(words[1], 0);
    if (!authority) return bad("CONNECT needs HOST:PORT");
    out.host = std::move(authority->host);
    out.port = authority->port;
    return out;
  }
  constexpr std::string_view kHttp = "http://";
  if (words[1].starts_with('/')) {
    return bad("This is the way out of the sandbox; it serves no pages of its own");
  }
  if (words[1].size() < kHttp.size() ||
      !base::equals_ignore_case(words[1].substr(0, kHttp.size()), kHttp)) {
    return bad("Only http:// URLs and CONNECT are served");
  }
  std::string_view rest = words[1].substr(kHttp.size());
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  auto authority = parse_authority(rest.substr(0, end), 80);
  if (!authority) return bad("The URL names no host");
  rest.remove_prefix(end);
  rest = rest.substr(0, rest.find('#'));
  out.kind = ProxyRequest::Kind::forward;
  out.head = fmt::format("{} {}{} {}\r\nHost: {}\r\nConnection: close\r\n{}\r\n", words[0],
                         rest.starts_with('/') ? "" : "/", rest, words[2], authority->text, fields);
  out.host = std::move(authority->host);
  out.port = authority->port;
  return out;
}

}  // namespace mayfly::http::detail
