// Requests and responses of DynamoDB Streams.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/table_shapes.h"
#include "wire/shape.h"

namespace mayfly::dynamodb {

inline constexpr std::array<std::string_view, 4> kIteratorTypes{
    "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"};
inline constexpr std::array<std::string_view, 1> kShardFilters{"CHILD_SHARDS"};

struct ListStreamsRequest {
  std::optional<std::string> table_name;
  std::int32_t limit = 100;
  std::optional<std::string> exclusive_start_stream_arn;
  static constexpr auto shape() {
    using Self = ListStreamsRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).length(3, 255).pattern(kNamePattern),
        wire::field("Limit", &Self::limit).range(1, 100),
        wire::field("ExclusiveStartStreamArn", &Self::exclusive_start_stream_arn).length(37, 1024)};
  }
};

struct StreamSummary {
  std::string stream_arn;
  std::string table_name;
  std::string stream_label;
  static constexpr auto shape() {
    using Self = StreamSummary;
    return std::tuple{wire::field("StreamArn", &Self::stream_arn),
                      wire::field("TableName", &Self::table_name),
                      wire::field("StreamLabel", &Self::stream_label)};
  }
};

struct ListStreamsResponse {
  std::vector<StreamSummary> streams;
  std::optional<std::string> last_evaluated_stream_arn;
  static constexpr auto shape() {
    using Self = ListStreamsResponse;
    return std::tuple{wire::field("Streams", &Self::streams),
                      wire::field("LastEvaluatedStreamArn", &Self::last_evaluated_stream_arn)};
  }
};

struct ShardFilter {
  std::optional<std::string> type;
  std::optional<std::string> shard_id;
  static constexpr auto shape() {
    using Self = ShardFilter;
    return std::tuple{wire::field("Type", &Self::type).one_of(kShardFilters),
                      wire::field("ShardId", &Self::shard_id).length(28, 65)};
  }
};

struct DescribeStreamRequest {
  std::string stream_arn;
  std::int32_t limit = 100;
  std::optional<std::string> exclusive_start_shard_id;
  std::optional<ShardFilter> shard_filter;
  static constexpr auto shape() {
    using Self = DescribeStreamRequest;
    return std::tuple{
        wire::field("StreamArn", &Self::stream_arn).required().length(37, 1024),
        wire::field("Limit", &Self::limit).range(1, 100),
        wire::field("ExclusiveStartShardId", &Self::exclusive_start_shard_id).length(28, 65),
        wire::field("ShardFilter", &Self::shard_filter)};
  }
};

struct SequenceNumberRange {
  std::string starting;
  std::optional<std::string> ending;
  static constexpr auto shape() {
    using Self = SequenceNumberRange;
    return std::tuple{wire::field("StartingSequenceNumber", &Self::starting),
                      wire::field("EndingSequenceNumber", &Self::ending)};
  }
};

struct ShardDescription {
  std::string shard_id;
  SequenceNumberRange sequence_number_range;
  std::optional<std::string> parent_shard_id;
  static constexpr auto shape() {
    using Self = ShardDescription;
    return std::tuple{wire::field("ShardId", &Self::shard_id),
                      wire::field("SequenceNumberRange", &Self::sequence_number_range),
                      wire::field("ParentShardId", &Self::parent_shard_id)};
  }
};

struct StreamDescription {
  std::string stream_arn;
  std::string stream_label;
  std::string stream_status;
  std::string stream_view_type;
  wire::Timestamp creation_request;
  std::string table_name;
  std::vector<KeySchemaElement> key_schema;
  std::vector<ShardDescription> shards;
  std::optional<std::string> last_evaluated_shard_id;
  static constexpr auto shape() {
    using Self = StreamDescription;
    return std::tuple{wire::field("StreamArn", &Self::stream_arn),
                      wire::field("StreamLabel", &Self::stream_label),
                      wire::field("StreamStatus", &Self::stream_status),
                      wire::field("StreamViewType", &Self::stream_view_type),
                      wire::field("CreationRequestDateTime", &Self::creation_request),
                      wire::field("TableName", &Self::table_name),
                      wire::field("KeySchema", &Self::key_schema),
                      wire::field("Shards", &Self::shards),
                      wire::field("LastEvaluatedShardId", &Self::last_evaluated_shard_id)};
  }
};

struct DescribeStreamResponse {
  StreamDescription stream_description;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("StreamDescription", &DescribeStreamResponse::stream_description)};
  }
};

struct GetShardIteratorRequest {
  std::string stream_arn;
  std::string shard_id;
  std::string shard_iterator_type;
  std::optional<std::string> sequence_number;
  static constexpr auto shape() {
    using Self = GetShardIteratorRequest;
    return std::tuple{wire::field("StreamArn", &Self::stream_arn).required().length(37, 1024),
                      wire::field("ShardId", &Self::shard_id).required().length(28, 65),
                      wire::field("ShardIteratorType", &Self::shard_iterator_type)
                          .required()
                          .one_of(kIteratorTypes),
                      wire::field("SequenceNumber", &Self::sequence_number).length(21, 40)};
  }
};

struct GetShardIteratorResponse {
  std::string shard_iterator;
  static constexpr auto shape() {
    return std::tuple{wire::field("ShardIterator", &GetShardIteratorResponse::shard_iterator)};
  }
};

struct GetRecordsRequest {
  std::string shard_iterator;
  std::int32_t limit = 1000;
  static constexpr auto shape() {
    using Self = GetRecordsRequest;
    return std::tuple{
        wire::field("ShardIterator", &Self::shard_iterator).required().length(1, 2048),
        wire::field("Limit", &Self::limit).range(1, 1000)};
  }
};

struct ChangeShape {
  wire::Timestamp approximate_creation;
  wire::Document keys;
  wire::Document new_image;
  wire::Document old_image;
  std::string sequence_number;
  std::int64_t size_bytes = 0;
  std::string stream_view_type;
  static constexpr auto shape() {
    using Self = ChangeShape;
    return std::tuple{wire::field("ApproximateCreationDateTime", &Self::approximate_creation),
                      wire::field("Keys", &Self::keys),
                      wire::field("NewImage", &Self::new_image),
                      wire::field("OldImage", &Self::old_image),
                      wire::field("SequenceNumber", &Self::sequence_number),
                      wire::field("SizeBytes", &Self::size_bytes),
                      wire::field("StreamViewType", &Self::stream_view_type)};
  }
};

struct IdentityShape {
  std::string principal_id;
  std::string type;
  static constexpr auto shape() {
    return std::tuple{wire::field("PrincipalId", &IdentityShape::principal_id),
                      wire::field("Type", &IdentityShape::type)};
  }
};

struct RecordShape {
  std::string event_id;
  std::string event_name;
  std::string event_version;
  std::string event_source;
  std::string aws_region;
  ChangeShape dynamodb;
  std::optional<IdentityShape> user_identity;
  static constexpr auto shape() {
    using Self = RecordShape;
    return std::tuple{wire::field("eventID", &Self::event_id),
                      wire::field("eventName", &Self::event_name),
                      wire::field("eventVersion", &Self::event_version),
                      wire::field("eventSource", &Self::event_source),
                      wire::field("awsRegion", &Self::aws_region),
                      wire::field("dynamodb", &Self::dynamodb),
                      wire::field("userIdentity", &Self::user_identity)};
  }
};

struct GetRecordsResponse {
  std::vector<RecordShape> records;
  std::optional<std::string> next_shard_iterator;
  static constexpr auto shape() {
    using Self = GetRecordsResponse;
    return std::tuple{wire::field("Records", &Self::records),
                      wire::field("NextShardIterator", &Self::next_shard_iterator)};
  }
};

}  // namespace mayfly::dynamodb
