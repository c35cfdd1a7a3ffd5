// CreateRoute, GetRoute, GetRoutes, UpdateRoute, DeleteRoute
#include <fmt/format.h>

#include <algorithm>

#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"
#include "services/apigateway/operations/read.h"

namespace mayfly::apigateway {
namespace {

constexpr std::size_t kIdLength = 7;
constexpr std::string_view kTargetPrefix = "integrations/";

// The integration and the authorizer that a route names have to be there.
base::Task<wire::Result<void>> check_references(store::Transaction& transaction, Change change,
                                                RouteProperties route) {
  if (route.target) {
    if (!route.target->starts_with(kTargetPrefix)) {
      co_return wire::fail(
          kBadRequest,
          fmt::format("Invalid target {}. A target is integrations/{{id}}", *route.target));
    }
    auto integration = co_await require<Integration>(transaction, change.scope, change.api_id,
                                                     route.target->substr(kTargetPrefix.size()));
    if (!integration) co_return std::unexpected(std::move(integration).error());
  }
  const std::string authorization = route.authorization_type.value_or("NONE");
  if (authorization == "CUSTOM" || authorization == "JWT") {
    auto authorizer = co_await require<Authorizer>(transaction, change.scope, change.api_id,
                                                   *route.authorizer_id);
    if (!authorizer) co_return std::unexpected(std::move(authorizer).error());
    const std::string_view wanted = authorization == "JWT" ? "JWT" : "REQUEST";
    if (authorizer->authorizer_type != wanted) {
      co_return wire::fail(kBadRequest,
                           fmt::format("AuthorizationType {} needs an authorizer of type {}",
                                       authorization, wanted));
    }
  }
  co_return wire::Result<void>{};
}

// Another route with this key is a conflict.
base::Task<wire::Result<void>> check_key_free(store::Transaction& transaction, Change change,
                                              std::string route_key, std::string own_id,
                                              std::size_t limit) {
  auto routes =
      co_await find_all<Route>(transaction, keys::of_api<Route>(change.scope, change.api_id));
  if (!routes) co_return std::unexpected(std::move(routes).error());
  const bool taken = std::ranges::any_of(*routes, [&](const Route& route) {
    return route.route_key == route_key && route.route_id != own_id;
  });
  if (taken) {
    co_return wire::fail(kConflict,
                         fmt::format("Route with key {} already exists for this API", route_key));
  }
  if (own_id.empty() && routes->size() >= limit) {
    co_return wire::fail(kTooManyRequests, fmt::format("An API has at most {} routes", limit));
  }
  co_return wire::Result<void>{};
}

base::Task<wire::Result<Route>> store_route(store::Transaction& transaction, Change change,
                                            Route route) {
  auto references = co_await check_references(transaction, change, route);
  if (!references) co_return std::unexpected(std::move(references).error());
  put(transaction, keys::one<Route>(change.scope, change.api_id, route.route_id), route);
  auto deployed = co_await deploy_automatically(transaction, change);
  if (!deployed) co_return std::unexpected(std::move(deployed).error());
  co_return route;
}

}  // namespace

Answer<Route> create_route(ApiGateway& gateway, const Context& context,
                           CreateRouteRequest request) {
  if (!request.route_key) co_return wire::fail(kBadRequest, "RouteKey must be specified");
  if (auto checked = check_route(request); !checked) co_return std::unexpected(checked.error());
  Route route;
  route.authorization_type = "NONE";
  route.api_key_required = false;
  route.route_id = gateway.ids().text(kIdLength, base::kLowerAlphanumeric);
  merge<RouteProperties>(route, request);
  const std::size_t limit = gateway.settings().resources_per_api;
  co_return co_await gateway.change(
      context, request.api_id,
      [route, limit](store::Transaction& transaction, Change change) -> Answer<Route> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return std::unexpected(std::move(api).error());
        auto free = co_await check_key_free(transaction, change, *route.route_key, "", limit);
        if (!free) co_return std::unexpected(std::move(free).error());
        co_return co_await store_route(transaction, change, route);
      });
}

Answer<Route> get_route(ApiGateway& gateway, const Context& context, RouteRequest request) {
  return read_one<Route>(gateway, context.scope, std::move(request.api_id),
                         std::move(request.route_id));
}

Answer<Page<Route>> get_routes(ApiGateway& gateway, const Context& context, ListRequest request) {
  return read_page<Route>(gateway, context.scope, std::move(request));
}

Answer<Route> update_route(ApiGateway& gateway, const Context& context,
                           UpdateRouteRequest request) {
  const std::size_t limit = gateway.settings().resources_per_api;
  co_return co_await gateway.change(
      context, request.api_id,
      [request, limit](store::Transaction& transaction, Change change) -> Answer<Route> {
        auto route =
            co_await require<Route>(transaction, change.scope, change.api_id, request.route_id);
        if (!route) co_return route;
        merge<RouteProperties>(*route, request);
        // A route that stops asking for authorization forgets whom it asked.
        if (request.authorization_type == "NONE") {
          route->authorizer_id.reset();
          route->authorization_scopes.reset();
        }
        if (auto checked = check_route(*route); !checked)
          co_return std::unexpected(checked.error());
        auto free =
            co_await check_key_free(transaction, change, *route->route_key, route->route_id, limit);
        if (!free) co_return std::unexpected(std::move(free).error());
        co_return co_await store_route(transaction, change, std::move(*route));
      });
}

Answer<Empty> delete_route(ApiGateway& gateway, const Context& context, RouteRequest request) {
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto route =
            co_await require<Route>(transaction, change.scope, change.api_id, request.route_id);
        if (!route) co_return std::unexpected(std::move(route).error());
        transaction.erase(keys::one<Route>(change.scope, change.api_id, request.route_id));
        auto deployed = co_await deploy_automatically(transaction, change);
        if (!deployed) co_return std::unexpected(std::move(deployed).error());
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
