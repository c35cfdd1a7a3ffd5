// Function URLs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes_policy.h"

namespace mayfly::lambda {

inline constexpr std::string_view kFunctionUrlQualifierPattern = "((?!^\\d+$)^[0-9a-zA-Z-_]+$)";
inline constexpr std::string_view kInvokeModeValues[] = {"BUFFERED", "RESPONSE_STREAM"};

struct Cors {
  std::optional<bool> allow_credentials;
  std::optional<std::vector<std::string>> allow_headers, allow_methods, allow_origins;
  std::optional<std::vector<std::string>> expose_headers;
  std::optional<std::int32_t> max_age;
  static constexpr auto shape() {
    using Self = Cors;
    return std::tuple{wire::field("AllowCredentials", &Self::allow_credentials),
                      wire::field("AllowHeaders", &Self::allow_headers)
                          .items(0, 100)
                          .each(wire::rules().length(0, 1024)),
                      wire::field("AllowMethods", &Self::allow_methods)
                          .items(0, 6)
                          .each(wire::rules().length(0, 6)),
                      wire::field("AllowOrigins", &Self::allow_origins)
                          .items(0, 100)
                          .each(wire::rules().length(1, 253)),
                      wire::field("ExposeHeaders", &Self::expose_headers)
                          .items(0, 100)
                          .each(wire::rules().length(0, 1024)),
                      wire::field("MaxAge", &Self::max_age).range(0, 86'400)};
  }
};

struct CreateFunctionUrlConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  std::string auth_type;
  std::optional<Cors> cors;
  std::optional<std::string> invoke_mode;
  static constexpr auto shape() {
    using Self = CreateFunctionUrlConfigRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Qualifier", &Self::qualifier)
            .in(wire::Place::query)
            .length(1, 128)
            .pattern(kFunctionUrlQualifierPattern),
        wire::field("AuthType", &Self::auth_type).required().one_of(kFunctionUrlAuthTypeValues),
        wire::field("Cors", &Self::cors),
        wire::field("InvokeMode", &Self::invoke_mode).one_of(kInvokeModeValues)};
  }
};

struct UpdateFunctionUrlConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  std::optional<std::string> auth_type;
  std::optional<Cors> cors;
  std::optional<std::string> invoke_mode;
  static constexpr auto shape() {
    using Self = UpdateFunctionUrlConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kFunctionUrlQualifierPattern),
                      wire::field("AuthType", &Self::auth_type).one_of(kFunctionUrlAuthTypeValues),
                      wire::field("Cors", &Self::cors),
                      wire::field("InvokeMode", &Self::invoke_mode).one_of(kInvokeModeValues)};
  }
};

struct GetFunctionUrlConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = GetFunctionUrlConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kFunctionUrlQualifierPattern)};
  }
};

using DeleteFunctionUrlConfigRequest = GetFunctionUrlConfigRequest;

struct ListFunctionUrlConfigsRequest {
  std::string function_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListFunctionUrlConfigsRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 50)};
  }
};

struct FunctionUrlConfig {
  std::string function_url, function_arn, auth_type;
  std::optional<Cors> cors;
  std::string creation_time;
  std::string last_modified_time;
  std::string invoke_mode;
  static constexpr auto shape() {
    using Self = FunctionUrlConfig;
    return std::tuple{wire::field("FunctionUrl", &Self::function_url),
                      wire::field("FunctionArn", &Self::function_arn),
                      wire::field("AuthType", &Self::auth_type),
                      wire::field("Cors", &Self::cors),
                      wire::field("CreationTime", &Self::creation_time),
                      wire::field("LastModifiedTime", &Self::last_modified_time),
                      wire::field("InvokeMode", &Self::invoke_mode)};
  }
};

struct CreateFunctionUrlConfigResponse {
  std::string function_url, function_arn, auth_type;
  std::optional<Cors> cors;
  std::string creation_time;
  std::string invoke_mode;
  static constexpr auto shape() {
    using Self = CreateFunctionUrlConfigResponse;
    return std::tuple{wire::field("FunctionUrl", &Self::function_url),
                      wire::field("FunctionArn", &Self::function_arn),
                      wire::field("AuthType", &Self::auth_type),
                      wire::field("Cors", &Self::cors),
                      wire::field("CreationTime", &Self::creation_time),
                      wire::field("InvokeMode", &Self::invoke_mode)};
  }
};

struct ListFunctionUrlConfigsResponse {
  std::vector<FunctionUrlConfig> function_url_configs;
  std::optional<std::string> next_marker;
  static constexpr auto shape() {
    using Self = ListFunctionUrlConfigsResponse;
    return std::tuple{wire::field("FunctionUrlConfigs", &Self::function_url_configs),
                      wire::field("NextMarker", &Self::next_marker)};
  }
};

}  // namespace mayfly::lambda
