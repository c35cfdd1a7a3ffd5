// DynamoDB Streams: every operation on one screen.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/known_stream_operations.h"
#include "services/dynamodb/operations/stream_operations.h"

namespace mayfly::dynamodb {
namespace {

constexpr auto kOperations = api::operations<Dynamodb>(
    api::operation<list_streams, kResourceNotFound, kInternalServer>("ListStreams"),
    api::operation<describe_stream, kResourceNotFound, kInternalServer>("DescribeStream"),
    api::operation<get_shard_iterator, kResourceNotFound, kInternalServer, kTrimmedDataAccess>(
        "GetShardIterator"),
    api::operation<get_records, kResourceNotFound, kLimitExceeded, kInternalServer,
                   kExpiredIterator, kTrimmedDataAccess>("GetRecords"));

constexpr std::string_view kSigningNames[] = {"dynamodb"};

}  // namespace

api::Service make_streams_service(Dynamodb& dynamodb) {
  api::ServiceInfo info;
  info.name = "dynamodbstreams";
  info.title = "Amazon DynamoDB Streams";
  info.signing_names = kSigningNames;
  info.target_prefix = "DynamoDBStreams_20120810";
  info.api_version = "2012-08-10";
  info.model = "dynamodbstreams";
  info.facts.protocol = wire::Protocol::aws_json_1_0;
  info.facts.error_namespace = "com.amazonaws.dynamodb.v20120810#";
  info.facts.checksum = wire::BodyChecksum::crc32;
  info.known = kKnownStreamOperations;
  return api::service(dynamodb, info, kOperations);
}

}  // namespace mayfly::dynamodb
