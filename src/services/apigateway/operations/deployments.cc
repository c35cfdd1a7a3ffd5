// CreateDeployment, GetDeployment, GetDeployments, UpdateDeployment, DeleteDeployment
#include <fmt/format.h>

#include <algorithm>

#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"
#include "services/apigateway/operations/read.h"

namespace mayfly::apigateway {

Answer<Deployment> create_deployment(ApiGateway& gateway, const Context& context,
                                     CreateDeploymentRequest request) {
  if (auto checked = check_length("Description", request.description, 0, 1024); !checked) {
    co_return std::unexpected(checked.error());
  }
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Deployment> {
        auto deployment = co_await deploy(transaction, change, request.description);
        if (!deployment || !request.stage_name) co_return deployment;
        auto stage =
            co_await require<Stage>(transaction, change.scope, change.api_id, *request.stage_name);
        if (!stage) co_return std::unexpected(std::move(stage).error());
        if (stage->auto_deploy.value_or(false)) {
          co_return wire::fail(kBadRequest,
                               fmt::format("Stage {} deploys automatically", *request.stage_name));
        }
        auto assigned = co_await assign(transaction, change, *stage, deployment->deployment_id);
        if (!assigned) co_return std::unexpected(std::move(assigned).error());
        put(transaction, keys::one<Stage>(change.scope, change.api_id, stage->stage_name), *stage);
        co_return deployment;
      });
}

Answer<Deployment> get_deployment(ApiGateway& gateway, const Context& context,
                                  DeploymentRequest request) {
  return read_one<Deployment>(gateway, context.scope, std::move(request.api_id),
                              std::move(request.deployment_id));
}

Answer<Page<Deployment>> get_deployments(ApiGateway& gateway, const Context& context,
                                         ListRequest request) {
  return read_page<Deployment>(gateway, context.scope, std::move(request));
}

Answer<Deployment> update_deployment(ApiGateway& gateway, const Context& context,
                                     UpdateDeploymentRequest request) {
  if (auto checked = check_length("Description", request.description, 0, 1024); !checked) {
    co_return std::unexpected(checked.error());
  }
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Deployment> {
        auto deployment = co_await require<Deployment>(transaction, change.scope, change.api_id,
                                                       request.deployment_id);
        if (!deployment) co_return deployment;
        if (request.description) deployment->description = request.description;
        put(transaction, keys::one<Deployment>(change.scope, change.api_id, request.deployment_id),
            *deployment);
        co_return deployment;
      });
}

Answer<Empty> delete_deployment(ApiGateway& gateway, const Context& context,
                                DeploymentRequest request) {
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto deployment = co_await require<Deployment>(transaction, change.scope, change.api_id,
                                                       request.deployment_id);
        if (!deployment) co_return std::unexpected(std::move(deployment).error());
        auto stages =
            co_await find_all<Stage>(transaction, keys::of_api<Stage>(change.scope, change.api_id));
        if (!stages) co_return std::unexpected(std::move(stages).error());
        const auto user = std::ranges::find(*stages, Maybe<std::string>(request.deployment_id),
                                            &Stage::deployment_id);
        if (user != stages->end()) {
          co_return wire::fail(
              kBadRequest, fmt::format("Active stages pointing to this deployment must be moved or "
                                       "deleted. Stage {} serves it",
                                       user->stage_name));
        }
        transaction.erase(
            keys::one<Deployment>(change.scope, change.api_id, request.deployment_id));
        transaction.erase(keys::one<Snapshot>(change.scope, change.api_id, request.deployment_id));
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
