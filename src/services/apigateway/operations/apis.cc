// CreateApi, GetApi, GetApis, UpdateApi, DeleteApi, DeleteCorsConfiguration
#include <fmt/format.h>

#include "services/apigateway/model/address.h"
#include "services/apigateway/model/repository.h"
#include "services/apigateway/model/route_key.h"
#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"

namespace mayfly::apigateway {
namespace {

constexpr std::size_t kApiIdLength = 10;
constexpr std::size_t kIdLength = 7;

Api with_endpoint(const ApiGateway& gateway, Api api) {
  api.api_endpoint = gateway.endpoint_of(api.api_id);
  return api;
}

Api new_api(CreateApiRequest request, std::string api_id, base::WallTime now) {
  Api api;
  api.api_id = std::move(api_id);
  api.protocol_type = "HTTP";
  api.created_date = timestamp_of(now);
  api.route_selection_expression = "$request.method $request.path";
  api.api_key_selection_expression = "$request.header.x-api-key";
  api.disable_execute_api_endpoint = false;
  api.ip_address_type = "ipv4";
  api.tags = std::move(request.tags);
  merge<ApiProperties>(api, std::move(request));
  return api;
}

// The integration of a quick create: a function, or an HTTP address that gets every method.
IntegrationProperties quick_integration(const std::string& target) {
  IntegrationProperties properties;
  properties.integration_uri = target;
  properties.connection_type = "INTERNET";
  if (target.starts_with("arn:")) {
    properties.integration_type = "AWS_PROXY";
    properties.payload_format_version = "2.0";
    properties.integration_method = "POST";
  } else {
    properties.integration_type = "HTTP_PROXY";
    properties.payload_format_version = "1.0";
    properties.integration_method = "ANY";
  }
  return properties;
}

// The route, integration and stage that CreateApi makes where it is given a Target.
base::Task<wire::Result<void>> quick_create(store::Transaction& transaction, Change change,
                                            IntegrationProperties properties,
                                            std::string route_key) {
  Integration integration;
  merge<IntegrationProperties>(integration, std::move(properties));
  integration.integration_id = change.ids->text(kIdLength, base::kLowerAlphanumeric);
  integration.api_gateway_managed = true;
  Route route;
  route.route_id = change.ids->text(kIdLength, base::kLowerAlphanumeric);
  route.route_key = std::move(route_key);
  route.target = "integrations/" + integration.integration_id;
  route.authorization_type = "NONE";
  route.api_key_required = false;
  route.api_gateway_managed = true;
  Stage stage;
  stage.stage_name = kDefaultStage;
  stage.auto_deploy = true;
  stage.api_gateway_managed = true;
  stage.created_date = stage.last_updated_date = timestamp_of(change.now);
  put(transaction, keys::one<Integration>(change.scope, change.api_id, integration.integration_id),
      integration);
  put(transaction, keys::one<Route>(change.scope, change.api_id, route.route_id), route);
  put(transaction, keys::one<Stage>(change.scope, change.api_id, stage.stage_name), stage);
  co_return co_await deploy_automatically(transaction, change);
}

void erase_all(store::Transaction& transaction, const std::string& prefix) {
  transaction.erase_range(prefix, store::prefix_end(prefix));
}

}  // namespace

Answer<Api> create_api(ApiGateway& gateway, const Context& context, CreateApiRequest request) {
  if (request.protocol_type == "WEBSOCKET") {
    co_return wire::not_supported("ProtocolType WEBSOCKET");
  }
  if (request.protocol_type != "HTTP") {
    co_return wire::fail(kBadRequest, "ProtocolType must be HTTP or WEBSOCKET");
  }
  if (!request.name) co_return wire::fail(kBadRequest, "Name must be specified");
  if (auto checked = check_api(request); !checked) co_return std::unexpected(checked.error());
  if (auto checked = check_tags(request.tags); !checked) co_return std::unexpected(checked.error());
  std::optional<IntegrationProperties> quick;
  const std::string route_key = request.route_key.value_or(std::string(kDefaultRoute));
  if (request.target) {
    quick = quick_integration(*request.target);
    if (auto checked = check_integration(*quick, gateway.settings()); !checked) {
      co_return std::unexpected(checked.error());
    }
    RouteProperties route;
    route.route_key = route_key;
    if (auto checked = check_route(route); !checked) co_return std::unexpected(checked.error());
  } else if (request.route_key) {
    co_return wire::fail(kBadRequest, "RouteKey needs a Target");
  }
  const std::string api_id = gateway.ids().text(kApiIdLength, base::kLowerAlphanumeric);
  auto created = co_await gateway.change(
      context, api_id,
      [api = new_api(std::move(request), api_id, context.received), quick, route_key](
          store::Transaction& transaction, Change change) -> Answer<Api> {
        put(transaction, keys::of_api<Api>(change.scope, change.api_id), api);
        transaction.put(keys::api_scope(change.api_id), keys::encode_scope(change.scope));
        if (quick) {
          auto made = co_await quick_create(transaction, change, *quick, route_key);
          if (!made) co_return std::unexpected(std::move(made).error());
        }
        co_return api;
      });
  if (!created) co_return created;
  co_return with_endpoint(gateway, std::move(*created));
}

Answer<Api> get_api(ApiGateway& gateway, const Context& context, ApiRequest request) {
  const std::unique_ptr<store::Transaction> transaction = gateway.store().begin();
  auto api = co_await require_api(*transaction, context.scope, request.api_id);
  if (!api) co_return api;
  co_return with_endpoint(gateway, std::move(*api));
}

Answer<Page<Api>> get_apis(ApiGateway& gateway, const Context& context, GetApisRequest request) {
  const std::unique_ptr<store::Transaction> transaction = gateway.store().begin();
  auto page =
      co_await find_page<Api>(*transaction, keys::all<Api>(context.scope),
                              std::move(request.max_results), std::move(request.next_token));
  if (!page) co_return page;
  for (Api& api : page->items) api = with_endpoint(gateway, std::move(api));
  co_return page;
}

Answer<Api> update_api(ApiGateway& gateway, const Context& context, UpdateApiRequest request) {
  if (auto checked = check_api(request); !checked) co_return std::unexpected(checked.error());
  if (request.target || request.route_key) {
    co_return wire::not_supported("UpdateApi with Target or RouteKey");
  }
  auto updated = co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Api> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return api;
        merge<ApiProperties>(*api, request);
        put(transaction, keys::of_api<Api>(change.scope, change.api_id), *api);
        auto deployed = co_await deploy_automatically(transaction, change);
        if (!deployed) co_return std::unexpected(std::move(deployed).error());
        co_return api;
      });
  if (!updated) co_return updated;
  co_return with_endpoint(gateway, std::move(*updated));
}

Answer<Empty> delete_api(ApiGateway& gateway, const Context& context, ApiRequest request) {
  co_return co_await gateway.change(
      context, request.api_id, [](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return std::unexpected(std::move(api).error());
        erase_all(transaction, keys::of_api<Route>(change.scope, change.api_id));
        erase_all(transaction, keys::of_api<Integration>(change.scope, change.api_id));
        erase_all(transaction, keys::of_api<Authorizer>(change.scope, change.api_id));
        erase_all(transaction, keys::of_api<Stage>(change.scope, change.api_id));
        erase_all(transaction, keys::of_api<Deployment>(change.scope, change.api_id));
        erase_all(transaction, keys::of_api<Snapshot>(change.scope, change.api_id));
        transaction.erase(keys::of_api<Api>(change.scope, change.api_id));
        transaction.erase(keys::api_scope(change.api_id));
        co_return Empty{};
      });
}

Answer<Empty> delete_cors_configuration(ApiGateway& gateway, const Context& context,
                                        ApiRequest request) {
  co_return co_await gateway.change(
      context, request.api_id, [](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return std::unexpected(std::move(api).error());
        api->cors_configuration.reset();
        put(transaction, keys::of_api<Api>(change.scope, change.api_id), *api);
        auto deployed = co_await deploy_automatically(transaction, change);
        if (!deployed) co_return std::unexpected(std::move(deployed).error());
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
