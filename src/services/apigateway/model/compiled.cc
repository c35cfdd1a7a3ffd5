#include "services/apigateway/model/compiled.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/apigateway/model/cors.h"
#include "services/apigateway/model/repository.h"

namespace mayfly::apigateway {
namespace {

constexpr std::string_view kTargetPrefix = "integrations/";

std::optional<std::chrono::milliseconds> timeout_of(
    const Integration& integration, std::optional<std::chrono::milliseconds> limit) {
  if (!integration.timeout_in_millis) return limit;
  const std::chrono::milliseconds own{*integration.timeout_in_millis};
  return limit ? std::min(own, *limit) : own;
}

CompiledIntegration compile_integration(const Integration& integration, const Stage& stage,
                                        std::optional<std::chrono::milliseconds> limit) {
  CompiledIntegration out;
  const std::string uri =
      fill_stage_variables(integration.integration_uri.value_or(""),
                           stage.stage_variables.value_or(std::map<std::string, std::string>{}));
  out.timeout = timeout_of(integration, limit);
  if (integration.integration_type == "AWS_PROXY") {
    auto function = parse_function_uri(uri);
    if (!function) {
      out.problem = std::move(function).error();
      return out;
    }
    out.kind = CompiledIntegration::Kind::function;
    out.function = std::move(*function);
    out.format =
        integration.payload_format_version == "1.0" ? PayloadFormat::v1 : PayloadFormat::v2;
  } else {
    auto http = parse_http_uri(uri);
    if (!http) {
      out.problem = std::move(http).error();
      return out;
    }
    out.kind = CompiledIntegration::Kind::http;
    out.http = std::move(*http);
    out.http_method = integration.integration_method.value_or("ANY");
  }
  return out;
}

std::shared_ptr<const CompiledAuthorizer> compile_authorizer(const Authorizer& authorizer) {
  auto out = std::make_shared<CompiledAuthorizer>();
  out->settings = authorizer;
  if (authorizer.authorizer_type == "REQUEST") {
    // Checked when it was made; an ARN with stage variables that lead nowhere leaves it empty.
    out->function = parse_function_uri(authorizer.authorizer_uri.value_or("")).value_or("");
    out->format = authorizer.authorizer_payload_format_version == "1.0" ? PayloadFormat::v1
                                                                        : PayloadFormat::v2;
  }
  return out;
}

std::shared_ptr<Throttle> compile_throttle(const Stage& stage, const std::string& route_key) {
  Maybe<RouteSettings> settings = stage.default_route_settings;
  if (stage.route_settings) {
    const auto own = stage.route_settings->find(route_key);
    if (own != stage.route_settings->end()) settings = own->second;
  }
  if (!settings || !settings->throttling_rate_limit) return nullptr;
  const double burst = settings->throttling_burst_limit
                           ? static_cast<double>(*settings->throttling_burst_limit)
                           : std::max(1.0, *settings->throttling_rate_limit);
  return std::make_shared<Throttle>(*settings->throttling_rate_limit, burst);
}

// arn:aws:execute-api:region:account:api/stage/METHOD/path, as AWS builds it for permissions.
std::string route_arn(const base::Scope& scope, std::string_view api_id, std::string_view stage,
                      const RouteKey& key) {
  if (key.is_default()) {
    return scope.arn("execute-api", fmt::format("{}/{}/{}", api_id, stage, kDefaultRoute));
  }
  const std::string_view method = key.method == kAnyMethod ? "*" : std::string_view(key.method);
  return scope.arn("execute-api", fmt::format("{}/{}/{}{}", api_id, stage, method, key.path));
}

template <class T>
const T* by_id(const std::vector<T>& resources, std::string T::* id, std::string_view wanted) {
  const auto found = std::ranges::find(resources, wanted, id);
  return found == resources.end() ? nullptr : &*found;
}

}  // namespace

CompiledStage compile_stage(const base::Scope& scope, std::string_view api_id, const Stage& stage,
                            const Snapshot& snapshot,
                            std::optional<std::chrono::milliseconds> timeout_limit) {
  CompiledStage out;
  out.name = stage.stage_name;
  out.variables = stage.stage_variables.value_or(std::map<std::string, std::string>{});
  if (snapshot.cors) out.cors = rules_of(*snapshot.cors);
  out.disabled = snapshot.disable_execute_api_endpoint;
  std::map<std::string, std::shared_ptr<const CompiledAuthorizer>> authorizers;
  for (const Authorizer& authorizer : snapshot.authorizers) {
    authorizers[authorizer.authorizer_id] = compile_authorizer(authorizer);
  }
  for (const Route& route : snapshot.routes) {
    const std::string key_text = route.route_key.value_or("");
    const auto key = RouteKey::parse(key_text);
    if (!key) continue;  // cannot be: it was checked when it was made
    CompiledRoute compiled;
    compiled.key = key_text;
    compiled.path = key->is_default() ? std::string(kDefaultRoute) : key->path;
    compiled.arn = route_arn(scope, api_id, stage.stage_name, *key);
    compiled.authorization = route.authorization_type.value_or("NONE");
    compiled.scopes = route.authorization_scopes.value_or(Strings{});
    compiled.throttle = compile_throttle(stage, key_text);
    if (route.authorizer_id) compiled.authorizer = authorizers[*route.authorizer_id];
    const std::string target = route.target.value_or("");
    if (target.starts_with(kTargetPrefix)) {
      const Integration* integration = by_id(snapshot.integrations, &Integration::integration_id,
                                             std::string_view(target).substr(kTargetPrefix.size()));
      if (integration != nullptr) {
        compiled.integration = compile_integration(*integration, stage, timeout_limit);
      }
    }
    out.table.add(*key, out.routes.size());
    out.routes.push_back(std::move(compiled));
  }
  return out;
}

base::Task<wire::Result<std::shared_ptr<const CompiledApi>>> load_api(
    store::Store& store, std::string api_id,
    std::optional<std::chrono::milliseconds> timeout_limit) {
  using Loaded = std::shared_ptr<const CompiledApi>;
  // Only reads, of one snapshot: nothing to commit.
  const std::unique_ptr<store::Transaction> transaction = store.begin();
  auto scope_bytes = co_await transaction->get(keys::api_scope(api_id));
  if (!scope_bytes) co_return store_failure(std::move(scope_bytes).error());
  if (!*scope_bytes) co_return Loaded{};
  const std::optional<base::Scope> scope = keys::decode_scope(**scope_bytes);
  if (!scope) co_return corrupt(keys::api_scope(api_id));

  auto api = std::make_shared<CompiledApi>();
  api->scope = *scope;
  api->api_id = api_id;
  auto stages = co_await find_all<Stage>(*transaction, keys::of_api<Stage>(*scope, api_id));
  if (!stages) co_return std::unexpected(std::move(stages).error());
  for (const Stage& stage : *stages) {
    if (!stage.deployment_id) continue;
    auto snapshot = co_await find<Snapshot>(
        *transaction, keys::one<Snapshot>(*scope, api_id, *stage.deployment_id));
    if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
    if (!*snapshot) continue;
    api->stages.emplace(stage.stage_name,
                        compile_stage(*scope, api_id, stage, **snapshot, timeout_limit));
  }
  co_return Loaded{std::move(api)};
}

}  // namespace mayfly::apigateway
