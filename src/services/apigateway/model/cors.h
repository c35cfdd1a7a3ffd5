// CORS as API Gateway does it: it answers preflight requests itself, and replaces the CORS headers
// of integrations.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "http/message.h"
#include "services/apigateway/shapes.h"

namespace mayfly::apigateway {

// A sentence for the client where the configuration cannot be.
std::expected<void, std::string> check_cors(const Cors& cors);

bool is_preflight(const http::Request& request);

// 204; without CORS headers where the origin is not allowed, so that the browser refuses.
http::Response answer_preflight(const Cors& cors, const http::Request& request);

// Removes what the integration said about CORS and, for an allowed origin, says what the
// configuration says.
void apply_cors(const Cors& cors, std::string_view origin, http::Headers& headers);

}  // namespace mayfly::apigateway
