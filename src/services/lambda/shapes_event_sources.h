// Event source mappings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"
#include "services/lambda/shapes_concurrency.h"
#include "services/lambda/shapes_policy.h"

namespace mayfly::lambda {

inline constexpr std::string_view kStartingPositions[] = {"TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"};
inline constexpr std::string_view kFunctionResponseTypes[] = {"ReportBatchItemFailures"};
inline constexpr std::string_view kMappingMetrics[] = {"EventCount", "ErrorCount", "KafkaMetrics"};

struct Filter {
  std::optional<std::string> pattern;
  static constexpr auto shape() {
    using Self = Filter;
    return std::tuple{wire::field("Pattern", &Self::pattern).length(0, 4096)};
  }
};

struct FilterCriteria {
  std::optional<std::vector<Filter>> filters;
  static constexpr auto shape() {
    using Self = FilterCriteria;
    return std::tuple{wire::field("Filters", &Self::filters)};
  }
};

struct EventSourceMappingMetricsConfig {
  std::optional<std::vector<std::string>> metrics;
  static constexpr auto shape() {
    using Self = EventSourceMappingMetricsConfig;
    return std::tuple{wire::field("Metrics", &Self::metrics)
                          .length(0, 3)
                          .each(wire::rules().one_of(kMappingMetrics))};
  }
};

struct CreateEventSourceMappingRequest {
  std::optional<std::string> event_source_arn;
  std::string function_name;
  std::optional<std::string> starting_position;
  std::optional<wire::Timestamp> starting_position_timestamp;
  std::optional<std::map<std::string, std::string>> tags;
  std::optional<std::int32_t> batch_size;
  std::optional<FilterCriteria> filter_criteria;
  std::optional<std::int32_t> maximum_batching_window_in_seconds;
  std::optional<DestinationConfig> destination_config;
  std::optional<std::int32_t> maximum_record_age_in_seconds;
  std::optional<bool> bisect_batch_on_function_error;
  std::optional<std::int32_t> maximum_retry_attempts;
  std::optional<std::int32_t> parallelization_factor;
  std::optional<std::int32_t> tumbling_window_in_seconds;
  std::optional<std::vector<std::string>> function_response_types;
  std::optional<EventSourceMappingMetricsConfig> metrics_config;
  std::optional<bool> enabled;
  std::optional<std::string> kms_key_arn;
  std::optional<wire::Document> source_access_configurations;
  std::optional<wire::Document> scaling_config;
  std::optional<wire::Document> amazon_managed_kafka;
  std::optional<wire::Document> self_managed_kafka;
  std::optional<wire::Document> document_db;
  std::optional<wire::Document> logging_config;
  std::optional<wire::Document> provisioned_poller_config;
  std::optional<wire::Document> topics;
  std::optional<wire::Document> queues;
  std::optional<wire::Document> self_managed_event_source;
  static constexpr auto shape() {
    using Self = CreateEventSourceMappingRequest;
    return std::tuple{
        wire::field("EventSourceArn", &Self::event_source_arn).pattern(kArnPattern),
        wire::field("FunctionName", &Self::function_name)
            .required()
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("StartingPosition", &Self::starting_position).one_of(kStartingPositions),
        wire::field("StartingPositionTimestamp", &Self::starting_position_timestamp),
        wire::field("Tags", &Self::tags),
        wire::field("BatchSize", &Self::batch_size).range(1, 10'000),
        wire::field("FilterCriteria", &Self::filter_criteria),
        wire::field("MaximumBatchingWindowInSeconds", &Self::maximum_batching_window_in_seconds)
            .range(0, 300),
        wire::field("DestinationConfig", &Self::destination_config),
        wire::field("MaximumRecordAgeInSeconds", &Self::maximum_record_age_in_seconds)
            .range(-1, 604'800),
        wire::field("BisectBatchOnFunctionError", &Self::bisect_batch_on_function_error),
        wire::field("MaximumRetryAttempts", &Self::maximum_retry_attempts).range(-1, 10'000),
        wire::field("ParallelizationFactor", &Self::parallelization_factor).range(1, 10),
        wire::field("TumblingWindowInSeconds", &Self::tumbling_window_in_seconds).range(0, 900),
        wire::field("FunctionResponseTypes", &Self::function_response_types)
            .length(0, 1)
            .each(wire::rules().one_of(kFunctionResponseTypes)),
        wire::field("MetricsConfig", &Self::metrics_config),
        wire::field("Enabled", &Self::enabled),
        wire::field("KMSKeyArn", &Self::kms_key_arn),
        wire::field("SourceAccessConfigurations", &Self::source_access_configurations),
        wire::field("ScalingConfig", &Self::scaling_config),
        wire::field("AmazonManagedKafkaEventSourceConfig", &Self::amazon_managed_kafka),
        wire::field("SelfManagedKafkaEventSourceConfig", &Self::self_managed_kafka),
        wire::field("DocumentDBEventSourceConfig", &Self::document_db),
        wire::field("LoggingConfig", &Self::logging_config),
        wire::field("ProvisionedPollerConfig", &Self::provisioned_poller_config),
        wire::field("Topics", &Self::topics),
        wire::field("Queues", &Self::queues),
        wire::field("SelfManagedEventSource", &Self::self_managed_event_source)};
  }
};

struct UpdateEventSourceMappingRequest {
  std::string uuid;
  std::optional<std::string> function_name;
  std::optional<std::int32_t> batch_size;
  std::optional<FilterCriteria> filter_criteria;
  std::optional<std::int32_t> maximum_batching_window_in_seconds;
  std::optional<DestinationConfig> destination_config;
  std::optional<std::int32_t> maximum_record_age_in_seconds;
  std::optional<bool> bisect_batch_on_function_error;
  std::optional<std::int32_t> maximum_retry_attempts;
  std::optional<std::int32_t> parallelization_factor;
  std::optional<std::int32_t> tumbling_window_in_seconds;
  std::optional<std::vector<std::string>> function_response_types;
  std::optional<EventSourceMappingMetricsConfig> metrics_config;
  std::optional<bool> enabled;
  std::optional<std::string> kms_key_arn;
  std::optional<wire::Document> source_access_configurations;
  std::optional<wire::Document> scaling_config;
  std::optional<wire::Document> amazon_managed_kafka;
  std::optional<wire::Document> self_managed_kafka;
  std::optional<wire::Document> document_db;
  std::optional<wire::Document> logging_config;
  std::optional<wire::Document> provisioned_poller_config;
  static constexpr auto shape() {
    using Self = UpdateEventSourceMappingRequest;
    return std::tuple{
        wire::field("UUID", &Self::uuid).required().in(wire::Place::path),
        wire::field("FunctionName", &Self::function_name)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("BatchSize", &Self::batch_size).range(1, 10'000),
        wire::field("FilterCriteria", &Self::filter_criteria),
        wire::field("MaximumBatchingWindowInSeconds", &Self::maximum_batching_window_in_seconds)
            .range(0, 300),
        wire::field("DestinationConfig", &Self::destination_config),
        wire::field("MaximumRecordAgeInSeconds", &Self::maximum_record_age_in_seconds)
            .range(-1, 604'800),
        wire::field("BisectBatchOnFunctionError", &Self::bisect_batch_on_function_error),
        wire::field("MaximumRetryAttempts", &Self::maximum_retry_attempts).range(-1, 10'000),
        wire::field("ParallelizationFactor", &Self::parallelization_factor).range(1, 10),
        wire::field("TumblingWindowInSeconds", &Self::tumbling_window_in_seconds).range(0, 900),
        wire::field("FunctionResponseTypes", &Self::function_response_types)
            .length(0, 1)
            .each(wire::rules().one_of(kFunctionResponseTypes)),
        wire::field("MetricsConfig", &Self::metrics_config),
        wire::field("Enabled", &Self::enabled),
        wire::field("KMSKeyArn", &Self::kms_key_arn),
        wire::field("SourceAccessConfigurations", &Self::source_access_configurations),
        wire::field("ScalingConfig", &Self::scaling_config),
        wire::field("AmazonManagedKafkaEventSourceConfig", &Self::amazon_managed_kafka),
        wire::field("SelfManagedKafkaEventSourceConfig", &Self::self_managed_kafka),
        wire::field("DocumentDBEventSourceConfig", &Self::document_db),
        wire::field("LoggingConfig", &Self::logging_config),
        wire::field("ProvisionedPollerConfig", &Self::provisioned_poller_config)};
  }
};

struct GetEventSourceMappingRequest {
  std::string uuid;
  static constexpr auto shape() {
    using Self = GetEventSourceMappingRequest;
    return std::tuple{wire::field("UUID", &Self::uuid).required().in(wire::Place::path)};
  }
};

struct DeleteEventSourceMappingRequest {
  std::string uuid;
  static constexpr auto shape() {
    using Self = DeleteEventSourceMappingRequest;
    return std::tuple{wire::field("UUID", &Self::uuid).required().in(wire::Place::path)};
  }
};

struct ListEventSourceMappingsRequest {
  std::optional<std::string> event_source_arn;
  std::optional<std::string> function_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListEventSourceMappingsRequest;
    return std::tuple{
        wire::field("EventSourceArn", &Self::event_source_arn)
            .in(wire::Place::query)
            .pattern(kArnPattern),
        wire::field("FunctionName", &Self::function_name)
            .in(wire::Place::query)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 10'000)};
  }
};

struct EventSourceMappingConfiguration {
  std::string uuid;
  std::optional<std::string> starting_position;
  std::optional<std::int32_t> batch_size;
  std::optional<FilterCriteria> filter_criteria;
  std::optional<std::int32_t> maximum_batching_window_in_seconds;
  std::optional<DestinationConfig> destination_config;
  std::optional<std::int32_t> maximum_record_age_in_seconds;
  std::optional<bool> bisect_batch_on_function_error;
  std::optional<std::int32_t> maximum_retry_attempts;
  std::optional<std::int32_t> parallelization_factor;
  std::optional<std::int32_t> tumbling_window_in_seconds;
  std::optional<std::vector<std::string>> function_response_types;
  std::optional<EventSourceMappingMetricsConfig> metrics_config;
  std::string event_source_arn;
  std::string function_arn;
  wire::Timestamp last_modified;
  std::string last_processing_result;
  std::string state;
  std::string state_transition_reason;
  std::string event_source_mapping_arn;
  static constexpr auto shape() {
    using Self = EventSourceMappingConfiguration;
    return std::tuple{
        wire::field("UUID", &Self::uuid),
        wire::field("StartingPosition", &Self::starting_position),
        wire::field("BatchSize", &Self::batch_size),
        wire::field("FilterCriteria", &Self::filter_criteria),
        wire::field("MaximumBatchingWindowInSeconds", &Self::maximum_batching_window_in_seconds),
        wire::field("DestinationConfig", &Self::destination_config),
        wire::field("MaximumRecordAgeInSeconds", &Self::maximum_record_age_in_seconds),
        wire::field("BisectBatchOnFunctionError", &Self::bisect_batch_on_function_error),
        wire::field("MaximumRetryAttempts", &Self::maximum_retry_attempts),
        wire::field("ParallelizationFactor", &Self::parallelization_factor),
        wire::field("TumblingWindowInSeconds", &Self::tumbling_window_in_seconds),
        wire::field("FunctionResponseTypes", &Self::function_response_types),
        wire::field("MetricsConfig", &Self::metrics_config),
        wire::field("EventSourceArn", &Self::event_source_arn),
        wire::field("FunctionArn", &Self::function_arn),
        wire::field("LastModified", &Self::last_modified),
        wire::field("LastProcessingResult", &Self::last_processing_result),
        wire::field("State", &Self::state),
        wire::field("StateTransitionReason", &Self::state_transition_reason),
        wire::field("EventSourceMappingArn", &Self::event_source_mapping_arn)};
  }
};

struct ListEventSourceMappingsResponse {
  std::optional<std::string> next_marker;
  std::vector<EventSourceMappingConfiguration> event_source_mappings;
  static constexpr auto shape() {
    using Self = ListEventSourceMappingsResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("EventSourceMappings", &Self::event_source_mappings)};
  }
};

}  // namespace mayfly::lambda
