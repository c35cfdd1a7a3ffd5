// Endpoint: the data plane: answers the URLs of APIs.
//
//   stage -> CORS preflight -> route -> throttling -> authorizer -> integration -> CORS headers
//
// A request to an API whose compiled form is cached reads nothing from the store
// (model/api_cache.h). Threads: any.
#pragma once

#include <memory>
#include <string>

#include "api/endpoint.h"
#include "services/apigateway/apigateway.h"
#include "services/apigateway/execute/authorizer.h"
#include "services/apigateway/execute/event.h"
#include "services/apigateway/execute/race.h"
#include "services/apigateway/model/address.h"

namespace mayfly::apigateway {

class Endpoint final : public api::HttpEndpoint {
 public:
  // The gateway outlives it, and so does every request under way. In the daemon: Endpoint(gateway,
  // timers_of(io)).
  Endpoint(ApiGateway& gateway, After after);

  bool matches(const http::Request& request) const override;
  base::Task<http::Response> handle(http::Request request) override;
  bool serves_any_page() const override { return true; }

 private:
  base::Task<std::shared_ptr<const CompiledApi>> find_api(std::string api_id);
  base::Task<http::Response> serve(http::Request& request, std::string request_id);
  base::Task<http::Response> serve_stage(const CompiledApi& api, const CompiledStage& stage,
                                         http::Request& request, std::string_view path,
                                         std::string request_id);
  base::Task<http::Response> serve_route(const Execution& execution, http::Request& request);
  base::Task<http::Response> invoke(const Execution& execution, Inbound inbound,
                                    std::string authorizer);
  base::Task<http::Response> proxy(const Execution& execution, http::Request& request,
                                   const Inbound& inbound);

  ApiGateway& gateway_;
  After after_;
  Authorizers authorizers_;
};

}  // namespace mayfly::apigateway
