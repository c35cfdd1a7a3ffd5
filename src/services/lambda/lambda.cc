#include "services/lambda/lambda.h"

#include "base/log.h"
#include "services/lambda/errors.h"
#include "services/lambda/known_operations.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kSigningNames[] = {"lambda"};

constexpr auto kOperations = api::operations<Lambda>(
    api::operation<create_function, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kCodeSigningConfigNotFound, kCodeVerificationFailed>(
        "CreateFunction", {"POST", "/2015-03-31/functions", 201}),
    api::operation<get_function, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetFunction", {"GET", "/2015-03-31/functions/{FunctionName}", 200}),
    api::operation<get_function_configuration, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetFunctionConfiguration",
        {"GET", "/2015-03-31/functions/{FunctionName}/configuration", 200}),
    api::operation<update_function_code, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kCodeSigningConfigNotFound, kPreconditionFailed,
                   kCodeVerificationFailed>(
        "UpdateFunctionCode", {"PUT", "/2015-03-31/functions/{FunctionName}/code", 200}),
    api::operation<update_function_configuration, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound, kCodeSigningConfigNotFound, kPreconditionFailed>(
        "UpdateFunctionConfiguration",
        {"PUT", "/2015-03-31/functions/{FunctionName}/configuration", 200}),
    api::operation<list_functions, kInvalidParameterValue, kService>(
        "ListFunctions", {"GET", "/2015-03-31/functions", 200}),
    api::operation<delete_function, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>("DeleteFunction",
                                      {"DELETE", "/2015-03-31/functions/{FunctionName}", 200}),
    api::operation<invoke, kInvalidRuntime, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kInvalidRequestContent, kTooManyRequests,
                   kRecursiveInvocation>(
        "Invoke", {"POST", "/2015-03-31/functions/{FunctionName}/invocations", 200}),
    api::operation<invoke_with_response_stream, kInvalidRuntime, kInvalidParameterValue,
                   kResourceConflict, kService, kResourceNotFound, kInvalidRequestContent,
                   kTooManyRequests, kRecursiveInvocation>(
        "InvokeWithResponseStream",
        {"POST", "/2021-11-15/functions/{FunctionName}/response-streaming-invocations", 200}),
    api::operation<invoke_async, kInvalidRuntime, kResourceConflict, kService, kResourceNotFound,
                   kInvalidRequestContent>(
        "InvokeAsync", {"POST", "/2014-11-13/functions/{FunctionName}/invoke-async", 202}),
    api::operation<publish_version, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kPreconditionFailed>(
        "PublishVersion", {"POST", "/2015-03-31/functions/{FunctionName}/versions", 201}),
    api::operation<list_versions_by_function, kInvalidParameterValue, kService, kResourceNotFound>(
        "ListVersionsByFunction", {"GET", "/2015-03-31/functions/{FunctionName}/versions", 200}),
    api::operation<create_alias, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>(
        "CreateAlias", {"POST", "/2015-03-31/functions/{FunctionName}/aliases", 201}),
    api::operation<get_alias, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetAlias", {"GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", 200}),
    api::operation<update_alias, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kPreconditionFailed>(
        "UpdateAlias", {"PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", 200}),
    api::operation<delete_alias, kInvalidParameterValue, kResourceConflict, kService>(
        "DeleteAlias", {"DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", 204}),
    api::operation<list_aliases, kInvalidParameterValue, kService, kResourceNotFound>(
        "ListAliases", {"GET", "/2015-03-31/functions/{FunctionName}/aliases", 200}),
    api::operation<add_permission, kInvalidParameterValue, kResourceConflict, kService,
                   kPolicyLengthExceeded, kResourceNotFound, kPreconditionFailed>(
        "AddPermission", {"POST", "/2015-03-31/functions/{FunctionName}/policy", 201}),
    api::operation<get_policy, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetPolicy", {"GET", "/2015-03-31/functions/{FunctionName}/policy", 200}),
    api::operation<remove_permission, kInvalidParameterValue, kService, kResourceNotFound,
                   kPreconditionFailed>(
        "RemovePermission",
        {"DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}", 204}),
    api::operation<get_account_settings, kService>("GetAccountSettings",
                                                   {"GET", "/2016-08-19/account-settings", 200}),
    api::operation<put_function_concurrency, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>(
        "PutFunctionConcurrency", {"PUT", "/2017-10-31/functions/{FunctionName}/concurrency", 200}),
    api::operation<get_function_concurrency, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetFunctionConcurrency", {"GET", "/2019-09-30/functions/{FunctionName}/concurrency", 200}),
    api::operation<delete_function_concurrency, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>(
        "DeleteFunctionConcurrency",
        {"DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", 204}),
    api::operation<put_function_event_invoke_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "PutFunctionEventInvokeConfig",
        {"PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 200}),
    api::operation<update_function_event_invoke_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "UpdateFunctionEventInvokeConfig",
        {"POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 200}),
    api::operation<get_function_event_invoke_config, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "GetFunctionEventInvokeConfig",
        {"GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 200}),
    api::operation<delete_function_event_invoke_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "DeleteFunctionEventInvokeConfig",
        {"DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 204}),
    api::operation<list_function_event_invoke_configs, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "ListFunctionEventInvokeConfigs",
        {"GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list", 200}),
    api::operation<put_provisioned_concurrency_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "PutProvisionedConcurrencyConfig",
        {"PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", 202}),
    api::operation<get_provisioned_concurrency_config, kInvalidParameterValue,
                   kProvisionedConcurrencyConfigNotFound, kService, kResourceNotFound>(
        "GetProvisionedConcurrencyConfig",
        {"GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", 200}),
    api::operation<delete_provisioned_concurrency_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "DeleteProvisionedConcurrencyConfig",
        {"DELETE", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", 204}),
    api::operation<list_provisioned_concurrency_configs, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "ListProvisionedConcurrencyConfigs",
        {"GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL", 200}),
    api::operation<put_function_recursion_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "PutFunctionRecursionConfig",
        {"PUT", "/2024-08-31/functions/{FunctionName}/recursion-config", 200}),
    api::operation<get_function_recursion_config, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "GetFunctionRecursionConfig",
        {"GET", "/2024-08-31/functions/{FunctionName}/recursion-config", 200}),
    api::operation<create_code_signing_config, kInvalidParameterValue, kService>(
        "CreateCodeSigningConfig", {"POST", "/2020-04-22/code-signing-configs", 201}),
    api::operation<get_code_signing_config, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetCodeSigningConfig",
        {"GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}", 200}),
    api::operation<update_code_signing_config, kInvalidParameterValue, kService, kResourceNotFound>(
        "UpdateCodeSigningConfig",
        {"PUT", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}", 200}),
    api::operation<delete_code_signing_config, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>(
        "DeleteCodeSigningConfig",
        {"DELETE", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}", 204}),
    api::operation<list_code_signing_configs, kInvalidParameterValue, kService>(
        "ListCodeSigningConfigs", {"GET", "/2020-04-22/code-signing-configs", 200}),
    api::operation<put_function_code_signing_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound, kCodeSigningConfigNotFound>(
        "PutFunctionCodeSigningConfig",
        {"PUT", "/2020-06-30/functions/{FunctionName}/code-signing-config", 200}),
    api::operation<get_function_code_signing_config, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "GetFunctionCodeSigningConfig",
        {"GET", "/2020-06-30/functions/{FunctionName}/code-signing-config", 200}),
    api::operation<delete_function_code_signing_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound, kCodeSigningConfigNotFound>(
        "DeleteFunctionCodeSigningConfig",
        {"DELETE", "/2020-06-30/functions/{FunctionName}/code-signing-config", 204}),
    api::operation<list_functions_by_code_signing_config, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "ListFunctionsByCodeSigningConfig",
        {"GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions", 200}),
    api::operation<put_runtime_management_config, kInvalidParameterValue, kResourceConflict,
                   kService, kResourceNotFound>(
        "PutRuntimeManagementConfig",
        {"PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config", 200}),
    api::operation<get_runtime_management_config, kInvalidParameterValue, kService,
                   kResourceNotFound>(
        "GetRuntimeManagementConfig",
        {"GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config", 200}),
    api::operation<create_function_url_config, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>("CreateFunctionUrlConfig",
                                      {"POST", "/2021-10-31/functions/{FunctionName}/url", 201}),
    api::operation<update_function_url_config, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>("UpdateFunctionUrlConfig",
                                      {"PUT", "/2021-10-31/functions/{FunctionName}/url", 200}),
    api::operation<get_function_url_config, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetFunctionUrlConfig", {"GET", "/2021-10-31/functions/{FunctionName}/url", 200}),
    api::operation<delete_function_url_config, kResourceConflict, kService, kResourceNotFound>(
        "DeleteFunctionUrlConfig", {"DELETE", "/2021-10-31/functions/{FunctionName}/url", 204}),
    api::operation<list_function_url_configs, kInvalidParameterValue, kService, kResourceNotFound>(
        "ListFunctionUrlConfigs", {"GET", "/2021-10-31/functions/{FunctionName}/urls", 200}),
    api::operation<publish_layer_version, kInvalidParameterValue, kService, kResourceNotFound,
                   kCodeStorageExceeded>("PublishLayerVersion",
                                         {"POST", "/2018-10-31/layers/{LayerName}/versions", 201}),
    api::operation<get_layer_version, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetLayerVersion", {"GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}", 200}),
    api::operation<get_layer_version_by_arn, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetLayerVersionByArn", {"GET", "/2018-10-31/layers?find=LayerVersion", 200}),
    api::operation<list_layers, kInvalidParameterValue, kService>(
        "ListLayers", {"GET", "/2018-10-31/layers", 200}),
    api::operation<list_layer_versions, kInvalidParameterValue, kService, kResourceNotFound>(
        "ListLayerVersions", {"GET", "/2018-10-31/layers/{LayerName}/versions", 200}),
    api::operation<delete_layer_version, kService>(
        "DeleteLayerVersion",
        {"DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}", 204}),
    api::operation<add_layer_version_permission, kInvalidParameterValue, kResourceConflict,
                   kService, kPolicyLengthExceeded, kResourceNotFound, kPreconditionFailed>(
        "AddLayerVersionPermission",
        {"POST", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy", 201}),
    api::operation<remove_layer_version_permission, kInvalidParameterValue, kService,
                   kResourceNotFound, kPreconditionFailed>(
        "RemoveLayerVersionPermission",
        {"DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}",
         204}),
    api::operation<get_layer_version_policy, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetLayerVersionPolicy",
        {"GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy", 200}),
    api::operation<create_event_source_mapping, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>("CreateEventSourceMapping",
                                      {"POST", "/2015-03-31/event-source-mappings", 202}),
    api::operation<get_event_source_mapping, kInvalidParameterValue, kService, kResourceNotFound>(
        "GetEventSourceMapping", {"GET", "/2015-03-31/event-source-mappings/{UUID}", 200}),
    api::operation<update_event_source_mapping, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kResourceInUse>(
        "UpdateEventSourceMapping", {"PUT", "/2015-03-31/event-source-mappings/{UUID}", 202}),
    api::operation<delete_event_source_mapping, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound, kResourceInUse>(
        "DeleteEventSourceMapping", {"DELETE", "/2015-03-31/event-source-mappings/{UUID}", 202}),
    api::operation<list_event_source_mappings, kInvalidParameterValue, kService, kResourceNotFound>(
        "ListEventSourceMappings", {"GET", "/2015-03-31/event-source-mappings", 200}),
    api::operation<tag_resource, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>("TagResource", {"POST", "/2017-03-31/tags/{Resource}", 204}),
    api::operation<untag_resource, kInvalidParameterValue, kResourceConflict, kService,
                   kResourceNotFound>("UntagResource",
                                      {"DELETE", "/2017-03-31/tags/{Resource}", 204}),
    api::operation<list_tags, kInvalidParameterValue, kService, kResourceNotFound>(
        "ListTags", {"GET", "/2017-03-31/tags/{Resource}", 200}));

}  // namespace

Lambda::Lambda(Options options_, Parts parts)
    : options(std::move(options_)),
      store(parts.store),
      clock(parts.clock),
      ids(parts.ids),
      runner(parts.runner),
      metrics(parts.metrics),
      public_host(options.public_endpoint),
      code(options.data_folder, options.zip),
      specs(code, hot_folders, parts.issuer, clock,
            [this](const VersionId& id, const std::string& revision) {
              runner.retire(id.scope, id.name, version_text(id.version), revision);
            }),
      lifecycle(store, specs, runner),
      provisioning(store, specs, runner),
      failed_events(store, clock, options.failed_events),
      invoker({store, clock, ids, specs, lifecycle, runner, failed_events, metrics}),
      async_events({store, clock, ids, invoker, metrics}, options.retry_pause),
      timers(parts.alarm, clock),
      event_sources({store, clock, timers, invoker, metrics, parts.records}),
      collector(store, clock, code),
      code_urls(store, clock, ids, code) {}

void Lambda::attach(work::WorkQueue& queue) {
  async_events.attach(queue, options.async_concurrency);
  collector.attach(queue);
}

base::Task<wire::Result<void>> Lambda::start() {
  if (auto swept = co_await collector.sweep(); !swept) co_return swept;
  if (auto resumed = co_await lifecycle.resume(); !resumed) co_return resumed;
  if (auto touched = co_await provisioning.touch_all(); !touched) co_return touched;
  co_return co_await event_sources.resume();
}

void Lambda::stopping() {
  async_events.stopping();
  event_sources.stopping();
}

base::Task<void> Lambda::stop() {
  co_await event_sources.stop();
  co_await failed_events.stop();
  co_await provisioning.stop();
  co_await lifecycle.stop();
}

api::Service make_service(Lambda& lambda) {
  return api::service(
      lambda,
      {.name = "lambda",
       .title = "AWS Lambda",
       .signing_names = kSigningNames,
       .model = "lambda",
       .facts = {.protocol = wire::Protocol::rest_json, .error_type = wire::ErrorTypeMember::send},
       .known = kKnownOperations},
      kOperations);
}

}  // namespace mayfly::lambda
