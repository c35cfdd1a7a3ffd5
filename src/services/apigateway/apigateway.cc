#include "services/apigateway/apigateway.h"

#include <fmt/format.h>

#include "services/apigateway/errors.h"
#include "services/apigateway/known_operations.h"
#include "services/apigateway/operations/operations.h"

namespace mayfly::apigateway {
namespace {

using api::operation;

constexpr auto kOperations = api::operations<ApiGateway>(
    operation<create_api, kBadRequest, kConflict, kNotFound>("CreateApi",
                                                             {"POST", "/v2/apis", 201}),
    operation<get_api, kNotFound>("GetApi", {"GET", "/v2/apis/{apiId}", 200}),
    operation<get_apis, kBadRequest>("GetApis", {"GET", "/v2/apis", 200}),
    operation<update_api, kBadRequest, kNotFound>("UpdateApi", {"PATCH", "/v2/apis/{apiId}", 200}),
    operation<delete_api, kNotFound>("DeleteApi", {"DELETE", "/v2/apis/{apiId}", 204}),
    operation<delete_cors_configuration, kNotFound>("DeleteCorsConfiguration",
                                                    {"DELETE", "/v2/apis/{apiId}/cors", 204}),

    operation<create_route, kBadRequest, kConflict, kNotFound, kTooManyRequests>(
        "CreateRoute", {"POST", "/v2/apis/{apiId}/routes", 201}),
    operation<get_route, kNotFound>("GetRoute", {"GET", "/v2/apis/{apiId}/routes/{routeId}", 200}),
    operation<get_routes, kBadRequest, kNotFound>("GetRoutes",
                                                  {"GET", "/v2/apis/{apiId}/routes", 200}),
    operation<update_route, kBadRequest, kConflict, kNotFound>(
        "UpdateRoute", {"PATCH", "/v2/apis/{apiId}/routes/{routeId}", 200}),
    operation<delete_route, kNotFound>("DeleteRoute",
                                       {"DELETE", "/v2/apis/{apiId}/routes/{routeId}", 204}),

    operation<create_integration, kBadRequest, kNotFound, kTooManyRequests>(
        "CreateIntegration", {"POST", "/v2/apis/{apiId}/integrations", 201}),
    operation<get_integration, kNotFound>(
        "GetIntegration", {"GET", "/v2/apis/{apiId}/integrations/{integrationId}", 200}),
    operation<get_integrations, kBadRequest, kNotFound>(
        "GetIntegrations", {"GET", "/v2/apis/{apiId}/integrations", 200}),
    operation<update_integration, kBadRequest, kNotFound>(
        "UpdateIntegration", {"PATCH", "/v2/apis/{apiId}/integrations/{integrationId}", 200}),
    operation<delete_integration, kNotFound>(
        "DeleteIntegration", {"DELETE", "/v2/apis/{apiId}/integrations/{integrationId}", 204}),

    operation<create_authorizer, kBadRequest, kConflict, kNotFound>(
        "CreateAuthorizer", {"POST", "/v2/apis/{apiId}/authorizers", 201}),
    operation<get_authorizer, kNotFound>(
        "GetAuthorizer", {"GET", "/v2/apis/{apiId}/authorizers/{authorizerId}", 200}),
    operation<get_authorizers, kBadRequest, kNotFound>(
        "GetAuthorizers", {"GET", "/v2/apis/{apiId}/authorizers", 200}),
    operation<update_authorizer, kBadRequest, kNotFound>(
        "UpdateAuthorizer", {"PATCH", "/v2/apis/{apiId}/authorizers/{authorizerId}", 200}),
    operation<delete_authorizer, kNotFound>(
        "DeleteAuthorizer", {"DELETE", "/v2/apis/{apiId}/authorizers/{authorizerId}", 204}),

    operation<create_stage, kBadRequest, kConflict, kNotFound>(
        "CreateStage", {"POST", "/v2/apis/{apiId}/stages", 201}),
    operation<get_stage, kNotFound>("GetStage",
                                    {"GET", "/v2/apis/{apiId}/stages/{stageName}", 200}),
    operation<get_stages, kBadRequest, kNotFound>("GetStages",
                                                  {"GET", "/v2/apis/{apiId}/stages", 200}),
    operation<update_stage, kBadRequest, kNotFound>(
        "UpdateStage", {"PATCH", "/v2/apis/{apiId}/stages/{stageName}", 200}),
    operation<delete_stage, kNotFound>("DeleteStage",
                                       {"DELETE", "/v2/apis/{apiId}/stages/{stageName}", 204}),

    operation<create_deployment, kBadRequest, kNotFound>(
        "CreateDeployment", {"POST", "/v2/apis/{apiId}/deployments", 201}),
    operation<get_deployment, kNotFound>(
        "GetDeployment", {"GET", "/v2/apis/{apiId}/deployments/{deploymentId}", 200}),
    operation<get_deployments, kBadRequest, kNotFound>(
        "GetDeployments", {"GET", "/v2/apis/{apiId}/deployments", 200}),
    operation<update_deployment, kBadRequest, kNotFound>(
        "UpdateDeployment", {"PATCH", "/v2/apis/{apiId}/deployments/{deploymentId}", 200}),
    operation<delete_deployment, kNotFound>(
        "DeleteDeployment", {"DELETE", "/v2/apis/{apiId}/deployments/{deploymentId}", 204}),

    operation<get_tags, kBadRequest, kNotFound>("GetTags", {"GET", "/v2/tags/{resource-arn}", 200}),
    operation<tag_resource, kBadRequest, kNotFound>("TagResource",
                                                    {"POST", "/v2/tags/{resource-arn}", 201}),
    operation<untag_resource, kBadRequest, kNotFound>("UntagResource",
                                                      {"DELETE", "/v2/tags/{resource-arn}", 204}));

constexpr std::string_view kSigningNames[] = {"apigateway"};

}  // namespace

ApiGateway::ApiGateway(store::Store& store, const base::Clock& clock, base::Ids& ids,
                       ports::FunctionInvoker& invoker, http::Client& client, Settings settings)
    : store_(store),
      clock_(clock),
      ids_(ids),
      invoker_(invoker),
      client_(client),
      settings_(std::move(settings)),
      host_(settings_.public_endpoint) {}

std::string ApiGateway::domain_of(std::string_view api_id) const {
  return host_.domain(fmt::format("{}.execute-api", api_id));
}

std::string ApiGateway::endpoint_of(std::string_view api_id) const {
  return host_.url(fmt::format("{}.execute-api", api_id));
}

api::Service make_service(ApiGateway& gateway) {
  return api::service(gateway,
                      {.name = "apigateway",
                       .title = "Amazon API Gateway (HTTP APIs)",
                       .signing_names = kSigningNames,
                       .model = "apigatewayv2",
                       .facts = {.protocol = wire::Protocol::rest_json, .validation = &kBadRequest},
                       .known = kKnownOperations},
                      kOperations);
}

}  // namespace mayfly::apigateway
