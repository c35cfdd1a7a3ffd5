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
  // Whether it serves pages of any site (api/web_pages.h). Invoke URLs do, and say themselves which
  // pages may read the answer; what is for whoever runs this daemon does not.
  virtual bool serves_any_page() const { return false; }
};

}  // namespace mayfly::api
