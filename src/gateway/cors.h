// CORS as AWS's front doors of functions do it: they answer preflight requests themselves, and
// replace the CORS headers of what is behind them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace mayfly::gateway {

struct CorsRules {
  bool credentials = false;
  std::vector<std::string> origins, methods, headers, exposed;
  std::optional<std::int32_t> max_age;  // seconds
};

// Without CORS headers where the origin is not allowed, so that the browser refuses.
http::Response answer_preflight(const CorsRules& rules, const http::Request& request, int status);

// Removes what the function said about CORS and, for an allowed origin, says what the rules say.
void apply_cors(const CorsRules& rules, std::string_view origin, http::Headers& headers);

}  // namespace mayfly::gateway
