#include "gateway/inbound.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "gateway/text.h"

namespace mayfly::gateway {
namespace {

constexpr std::array<std::string_view, 9> kHopByHop{
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "te",         "trailer",    "trailers",           "transfer-encoding",
    "upgrade"};

// Checked against AWS by others: text is text/* and these; everything else comes as base64, a form
// and a body without a content type too.
bool is_text(std::string_view content_type) {
  const std::string type =
      base::to_lower(base::trim(content_type.substr(0, content_type.find(';'))));
  return type.starts_with("text/") || type == "application/json" || type == "application/xml" ||
         type == "application/javascript";
}

std::string_view without_port(std::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return peer;
  std::string_view host = peer.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

std::string port_of(const http::Request& request) {
  const std::string_view host = request.headers.get("host").value_or("");
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']'))
    return std::string(host.substr(colon + 1));
  return request.tls ? "443" : "80";
}

void join(Pairs& headers, std::string name, std::string value) {
  const auto same = std::ranges::find(headers, name, &Pairs::value_type::first);
  if (same == headers.end()) {
    headers.emplace_back(std::move(name), std::move(value));
  } else {
    same->second += "," + value;
  }
}

void split_cookies(std::string_view line, std::vector<std::string>& cookies) {
  for (std::string_view cookie : base::split(line, ';')) {
    cookie = base::trim(cookie);
    if (!cookie.empty()) cookies.push_back(to_text(cookie));
  }
}

Pairs parse_query(std::string_view raw) {
  Pairs query;
  if (raw.empty()) return query;
  for (std::string_view part : base::split(raw, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    query.emplace_back(
        decode_query(part.substr(0, equals)),
        equals == std::string_view::npos ? "" : decode_query(part.substr(equals + 1)));
  }
  return query;
}

std::string new_trace(base::WallTime now, base::Ids& ids) {
  return fmt::format("Root=1-{:08x}-{}", static_cast<std::uint32_t>(base::epoch_ms(now) / 1000),
                     ids.hex(24));
}

// What the gateway adds, or puts in the place of what the client claimed.
Pairs added_headers(const http::Request& request, const Inbound& inbound) {
  std::string forwarded = inbound.source_ip;
  if (const auto before = request.headers.get("x-forwarded-for")) {
    forwarded = to_text(*before) + ", " + forwarded;
  }
  Pairs added;
  if (!request.body.empty() || request.headers.has("content-length") ||
      request.headers.has("transfer-encoding")) {
    added.emplace_back("Content-Length", std::to_string(request.body.size()));
  }
  added.emplace_back("X-Amzn-Trace-Id", inbound.trace);
  added.emplace_back("X-Forwarded-For", std::move(forwarded));
  added.emplace_back("X-Forwarded-Port", port_of(request));
  added.emplace_back("X-Forwarded-Proto", request.tls ? "https" : "http");
  return added;
}

bool is_added(std::string_view lower_name) {
  return lower_name == "content-length" || lower_name == "x-amzn-trace-id" ||
         lower_name == "x-forwarded-for" || lower_name == "x-forwarded-port" ||
         lower_name == "x-forwarded-proto";
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
  return std::ranges::any_of(
      kHopByHop, [&](std::string_view hop) { return base::equals_ignore_case(hop, name); });
}

std::string_view value_of(const Pairs& pairs, std::string_view name) {
  std::string_view value;
  for (const auto& [key, text] : pairs) {
    if (key == name) value = text;
  }
  return value;
}

Inbound read_inbound(const http::Request& request, base::WallTime now, base::Ids& ids,
                     EachHeader each) {
  Inbound inbound;
  inbound.source_ip = without_port(request.peer);
  inbound.user_agent = to_text(request.headers.get("user-agent").value_or(""));
  inbound.protocol = request.version == 10 ? "HTTP/1.0" : "HTTP/1.1";
  inbound.raw_query = to_text(request.raw_query());
  inbound.query = parse_query(request.raw_query());
  const auto trace = request.headers.get("x-amzn-trace-id");
  inbound.trace = trace ? to_text(*trace) : new_trace(now, ids);

  const Pairs added = added_headers(request, inbound);
  inbound.headers.reserve(request.headers.size() + added.size());
  for (const auto& [name, value] : request.headers) {
    std::string lower = to_text(base::to_lower(name));
    if (is_hop_by_hop(lower) || is_added(lower)) continue;
    if (each == EachHeader::keep) inbound.each_header.emplace_back(to_text(name), to_text(value));
    if (lower == "cookie") {
      split_cookies(value, inbound.cookies);
    } else {
      join(inbound.headers, std::move(lower), to_text(value));
    }
  }
  for (const auto& [name, value] : added) {
    if (each == EachHeader::keep) inbound.each_header.emplace_back(name, value);
    join(inbound.headers, base::to_lower(name), value);
  }
  return inbound;
}

void take_body(http::Request& request, Inbound& inbound) {
  inbound.body = std::move(request.body);
  if (inbound.body.empty()) return;
  if (is_text(request.headers.get("content-type").value_or("")) && base::is_utf8(inbound.body))
    return;
  inbound.body = base::to_base64(inbound.body);
  inbound.body_is_base64 = true;
}

}  // namespace mayfly::gateway
