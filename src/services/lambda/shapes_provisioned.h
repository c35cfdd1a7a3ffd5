// Provisioned concurrency.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kQualifierPattern = "(|[a-zA-Z0-9$_-]+)";

struct PutProvisionedConcurrencyConfigRequest {
  std::string function_name;
  std::string qualifier;
  std::int32_t provisioned_concurrent_executions = 0;
  static constexpr auto shape() {
    using Self = PutProvisionedConcurrencyConfigRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Qualifier", &Self::qualifier)
            .required()
            .in(wire::Place::query)
            .length(1, 128)
            .pattern(kQualifierPattern),
        wire::field("ProvisionedConcurrentExecutions", &Self::provisioned_concurrent_executions)
            .required()
            .at_least(1)};
  }
};

struct GetProvisionedConcurrencyConfigRequest {
  std::string function_name;
  std::string qualifier;
  static constexpr auto shape() {
    using Self = GetProvisionedConcurrencyConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .required()
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kQualifierPattern)};
  }
};

using DeleteProvisionedConcurrencyConfigRequest = GetProvisionedConcurrencyConfigRequest;

struct ListProvisionedConcurrencyConfigsRequest {
  std::string function_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListProvisionedConcurrencyConfigsRequest;
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

struct ProvisionedConcurrencyConfig {
  std::int32_t requested = 0, available = 0, allocated = 0;
  std::string status;
  std::optional<std::string> status_reason;
  std::string last_modified;
  template <class Self>
  static constexpr auto fields() {
    return std::tuple{wire::field("RequestedProvisionedConcurrentExecutions", &Self::requested),
                      wire::field("AvailableProvisionedConcurrentExecutions", &Self::available),
                      wire::field("AllocatedProvisionedConcurrentExecutions", &Self::allocated),
                      wire::field("Status", &Self::status),
                      wire::field("StatusReason", &Self::status_reason),
                      wire::field("LastModified", &Self::last_modified)};
  }
  static constexpr auto shape() { return fields<ProvisionedConcurrencyConfig>(); }
};

struct ProvisionedConcurrencyConfigListItem {
  std::string function_arn;
  std::int32_t requested = 0, available = 0, allocated = 0;
  std::string status;
  std::optional<std::string> status_reason;
  std::string last_modified;
  static constexpr auto shape() {
    using Self = ProvisionedConcurrencyConfigListItem;
    return std::tuple_cat(std::tuple{wire::field("FunctionArn", &Self::function_arn)},
                          ProvisionedConcurrencyConfig::fields<Self>());
  }
};

struct ListProvisionedConcurrencyConfigsResponse {
  std::vector<ProvisionedConcurrencyConfigListItem> provisioned_concurrency_configs;
  std::optional<std::string> next_marker;
  static constexpr auto shape() {
    using Self = ListProvisionedConcurrencyConfigsResponse;
    return std::tuple{
        wire::field("ProvisionedConcurrencyConfigs", &Self::provisioned_concurrency_configs),
        wire::field("NextMarker", &Self::next_marker)};
  }
};

}  // namespace mayfly::lambda
