#include "services/logs/logs.h"

#include "services/logs/errors.h"
#include "services/logs/known_operations.h"
#include "services/logs/operations/operations.h"

namespace mayfly::logs {

namespace {

constexpr std::string_view kSigningNames[] = {"logs"};

constexpr auto kOperations = api::operations<Logs>(
    api::operation<create_log_group, kInvalidParameter, kResourceAlreadyExists>("CreateLogGroup"),
    api::operation<delete_log_group, kInvalidParameter, kResourceNotFound>("DeleteLogGroup"),
    api::operation<describe_log_groups, kInvalidParameter>("DescribeLogGroups"),
    api::operation<put_retention_policy, kInvalidParameter, kResourceNotFound>(
        "PutRetentionPolicy"),
    api::operation<delete_retention_policy, kInvalidParameter, kResourceNotFound>(
        "DeleteRetentionPolicy"),
    api::operation<create_log_stream, kInvalidParameter, kResourceAlreadyExists, kResourceNotFound>(
        "CreateLogStream"),
    api::operation<delete_log_stream, kInvalidParameter, kResourceNotFound>("DeleteLogStream"),
    api::operation<describe_log_streams, kInvalidParameter, kResourceNotFound>(
        "DescribeLogStreams"),
    api::operation<put_log_events, kInvalidParameter, kResourceNotFound>("PutLogEvents"),
    api::operation<get_log_events, kInvalidParameter, kResourceNotFound>("GetLogEvents"),
    api::operation<filter_log_events, kInvalidParameter, kResourceNotFound>("FilterLogEvents"),
    api::operation<tag_resource, kInvalidParameter, kResourceNotFound, kTooManyTags>("TagResource"),
    api::operation<untag_resource, kInvalidParameter, kResourceNotFound>("UntagResource"),
    api::operation<list_tags_for_resource, kInvalidParameter, kResourceNotFound>(
        "ListTagsForResource"),
    api::operation<tag_log_group, kInvalidParameter, kResourceNotFound>("TagLogGroup"),
    api::operation<untag_log_group, kResourceNotFound>("UntagLogGroup"),
    api::operation<list_tags_log_group, kResourceNotFound>("ListTagsLogGroup"));

}  // namespace

api::Service make_service(Logs& logs) {
  return api::service(
      logs,
      {.name = "logs",
       .title = "Amazon CloudWatch Logs",
       .signing_names = kSigningNames,
       .target_prefix = "Logs_20140328",
       .model = "logs",
       .facts = {.protocol = wire::Protocol::aws_json_1_1, .validation = &kInvalidParameter},
       .known = kKnownOperations},
      kOperations);
}

}  // namespace mayfly::logs
