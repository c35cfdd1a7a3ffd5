// Settings of functions that stand by themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kUnqualifiedFunctionNamePattern =
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?"
    "(function:)?([a-zA-Z0-9-_]+)";
inline constexpr std::string_view kRecursiveLoopValues[] = {"Allow", "Terminate"};

struct PutFunctionRecursionConfigRequest {
  std::string function_name;
  std::string recursive_loop;
  static constexpr auto shape() {
    using Self = PutFunctionRecursionConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kUnqualifiedFunctionNamePattern),
                      wire::field("RecursiveLoop", &Self::recursive_loop)
                          .required()
                          .one_of(kRecursiveLoopValues)};
  }
};

struct GetFunctionRecursionConfigRequest {
  std::string function_name;
  static constexpr auto shape() {
    using Self = GetFunctionRecursionConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kUnqualifiedFunctionNamePattern)};
  }
};

struct FunctionRecursionConfig {
  std::string recursive_loop;
  static constexpr auto shape() {
    using Self = FunctionRecursionConfig;
    return std::tuple{wire::field("RecursiveLoop", &Self::recursive_loop)};
  }
};

inline constexpr std::string_view kRuntimeVersionArnPattern =
    "arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}::runtime:.+";
inline constexpr std::string_view kUpdateRuntimeOnValues[] = {"Auto", "Manual", "FunctionUpdate"};

struct PutRuntimeManagementConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  std::string update_runtime_on;
  std::optional<std::string> runtime_version_arn;
  static constexpr auto shape() {
    using Self = PutRuntimeManagementConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
                      wire::field("UpdateRuntimeOn", &Self::update_runtime_on)
                          .required()
                          .one_of(kUpdateRuntimeOnValues),
                      wire::field("RuntimeVersionArn", &Self::runtime_version_arn)
                          .length(26, 2048)
                          .pattern(kRuntimeVersionArnPattern)};
  }
};

struct PutRuntimeManagementConfigResponse {
  std::string update_runtime_on;
  std::string function_arn;
  std::optional<std::string> runtime_version_arn;
  static constexpr auto shape() {
    using Self = PutRuntimeManagementConfigResponse;
    return std::tuple{wire::field("UpdateRuntimeOn", &Self::update_runtime_on),
                      wire::field("FunctionArn", &Self::function_arn),
                      wire::field("RuntimeVersionArn", &Self::runtime_version_arn)};
  }
};

struct GetRuntimeManagementConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = GetRuntimeManagementConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern)};
  }
};

struct GetRuntimeManagementConfigResponse {
  std::optional<std::string> update_runtime_on;
  std::optional<std::string> runtime_version_arn;
  std::optional<std::string> function_arn;
  static constexpr auto shape() {
    using Self = GetRuntimeManagementConfigResponse;
    return std::tuple{wire::field("UpdateRuntimeOn", &Self::update_runtime_on),
                      wire::field("RuntimeVersionArn", &Self::runtime_version_arn),
                      wire::field("FunctionArn", &Self::function_arn)};
  }
};

}  // namespace mayfly::lambda
