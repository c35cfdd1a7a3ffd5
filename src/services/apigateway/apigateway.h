// ApiGateway: API Gateway v2, HTTP APIs: what its operations and its data plane share. Start here.
//
// apigateway.cc has the table of operations; execute/endpoint.h is the data plane (what answers the
// APIs' URLs). All that is constructed with it outlives it. Threads: any.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/service.h"
#include "base/clock.h"
#include "base/ids.h"
#include "gateway/public_host.h"
#include "http/client.h"
#include "ports/function_invoker.h"
#include "services/apigateway/model/api_cache.h"
#include "services/apigateway/model/deploy.h"
#include "store/store.h"

namespace mayfly::apigateway {

struct Settings {
  // Where clients reach the daemon. An API's own URL is this with {id}.execute-api. before the
  // host; an address of this machine (127.0.0.1, ::1) is called localhost, so that names can be put
  // below it.
  std::string public_endpoint = "http://localhost:4566";
  // AWS's ceiling; nullopt: an integration may take as long as the function may.
  std::optional<std::chrono::milliseconds> integration_timeout = std::chrono::milliseconds{30'000};
  std::size_t payload_limit = 10 * 1024 * 1024;
  std::size_t resources_per_api = 2'000;  // routes, and integrations; AWS begins with 300
};

class ApiGateway {
 public:
  ApiGateway(store::Store& store, const base::Clock& clock, base::Ids& ids,
             ports::FunctionInvoker& invoker, http::Client& client, Settings settings);
  ApiGateway(const ApiGateway&) = delete;
  ApiGateway& operator=(const ApiGateway&) = delete;

  store::Store& store() const { return store_; }
  const base::Clock& clock() const { return clock_; }
  base::Ids& ids() const { return ids_; }
  ports::FunctionInvoker& invoker() const { return invoker_; }
  http::Client& client() const { return client_; }
  const Settings& settings() const { return settings_; }
  ApiCache& cache() { return cache_; }

  std::string endpoint_of(
      std::string_view api_id) const;                    // "http://{id}.execute-api.localhost:4566"
  std::string domain_of(std::string_view api_id) const;  // "{id}.execute-api.localhost"

  // Runs `fn(Transaction&, Change)` in a transaction and forgets the compiled API, whether it
  // failed or not: the only way in which operations write.
  template <class Fn>
  auto change(const api::RequestContext& context, std::string api_id, Fn fn) {
    return run_change(Change{context.scope, std::move(api_id), context.received, &ids_},
                      std::move(fn));
  }

 private:
  template <class Fn>
  auto run_change(Change change, Fn fn) -> std::invoke_result_t<Fn&, store::Transaction&, Change> {
    auto body = [change, fn = std::move(fn)](store::Transaction& transaction) mutable {
      return fn(transaction, change);
    };
    auto result = co_await store::transact(store_, std::move(body));
    cache_.invalidate(change.api_id);
    co_return result;
  }

  store::Store& store_;
  const base::Clock& clock_;
  base::Ids& ids_;
  ports::FunctionInvoker& invoker_;
  http::Client& client_;
  Settings settings_;
  gateway::PublicHost host_;
  ApiCache cache_;
};

api::Service make_service(ApiGateway& gateway);

}  // namespace mayfly::apigateway
