// CreateStage, GetStage, GetStages, UpdateStage, DeleteStage
#include <fmt/format.h>

#include <algorithm>

#include "services/apigateway/model/address.h"
#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"
#include "services/apigateway/operations/read.h"

namespace mayfly::apigateway {
namespace {

bool is_stage_name(std::string_view name) {
  if (name == kDefaultStage) return true;
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Puts in force what the stage asks for: its named deployment, or an automatic one.
base::Task<wire::Result<void>> deploy_as_asked(store::Transaction& transaction, Change change,
                                               Stage& stage, Maybe<std::string> deployment_id) {
  if (deployment_id) {
    auto deployment =
        co_await require<Deployment>(transaction, change.scope, change.api_id, *deployment_id);
    if (!deployment) co_return std::unexpected(std::move(deployment).error());
    co_return co_await assign(transaction, change, stage, *deployment_id);
  }
  if (stage.auto_deploy.value_or(false))
    co_return co_await deploy_stage(transaction, change, stage);
  co_return wire::Result<void>{};
}

Checked check_auto_deploy(const StageProperties& properties) {
  if (properties.auto_deploy.value_or(false) && properties.deployment_id) {
    return wire::fail(kBadRequest, "deploymentId cannot be set on a stage with autoDeploy");
  }
  return check_stage(properties);
}

}  // namespace

Answer<Stage> create_stage(ApiGateway& gateway, const Context& context,
                           CreateStageRequest request) {
  if (!request.stage_name || !is_stage_name(*request.stage_name)) {
    co_return wire::fail(
        kBadRequest, "A stage name is $default, or has letters, digits, hyphens and underscores");
  }
  if (auto checked = check_auto_deploy(request); !checked)
    co_return std::unexpected(checked.error());
  if (auto checked = check_tags(request.tags); !checked) co_return std::unexpected(checked.error());
  Stage fresh;
  fresh.stage_name = *request.stage_name;
  fresh.tags = request.tags;
  fresh.auto_deploy = false;
  fresh.default_route_settings = RouteSettings{};
  fresh.default_route_settings->detailed_metrics_enabled = false;
  fresh.route_settings.emplace();
  fresh.stage_variables.emplace();
  fresh.created_date = fresh.last_updated_date = timestamp_of(context.received);
  const Maybe<std::string> deployment_id = std::exchange(request.deployment_id, {});
  merge<StageProperties>(fresh, request);
  co_return co_await gateway.change(
      context, request.api_id,
      [fresh, deployment_id](store::Transaction& transaction, Change change) -> Answer<Stage> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return std::unexpected(std::move(api).error());
        const std::string key = keys::one<Stage>(change.scope, change.api_id, fresh.stage_name);
        auto existing = co_await find<Stage>(transaction, key);
        if (!existing) co_return std::unexpected(std::move(existing).error());
        if (*existing) co_return wire::fail(kConflict, "Stage already exists");
        Stage stage = fresh;
        auto deployed = co_await deploy_as_asked(transaction, change, stage, deployment_id);
        if (!deployed) co_return std::unexpected(std::move(deployed).error());
        put(transaction, key, stage);
        co_return stage;
      });
}

Answer<Stage> get_stage(ApiGateway& gateway, const Context& context, StageRequest request) {
  return read_one<Stage>(gateway, context.scope, std::move(request.api_id),
                         std::move(request.stage_name));
}

Answer<Page<Stage>> get_stages(ApiGateway& gateway, const Context& context, ListRequest request) {
  return read_page<Stage>(gateway, context.scope, std::move(request));
}

Answer<Stage> update_stage(ApiGateway& gateway, const Context& context,
                           UpdateStageRequest request) {
  if (auto checked = check_auto_deploy(request); !checked)
    co_return std::unexpected(checked.error());
  const Maybe<std::string> deployment_id = std::exchange(request.deployment_id, {});
  co_return co_await gateway.change(
      context, request.api_id,
      [request, deployment_id](store::Transaction& transaction, Change change) -> Answer<Stage> {
        auto stage =
            co_await require<Stage>(transaction, change.scope, change.api_id, request.stage_name);
        if (!stage) co_return stage;
        const bool was_automatic = stage->auto_deploy.value_or(false);
        merge<StageProperties>(*stage, request);
        stage->last_updated_date = timestamp_of(change.now);
        const bool automatic = stage->auto_deploy.value_or(false);
        if (automatic && deployment_id) {
          co_return wire::fail(kBadRequest,
                               "deploymentId cannot be set on a stage with autoDeploy");
        }
        if (deployment_id || (automatic && !was_automatic)) {
          auto deployed = co_await deploy_as_asked(transaction, change, *stage, deployment_id);
          if (!deployed) co_return std::unexpected(std::move(deployed).error());
        }
        put(transaction, keys::one<Stage>(change.scope, change.api_id, stage->stage_name), *stage);
        co_return stage;
      });
}

Answer<Empty> delete_stage(ApiGateway& gateway, const Context& context, StageRequest request) {
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto stage =
            co_await require<Stage>(transaction, change.scope, change.api_id, request.stage_name);
        if (!stage) co_return std::unexpected(std::move(stage).error());
        transaction.erase(keys::one<Stage>(change.scope, change.api_id, request.stage_name));
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
