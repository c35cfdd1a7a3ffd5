#include "services/apigateway/operations/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "services/apigateway/errors.h"
#include "services/apigateway/model/cors.h"
#include "services/apigateway/model/integration_uri.h"
#include "services/apigateway/model/route_key.h"
#include "wire/validate.h"

namespace mayfly::apigateway {
namespace {

Checked bad(std::string message) { return wire::fail(kBadRequest, std::move(message)); }

template <std::size_t N>
bool is_one_of(std::string_view value, const std::array<std::string_view, N>& allowed) {
  return std::ranges::find(allowed, value) != allowed.end();
}

Checked check_function_integration(const IntegrationProperties& properties) {
  if (properties.integration_subtype) {
    return wire::not_supported(
        fmt::format("The service integration {}", *properties.integration_subtype));
  }
  const std::string uri = properties.integration_uri.value_or("");
  // Stage variables decide only when a stage is deployed.
  if (uri.find("${") == std::string::npos) {
    if (auto function = parse_function_uri(uri); !function) return bad(std::move(function).error());
  }
  return {};
}

Checked check_http_integration(const IntegrationProperties& properties) {
  const std::string uri = properties.integration_uri.value_or("");
  if (uri.find("${") == std::string::npos) {
    if (auto http = parse_http_uri(uri); !http) return bad(std::move(http).error());
  }
  if (!properties.integration_method)
    return bad("HttpMethod must be specified for HTTP_PROXY integrations");
  return {};
}

Checked check_unsupported(const IntegrationProperties& properties) {
  if (properties.connection_type == "VPC_LINK")
    return wire::not_supported("ConnectionType VPC_LINK");
  if (properties.request_parameters && !properties.request_parameters->empty()) {
    return wire::not_supported("Parameter mapping (RequestParameters)");
  }
  if (properties.response_parameters && !properties.response_parameters->empty()) {
    return wire::not_supported("Parameter mapping (ResponseParameters)");
  }
  if (properties.request_templates && !properties.request_templates->empty()) {
    return wire::not_supported("RequestTemplates");
  }
  if (properties.tls_config) return wire::not_supported("TlsConfig");
  return {};
}

Checked check_route_settings(const RouteSettings& settings) {
  if (settings.throttling_rate_limit && *settings.throttling_rate_limit < 0) {
    return bad("ThrottlingRateLimit must not be negative");
  }
  if (settings.throttling_burst_limit && *settings.throttling_burst_limit < 0) {
    return bad("ThrottlingBurstLimit must not be negative");
  }
  return {};
}

}  // namespace

Checked check_length(std::string_view name, const Maybe<std::string>& value, std::size_t min,
                     std::size_t max) {
  if (!value) return {};
  const std::size_t length = wire::utf16_length(*value);
  if (length < min || length > max) {
    return bad(fmt::format("{} must have between {} and {} characters", name, min, max));
  }
  return {};
}

Checked check_tags(const Tags& tags) {
  constexpr std::size_t kMost = 50;
  if (tags.size() > kMost) return bad("A resource has at most 50 tags");
  for (const auto& [key, value] : tags) {
    if (auto checked = check_length("A tag's key", key, 1, 128); !checked) return checked;
    if (auto checked = check_length("A tag's value", value, 0, 256); !checked) return checked;
  }
  return {};
}

Checked check_api(const ApiProperties& properties) {
  if (auto checked = check_length("Name", properties.name, 1, 128); !checked) return checked;
  if (auto checked = check_length("Description", properties.description, 0, 1024); !checked)
    return checked;
  if (auto checked = check_length("Version", properties.version, 1, 64); !checked) return checked;
  constexpr std::string_view kSelection = "${request.method} ${request.path}";
  const Maybe<std::string>& expression = properties.route_selection_expression;
  if (expression && *expression != kSelection && *expression != "$request.method $request.path") {
    return bad(
        "The RouteSelectionExpression of an HTTP API is '${request.method} ${request.path}'");
  }
  if (properties.cors_configuration) {
    if (auto cors = check_cors(*properties.cors_configuration); !cors)
      return bad(std::move(cors).error());
  }
  return {};
}

Checked check_route(const RouteProperties& properties) {
  if (properties.route_key) {
    if (auto key = RouteKey::parse(*properties.route_key); !key) {
      return bad(fmt::format("Invalid route key {}. {}", *properties.route_key, key.error()));
    }
  }
  if (properties.api_key_required.value_or(false)) return bad("HTTP APIs have no API keys");
  const std::string authorization = properties.authorization_type.value_or("NONE");
  constexpr std::array<std::string_view, 4> kTypes{"NONE", "AWS_IAM", "CUSTOM", "JWT"};
  if (!is_one_of(authorization, kTypes)) {
    return bad(fmt::format("'{}' is no AuthorizationType", authorization));
  }
  if (authorization == "AWS_IAM") return wire::not_supported("AuthorizationType AWS_IAM");
  const bool wants_authorizer = authorization == "CUSTOM" || authorization == "JWT";
  if (wants_authorizer && !properties.authorizer_id) {
    return bad(
        fmt::format("AuthorizerId must be specified for AuthorizationType {}", authorization));
  }
  if (authorization != "JWT" && properties.authorization_scopes &&
      !properties.authorization_scopes->empty()) {
    return bad("AuthorizationScopes are only for AuthorizationType JWT");
  }
  if (properties.request_models || properties.model_selection_expression) {
    return bad("HTTP APIs have no models");
  }
  return {};
}

Checked check_integration(const IntegrationProperties& properties, const Settings& settings) {
  if (auto checked = check_length("Description", properties.description, 0, 1024); !checked)
    return checked;
  constexpr std::int32_t kShortest = 50;
  if (properties.timeout_in_millis) {
    const std::chrono::milliseconds timeout{*properties.timeout_in_millis};
    if (timeout.count() < kShortest ||
        (settings.integration_timeout && timeout > *settings.integration_timeout)) {
      return bad(settings.integration_timeout
                     ? fmt::format("Timeout should be between {} ms and {} ms", kShortest,
                                   settings.integration_timeout->count())
                     : fmt::format("Timeout should be at least {} ms", kShortest));
    }
  }
  if (properties.payload_format_version && *properties.payload_format_version != "1.0" &&
      *properties.payload_format_version != "2.0") {
    return bad("PayloadFormatVersion must be 1.0 or 2.0");
  }
  if (auto checked = check_unsupported(properties); !checked) return checked;
  const std::string type = properties.integration_type.value_or("");
  if (type == "AWS_PROXY") return check_function_integration(properties);
  if (type == "HTTP_PROXY") return check_http_integration(properties);
  constexpr std::array<std::string_view, 3> kOfOtherApis{"AWS", "HTTP", "MOCK"};
  if (is_one_of(type, kOfOtherApis)) {
    return bad(
        fmt::format("IntegrationType {} is not for HTTP APIs; use AWS_PROXY or HTTP_PROXY", type));
  }
  return bad(fmt::format("'{}' is no IntegrationType", type));
}

Checked check_authorizer(const AuthorizerProperties& properties) {
  if (auto checked = check_length("Name", properties.name, 1, 128); !checked) return checked;
  if (!properties.name) return bad("Name must be specified");
  constexpr std::int32_t kLongestTtl = 3600;
  if (properties.authorizer_result_ttl_in_seconds &&
      (*properties.authorizer_result_ttl_in_seconds < 0 ||
       *properties.authorizer_result_ttl_in_seconds > kLongestTtl)) {
    return bad("AuthorizerResultTtlInSeconds must be between 0 and 3600");
  }
  const std::string type = properties.authorizer_type.value_or("");
  if (type == "JWT") {
    const JwtConfiguration jwt = properties.jwt_configuration.value_or(JwtConfiguration{});
    if (!jwt.issuer || !parse_http_uri(*jwt.issuer)) {
      return bad("A JWT authorizer needs JwtConfiguration with an Issuer that is a URL");
    }
    if (!jwt.audience || jwt.audience->empty()) return bad("A JWT authorizer needs an Audience");
    if (!properties.identity_source || properties.identity_source->size() != 1) {
      return bad("A JWT authorizer has exactly one identity source");
    }
    return {};
  }
  if (type != "REQUEST")
    return bad(fmt::format("'{}' is no AuthorizerType; use REQUEST or JWT", type));
  if (auto function = parse_function_uri(properties.authorizer_uri.value_or("")); !function) {
    return bad(std::move(function).error());
  }
  const std::string format = properties.authorizer_payload_format_version.value_or("");
  if (format != "1.0" && format != "2.0") {
    return bad("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer");
  }
  if (format == "1.0" && properties.enable_simple_responses.value_or(false)) {
    return bad("EnableSimpleResponses needs AuthorizerPayloadFormatVersion 2.0");
  }
  if (properties.authorizer_result_ttl_in_seconds.value_or(0) > 0 &&
      (!properties.identity_source || properties.identity_source->empty())) {
    return bad("Caching of results needs an identity source");
  }
  return {};
}

Checked check_stage(const StageProperties& properties) {
  constexpr std::size_t kMostVariables = 100;
  if (auto checked = check_length("Description", properties.description, 0, 1024); !checked)
    return checked;
  if (properties.client_certificate_id)
    return bad("ClientCertificateId is only for WebSocket APIs");
  if (properties.access_log_settings) return wire::not_supported("AccessLogSettings");
  if (properties.stage_variables) {
    if (properties.stage_variables->size() > kMostVariables)
      return bad("A stage has at most 100 variables");
    for (const auto& [name, value] : *properties.stage_variables) {
      if (auto checked = check_length("A stage variable", value, 0, 2048); !checked) return checked;
    }
  }
  if (properties.default_route_settings) {
    if (auto checked = check_route_settings(*properties.default_route_settings); !checked)
      return checked;
  }
  if (properties.route_settings) {
    for (const auto& [key, settings] : *properties.route_settings) {
      if (auto checked = check_route_settings(settings); !checked) return checked;
    }
  }
  return {};
}

}  // namespace mayfly::apigateway
