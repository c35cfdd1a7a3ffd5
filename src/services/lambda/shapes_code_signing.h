// Code signing configurations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes_policy.h"

namespace mayfly::lambda {

inline constexpr std::string_view kCodeSigningPolicyValues[] = {"Warn", "Enforce"};

struct AllowedPublishers {
  std::vector<std::string> signing_profile_version_arns;
  static constexpr auto shape() {
    using Self = AllowedPublishers;
    return std::tuple{wire::field("SigningProfileVersionArns", &Self::signing_profile_version_arns)
                          .required()
                          .items(1, 20)
                          .each(wire::rules().length(0, 1024).pattern(kArnPattern))};
  }
};

struct CodeSigningPolicies {
  std::optional<std::string> untrusted_artifact_on_deployment;
  static constexpr auto shape() {
    using Self = CodeSigningPolicies;
    return std::tuple{
        wire::field("UntrustedArtifactOnDeployment", &Self::untrusted_artifact_on_deployment)
            .one_of(kCodeSigningPolicyValues)};
  }
};

struct CreateCodeSigningConfigRequest {
  std::optional<std::string> description;
  AllowedPublishers allowed_publishers;
  std::optional<CodeSigningPolicies> code_signing_policies;
  std::optional<std::map<std::string, std::string>> tags;
  static constexpr auto shape() {
    using Self = CreateCodeSigningConfigRequest;
    return std::tuple{wire::field("Description", &Self::description).length(0, 256),
                      wire::field("AllowedPublishers", &Self::allowed_publishers).required(),
                      wire::field("CodeSigningPolicies", &Self::code_signing_policies),
                      wire::field("Tags", &Self::tags)};
  }
};

struct CodeSigningConfig {
  std::string code_signing_config_id;
  std::string code_signing_config_arn;
  std::optional<std::string> description;
  AllowedPublishers allowed_publishers;
  CodeSigningPolicies code_signing_policies;
  std::string last_modified;
  static constexpr auto shape() {
    using Self = CodeSigningConfig;
    return std::tuple{wire::field("CodeSigningConfigId", &Self::code_signing_config_id),
                      wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn),
                      wire::field("Description", &Self::description),
                      wire::field("AllowedPublishers", &Self::allowed_publishers),
                      wire::field("CodeSigningPolicies", &Self::code_signing_policies),
                      wire::field("LastModified", &Self::last_modified)};
  }
};

struct CreateCodeSigningConfigResponse {
  CodeSigningConfig code_signing_config;
  static constexpr auto shape() {
    using Self = CreateCodeSigningConfigResponse;
    return std::tuple{wire::field("CodeSigningConfig", &Self::code_signing_config)};
  }
};

struct GetCodeSigningConfigRequest {
  std::string code_signing_config_arn;
  static constexpr auto shape() {
    using Self = GetCodeSigningConfigRequest;
    return std::tuple{wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn)
                          .required()
                          .in(wire::Place::path)
                          .length(0, 200)
                          .pattern(kCodeSigningConfigArnPattern)};
  }
};

using GetCodeSigningConfigResponse = CreateCodeSigningConfigResponse;

struct UpdateCodeSigningConfigRequest {
  std::string code_signing_config_arn;
  std::optional<std::string> description;
  std::optional<AllowedPublishers> allowed_publishers;
  std::optional<CodeSigningPolicies> code_signing_policies;
  static constexpr auto shape() {
    using Self = UpdateCodeSigningConfigRequest;
    return std::tuple{wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn)
                          .required()
                          .in(wire::Place::path)
                          .length(0, 200)
                          .pattern(kCodeSigningConfigArnPattern),
                      wire::field("Description", &Self::description).length(0, 256),
                      wire::field("AllowedPublishers", &Self::allowed_publishers),
                      wire::field("CodeSigningPolicies", &Self::code_signing_policies)};
  }
};

using UpdateCodeSigningConfigResponse = CreateCodeSigningConfigResponse;

using DeleteCodeSigningConfigRequest = GetCodeSigningConfigRequest;

struct DeleteCodeSigningConfigResponse {
  static constexpr auto shape() { return std::tuple{}; }
};

struct ListCodeSigningConfigsRequest {
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListCodeSigningConfigsRequest;
    return std::tuple{
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 10000)};
  }
};

struct ListCodeSigningConfigsResponse {
  std::optional<std::string> next_marker;
  std::vector<CodeSigningConfig> code_signing_configs;
  static constexpr auto shape() {
    using Self = ListCodeSigningConfigsResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("CodeSigningConfigs", &Self::code_signing_configs)};
  }
};

struct PutFunctionCodeSigningConfigRequest {
  std::string code_signing_config_arn;
  std::string function_name;
  static constexpr auto shape() {
    using Self = PutFunctionCodeSigningConfigRequest;
    return std::tuple{wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn)
                          .required()
                          .length(0, 200)
                          .pattern(kCodeSigningConfigArnPattern),
                      wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern)};
  }
};

struct PutFunctionCodeSigningConfigResponse {
  std::string code_signing_config_arn;
  std::string function_name;
  static constexpr auto shape() {
    using Self = PutFunctionCodeSigningConfigResponse;
    return std::tuple{wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn),
                      wire::field("FunctionName", &Self::function_name)};
  }
};

struct GetFunctionCodeSigningConfigRequest {
  std::string function_name;
  static constexpr auto shape() {
    using Self = GetFunctionCodeSigningConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern)};
  }
};

using GetFunctionCodeSigningConfigResponse = PutFunctionCodeSigningConfigResponse;

using DeleteFunctionCodeSigningConfigRequest = GetFunctionCodeSigningConfigRequest;

struct ListFunctionsByCodeSigningConfigRequest {
  std::string code_signing_config_arn;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListFunctionsByCodeSigningConfigRequest;
    return std::tuple{
        wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn)
            .required()
            .in(wire::Place::path)
            .length(0, 200)
            .pattern(kCodeSigningConfigArnPattern),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 10000)};
  }
};

struct ListFunctionsByCodeSigningConfigResponse {
  std::optional<std::string> next_marker;
  std::vector<std::string> function_arns;
  static constexpr auto shape() {
    using Self = ListFunctionsByCodeSigningConfigResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("FunctionArns", &Self::function_arns)};
  }
};

}  // namespace mayfly::lambda
