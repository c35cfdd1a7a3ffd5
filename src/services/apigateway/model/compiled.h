// An API as the data plane serves it: its stages with their routes, ready to be matched. Immutable,
// shared by threads.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/task.h"
#include "gateway/cors.h"
#include "gateway/reply.h"
#include "services/apigateway/model/integration_uri.h"
#include "services/apigateway/model/route_table.h"
#include "services/apigateway/model/throttle.h"
#include "services/apigateway/shapes.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::apigateway {

using gateway::PayloadFormat;

// Where a route leads; made from its integration, stage variables filled in.
struct CompiledIntegration {
  enum class Kind { none, function, http };
  Kind kind = Kind::none;  // none: a request is answered 500, `problem` goes to the log
  std::string problem = "the route has no integration";
  std::string function;  // ARN
  PayloadFormat format = PayloadFormat::v2;
  HttpUri http;
  std::string http_method;  // ANY: that of the request
  std::optional<std::chrono::milliseconds> timeout;
};

struct CompiledAuthorizer {
  Authorizer settings;
  std::string function;  // ARN, of a REQUEST authorizer
  PayloadFormat format = PayloadFormat::v2;
};

struct CompiledRoute {
  std::string key;   // "GET /orders/{id}"
  std::string path;  // "/orders/{id}", "$default"
  std::string arn;   // arn:aws:execute-api:...: whom the function's resource policy has to allow
  CompiledIntegration integration;
  std::string authorization = "NONE";  // or CUSTOM, JWT
  std::shared_ptr<const CompiledAuthorizer> authorizer;
  Strings scopes;
  std::shared_ptr<Throttle> throttle;  // null: unlimited
};

struct CompiledStage {
  std::string name;
  std::map<std::string, std::string> variables;
  std::vector<CompiledRoute> routes;
  RouteTable table;
  std::optional<gateway::CorsRules> cors;
  bool disabled = false;  // DisableExecuteApiEndpoint
};

struct CompiledApi {
  base::Scope scope;
  std::string api_id;
  std::map<std::string, CompiledStage, std::less<>> stages;  // those that have a deployment
};

CompiledStage compile_stage(const base::Scope& scope, std::string_view api_id, const Stage& stage,
                            const Snapshot& snapshot,
                            std::optional<std::chrono::milliseconds> timeout_limit);

// Reads and compiles an API; null where there is none of that id.
base::Task<wire::Result<std::shared_ptr<const CompiledApi>>> load_api(
    store::Store& store, std::string api_id,
    std::optional<std::chrono::milliseconds> timeout_limit);

}  // namespace mayfly::apigateway
