#include "services/apigateway/model/deploy.h"

#include <fmt/format.h>

#include "services/apigateway/model/repository.h"

namespace mayfly::apigateway {
namespace {

constexpr std::string_view kNoRoutes = "Unable to deploy API because no routes exist in this API";
constexpr std::string_view kAutomatic =
    "Automatic deployment triggered by changes to the Api configuration";

base::Task<wire::Result<Snapshot>> take_snapshot(store::Transaction& transaction, Change change) {
  auto api = co_await require_api(transaction, change.scope, change.api_id);
  if (!api) co_return std::unexpected(std::move(api).error());
  auto routes =
      co_await find_all<Route>(transaction, keys::of_api<Route>(change.scope, change.api_id));
  if (!routes) co_return std::unexpected(std::move(routes).error());
  if (routes->empty()) co_return wire::fail(kBadRequest, std::string(kNoRoutes));
  auto integrations = co_await find_all<Integration>(
      transaction, keys::of_api<Integration>(change.scope, change.api_id));
  if (!integrations) co_return std::unexpected(std::move(integrations).error());
  auto authorizers = co_await find_all<Authorizer>(
      transaction, keys::of_api<Authorizer>(change.scope, change.api_id));
  if (!authorizers) co_return std::unexpected(std::move(authorizers).error());
  co_return Snapshot{std::move(*routes), std::move(*integrations), std::move(*authorizers),
                     std::move(api->cors_configuration),
                     api->disable_execute_api_endpoint.value_or(false)};
}

// An automatic deployment lives as long as its stage serves it; those that a client made stay.
base::Task<wire::Result<void>> discard_automatic(store::Transaction& transaction, Change change,
                                                 std::string deployment_id) {
  const std::string key = keys::one<Deployment>(change.scope, change.api_id, deployment_id);
  auto deployment = co_await find<Deployment>(transaction, key);
  if (!deployment) co_return std::unexpected(std::move(deployment).error());
  if (*deployment && (*deployment)->auto_deployed) {
    transaction.erase(key);
    transaction.erase(keys::one<Snapshot>(change.scope, change.api_id, deployment_id));
  }
  co_return wire::Result<void>{};
}

Deployment store_deployment(store::Transaction& transaction, const Change& change,
                            Snapshot snapshot) {
  Deployment deployment;
  deployment.deployment_id = change.ids->text(6, base::kLowerAlphanumeric);
  deployment.deployment_status = "DEPLOYED";
  deployment.created_date = timestamp_of(change.now);
  put(transaction, keys::one<Snapshot>(change.scope, change.api_id, deployment.deployment_id),
      std::move(snapshot));
  return deployment;
}

}  // namespace

wire::Timestamp timestamp_of(base::WallTime time) {
  // Whole seconds, as API Gateway answers.
  return wire::Timestamp{static_cast<double>(base::epoch_ms(time) / 1000)};
}

base::Task<wire::Result<Deployment>> deploy(store::Transaction& transaction, Change change,
                                            Maybe<std::string> description) {
  auto snapshot = co_await take_snapshot(transaction, change);
  if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
  Deployment deployment = store_deployment(transaction, change, std::move(*snapshot));
  deployment.description = std::move(description);
  put(transaction, keys::one<Deployment>(change.scope, change.api_id, deployment.deployment_id),
      deployment);
  co_return deployment;
}

base::Task<wire::Result<void>> assign(store::Transaction& transaction, Change change, Stage& stage,
                                      std::string deployment_id) {
  if (stage.deployment_id && *stage.deployment_id != deployment_id) {
    auto discarded = co_await discard_automatic(transaction, change, *stage.deployment_id);
    if (!discarded) co_return discarded;
  }
  stage.last_deployment_status_message =
      fmt::format("Successfully deployed stage with deployment ID '{}'", deployment_id);
  stage.deployment_id = std::move(deployment_id);
  stage.last_updated_date = timestamp_of(change.now);
  co_return wire::Result<void>{};
}

base::Task<wire::Result<void>> deploy_stage(store::Transaction& transaction, Change change,
                                            Stage& stage) {
  auto snapshot = co_await take_snapshot(transaction, change);
  if (!snapshot) {
    if (snapshot.error().spec != &kBadRequest) co_return std::unexpected(snapshot.error());
    stage.last_deployment_status_message =
        fmt::format("Deployment attempt failed: {}", snapshot.error().message);
    co_return wire::Result<void>{};
  }
  Deployment deployment = store_deployment(transaction, change, std::move(*snapshot));
  deployment.auto_deployed = true;
  deployment.description = kAutomatic;
  put(transaction, keys::one<Deployment>(change.scope, change.api_id, deployment.deployment_id),
      deployment);
  co_return co_await assign(transaction, change, stage, deployment.deployment_id);
}

base::Task<wire::Result<void>> deploy_automatically(store::Transaction& transaction,
                                                    Change change) {
  auto stages =
      co_await find_all<Stage>(transaction, keys::of_api<Stage>(change.scope, change.api_id));
  if (!stages) co_return std::unexpected(std::move(stages).error());
  for (Stage& stage : *stages) {
    if (!stage.auto_deploy.value_or(false)) continue;
    auto deployed = co_await deploy_stage(transaction, change, stage);
    if (!deployed) co_return deployed;
    put(transaction, keys::one<Stage>(change.scope, change.api_id, stage.stage_name), stage);
  }
  co_return wire::Result<void>{};
}

}  // namespace mayfly::apigateway
