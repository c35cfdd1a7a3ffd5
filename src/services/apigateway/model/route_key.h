// RouteKey: what a route of an HTTP API matches: "GET /orders/{id}", "ANY /{proxy+}" or "$default".
//
// A value type. parse() checks all that AWS checks; its errors are sentences for the client.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::apigateway {

inline constexpr std::size_t kMaxRouteKey = 512;
inline constexpr std::string_view kDefaultRoute = "$default";
inline constexpr std::string_view kAnyMethod = "ANY";

struct RouteSegment {
  enum class Kind : std::uint8_t { literal, variable, greedy };
  Kind kind = Kind::literal;
  std::string text;  // the literal, or the variable's name
  bool operator==(const RouteSegment&) const = default;
};

struct RouteKey {
  std::string method;  // empty for $default
  std::string path;    // as it was written, from its slash on; empty for $default
  std::vector<RouteSegment> segments;

  bool is_default() const { return method.empty(); }
  bool operator==(const RouteKey&) const = default;

  static std::expected<RouteKey, std::string> parse(std::string_view text);
};

// The parts of a path between its slashes: "/a//b/" has a, "", b and "". "/" has none.
std::vector<std::string_view> path_segments(std::string_view path);

}  // namespace mayfly::apigateway
