// Pipeline: the way of every request: route -> admission -> authentication -> dispatch ->
// rendering.
//
// handle() is what the HTTP server calls. Everything that can go wrong on the way is answered in
// the protocol of the service that the request is for, with a request id; exceptions (bugs,
// exhaustion) are caught here, logged with the id and answered as an internal error. Nothing of AWS
// happens before or behind it. Threads: any; it keeps no state but counters. Router, authenticator,
// clock, ids and metrics outlive it.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "api/metrics.h"
#include "api/router.h"
#include "api/web_pages.h"
#include "base/clock.h"
#include "base/ids.h"
#include "identity/authenticator.h"

namespace mayfly::api {

struct PipelineOptions {
  // Operations under way beyond this are answered with 503 at once. Endpoints (invoke URLs) limit
  // themselves.
  std::size_t max_concurrent = 4096;
  identity::Profile profile = identity::Profile::development;
  std::vector<std::string> trusted_origins = {};  // of web pages, besides those of this machine
};

class Pipeline {
 public:
  Pipeline(PipelineOptions options, const Router& router, identity::Authenticator& authenticator,
           const base::Clock& clock, base::Ids& ids, Metrics& metrics);

  base::Task<http::Response> handle(http::Request request);
  http::Handler handler() {
    return [this](http::Request request) { return handle(std::move(request)); };
  }

 private:
  class Admission;
  OperationCounters& counters_of(const Service& service, const Operation& operation) const;
  base::Task<http::Response> call(http::Request& request, Route route,
                                  std::optional<identity::Signature> signature,
                                  std::string request_id);
  base::Task<http::Response> serve_endpoint(HttpEndpoint& endpoint, http::Request request,
                                            std::string request_id);
  base::Task<wire::Result<http::Response>> dispatch(const Service& service,
                                                    const Operation& operation,
                                                    const RequestContext& context,
                                                    Exchange& exchange);

  PipelineOptions options_;
  const WebPages pages_;
  const Router& router_;
  identity::Authenticator& authenticator_;
  const base::Clock& clock_;
  base::Ids& ids_;
  Metrics& metrics_;
  std::vector<std::vector<OperationCounters*>>
      counters_;  // by service and operation, as in the router
  std::atomic<std::size_t> under_way_{0};
};

}  // namespace mayfly::api
