#include "services/apigateway/model/cors.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::apigateway {
namespace {

constexpr std::int32_t kMaxAge = 86'400;

bool has_star(const Maybe<Strings>& values) {
  return values && std::ranges::find(*values, "*") != values->end();
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

gateway::CorsRules rules_of(const Cors& cors) {
  gateway::CorsRules out;
  out.credentials = cors.allow_credentials.value_or(false);
  out.origins = cors.allow_origins.value_or(Strings{});
  out.methods = cors.allow_methods.value_or(Strings{});
  out.headers = cors.allow_headers.value_or(Strings{});
  out.exposed = cors.expose_headers.value_or(Strings{});
  out.max_age = cors.max_age;
  return out;
}

}  // namespace mayfly::apigateway
