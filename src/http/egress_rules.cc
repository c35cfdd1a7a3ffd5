#include "http/egress_rules.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace mayfly::http {
namespace {

namespace ip = boost::asio::ip;
using Error = boost::system::error_code;

// Special-purpose ranges of IPv4 (RFC 6890 and its registry), and what is no single host.
constexpr std::pair<std::uint32_t, int> kSpecialV4[] = {
    {0x00000000, 8},   // "this network"
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local: metadata services
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // 6to4 relays
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 3},   // multicast, reserved, broadcast
};

constexpr std::uint32_t kFirstStandIn = 0x7f400001;  // 127.64.0.1
constexpr std::size_t kMostDirectPorts = 16;
constexpr std::size_t kMostOwnAddresses = 64;

bool is_public(ip::address_v4 address) {
  return std::ranges::none_of(kSpecialV4, [number = address.to_uint()](const auto& range) {
    return number >> (32 - range.second) == range.first >> (32 - range.second);
  });
}

// Global unicast is 2000::/3; inside of it, and beside it, some ranges lead to an IPv4 address.
bool is_public(ip::address_v6 address) {
  const auto bytes = address.to_bytes();
  const auto v4_at = [&](std::size_t at) {
    return ip::address_v4({bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]});
  };
  if (address.is_v4_mapped()) return is_public(v4_at(12));
  constexpr std::array<unsigned char, 12> kNat64{0x00, 0x64, 0xff, 0x9b};
  if (std::equal(kNat64.begin(), kNat64.end(), bytes.begin())) return is_public(v4_at(12));
  if (bytes[0] >> 5 != 1) return false;
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return is_public(v4_at(2));              // 6to4
  if (bytes[0] == 0x20 && bytes[1] == 0x01 && (bytes[2] & 0xfe) == 0) return false;  // 2001::/23
  if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8) return false;
  if (bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] >> 4 == 0) return false;  // documentation
  return address.scope_id() == 0;
}

std::string canonical(std::string_view host) {
  std::string name = base::to_lower(host);
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  return name;
}

bool is_standard(std::uint16_t port) { return port == 443 || port == 80; }

// An address in one text, a mapped one as the IPv4 address that it is; empty where it is none.
std::string address_text(std::string_view text) {
  Error error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

}  // namespace

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  return std::ranges::all_of(base::split(name, '.'), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_';
    });
  });
}

bool is_public_address(const std::string& address) {
  Error error;
  const ip::address parsed = ip::make_address(address, error);
  if (error) return false;
  return parsed.is_v4() ? is_public(parsed.to_v4()) : is_public(parsed.to_v6());
}

std::expected<EgressRules, std::string> EgressRules::parse(std::string_view text) {
  EgressRules out;
  for (std::string_view part : base::split(text, ',')) {
    part = base::trim(part);
    if (part.empty()) continue;
    auto rule = parse_rule(part);
    if (!rule) return std::unexpected(rule.error());
    out.rules_.push_back(std::move(*rule));
  }
  if (out.rules_.size() > 1000) return std::unexpected("more than 1,000 rules");
  for (const Rule& rule : out.rules_) out.stand_in(rule);
  return out;
}

std::expected<EgressRules::Rule, std::string> EgressRules::parse_rule(std::string_view text) {
  const auto wrong = [text] {
    return std::unexpected(fmt::format(
        "\"{}\" is not HOST, HOST:PORT, *.SUFFIX, an IPv4 address or an IPv6 address in brackets",
        text));
  };
  Rule rule;
  std::string_view host = text, port;
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : text.find(':');
  if (bracketed) {
    if (end == std::string_view::npos) return wrong();
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return wrong();
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return wrong();
  } else if (end != std::string_view::npos) {
    host = text.substr(0, end);
    port = text.substr(end + 1);
    if (port.empty()) return wrong();
  }
  if (!port.empty()) {
    const auto number = base::parse_int(port);
    if (!number || *number < 1 || *number > 65535) return wrong();
    rule.port = static_cast<std::uint16_t>(*number);
  }
  rule.host = address_text(host);
  if (!rule.host.empty()) {
    rule.kind = Kind::address;
    return rule;
  }
  if (bracketed) return wrong();
  if (host.starts_with("*.")) {
    rule.kind = Kind::below;
    host.remove_prefix(2);
  }
  rule.host = canonical(host);
  if (!is_host_name(rule.host)) return wrong();
  return rule;
}

void EgressRules::stand_in(const Rule& rule) {
  if (rule.kind == Kind::address) {
    Error error;
    const ip::address_v4 address = ip::make_address_v4(rule.host, error);
    if (!error && !address.is_loopback() && !address.is_unspecified() && !address.is_multicast())
      behind_.emplace(rule.host, rule.host);
    return;
  }
  // The loopback's own names (RFC 6761) stay its own.
  if (rule.kind != Kind::name || rule.host == "localhost" || rule.host.ends_with(".localhost") ||
      std::ranges::any_of(behind_, [&](const auto& each) { return each.second == rule.host; }))
    return;
  behind_.emplace(
      ip::address_v4(kFirstStandIn + static_cast<std::uint32_t>(behind_.size())).to_string(),
      rule.host);
}

EgressRules::Direct EgressRules::direct() const {
  Direct out;
  for (const auto& [address, host] : behind_) {
    if (address == host) {
      if (out.own_addresses.size() < kMostOwnAddresses) out.own_addresses.push_back(address);
    } else {
      out.hosts += fmt::format("{} {}\n", address, host);
    }
  }
  if (behind_.empty()) return out;
  const auto add = [&](std::uint16_t port) {
    if (out.ports.size() < kMostDirectPorts &&
        std::ranges::find(out.ports, port) == out.ports.end())
      out.ports.push_back(port);
  };
  for (const Rule& rule : rules_) {
    if (rule.port != 0) {
      add(rule.port);
      continue;
    }
    add(443);
    add(80);
  }
  return out;
}

std::string EgressRules::host_behind(const std::string& address) const {
  const auto found = behind_.find(address);
  return found == behind_.end() ? std::string{} : found->second;
}

bool EgressRules::names_address(const std::string& address, std::uint16_t port) const {
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    return rule.kind == Kind::address && rule.host == address &&
           (rule.port == 0 ? is_standard(port) : rule.port == port);
  });
}

bool EgressRules::allows(std::string_view host, std::uint16_t port) const {
  if (const std::string address = address_text(host); !address.empty())
    return names_address(address, port);
  const std::string name = canonical(host);
  if (!is_host_name(name)) return false;
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    if (rule.port == 0 ? !is_standard(port) : rule.port != port) return false;
    if (rule.kind == Kind::name) return rule.host == name;
    return rule.kind == Kind::below && name.size() > rule.host.size() + 1 &&
           name.ends_with(rule.host) && name[name.size() - rule.host.size() - 1] == '.';
  });
}

bool EgressRules::may_connect(const std::string& address, std::uint16_t port) const {
  const std::string text = address_text(address);
  return !text.empty() && (is_public_address(text) || names_address(text, port));
}

}  // namespace mayfly::http
