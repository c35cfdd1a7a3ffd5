// Versions and aliases.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kVersionWithLatestPublishedPattern =
    "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)";
inline constexpr std::string_view kAdditionalVersionPattern = "[0-9]+";

struct PublishVersionRequest {
  std::string function_name;
  std::optional<std::string> code_sha256;
  std::optional<std::string> description;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = PublishVersionRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern),
                      wire::field("CodeSha256", &Self::code_sha256),
                      wire::field("Description", &Self::description).length(0, 256),
                      wire::field("RevisionId", &Self::revision_id)};
  }
};

struct ListVersionsByFunctionRequest {
  std::string function_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListVersionsByFunctionRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 10000)};
  }
};

struct ListVersionsByFunctionResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<FunctionConfiguration>> versions;
  static constexpr auto shape() {
    using Self = ListVersionsByFunctionResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("Versions", &Self::versions)};
  }
};

struct AliasRoutingConfiguration {
  std::optional<std::map<std::string, double>> additional_version_weights;
  static constexpr auto shape() {
    using Self = AliasRoutingConfiguration;
    return std::tuple{wire::field("AdditionalVersionWeights", &Self::additional_version_weights)
                          .keys(wire::rules().length(1, 1024).pattern(kAdditionalVersionPattern))
                          .each(wire::rules().range(0, 1))};
  }
};

struct CreateAliasRequest {
  std::string function_name;
  std::string name;
  std::string function_version;
  std::optional<std::string> description;
  std::optional<AliasRoutingConfiguration> routing_config;
  static constexpr auto shape() {
    using Self = CreateAliasRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern),
                      wire::field("Name", &Self::name).required().length(1, 128),
                      wire::field("FunctionVersion", &Self::function_version)
                          .required()
                          .length(1, 1024)
                          .pattern(kVersionWithLatestPublishedPattern),
                      wire::field("Description", &Self::description).length(0, 256),
                      wire::field("RoutingConfig", &Self::routing_config)};
  }
};

struct AliasConfiguration {
  std::optional<std::string> alias_arn;
  std::optional<std::string> name;
  std::optional<std::string> function_version;
  std::optional<std::string> description;
  std::optional<AliasRoutingConfiguration> routing_config;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = AliasConfiguration;
    return std::tuple{wire::field("AliasArn", &Self::alias_arn),
                      wire::field("Name", &Self::name),
                      wire::field("FunctionVersion", &Self::function_version),
                      wire::field("Description", &Self::description),
                      wire::field("RoutingConfig", &Self::routing_config),
                      wire::field("RevisionId", &Self::revision_id)};
  }
};

struct GetAliasRequest {
  std::string function_name;
  std::string name;
  static constexpr auto shape() {
    using Self = GetAliasRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Name", &Self::name).required().in(wire::Place::path).length(1, 128)};
  }
};

struct UpdateAliasRequest {
  std::string function_name;
  std::string name;
  std::optional<std::string> function_version;
  std::optional<std::string> description;
  std::optional<AliasRoutingConfiguration> routing_config;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = UpdateAliasRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Name", &Self::name).required().in(wire::Place::path).length(1, 128),
        wire::field("FunctionVersion", &Self::function_version)
            .length(1, 1024)
            .pattern(kVersionWithLatestPublishedPattern),
        wire::field("Description", &Self::description).length(0, 256),
        wire::field("RoutingConfig", &Self::routing_config),
        wire::field("RevisionId", &Self::revision_id)};
  }
};

struct DeleteAliasRequest {
  std::string function_name;
  std::string name;
  static constexpr auto shape() {
    using Self = DeleteAliasRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Name", &Self::name).required().in(wire::Place::path).length(1, 128)};
  }
};

struct ListAliasesRequest {
  std::string function_name;
  std::optional<std::string> function_version;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListAliasesRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("FunctionVersion", &Self::function_version)
            .in(wire::Place::query)
            .length(1, 1024)
            .pattern(kVersionWithLatestPublishedPattern),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 10000)};
  }
};

struct ListAliasesResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<AliasConfiguration>> aliases;
  static constexpr auto shape() {
    using Self = ListAliasesResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("Aliases", &Self::aliases)};
  }
};

}  // namespace mayfly::lambda
