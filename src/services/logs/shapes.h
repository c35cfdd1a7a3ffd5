// Requests and responses of CloudWatch Logs (model of 2014-03-28).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/shape.h"

namespace mayfly::logs {

inline constexpr std::string_view kLogGroupNamePattern = "[\\.\\-_/#A-Za-z0-9]+";
inline constexpr std::string_view kLogGroupClassValues[] = {"STANDARD", "INFREQUENT_ACCESS",
                                                            "DELIVERY"};
inline constexpr std::string_view kLogGroupNamePatternPattern = "[\\.\\-_/#A-Za-z0-9]*";
inline constexpr std::string_view kLogGroupIdentifierPattern = "[\\w#+=/:,.@-]*";
inline constexpr std::string_view kLogStreamNamePattern = "[^:*]*";
inline constexpr std::string_view kOrderByValues[] = {"LogStreamName", "LastEventTime"};
inline constexpr std::string_view kAmazonResourceNamePattern = "[\\w+=/:,.@-]*";
struct CreateLogGroupRequest {
  std::string log_group_name;
  std::optional<std::string> kms_key_id;
  std::optional<std::map<std::string, std::string>> tags;
  std::optional<std::string> log_group_class;
  std::optional<bool> deletion_protection_enabled;
  static constexpr auto shape() {
    using Self = CreateLogGroupRequest;
    return std::tuple{
        wire::field("logGroupName", &Self::log_group_name)
            .required()
            .length(1, 512)
            .pattern(kLogGroupNamePattern),
        wire::field("kmsKeyId", &Self::kms_key_id).length(0, 256),
        wire::field("tags", &Self::tags)
            .items(1, 50)
            .keys(wire::rules().length(1, 128))
            .each(wire::rules().length(0, 256)),
        wire::field("logGroupClass", &Self::log_group_class).one_of(kLogGroupClassValues),
        wire::field("deletionProtectionEnabled", &Self::deletion_protection_enabled)};
  }
};

struct DeleteLogGroupRequest {
  std::string log_group_name;
  static constexpr auto shape() {
    using Self = DeleteLogGroupRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern)};
  }
};

struct DescribeLogGroupsRequest {
  std::optional<std::string> log_group_name_prefix;
  std::optional<std::string> log_group_name_pattern;
  std::optional<std::string> next_token;
  std::optional<std::int32_t> limit;
  std::optional<bool> include_linked_accounts;
  std::optional<std::string> log_group_class;
  std::optional<std::vector<std::string>> log_group_identifiers;
  static constexpr auto shape() {
    using Self = DescribeLogGroupsRequest;
    return std::tuple{
        wire::field("logGroupNamePrefix", &Self::log_group_name_prefix)
            .length(1, 512)
            .pattern(kLogGroupNamePattern),
        wire::field("logGroupNamePattern", &Self::log_group_name_pattern)
            .length(0, 512)
            .pattern(kLogGroupNamePatternPattern),
        wire::field("nextToken", &Self::next_token).length(1, wire::Rules::kNone),
        wire::field("limit", &Self::limit).range(1, 50),
        wire::field("includeLinkedAccounts", &Self::include_linked_accounts),
        wire::field("logGroupClass", &Self::log_group_class).one_of(kLogGroupClassValues),
        wire::field("logGroupIdentifiers", &Self::log_group_identifiers)
            .items(1, 50)
            .each(wire::rules().length(1, 2048).pattern(kLogGroupIdentifierPattern))};
  }
};

struct LogGroup {
  std::optional<std::string> log_group_name;
  std::optional<std::int64_t> creation_time;
  std::optional<std::int32_t> retention_in_days;
  std::optional<std::int32_t> metric_filter_count;
  std::optional<std::string> arn;
  std::optional<std::int64_t> stored_bytes;
  std::optional<std::string> kms_key_id;
  std::optional<std::string> log_group_class;
  std::optional<std::string> log_group_arn;
  std::optional<bool> deletion_protection_enabled;
  static constexpr auto shape() {
    using Self = LogGroup;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name),
                      wire::field("creationTime", &Self::creation_time),
                      wire::field("retentionInDays", &Self::retention_in_days),
                      wire::field("metricFilterCount", &Self::metric_filter_count),
                      wire::field("arn", &Self::arn),
                      wire::field("storedBytes", &Self::stored_bytes),
                      wire::field("kmsKeyId", &Self::kms_key_id),
                      wire::field("logGroupClass", &Self::log_group_class),
                      wire::field("logGroupArn", &Self::log_group_arn),
                      wire::field("deletionProtectionEnabled", &Self::deletion_protection_enabled)};
  }
};

struct DescribeLogGroupsResponse {
  std::optional<std::vector<LogGroup>> log_groups;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeLogGroupsResponse;
    return std::tuple{wire::field("logGroups", &Self::log_groups),
                      wire::field("nextToken", &Self::next_token)};
  }
};

struct CreateLogStreamRequest {
  std::string log_group_name;
  std::string log_stream_name;
  static constexpr auto shape() {
    using Self = CreateLogStreamRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("logStreamName", &Self::log_stream_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogStreamNamePattern)};
  }
};

struct DeleteLogStreamRequest {
  std::string log_group_name;
  std::string log_stream_name;
  static constexpr auto shape() {
    using Self = DeleteLogStreamRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("logStreamName", &Self::log_stream_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogStreamNamePattern)};
  }
};

struct DescribeLogStreamsRequest {
  std::optional<std::string> log_group_name;
  std::optional<std::string> log_group_identifier;
  std::optional<std::string> log_stream_name_prefix;
  std::optional<std::string> order_by;
  std::optional<bool> descending;
  std::optional<std::string> next_token;
  std::optional<std::int32_t> limit;
  static constexpr auto shape() {
    using Self = DescribeLogStreamsRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("logGroupIdentifier", &Self::log_group_identifier)
                          .length(1, 2048)
                          .pattern(kLogGroupIdentifierPattern),
                      wire::field("logStreamNamePrefix", &Self::log_stream_name_prefix)
                          .length(1, 512)
                          .pattern(kLogStreamNamePattern),
                      wire::field("orderBy", &Self::order_by).one_of(kOrderByValues),
                      wire::field("descending", &Self::descending),
                      wire::field("nextToken", &Self::next_token).length(1, wire::Rules::kNone),
                      wire::field("limit", &Self::limit).range(1, 50)};
  }
};

struct LogStream {
  std::optional<std::string> log_stream_name;
  std::optional<std::int64_t> creation_time;
  std::optional<std::int64_t> first_event_timestamp;
  std::optional<std::int64_t> last_event_timestamp;
  std::optional<std::int64_t> last_ingestion_time;
  std::optional<std::string> upload_sequence_token;
  std::optional<std::string> arn;
  std::optional<std::int64_t> stored_bytes;
  static constexpr auto shape() {
    using Self = LogStream;
    return std::tuple{wire::field("logStreamName", &Self::log_stream_name),
                      wire::field("creationTime", &Self::creation_time),
                      wire::field("firstEventTimestamp", &Self::first_event_timestamp),
                      wire::field("lastEventTimestamp", &Self::last_event_timestamp),
                      wire::field("lastIngestionTime", &Self::last_ingestion_time),
                      wire::field("uploadSequenceToken", &Self::upload_sequence_token),
                      wire::field("arn", &Self::arn),
                      wire::field("storedBytes", &Self::stored_bytes)};
  }
};

struct DescribeLogStreamsResponse {
  std::optional<std::vector<LogStream>> log_streams;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeLogStreamsResponse;
    return std::tuple{wire::field("logStreams", &Self::log_streams),
                      wire::field("nextToken", &Self::next_token)};
  }
};

struct InputLogEvent {
  std::int64_t timestamp = 0;
  std::string message;
  static constexpr auto shape() {
    using Self = InputLogEvent;
    return std::tuple{
        wire::field("timestamp", &Self::timestamp).required().at_least(0),
        wire::field("message", &Self::message).required().length(1, wire::Rules::kNone)};
  }
};

struct PutLogEventsRequest {
  std::string log_group_name;
  std::string log_stream_name;
  std::vector<InputLogEvent> log_events;
  std::optional<std::string> sequence_token;
  static constexpr auto shape() {
    using Self = PutLogEventsRequest;
    return std::tuple{
        wire::field("logGroupName", &Self::log_group_name)
            .required()
            .length(1, 512)
            .pattern(kLogGroupNamePattern),
        wire::field("logStreamName", &Self::log_stream_name)
            .required()
            .length(1, 512)
            .pattern(kLogStreamNamePattern),
        wire::field("logEvents", &Self::log_events).required().items(1, 10000),
        wire::field("sequenceToken", &Self::sequence_token).length(1, wire::Rules::kNone)};
  }
};

struct RejectedLogEventsInfo {
  std::optional<std::int32_t> too_new_log_event_start_index;
  std::optional<std::int32_t> too_old_log_event_end_index;
  std::optional<std::int32_t> expired_log_event_end_index;
  static constexpr auto shape() {
    using Self = RejectedLogEventsInfo;
    return std::tuple{wire::field("tooNewLogEventStartIndex", &Self::too_new_log_event_start_index),
                      wire::field("tooOldLogEventEndIndex", &Self::too_old_log_event_end_index),
                      wire::field("expiredLogEventEndIndex", &Self::expired_log_event_end_index)};
  }
};

struct PutLogEventsResponse {
  std::optional<std::string> next_sequence_token;
  std::optional<RejectedLogEventsInfo> rejected_log_events_info;
  static constexpr auto shape() {
    using Self = PutLogEventsResponse;
    return std::tuple{wire::field("nextSequenceToken", &Self::next_sequence_token),
                      wire::field("rejectedLogEventsInfo", &Self::rejected_log_events_info)};
  }
};

struct GetLogEventsRequest {
  std::optional<std::string> log_group_name;
  std::optional<std::string> log_group_identifier;
  std::string log_stream_name;
  std::optional<std::int64_t> start_time;
  std::optional<std::int64_t> end_time;
  std::optional<std::string> next_token;
  std::optional<std::int32_t> limit;
  std::optional<bool> start_from_head;
  static constexpr auto shape() {
    using Self = GetLogEventsRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("logGroupIdentifier", &Self::log_group_identifier)
                          .length(1, 2048)
                          .pattern(kLogGroupIdentifierPattern),
                      wire::field("logStreamName", &Self::log_stream_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogStreamNamePattern),
                      wire::field("startTime", &Self::start_time).at_least(0),
                      wire::field("endTime", &Self::end_time).at_least(0),
                      wire::field("nextToken", &Self::next_token).length(1, wire::Rules::kNone),
                      wire::field("limit", &Self::limit).range(1, 10000),
                      wire::field("startFromHead", &Self::start_from_head)};
  }
};

struct OutputLogEvent {
  std::optional<std::int64_t> timestamp;
  std::optional<std::string> message;
  std::optional<std::int64_t> ingestion_time;
  static constexpr auto shape() {
    using Self = OutputLogEvent;
    return std::tuple{wire::field("timestamp", &Self::timestamp),
                      wire::field("message", &Self::message),
                      wire::field("ingestionTime", &Self::ingestion_time)};
  }
};

struct GetLogEventsResponse {
  std::optional<std::vector<OutputLogEvent>> events;
  std::optional<std::string> next_forward_token;
  std::optional<std::string> next_backward_token;
  static constexpr auto shape() {
    using Self = GetLogEventsResponse;
    return std::tuple{wire::field("events", &Self::events),
                      wire::field("nextForwardToken", &Self::next_forward_token),
                      wire::field("nextBackwardToken", &Self::next_backward_token)};
  }
};

struct FilterLogEventsRequest {
  std::optional<std::string> log_group_name;
  std::optional<std::string> log_group_identifier;
  std::optional<std::vector<std::string>> log_stream_names;
  std::optional<std::string> log_stream_name_prefix;
  std::optional<std::int64_t> start_time;
  std::optional<std::int64_t> end_time;
  std::optional<std::string> filter_pattern;
  std::optional<std::string> next_token;
  std::optional<std::int32_t> limit;
  std::optional<bool> interleaved;
  static constexpr auto shape() {
    using Self = FilterLogEventsRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("logGroupIdentifier", &Self::log_group_identifier)
                          .length(1, 2048)
                          .pattern(kLogGroupIdentifierPattern),
                      wire::field("logStreamNames", &Self::log_stream_names)
                          .items(1, 100)
                          .each(wire::rules().length(1, 512).pattern(kLogStreamNamePattern)),
                      wire::field("logStreamNamePrefix", &Self::log_stream_name_prefix)
                          .length(1, 512)
                          .pattern(kLogStreamNamePattern),
                      wire::field("startTime", &Self::start_time).at_least(0),
                      wire::field("endTime", &Self::end_time).at_least(0),
                      wire::field("filterPattern", &Self::filter_pattern).length(0, 1024),
                      wire::field("nextToken", &Self::next_token).length(1, wire::Rules::kNone),
                      wire::field("limit", &Self::limit).range(1, 10000),
                      wire::field("interleaved", &Self::interleaved)};
  }
};

struct FilteredLogEvent {
  std::optional<std::string> log_stream_name;
  std::optional<std::int64_t> timestamp;
  std::optional<std::string> message;
  std::optional<std::int64_t> ingestion_time;
  std::optional<std::string> event_id;
  static constexpr auto shape() {
    using Self = FilteredLogEvent;
    return std::tuple{wire::field("logStreamName", &Self::log_stream_name),
                      wire::field("timestamp", &Self::timestamp),
                      wire::field("message", &Self::message),
                      wire::field("ingestionTime", &Self::ingestion_time),
                      wire::field("eventId", &Self::event_id)};
  }
};

struct SearchedLogStream {
  std::optional<std::string> log_stream_name;
  std::optional<bool> searched_completely;
  static constexpr auto shape() {
    using Self = SearchedLogStream;
    return std::tuple{wire::field("logStreamName", &Self::log_stream_name),
                      wire::field("searchedCompletely", &Self::searched_completely)};
  }
};

struct FilterLogEventsResponse {
  std::optional<std::vector<FilteredLogEvent>> events;
  std::optional<std::vector<SearchedLogStream>> searched_log_streams;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = FilterLogEventsResponse;
    return std::tuple{wire::field("events", &Self::events),
                      wire::field("searchedLogStreams", &Self::searched_log_streams),
                      wire::field("nextToken", &Self::next_token)};
  }
};

struct PutRetentionPolicyRequest {
  std::string log_group_name;
  std::int32_t retention_in_days = 0;
  static constexpr auto shape() {
    using Self = PutRetentionPolicyRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("retentionInDays", &Self::retention_in_days).required()};
  }
};

struct DeleteRetentionPolicyRequest {
  std::string log_group_name;
  static constexpr auto shape() {
    using Self = DeleteRetentionPolicyRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern)};
  }
};

struct TagResourceRequest {
  std::string resource_arn;
  std::map<std::string, std::string> tags;
  static constexpr auto shape() {
    using Self = TagResourceRequest;
    return std::tuple{wire::field("resourceArn", &Self::resource_arn)
                          .required()
                          .length(1, 1011)
                          .pattern(kAmazonResourceNamePattern),
                      wire::field("tags", &Self::tags)
                          .required()
                          .items(1, 50)
                          .keys(wire::rules().length(1, 128))
                          .each(wire::rules().length(0, 256))};
  }
};

struct UntagResourceRequest {
  std::string resource_arn;
  std::vector<std::string> tag_keys;
  static constexpr auto shape() {
    using Self = UntagResourceRequest;
    return std::tuple{wire::field("resourceArn", &Self::resource_arn)
                          .required()
                          .length(1, 1011)
                          .pattern(kAmazonResourceNamePattern),
                      wire::field("tagKeys", &Self::tag_keys)
                          .required()
                          .items(0, 50)
                          .each(wire::rules().length(1, 128))};
  }
};

struct ListTagsForResourceRequest {
  std::string resource_arn;
  static constexpr auto shape() {
    using Self = ListTagsForResourceRequest;
    return std::tuple{wire::field("resourceArn", &Self::resource_arn)
                          .required()
                          .length(1, 1011)
                          .pattern(kAmazonResourceNamePattern)};
  }
};

struct ListTagsForResourceResponse {
  std::optional<std::map<std::string, std::string>> tags;
  static constexpr auto shape() {
    using Self = ListTagsForResourceResponse;
    return std::tuple{wire::field("tags", &Self::tags)};
  }
};

struct TagLogGroupRequest {
  std::string log_group_name;
  std::map<std::string, std::string> tags;
  static constexpr auto shape() {
    using Self = TagLogGroupRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("tags", &Self::tags)
                          .required()
                          .items(1, 50)
                          .keys(wire::rules().length(1, 128))
                          .each(wire::rules().length(0, 256))};
  }
};

struct UntagLogGroupRequest {
  std::string log_group_name;
  std::vector<std::string> tags;
  static constexpr auto shape() {
    using Self = UntagLogGroupRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern),
                      wire::field("tags", &Self::tags)
                          .required()
                          .items(1, wire::Rules::kNone)
                          .each(wire::rules().length(1, 128))};
  }
};

struct ListTagsLogGroupRequest {
  std::string log_group_name;
  static constexpr auto shape() {
    using Self = ListTagsLogGroupRequest;
    return std::tuple{wire::field("logGroupName", &Self::log_group_name)
                          .required()
                          .length(1, 512)
                          .pattern(kLogGroupNamePattern)};
  }
};

struct ListTagsLogGroupResponse {
  std::optional<std::map<std::string, std::string>> tags;
  static constexpr auto shape() {
    using Self = ListTagsLogGroupResponse;
    return std::tuple{wire::field("tags", &Self::tags)};
  }
};

}  // namespace mayfly::logs
