// The operations of Lambda, by file. lambda.cc makes the table of them.
#pragma once

#include "api/operation.h"
#include "services/lambda/errors.h"
#include "services/lambda/lambda.h"
#include "services/lambda/model/rows.h"
#include "services/lambda/shapes.h"
#include "services/lambda/shapes_code_signing.h"
#include "services/lambda/shapes_concurrency.h"
#include "services/lambda/shapes_event_sources.h"
#include "services/lambda/shapes_invoke.h"
#include "services/lambda/shapes_layers.h"
#include "services/lambda/shapes_policy.h"
#include "services/lambda/shapes_provisioned.h"
#include "services/lambda/shapes_settings.h"
#include "services/lambda/shapes_tags.h"
#include "services/lambda/shapes_urls.h"
#include "services/lambda/shapes_versions.h"

namespace mayfly::lambda {

template <class T>
using Answer = base::Task<wire::Result<T>>;
using Context = api::RequestContext;

// create_function.cc, update_function.cc, read_functions.cc, delete_function.cc
Answer<FunctionConfiguration> create_function(Lambda& lambda, const Context& context,
                                              CreateFunctionRequest request);
Answer<FunctionConfiguration> update_function_code(Lambda& lambda, const Context& context,
                                                   UpdateFunctionCodeRequest request);
Answer<FunctionConfiguration> update_function_configuration(
    Lambda& lambda, const Context& context, UpdateFunctionConfigurationRequest request);
Answer<GetFunctionResponse> get_function(Lambda& lambda, const Context& context,
                                         GetFunctionRequest request);
Answer<FunctionConfiguration> get_function_configuration(Lambda& lambda, const Context& context,
                                                         GetFunctionConfigurationRequest request);
Answer<ListFunctionsResponse> list_functions(Lambda& lambda, const Context& context,
                                             ListFunctionsRequest request);
Answer<GetAccountSettingsResponse> get_account_settings(Lambda& lambda, const Context& context,
                                                        GetAccountSettingsRequest request);
Answer<DeleteFunctionResponse> delete_function(Lambda& lambda, const Context& context,
                                               DeleteFunctionRequest request);

// invoke.cc
Answer<InvocationResponse> invoke(Lambda& lambda, const Context& context,
                                  InvocationRequest request);
Answer<http::Response> invoke_with_response_stream(Lambda& lambda, const Context& context,
                                                   InvokeWithResponseStreamRequest request);
Answer<InvokeAsyncResponse> invoke_async(Lambda& lambda, const Context& context,
                                         InvokeAsyncRequest request);

// event_source_mappings.cc
Answer<EventSourceMappingConfiguration> create_event_source_mapping(
    Lambda& lambda, const Context& context, CreateEventSourceMappingRequest request);
Answer<EventSourceMappingConfiguration> update_event_source_mapping(
    Lambda& lambda, const Context& context, UpdateEventSourceMappingRequest request);
Answer<EventSourceMappingConfiguration> get_event_source_mapping(
    Lambda& lambda, const Context& context, GetEventSourceMappingRequest request);
Answer<EventSourceMappingConfiguration> delete_event_source_mapping(
    Lambda& lambda, const Context& context, DeleteEventSourceMappingRequest request);
Answer<ListEventSourceMappingsResponse> list_event_source_mappings(
    Lambda& lambda, const Context& context, ListEventSourceMappingsRequest request);

// versions.cc, aliases.cc
Answer<FunctionConfiguration> publish_version(Lambda& lambda, const Context& context,
                                              PublishVersionRequest request);
Answer<ListVersionsByFunctionResponse> list_versions_by_function(
    Lambda& lambda, const Context& context, ListVersionsByFunctionRequest request);
Answer<AliasConfiguration> create_alias(Lambda& lambda, const Context& context,
                                        CreateAliasRequest request);
Answer<AliasConfiguration> get_alias(Lambda& lambda, const Context& context,
                                     GetAliasRequest request);
Answer<AliasConfiguration> update_alias(Lambda& lambda, const Context& context,
                                        UpdateAliasRequest request);
Answer<void> delete_alias(Lambda& lambda, const Context& context, DeleteAliasRequest request);
Answer<ListAliasesResponse> list_aliases(Lambda& lambda, const Context& context,
                                         ListAliasesRequest request);

// permissions.cc
Answer<AddPermissionResponse> add_permission(Lambda& lambda, const Context& context,
                                             AddPermissionRequest request);
Answer<GetPolicyResponse> get_policy(Lambda& lambda, const Context& context,
                                     GetPolicyRequest request);
Answer<void> remove_permission(Lambda& lambda, const Context& context,
                               RemovePermissionRequest request);

// layers.cc, layer_permissions.cc
Answer<PublishLayerVersionResponse> publish_layer_version(Lambda& lambda, const Context& context,
                                                          PublishLayerVersionRequest request);
Answer<GetLayerVersionResponse> get_layer_version(Lambda& lambda, const Context& context,
                                                  GetLayerVersionRequest request);
Answer<GetLayerVersionResponse> get_layer_version_by_arn(Lambda& lambda, const Context& context,
                                                         GetLayerVersionByArnRequest request);
Answer<ListLayersResponse> list_layers(Lambda& lambda, const Context& context,
                                       ListLayersRequest request);
Answer<ListLayerVersionsResponse> list_layer_versions(Lambda& lambda, const Context& context,
                                                      ListLayerVersionsRequest request);
Answer<void> delete_layer_version(Lambda& lambda, const Context& context,
                                  DeleteLayerVersionRequest request);
Answer<AddLayerVersionPermissionResponse> add_layer_version_permission(
    Lambda& lambda, const Context& context, AddLayerVersionPermissionRequest request);
Answer<GetLayerVersionPolicyResponse> get_layer_version_policy(
    Lambda& lambda, const Context& context, GetLayerVersionPolicyRequest request);
Answer<void> remove_layer_version_permission(Lambda& lambda, const Context& context,
                                             RemoveLayerVersionPermissionRequest request);

// concurrency.cc, event_invoke_config.cc
Answer<Concurrency> put_function_concurrency(Lambda& lambda, const Context& context,
                                             PutFunctionConcurrencyRequest request);
Answer<GetFunctionConcurrencyResponse> get_function_concurrency(
    Lambda& lambda, const Context& context, GetFunctionConcurrencyRequest request);
Answer<void> delete_function_concurrency(Lambda& lambda, const Context& context,
                                         DeleteFunctionConcurrencyRequest request);
Answer<FunctionEventInvokeConfig> put_function_event_invoke_config(
    Lambda& lambda, const Context& context, PutFunctionEventInvokeConfigRequest request);
Answer<FunctionEventInvokeConfig> update_function_event_invoke_config(
    Lambda& lambda, const Context& context, UpdateFunctionEventInvokeConfigRequest request);
Answer<FunctionEventInvokeConfig> get_function_event_invoke_config(
    Lambda& lambda, const Context& context, GetFunctionEventInvokeConfigRequest request);
Answer<void> delete_function_event_invoke_config(Lambda& lambda, const Context& context,
                                                 DeleteFunctionEventInvokeConfigRequest request);
Answer<ListFunctionEventInvokeConfigsResponse> list_function_event_invoke_configs(
    Lambda& lambda, const Context& context, ListFunctionEventInvokeConfigsRequest request);

// provisioned_concurrency.cc
Answer<ProvisionedConcurrencyConfig> put_provisioned_concurrency_config(
    Lambda& lambda, const Context& context, PutProvisionedConcurrencyConfigRequest request);
Answer<ProvisionedConcurrencyConfig> get_provisioned_concurrency_config(
    Lambda& lambda, const Context& context, GetProvisionedConcurrencyConfigRequest request);
Answer<void> delete_provisioned_concurrency_config(
    Lambda& lambda, const Context& context, DeleteProvisionedConcurrencyConfigRequest request);
Answer<ListProvisionedConcurrencyConfigsResponse> list_provisioned_concurrency_configs(
    Lambda& lambda, const Context& context, ListProvisionedConcurrencyConfigsRequest request);

// code_signing.cc
Answer<CreateCodeSigningConfigResponse> create_code_signing_config(
    Lambda& lambda, const Context& context, CreateCodeSigningConfigRequest request);
Answer<GetCodeSigningConfigResponse> get_code_signing_config(Lambda& lambda, const Context& context,
                                                             GetCodeSigningConfigRequest request);
Answer<UpdateCodeSigningConfigResponse> update_code_signing_config(
    Lambda& lambda, const Context& context, UpdateCodeSigningConfigRequest request);
Answer<DeleteCodeSigningConfigResponse> delete_code_signing_config(
    Lambda& lambda, const Context& context, DeleteCodeSigningConfigRequest request);
Answer<ListCodeSigningConfigsResponse> list_code_signing_configs(
    Lambda& lambda, const Context& context, ListCodeSigningConfigsRequest request);
Answer<PutFunctionCodeSigningConfigResponse> put_function_code_signing_config(
    Lambda& lambda, const Context& context, PutFunctionCodeSigningConfigRequest request);
Answer<GetFunctionCodeSigningConfigResponse> get_function_code_signing_config(
    Lambda& lambda, const Context& context, GetFunctionCodeSigningConfigRequest request);
Answer<void> delete_function_code_signing_config(Lambda& lambda, const Context& context,
                                                 DeleteFunctionCodeSigningConfigRequest request);
Answer<ListFunctionsByCodeSigningConfigResponse> list_functions_by_code_signing_config(
    Lambda& lambda, const Context& context, ListFunctionsByCodeSigningConfigRequest request);

// settings.cc
Answer<PutRuntimeManagementConfigResponse> put_runtime_management_config(
    Lambda& lambda, const Context& context, PutRuntimeManagementConfigRequest request);
Answer<GetRuntimeManagementConfigResponse> get_runtime_management_config(
    Lambda& lambda, const Context& context, GetRuntimeManagementConfigRequest request);
Answer<FunctionRecursionConfig> put_function_recursion_config(
    Lambda& lambda, const Context& context, PutFunctionRecursionConfigRequest request);
Answer<FunctionRecursionConfig> get_function_recursion_config(
    Lambda& lambda, const Context& context, GetFunctionRecursionConfigRequest request);

// function_urls.cc
Answer<CreateFunctionUrlConfigResponse> create_function_url_config(
    Lambda& lambda, const Context& context, CreateFunctionUrlConfigRequest request);
Answer<FunctionUrlConfig> update_function_url_config(Lambda& lambda, const Context& context,
                                                     UpdateFunctionUrlConfigRequest request);
Answer<FunctionUrlConfig> get_function_url_config(Lambda& lambda, const Context& context,
                                                  GetFunctionUrlConfigRequest request);
Answer<void> delete_function_url_config(Lambda& lambda, const Context& context,
                                        DeleteFunctionUrlConfigRequest request);
Answer<ListFunctionUrlConfigsResponse> list_function_url_configs(
    Lambda& lambda, const Context& context, ListFunctionUrlConfigsRequest request);

// tags.cc
Answer<void> tag_resource(Lambda& lambda, const Context& context, TagResourceRequest request);
Answer<void> untag_resource(Lambda& lambda, const Context& context, UntagResourceRequest request);
Answer<ListTagsResponse> list_tags(Lambda& lambda, const Context& context, ListTagsRequest request);

// ---- shared by several files
// -------------------------------------------------------------------------

// The address at which the client reached us, so that it can reach us there again.
std::string origin_of(const http::Request& request);

// The package of a request: checked and kept. DryRun keeps nothing.
enum class Keep { yes, no };
struct CodeSource {
  std::optional<wire::Blob> zip_file;
  std::optional<std::string> s3_bucket, s3_key, image_uri;
  std::string architecture;  // of an image
};
struct TakenCode {
  CodePackage package;
  std::optional<ImageRow> image;
};
void use(VersionRow& row, const TakenCode& code);
base::Task<wire::Result<TakenCode>> take_code(Lambda& lambda, CodeSource source,
                                              std::string_view operation, Keep keep);

// Gives the version the layers of a request, where it names some; then the limit on all that is
// unpacked for it. In the caller's transaction.
base::Task<wire::Result<void>> place_layers(Lambda& lambda, store::Transaction& transaction,
                                            base::Scope scope,
                                            std::optional<std::vector<std::string>> layers,
                                            VersionRow& row);

// Copies $LATEST into the next version, in the caller's transaction; or, where nothing changed
// since the last one was published, gives that one. True: it is new, and lifecycle.begin() has to
// follow the commit.
struct Published {
  std::uint64_t version = 0;
  VersionRow row;
  bool is_new = false;
};
base::Task<wire::Result<Published>> publish(store::Transaction& transaction, Lambda& lambda,
                                            base::Scope scope, std::string name,
                                            FunctionRow function, VersionRow latest,
                                            std::optional<std::string> description);

// Whether a package may be deployed under that code signing configuration (empty: none), in the
// caller's transaction. No signer is trusted here, so with Enforce it may not.
base::Task<wire::Result<void>> check_signature(store::Transaction& transaction, base::Scope scope,
                                               std::string config_arn);

// The URL of that function or alias, in the caller's transaction; false where it has none.
base::Task<wire::Result<bool>> erase_url(store::Transaction& transaction, base::Scope scope,
                                         Target target);
// All URLs of a function and of its aliases.
base::Task<wire::Result<void>> erase_urls(store::Transaction& transaction, base::Scope scope,
                                          std::string name);

// An update while another is on its way: ResourceConflictException.
wire::Result<void> check_settled(const base::Scope& scope, const std::string& name,
                                 const VersionRow& row);
wire::Result<void> check_revision(const std::optional<std::string>& given,
                                  const std::string& current);

}  // namespace mayfly::lambda
