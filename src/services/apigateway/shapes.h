// The structs of the API Gateway v2 API. Resources (Api, Route, ...) are also what is stored.
//
// What a client may set is in an XxxProperties struct, all of it optional, which requests,
// resources and updates share: merge() copies what is set. Names are those of the wire ("apiId"),
// which begin with a small letter in this API.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "wire/shape.h"

namespace mayfly::apigateway {

using Tags = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;
template <class T>
using Maybe = std::optional<T>;

// Copies every member of the properties that is set.
template <class Properties>
void merge(Properties& into, Properties from) {
  std::apply(
      [&](const auto&... fields) {
        (((from.*fields.member()) ? (void)(into.*fields.member() = std::move(from.*fields.member()))
                                  : void()),
         ...);
      },
      Properties::shape());
}

// ---- APIs ---------------------------------------------------------------------------------------

struct Cors {
  Maybe<bool> allow_credentials;
  Maybe<Strings> allow_headers, allow_methods, allow_origins, expose_headers;
  Maybe<std::int32_t> max_age;
  static constexpr auto shape() {
    using Self = Cors;
    return std::tuple{wire::field("allowCredentials", &Self::allow_credentials),
                      wire::field("allowHeaders", &Self::allow_headers),
                      wire::field("allowMethods", &Self::allow_methods),
                      wire::field("allowOrigins", &Self::allow_origins),
                      wire::field("exposeHeaders", &Self::expose_headers),
                      wire::field("maxAge", &Self::max_age)};
  }
};

struct ApiProperties {
  Maybe<std::string> name, description, version;
  Maybe<std::string> route_selection_expression, api_key_selection_expression, ip_address_type;
  Maybe<Cors> cors_configuration;
  Maybe<bool> disable_schema_validation, disable_execute_api_endpoint;
  static constexpr auto shape() {
    using Self = ApiProperties;
    return std::tuple{
        wire::field("name", &Self::name),
        wire::field("description", &Self::description),
        wire::field("version", &Self::version),
        wire::field("routeSelectionExpression", &Self::route_selection_expression),
        wire::field("apiKeySelectionExpression", &Self::api_key_selection_expression),
        wire::field("ipAddressType", &Self::ip_address_type),
        wire::field("corsConfiguration", &Self::cors_configuration),
        wire::field("disableSchemaValidation", &Self::disable_schema_validation),
        wire::field("disableExecuteApiEndpoint", &Self::disable_execute_api_endpoint)};
  }
};

struct Api : ApiProperties {
  std::string api_id, protocol_type;
  Maybe<std::string> api_endpoint;  // made when answering: it follows the daemon's address
  Maybe<bool> api_gateway_managed;
  wire::Timestamp created_date;
  Tags tags;
  static constexpr auto shape() {
    using Self = Api;
    return std::tuple_cat(ApiProperties::shape(),
                          std::tuple{wire::field("apiId", &Self::api_id),
                                     wire::field("protocolType", &Self::protocol_type),
                                     wire::field("apiEndpoint", &Self::api_endpoint),
                                     wire::field("apiGatewayManaged", &Self::api_gateway_managed),
                                     wire::field("createdDate", &Self::created_date)
                                         .timestamp(wire::TimestampFormat::iso8601),
                                     wire::field("tags", &Self::tags)});
  }
};

struct CreateApiRequest : ApiProperties {
  Maybe<std::string> protocol_type, target, route_key, credentials_arn;
  Tags tags;
  static constexpr auto shape() {
    using Self = CreateApiRequest;
    return std::tuple_cat(
        ApiProperties::shape(),
        std::tuple{wire::field("protocolType", &Self::protocol_type),
                   wire::field("target", &Self::target), wire::field("routeKey", &Self::route_key),
                   wire::field("credentialsArn", &Self::credentials_arn),
                   wire::field("tags", &Self::tags)});
  }
};

struct UpdateApiRequest : ApiProperties {
  std::string api_id;
  Maybe<std::string> target, route_key, credentials_arn;
  static constexpr auto shape() {
    using Self = UpdateApiRequest;
    return std::tuple_cat(
        ApiProperties::shape(),
        std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                   wire::field("target", &Self::target), wire::field("routeKey", &Self::route_key),
                   wire::field("credentialsArn", &Self::credentials_arn)});
  }
};

// Names one API: GetApi, DeleteApi, DeleteCorsConfiguration.
struct ApiRequest {
  std::string api_id;
  static constexpr auto shape() {
    return std::tuple{wire::field("apiId", &ApiRequest::api_id).required().in(wire::Place::path)};
  }
};

struct GetApisRequest {
  Maybe<std::string> max_results, next_token;
  static constexpr auto shape() {
    using Self = GetApisRequest;
    return std::tuple{wire::field("maxResults", &Self::max_results).in(wire::Place::query),
                      wire::field("nextToken", &Self::next_token).in(wire::Place::query)};
  }
};

// The list operations below an API: routes, integrations, stages, deployments, authorizers.
struct ListRequest {
  std::string api_id;
  Maybe<std::string> max_results, next_token;
  static constexpr auto shape() {
    using Self = ListRequest;
    return std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                      wire::field("maxResults", &Self::max_results).in(wire::Place::query),
                      wire::field("nextToken", &Self::next_token).in(wire::Place::query)};
  }
};

template <class T>
struct Page {
  std::vector<T> items;
  Maybe<std::string> next_token;
  static constexpr auto shape() {
    return std::tuple{wire::field("items", &Page::items),
                      wire::field("nextToken", &Page::next_token)};
  }
};

// ---- routes -------------------------------------------------------------------------------------

struct ParameterConstraints {
  Maybe<bool> required;
  static constexpr auto shape() {
    return std::tuple{wire::field("required", &ParameterConstraints::required)};
  }
};

struct RouteProperties {
  Maybe<std::string> route_key, target, authorization_type, authorizer_id, operation_name;
  Maybe<std::string> model_selection_expression, route_response_selection_expression;
  Maybe<bool> api_key_required;
  Maybe<Strings> authorization_scopes;
  Maybe<std::map<std::string, std::string>> request_models;
  Maybe<std::map<std::string, ParameterConstraints>> request_parameters;
  static constexpr auto shape() {
    using Self = RouteProperties;
    return std::tuple{
        wire::field("routeKey", &Self::route_key),
        wire::field("target", &Self::target),
        wire::field("authorizationType", &Self::authorization_type),
        wire::field("authorizerId", &Self::authorizer_id),
        wire::field("operationName", &Self::operation_name),
        wire::field("modelSelectionExpression", &Self::model_selection_expression),
        wire::field("routeResponseSelectionExpression", &Self::route_response_selection_expression),
        wire::field("apiKeyRequired", &Self::api_key_required),
        wire::field("authorizationScopes", &Self::authorization_scopes),
        wire::field("requestModels", &Self::request_models),
        wire::field("requestParameters", &Self::request_parameters)};
  }
};

struct Route : RouteProperties {
  std::string route_id;
  Maybe<bool> api_gateway_managed;
  static constexpr auto shape() {
    return std::tuple_cat(
        RouteProperties::shape(),
        std::tuple{wire::field("routeId", &Route::route_id),
                   wire::field("apiGatewayManaged", &Route::api_gateway_managed)});
  }
};

struct CreateRouteRequest : RouteProperties {
  std::string api_id;
  static constexpr auto shape() {
    return std::tuple_cat(
        RouteProperties::shape(),
        std::tuple{
            wire::field("apiId", &CreateRouteRequest::api_id).required().in(wire::Place::path)});
  }
};

struct UpdateRouteRequest : RouteProperties {
  std::string api_id, route_id;
  static constexpr auto shape() {
    using Self = UpdateRouteRequest;
    return std::tuple_cat(
        RouteProperties::shape(),
        std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                   wire::field("routeId", &Self::route_id).required().in(wire::Place::path)});
  }
};

struct RouteRequest {
  std::string api_id, route_id;
  static constexpr auto shape() {
    using Self = RouteRequest;
    return std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                      wire::field("routeId", &Self::route_id).required().in(wire::Place::path)};
  }
};

// ---- integrations -------------------------------------------------------------------------------

struct TlsConfig {
  Maybe<std::string> server_name_to_verify;
  static constexpr auto shape() {
    return std::tuple{wire::field("serverNameToVerify", &TlsConfig::server_name_to_verify)};
  }
};

struct IntegrationProperties {
  Maybe<std::string> integration_type, integration_uri, integration_method, integration_subtype;
  Maybe<std::string> payload_format_version, description, connection_id, connection_type,
      credentials_arn;
  Maybe<std::string> content_handling_strategy, passthrough_behavior, template_selection_expression;
  Maybe<std::int32_t> timeout_in_millis;
  Maybe<std::map<std::string, std::string>> request_parameters, request_templates;
  Maybe<std::map<std::string, std::map<std::string, std::string>>> response_parameters;
  Maybe<TlsConfig> tls_config;
  static constexpr auto shape() {
    using Self = IntegrationProperties;
    return std::tuple{
        wire::field("integrationType", &Self::integration_type),
        wire::field("integrationUri", &Self::integration_uri),
        wire::field("integrationMethod", &Self::integration_method),
        wire::field("integrationSubtype", &Self::integration_subtype),
        wire::field("payloadFormatVersion", &Self::payload_format_version),
        wire::field("description", &Self::description),
        wire::field("connectionId", &Self::connection_id),
        wire::field("connectionType", &Self::connection_type),
        wire::field("credentialsArn", &Self::credentials_arn),
        wire::field("contentHandlingStrategy", &Self::content_handling_strategy),
        wire::field("passthroughBehavior", &Self::passthrough_behavior),
        wire::field("templateSelectionExpression", &Self::template_selection_expression),
        wire::field("timeoutInMillis", &Self::timeout_in_millis),
        wire::field("requestParameters", &Self::request_parameters),
        wire::field("requestTemplates", &Self::request_templates),
        wire::field("responseParameters", &Self::response_parameters),
        wire::field("tlsConfig", &Self::tls_config)};
  }
};

struct Integration : IntegrationProperties {
  std::string integration_id;
  Maybe<bool> api_gateway_managed;
  static constexpr auto shape() {
    return std::tuple_cat(
        IntegrationProperties::shape(),
        std::tuple{wire::field("integrationId", &Integration::integration_id),
                   wire::field("apiGatewayManaged", &Integration::api_gateway_managed)});
  }
};

struct CreateIntegrationRequest : IntegrationProperties {
  std::string api_id;
  static constexpr auto shape() {
    return std::tuple_cat(IntegrationProperties::shape(),
                          std::tuple{wire::field("apiId", &CreateIntegrationRequest::api_id)
                                         .required()
                                         .in(wire::Place::path)});
  }
};

struct UpdateIntegrationRequest : IntegrationProperties {
  std::string api_id, integration_id;
  static constexpr auto shape() {
    using Self = UpdateIntegrationRequest;
    return std::tuple_cat(
        IntegrationProperties::shape(),
        std::tuple{
            wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
            wire::field("integrationId", &Self::integration_id).required().in(wire::Place::path)});
  }
};

struct IntegrationRequest {
  std::string api_id, integration_id;
  static constexpr auto shape() {
    using Self = IntegrationRequest;
    return std::tuple{
        wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
        wire::field("integrationId", &Self::integration_id).required().in(wire::Place::path)};
  }
};

// ---- authorizers --------------------------------------------------------------------------------

struct JwtConfiguration {
  Maybe<Strings> audience;
  Maybe<std::string> issuer;
  static constexpr auto shape() {
    return std::tuple{wire::field("audience", &JwtConfiguration::audience),
                      wire::field("issuer", &JwtConfiguration::issuer)};
  }
};

struct AuthorizerProperties {
  Maybe<std::string> name, authorizer_type, authorizer_uri, authorizer_credentials_arn;
  Maybe<std::string> authorizer_payload_format_version, identity_validation_expression;
  Maybe<std::int32_t> authorizer_result_ttl_in_seconds;
  Maybe<bool> enable_simple_responses;
  Maybe<Strings> identity_source;
  Maybe<JwtConfiguration> jwt_configuration;
  static constexpr auto shape() {
    using Self = AuthorizerProperties;
    return std::tuple{
        wire::field("name", &Self::name),
        wire::field("authorizerType", &Self::authorizer_type),
        wire::field("authorizerUri", &Self::authorizer_uri),
        wire::field("authorizerCredentialsArn", &Self::authorizer_credentials_arn),
        wire::field("authorizerPayloadFormatVersion", &Self::authorizer_payload_format_version),
        wire::field("identityValidationExpression", &Self::identity_validation_expression),
        wire::field("authorizerResultTtlInSeconds", &Self::authorizer_result_ttl_in_seconds),
        wire::field("enableSimpleResponses", &Self::enable_simple_responses),
        wire::field("identitySource", &Self::identity_source),
        wire::field("jwtConfiguration", &Self::jwt_configuration)};
  }
};

struct Authorizer : AuthorizerProperties {
  std::string authorizer_id;
  static constexpr auto shape() {
    return std::tuple_cat(AuthorizerProperties::shape(),
                          std::tuple{wire::field("authorizerId", &Authorizer::authorizer_id)});
  }
};

struct CreateAuthorizerRequest : AuthorizerProperties {
  std::string api_id;
  static constexpr auto shape() {
    return std::tuple_cat(AuthorizerProperties::shape(),
                          std::tuple{wire::field("apiId", &CreateAuthorizerRequest::api_id)
                                         .required()
                                         .in(wire::Place::path)});
  }
};

struct UpdateAuthorizerRequest : AuthorizerProperties {
  std::string api_id, authorizer_id;
  static constexpr auto shape() {
    using Self = UpdateAuthorizerRequest;
    return std::tuple_cat(
        AuthorizerProperties::shape(),
        std::tuple{
            wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
            wire::field("authorizerId", &Self::authorizer_id).required().in(wire::Place::path)});
  }
};

struct AuthorizerRequest {
  std::string api_id, authorizer_id;
  static constexpr auto shape() {
    using Self = AuthorizerRequest;
    return std::tuple{
        wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
        wire::field("authorizerId", &Self::authorizer_id).required().in(wire::Place::path)};
  }
};

// ---- stages and deployments ---------------------------------------------------------------------

struct AccessLogSettings {
  Maybe<std::string> destination_arn, format;
  static constexpr auto shape() {
    return std::tuple{wire::field("destinationArn", &AccessLogSettings::destination_arn),
                      wire::field("format", &AccessLogSettings::format)};
  }
};

struct RouteSettings {
  Maybe<bool> data_trace_enabled, detailed_metrics_enabled;
  Maybe<std::string> logging_level;
  Maybe<std::int32_t> throttling_burst_limit;
  Maybe<double> throttling_rate_limit;
  static constexpr auto shape() {
    using Self = RouteSettings;
    return std::tuple{wire::field("dataTraceEnabled", &Self::data_trace_enabled),
                      wire::field("detailedMetricsEnabled", &Self::detailed_metrics_enabled),
                      wire::field("loggingLevel", &Self::logging_level),
                      wire::field("throttlingBurstLimit", &Self::throttling_burst_limit),
                      wire::field("throttlingRateLimit", &Self::throttling_rate_limit)};
  }
};

struct StageProperties {
  Maybe<std::string> deployment_id, description, client_certificate_id;
  Maybe<bool> auto_deploy;
  Maybe<AccessLogSettings> access_log_settings;
  Maybe<RouteSettings> default_route_settings;
  Maybe<std::map<std::string, RouteSettings>> route_settings;
  Maybe<std::map<std::string, std::string>> stage_variables;
  static constexpr auto shape() {
    using Self = StageProperties;
    return std::tuple{wire::field("deploymentId", &Self::deployment_id),
                      wire::field("description", &Self::description),
                      wire::field("clientCertificateId", &Self::client_certificate_id),
                      wire::field("autoDeploy", &Self::auto_deploy),
                      wire::field("accessLogSettings", &Self::access_log_settings),
                      wire::field("defaultRouteSettings", &Self::default_route_settings),
                      wire::field("routeSettings", &Self::route_settings),
                      wire::field("stageVariables", &Self::stage_variables)};
  }
};

struct Stage : StageProperties {
  std::string stage_name;
  Maybe<bool> api_gateway_managed;
  Maybe<std::string> last_deployment_status_message;
  wire::Timestamp created_date, last_updated_date;
  Tags tags;
  static constexpr auto shape() {
    using Self = Stage;
    return std::tuple_cat(StageProperties::shape(),
                          std::tuple{wire::field("stageName", &Self::stage_name),
                                     wire::field("apiGatewayManaged", &Self::api_gateway_managed),
                                     wire::field("lastDeploymentStatusMessage",
                                                 &Self::last_deployment_status_message),
                                     wire::field("createdDate", &Self::created_date)
                                         .timestamp(wire::TimestampFormat::iso8601),
                                     wire::field("lastUpdatedDate", &Self::last_updated_date)
                                         .timestamp(wire::TimestampFormat::iso8601),
                                     wire::field("tags", &Self::tags)});
  }
};

struct CreateStageRequest : StageProperties {
  std::string api_id;
  Maybe<std::string> stage_name;
  Tags tags;
  static constexpr auto shape() {
    using Self = CreateStageRequest;
    return std::tuple_cat(
        StageProperties::shape(),
        std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                   wire::field("stageName", &Self::stage_name), wire::field("tags", &Self::tags)});
  }
};

struct UpdateStageRequest : StageProperties {
  std::string api_id, stage_name;
  static constexpr auto shape() {
    using Self = UpdateStageRequest;
    return std::tuple_cat(
        StageProperties::shape(),
        std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                   wire::field("stageName", &Self::stage_name).required().in(wire::Place::path)});
  }
};

struct StageRequest {
  std::string api_id, stage_name;
  static constexpr auto shape() {
    using Self = StageRequest;
    return std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                      wire::field("stageName", &Self::stage_name).required().in(wire::Place::path)};
  }
};

struct Deployment {
  std::string deployment_id, deployment_status;
  Maybe<std::string> description, deployment_status_message;
  bool auto_deployed = false;
  wire::Timestamp created_date;
  static constexpr auto shape() {
    using Self = Deployment;
    return std::tuple{
        wire::field("deploymentId", &Self::deployment_id),
        wire::field("deploymentStatus", &Self::deployment_status),
        wire::field("description", &Self::description),
        wire::field("deploymentStatusMessage", &Self::deployment_status_message),
        wire::field("autoDeployed", &Self::auto_deployed),
        wire::field("createdDate", &Self::created_date).timestamp(wire::TimestampFormat::iso8601)};
  }
};

struct CreateDeploymentRequest {
  std::string api_id;
  Maybe<std::string> description, stage_name;
  static constexpr auto shape() {
    using Self = CreateDeploymentRequest;
    return std::tuple{wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
                      wire::field("description", &Self::description),
                      wire::field("stageName", &Self::stage_name)};
  }
};

struct UpdateDeploymentRequest {
  std::string api_id, deployment_id;
  Maybe<std::string> description;
  static constexpr auto shape() {
    using Self = UpdateDeploymentRequest;
    return std::tuple{
        wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
        wire::field("deploymentId", &Self::deployment_id).required().in(wire::Place::path),
        wire::field("description", &Self::description)};
  }
};

struct DeploymentRequest {
  std::string api_id, deployment_id;
  static constexpr auto shape() {
    using Self = DeploymentRequest;
    return std::tuple{
        wire::field("apiId", &Self::api_id).required().in(wire::Place::path),
        wire::field("deploymentId", &Self::deployment_id).required().in(wire::Place::path)};
  }
};

// What a deployment froze: the API as its stages serve it. Stored, never sent.
struct Snapshot {
  std::vector<Route> routes;
  std::vector<Integration> integrations;
  std::vector<Authorizer> authorizers;
  Maybe<Cors> cors;
  bool disable_execute_api_endpoint = false;
  static constexpr auto shape() {
    using Self = Snapshot;
    return std::tuple{
        wire::field("routes", &Self::routes), wire::field("integrations", &Self::integrations),
        wire::field("authorizers", &Self::authorizers), wire::field("cors", &Self::cors),
        wire::field("disableExecuteApiEndpoint", &Self::disable_execute_api_endpoint)};
  }
};

// ---- tags ---------------------------------------------------------------------------------------

struct GetTagsRequest {
  std::string resource_arn;
  static constexpr auto shape() {
    return std::tuple{wire::field("resource-arn", &GetTagsRequest::resource_arn)
                          .required()
                          .in(wire::Place::path)};
  }
};

struct GetTagsResponse {
  Tags tags;
  static constexpr auto shape() { return std::tuple{wire::field("tags", &GetTagsResponse::tags)}; }
};

struct TagResourceRequest {
  std::string resource_arn;
  Tags tags;
  static constexpr auto shape() {
    using Self = TagResourceRequest;
    return std::tuple{
        wire::field("resource-arn", &Self::resource_arn).required().in(wire::Place::path),
        wire::field("tags", &Self::tags)};
  }
};

struct UntagResourceRequest {
  std::string resource_arn;
  Strings tag_keys;
  static constexpr auto shape() {
    using Self = UntagResourceRequest;
    return std::tuple{
        wire::field("resource-arn", &Self::resource_arn).required().in(wire::Place::path),
        wire::field("tagKeys", &Self::tag_keys).required().in(wire::Place::query)};
  }
};

}  // namespace mayfly::apigateway
