// CreateIntegration, GetIntegration, GetIntegrations, UpdateIntegration, DeleteIntegration
#include <fmt/format.h>

#include <algorithm>

#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"
#include "services/apigateway/operations/read.h"

namespace mayfly::apigateway {
namespace {

constexpr std::size_t kIdLength = 7;

// What AWS fills in where the client leaves it out.
void fill_defaults(IntegrationProperties& properties, const Settings& settings) {
  if (!properties.connection_type) properties.connection_type = "INTERNET";
  if (!properties.payload_format_version) properties.payload_format_version = "1.0";
  if (properties.integration_type == "AWS_PROXY") properties.integration_method = "POST";
  if (!properties.timeout_in_millis && settings.integration_timeout) {
    properties.timeout_in_millis = static_cast<std::int32_t>(settings.integration_timeout->count());
  }
}

base::Task<wire::Result<Integration>> store_integration(store::Transaction& transaction,
                                                        Change change, Integration integration) {
  put(transaction, keys::one<Integration>(change.scope, change.api_id, integration.integration_id),
      integration);
  auto deployed = co_await deploy_automatically(transaction, change);
  if (!deployed) co_return std::unexpected(std::move(deployed).error());
  co_return integration;
}

}  // namespace

Answer<Integration> create_integration(ApiGateway& gateway, const Context& context,
                                       CreateIntegrationRequest request) {
  if (auto checked = check_integration(request, gateway.settings()); !checked) {
    co_return std::unexpected(checked.error());
  }
  Integration integration;
  integration.integration_id = gateway.ids().text(kIdLength, base::kLowerAlphanumeric);
  merge<IntegrationProperties>(integration, request);
  fill_defaults(integration, gateway.settings());
  const std::size_t limit = gateway.settings().resources_per_api;
  co_return co_await gateway.change(
      context, request.api_id,
      [integration, limit](store::Transaction& transaction, Change change) -> Answer<Integration> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return std::unexpected(std::move(api).error());
        auto others = co_await find_all<Integration>(
            transaction, keys::of_api<Integration>(change.scope, change.api_id));
        if (!others) co_return std::unexpected(std::move(others).error());
        if (others->size() >= limit) {
          co_return wire::fail(kTooManyRequests,
                               fmt::format("An API has at most {} integrations", limit));
        }
        co_return co_await store_integration(transaction, change, integration);
      });
}

Answer<Integration> get_integration(ApiGateway& gateway, const Context& context,
                                    IntegrationRequest request) {
  return read_one<Integration>(gateway, context.scope, std::move(request.api_id),
                               std::move(request.integration_id));
}

Answer<Page<Integration>> get_integrations(ApiGateway& gateway, const Context& context,
                                           ListRequest request) {
  return read_page<Integration>(gateway, context.scope, std::move(request));
}

Answer<Integration> update_integration(ApiGateway& gateway, const Context& context,
                                       UpdateIntegrationRequest request) {
  const Settings& settings = gateway.settings();
  co_return co_await gateway.change(
      context, request.api_id,
      [request, &settings](store::Transaction& transaction, Change change) -> Answer<Integration> {
        auto integration = co_await require<Integration>(transaction, change.scope, change.api_id,
                                                         request.integration_id);
        if (!integration) co_return integration;
        merge<IntegrationProperties>(*integration, request);
        if (auto checked = check_integration(*integration, settings); !checked) {
          co_return std::unexpected(checked.error());
        }
        co_return co_await store_integration(transaction, change, std::move(*integration));
      });
}

Answer<Empty> delete_integration(ApiGateway& gateway, const Context& context,
                                 IntegrationRequest request) {
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto integration = co_await require<Integration>(transaction, change.scope, change.api_id,
                                                         request.integration_id);
        if (!integration) co_return std::unexpected(std::move(integration).error());
        auto routes =
            co_await find_all<Route>(transaction, keys::of_api<Route>(change.scope, change.api_id));
        if (!routes) co_return std::unexpected(std::move(routes).error());
        const std::string target = "integrations/" + request.integration_id;
        const auto user = std::ranges::find(*routes, target, &Route::target);
        if (user != routes->end()) {
          co_return wire::fail(kConflict,
                               fmt::format("Cannot delete Integration {}: Route {} leads to it",
                                           request.integration_id, user->route_id));
        }
        transaction.erase(
            keys::one<Integration>(change.scope, change.api_id, request.integration_id));
        auto deployed = co_await deploy_automatically(transaction, change);
        if (!deployed) co_return std::unexpected(std::move(deployed).error());
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
