#include "services/apigateway/model/cors.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/strings.h"

namespace mayfly::apigateway {
namespace {

constexpr std::int32_t kMaxAge = 86'400;

bool has_star(const Maybe<Strings>& values) {
  return values && std::ranges::find(*values, "*") != values->end();
}

// What Access-Control-Allow-Origin says for this origin; nullopt: it is not allowed. "https://*"
// stands for every origin of that scheme.
std::optional<std::string> allowed_origin(const Cors& cors, std::string_view origin) {
  if (origin.empty() || !cors.allow_origins) return std::nullopt;
  for (const std::string& allowed : *cors.allow_origins) {
    if (allowed == "*") return "*";
    if (base::equals_ignore_case(allowed, origin)) return std::string(origin);
    if (allowed.ends_with("://*") &&
        origin.starts_with(std::string_view(allowed).substr(0, allowed.size() - 1))) {
      return std::string(origin);
    }
  }
  return std::nullopt;
}

void add_list(http::Headers& headers, std::string name, const Maybe<Strings>& values) {
  if (values && !values->empty())
    headers.add(std::move(name), fmt::format("{}", fmt::join(*values, ",")));
}

}  // namespace

std::expected<void, std::string> check_cors(const Cors& cors) {
  if (cors.max_age && (*cors.max_age < -1 || *cors.max_age > kMaxAge)) {
    return std::unexpected("maxAge must be between -1 and 86400");
  }
  if (cors.allow_credentials.value_or(false) && has_star(cors.allow_origins)) {
    return std::unexpected("allowCredentials is not supported when allowOrigins is *");
  }
  for (const std::string& origin : cors.allow_origins.value_or(Strings{})) {
    if (origin != "*" && origin.find("://") == std::string::npos) {
      return std::unexpected(
          fmt::format("Invalid format for origin {}. Origin should be * or start with http://, "
                      "https:// or another scheme",
                      origin));
    }
  }
  return {};
}

bool is_preflight(const http::Request& request) {
  return request.method == "OPTIONS" && request.headers.has("origin") &&
         request.headers.has("access-control-request-method");
}

http::Response answer_preflight(const Cors& cors, const http::Request& request) {
  http::Response response;
  response.status = 204;
  const auto origin = allowed_origin(cors, request.headers.get("origin").value_or(""));
  if (!origin) return response;
  http::Headers& headers = response.headers;
  headers.add("access-control-allow-origin", *origin);
  add_list(headers, "access-control-allow-methods", cors.allow_methods);
  add_list(headers, "access-control-allow-headers", cors.allow_headers);
  if (cors.allow_credentials.value_or(false))
    headers.add("access-control-allow-credentials", "true");
  if (cors.max_age) headers.add("access-control-max-age", std::to_string(*cors.max_age));
  return response;
}

void apply_cors(const Cors& cors, std::string_view origin, http::Headers& headers) {
  constexpr std::string_view kPrefix = "access-control-";
  std::vector<std::string> ours;
  for (const auto& [name, value] : headers) {
    if (name.size() > kPrefix.size() &&
        base::equals_ignore_case(std::string_view(name).substr(0, kPrefix.size()), kPrefix)) {
      ours.push_back(name);
    }
  }
  for (const std::string& name : ours) headers.remove(name);
  const auto allowed = allowed_origin(cors, origin);
  if (!allowed) return;
  headers.add("access-control-allow-origin", *allowed);
  if (cors.allow_credentials.value_or(false))
    headers.add("access-control-allow-credentials", "true");
  add_list(headers, "access-control-expose-headers", cors.expose_headers);
}

}  // namespace mayfly::apigateway
