// What AWS checks of a resource before it is stored. Each answers a sentence for the client, or
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/apigateway/apigateway.h"
#include "services/apigateway/shapes.h"
#include "wire/error.h"

namespace mayfly::apigateway {

using Checked = wire::Result<void>;

Checked check_length(std::string_view name, const Maybe<std::string>& value, std::size_t min,
                     std::size_t max);
Checked check_tags(const Tags& tags);
Checked check_api(const ApiProperties& properties);
Checked check_route(const RouteProperties& properties);
Checked check_integration(const IntegrationProperties& properties, const Settings& settings);
Checked check_authorizer(const AuthorizerProperties& properties);
Checked check_stage(const StageProperties& properties);

}  // namespace mayfly::apigateway
