#include "services/apigateway/model/route_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace mayfly::apigateway {
namespace {

constexpr std::array<std::string_view, 8> kMethods{"ANY",   "DELETE",  "GET",  "HEAD",
                                                   "PATCH", "OPTIONS", "POST", "PUT"};

bool is_variable_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
  });
}

std::expected<RouteSegment, std::string> parse_segment(std::string_view text) {
  using Kind = RouteSegment::Kind;
  const bool braces = text.find_first_of("{}") != std::string_view::npos;
  if (!braces) return RouteSegment{Kind::literal, std::string(text)};
  if (!text.starts_with('{') || !text.ends_with('}')) {
    return std::unexpected("A path variable must be a whole path part: {name} or {name+}");
  }
  std::string_view name = text.substr(1, text.size() - 2);
  const Kind kind = name.ends_with('+') ? Kind::greedy : Kind::variable;
  if (kind == Kind::greedy) name.remove_suffix(1);
  if (!is_variable_name(name)) {
    return std::unexpected(fmt::format("'{}' is no name for a path variable", name));
  }
  return RouteSegment{kind, std::string(name)};
}

std::expected<void, std::string> check_variables(const std::vector<RouteSegment>& segments) {
  using Kind = RouteSegment::Kind;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].kind == Kind::greedy && i + 1 < segments.size()) {
      return std::unexpected("A greedy path variable must be the last part of the path");
    }
    for (std::size_t k = i + 1; k < segments.size(); ++k) {
      if (segments[i].kind != Kind::literal && segments[k].kind != Kind::literal &&
          segments[i].text == segments[k].text) {
        return std::unexpected(
            fmt::format("The path variable '{}' is there twice", segments[i].text));
      }
    }
  }
  return {};
}

}  // namespace

std::vector<std::string_view> path_segments(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return {};
  return base::split(path, '/');
}

std::expected<RouteKey, std::string> RouteKey::parse(std::string_view text) {
  if (text == kDefaultRoute) return RouteKey{};
  if (text.size() > kMaxRouteKey) return std::unexpected("A route key has at most 512 characters");
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    return std::unexpected("A route key is '$default' or a method and a path, as in 'GET /pets'");
  }
  RouteKey key;
  key.method = text.substr(0, space);
  key.path = text.substr(space + 1);
  if (std::ranges::find(kMethods, key.method) == kMethods.end()) {
    return std::unexpected(
        fmt::format("'{}' is no method; use one of {}", key.method, fmt::join(kMethods, ", ")));
  }
  if (!key.path.starts_with('/') || key.path.find_first_of(" ?#") != std::string::npos) {
    return std::unexpected("The path of a route key starts with '/' and has no space, '?' or '#'");
  }
  for (std::string_view part : path_segments(key.path)) {
    std::expected<RouteSegment, std::string> segment = parse_segment(part);
    if (!segment) return std::unexpected(std::move(segment).error());
    key.segments.push_back(std::move(*segment));
  }
  if (auto checked = check_variables(key.segments); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return key;
}

}  // namespace mayfly::apigateway
