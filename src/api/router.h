// Router: which service and which operation a request is for, from its head alone.
//
// One endpoint serves every service, so the order matters (facts/wire.md in the design notes):
// endpoints; the path of Smithy's CBOR protocol; X-Amz-Target; the signing name in the credential
// scope, which names one service or a few that share it; a form or query string with Action and
// Version; and for unsigned requests the REST templates of all services. Immutable once
// constructed. Threads: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "api/service.h"
#include "wire/uri.h"

namespace mayfly::api {

struct Route {
  HttpEndpoint* endpoint = nullptr;           // set: the endpoint has it, nothing else is
  const Service* service = nullptr;           // null: no service of ours; `error` says so
  const Operation* operation = nullptr;       // null: `error` says why
  const wire::ServiceFacts* facts = nullptr;  // of the protocol that the request speaks; set with
                                              // `service`
  std::vector<wire::PathLabel> labels;        // REST
  std::optional<wire::ApiError> error;
};

class Router {
 public:
  // Throws std::logic_error where the tables contradict each other (two services with one target
  // prefix, a broken URI template): bugs that a test finds.
  Router(std::vector<Service> services, std::vector<HttpEndpoint*> endpoints);
  Router(const Router&) = delete;  // entries point into it
  Router& operator=(const Router&) = delete;

  // `signing_name` is the service of the signature's scope, empty where the request is unsigned.
  Route route(const http::Request& request, std::string_view signing_name) const;

  const std::vector<Service>& services() const { return services_; }

 private:
  struct RestService {
    const Service* service;
    wire::RouteTable table;  // ids: index into entries
    struct Entry {
      const Operation* operation;  // null: known, not supported
      std::string_view name;
    };
    std::vector<Entry> entries;
  };

  Route by_target(std::string_view target) const;
  Route by_rpc_path(const http::Request& request, std::string_view protocol) const;
  Route by_action(const http::Request& request, const Service* service, std::string_view action,
                  std::string_view version) const;
  Route by_uri(const http::Request& request, std::string_view signing_name) const;
  Route by_signing_name(const http::Request& request, std::string_view signing_name) const;

  std::vector<Service> services_;
  std::vector<HttpEndpoint*> endpoints_;
  std::vector<RestService> rest_;
};

}  // namespace mayfly::api
