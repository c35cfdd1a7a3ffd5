// Account settings, reserved concurrency, and what happens to asynchronous events.
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

struct GetAccountSettingsRequest {
  static constexpr auto shape() { return std::tuple{}; }
};

struct AccountLimit {
  std::optional<std::int64_t> total_code_size;
  std::optional<std::int64_t> code_size_unzipped;
  std::optional<std::int64_t> code_size_zipped;
  std::optional<std::int32_t> concurrent_executions;
  std::optional<std::int32_t> unreserved_concurrent_executions;
  static constexpr auto shape() {
    using Self = AccountLimit;
    return std::tuple{
        wire::field("TotalCodeSize", &Self::total_code_size),
        wire::field("CodeSizeUnzipped", &Self::code_size_unzipped),
        wire::field("CodeSizeZipped", &Self::code_size_zipped),
        wire::field("ConcurrentExecutions", &Self::concurrent_executions),
        wire::field("UnreservedConcurrentExecutions", &Self::unreserved_concurrent_executions)};
  }
};

struct AccountUsage {
  std::optional<std::int64_t> total_code_size;
  std::optional<std::int64_t> function_count;
  static constexpr auto shape() {
    using Self = AccountUsage;
    return std::tuple{wire::field("TotalCodeSize", &Self::total_code_size),
                      wire::field("FunctionCount", &Self::function_count)};
  }
};

struct GetAccountSettingsResponse {
  std::optional<AccountLimit> account_limit;
  std::optional<AccountUsage> account_usage;
  static constexpr auto shape() {
    using Self = GetAccountSettingsResponse;
    return std::tuple{wire::field("AccountLimit", &Self::account_limit),
                      wire::field("AccountUsage", &Self::account_usage)};
  }
};

struct PutFunctionConcurrencyRequest {
  std::string function_name;
  std::int32_t reserved_concurrent_executions = 0;
  static constexpr auto shape() {
    using Self = PutFunctionConcurrencyRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("ReservedConcurrentExecutions", &Self::reserved_concurrent_executions)
            .required()
            .at_least(0)};
  }
};

struct GetFunctionConcurrencyRequest {
  std::string function_name;
  static constexpr auto shape() {
    using Self = GetFunctionConcurrencyRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern)};
  }
};

struct GetFunctionConcurrencyResponse {
  std::optional<std::int32_t> reserved_concurrent_executions;
  static constexpr auto shape() {
    using Self = GetFunctionConcurrencyResponse;
    return std::tuple{
        wire::field("ReservedConcurrentExecutions", &Self::reserved_concurrent_executions)};
  }
};

struct DeleteFunctionConcurrencyRequest {
  std::string function_name;
  static constexpr auto shape() {
    using Self = DeleteFunctionConcurrencyRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern)};
  }
};

struct OnSuccess {
  std::optional<std::string> destination;
  static constexpr auto shape() {
    using Self = OnSuccess;
    return std::tuple{wire::field("Destination", &Self::destination).length(0, 350)};
  }
};

struct OnFailure {
  std::optional<std::string> destination;
  static constexpr auto shape() {
    using Self = OnFailure;
    return std::tuple{wire::field("Destination", &Self::destination).length(0, 350)};
  }
};

struct DestinationConfig {
  std::optional<OnSuccess> on_success;
  std::optional<OnFailure> on_failure;
  static constexpr auto shape() {
    using Self = DestinationConfig;
    return std::tuple{wire::field("OnSuccess", &Self::on_success),
                      wire::field("OnFailure", &Self::on_failure)};
  }
};

struct PutFunctionEventInvokeConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  std::optional<std::int32_t> maximum_retry_attempts;
  std::optional<std::int32_t> maximum_event_age_in_seconds;
  std::optional<DestinationConfig> destination_config;
  static constexpr auto shape() {
    using Self = PutFunctionEventInvokeConfigRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("Qualifier", &Self::qualifier)
            .in(wire::Place::query)
            .length(1, 128)
            .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
        wire::field("MaximumRetryAttempts", &Self::maximum_retry_attempts).range(0, 2),
        wire::field("MaximumEventAgeInSeconds", &Self::maximum_event_age_in_seconds)
            .range(60, 21600),
        wire::field("DestinationConfig", &Self::destination_config)};
  }
};

struct FunctionEventInvokeConfig {
  std::optional<wire::Timestamp> last_modified;
  std::optional<std::string> function_arn;
  std::optional<std::int32_t> maximum_retry_attempts;
  std::optional<std::int32_t> maximum_event_age_in_seconds;
  std::optional<DestinationConfig> destination_config;
  static constexpr auto shape() {
    using Self = FunctionEventInvokeConfig;
    return std::tuple{wire::field("LastModified", &Self::last_modified),
                      wire::field("FunctionArn", &Self::function_arn),
                      wire::field("MaximumRetryAttempts", &Self::maximum_retry_attempts),
                      wire::field("MaximumEventAgeInSeconds", &Self::maximum_event_age_in_seconds),
                      wire::field("DestinationConfig", &Self::destination_config)};
  }
};

struct UpdateFunctionEventInvokeConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  std::optional<std::int32_t> maximum_retry_attempts;
  std::optional<std::int32_t> maximum_event_age_in_seconds;
  std::optional<DestinationConfig> destination_config;
  static constexpr auto shape() {
    using Self = UpdateFunctionEventInvokeConfigRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("Qualifier", &Self::qualifier)
            .in(wire::Place::query)
            .length(1, 128)
            .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
        wire::field("MaximumRetryAttempts", &Self::maximum_retry_attempts).range(0, 2),
        wire::field("MaximumEventAgeInSeconds", &Self::maximum_event_age_in_seconds)
            .range(60, 21600),
        wire::field("DestinationConfig", &Self::destination_config)};
  }
};

struct GetFunctionEventInvokeConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = GetFunctionEventInvokeConfigRequest;
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

struct DeleteFunctionEventInvokeConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = DeleteFunctionEventInvokeConfigRequest;
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

struct ListFunctionEventInvokeConfigsRequest {
  std::string function_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListFunctionEventInvokeConfigsRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 50)};
  }
};

struct ListFunctionEventInvokeConfigsResponse {
  std::optional<std::vector<FunctionEventInvokeConfig>> function_event_invoke_configs;
  std::optional<std::string> next_marker;
  static constexpr auto shape() {
    using Self = ListFunctionEventInvokeConfigsResponse;
    return std::tuple{
        wire::field("FunctionEventInvokeConfigs", &Self::function_event_invoke_configs),
        wire::field("NextMarker", &Self::next_marker)};
  }
};

}  // namespace mayfly::lambda
