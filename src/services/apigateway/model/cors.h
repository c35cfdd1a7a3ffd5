// The CORS configuration of an API: what is allowed in it, and what it means.
#pragma once

#include <expected>
#include <string>

#include "gateway/cors.h"
#include "services/apigateway/shapes.h"

namespace mayfly::apigateway {

// A sentence for the client where the configuration cannot be.
std::expected<void, std::string> check_cors(const Cors& cors);

gateway::CorsRules rules_of(const Cors& cors);

}  // namespace mayfly::apigateway
