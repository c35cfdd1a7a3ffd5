// HttpEndpoint: a data plane that is no AWS operation: invoke URLs of APIs and functions,
// /_mayfly/*, the health page.
#pragma once

#include "base/task.h"
#include "http/message.h"

namespace mayfly::api {

// Asked in the order in which the router got them, before any operation. Outlives the router.
// Threads: any. No signature is asked for; an endpoint that wants one checks it itself.
class HttpEndpoint {
 public:
  virtual ~HttpEndpoint() = default;
  virtual bool matches(const http::Request& request) const = 0;
  virtual base::Task<http::Response> handle(http::Request request) = 0;
};

}  // namespace mayfly::api
