#include "gateway/cors.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mayfly::gateway {
namespace {

// What Access-Control-Allow-Origin says for this origin; nullopt: it is not allowed. "https://*"
// stands for every origin of that scheme.
std::optional<std::string> allowed_origin(const CorsRules& rules, std::string_view origin) {
  if (origin.empty()) return std::nullopt;
  for (const std::string& allowed : rules.origins) {
    if (allowed == "*") return "*";
    if (base::equals_ignore_case(allowed, origin)) return std::string(origin);
    if (allowed.ends_with("://*") &&
        origin.starts_with(std::string_view(allowed).substr(0, allowed.size() - 1))) {
      return std::string(origin);
    }
  }
  return std::nullopt;
}

void add_list(http::Headers& headers, std::string name, const std::vector<std::string>& values) {
  if (!values.empty()) headers.add(std::move(name), fmt::format("{}", fmt::join(values, ",")));
}

}  // namespace

http::Response answer_preflight(const CorsRules& rules, const http::Request& request, int status) {
  http::Response response;
  response.status = status;
  const auto origin = allowed_origin(rules, request.headers.get("origin").value_or(""));
  if (!origin) return response;
  http::Headers& headers = response.headers;
  headers.add("access-control-allow-origin", *origin);
  add_list(headers, "access-control-allow-methods", rules.methods);
  add_list(headers, "access-control-allow-headers", rules.headers);
  if (rules.credentials) headers.add("access-control-allow-credentials", "true");
  if (rules.max_age) headers.add("access-control-max-age", std::to_string(*rules.max_age));
  return response;
}

void apply_cors(const CorsRules& rules, std::string_view origin, http::Headers& headers) {
  constexpr std::string_view kPrefix = "access-control-";
  std::vector<std::string> ours;
  for (const auto& [name, value] : headers) {
    if (name.size() > kPrefix.size() &&
        base::equals_ignore_case(std::string_view(name).substr(0, kPrefix.size()), kPrefix)) {
      ours.push_back(name);
    }
  }
  for (const std::string& name : ours) headers.remove(name);
  const auto allowed = allowed_origin(rules, origin);
  if (!allowed) return;
  headers.add("access-control-allow-origin", *allowed);
  if (rules.credentials) headers.add("access-control-allow-credentials", "true");
  add_list(headers, "access-control-expose-headers", rules.exposed);
}

}  // namespace mayfly::gateway
