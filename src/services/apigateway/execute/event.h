// The events that functions get: payload formats 2.0 and 1.0, and the requests of Lambda
// authorizers.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "gateway/inbound.h"
#include "services/apigateway/model/compiled.h"

namespace mayfly::apigateway {

using gateway::Inbound;
using gateway::Pairs;

// A request that has found its route. Refers to what the endpoint keeps alive for its time.
struct Execution {
  const CompiledApi& api;
  const CompiledStage& stage;
  const CompiledRoute& route;
  Pairs parameters;  // path variables, decoded
  std::string method;
  std::string path;    // decoded, as events show it: with the stage, unless that is $default
  std::string domain;  // "{id}.execute-api.localhost"
  std::string request_id;
  base::WallTime time;
};

// `authorizer` is the JSON of requestContext.authorizer, or empty.
std::string make_event(const Execution& execution, const Inbound& inbound,
                       std::string_view authorizer, PayloadFormat format);

// arn:aws:execute-api:...: of this request, as authorizers see and decide it.
std::string method_arn(const Execution& execution);

std::string make_authorizer_event(const Execution& execution, const Inbound& inbound,
                                  const std::vector<std::string>& identity, PayloadFormat format);

}  // namespace mayfly::apigateway
