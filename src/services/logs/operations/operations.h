// The operations of CloudWatch Logs, by file. logs.cc makes the table of them.
#pragma once

#include "api/operation.h"
#include "services/logs/logs.h"
#include "services/logs/shapes.h"

namespace mayfly::logs {

template <class T>
using Answer = base::Task<wire::Result<T>>;
using Context = api::RequestContext;

// groups.cc
Answer<void> create_log_group(Logs& logs, const Context& context, CreateLogGroupRequest request);
Answer<void> delete_log_group(Logs& logs, const Context& context, DeleteLogGroupRequest request);
Answer<DescribeLogGroupsResponse> describe_log_groups(Logs& logs, const Context& context,
                                                      DescribeLogGroupsRequest request);
Answer<void> put_retention_policy(Logs& logs, const Context& context,
                                  PutRetentionPolicyRequest request);
Answer<void> delete_retention_policy(Logs& logs, const Context& context,
                                     DeleteRetentionPolicyRequest request);

// streams.cc
Answer<void> create_log_stream(Logs& logs, const Context& context, CreateLogStreamRequest request);
Answer<void> delete_log_stream(Logs& logs, const Context& context, DeleteLogStreamRequest request);
Answer<DescribeLogStreamsResponse> describe_log_streams(Logs& logs, const Context& context,
                                                        DescribeLogStreamsRequest request);

// put_log_events.cc, get_log_events.cc, filter_log_events.cc
Answer<PutLogEventsResponse> put_log_events(Logs& logs, const Context& context,
                                            PutLogEventsRequest request);
Answer<GetLogEventsResponse> get_log_events(Logs& logs, const Context& context,
                                            GetLogEventsRequest request);
Answer<FilterLogEventsResponse> filter_log_events(Logs& logs, const Context& context,
                                                  FilterLogEventsRequest request);

// tags.cc
Answer<void> tag_resource(Logs& logs, const Context& context, TagResourceRequest request);
Answer<void> untag_resource(Logs& logs, const Context& context, UntagResourceRequest request);
Answer<ListTagsForResourceResponse> list_tags_for_resource(Logs& logs, const Context& context,
                                                           ListTagsForResourceRequest request);
Answer<void> tag_log_group(Logs& logs, const Context& context, TagLogGroupRequest request);
Answer<void> untag_log_group(Logs& logs, const Context& context, UntagLogGroupRequest request);
Answer<ListTagsLogGroupResponse> list_tags_log_group(Logs& logs, const Context& context,
                                                     ListTagsLogGroupRequest request);

// "arn:aws:logs:<region>:<account>:log-group:<name>", without the ":*" that some answers add.
std::string group_arn(const base::Scope& scope, std::string_view group);
// The group that a request names by name or by ARN: one of the two must be there.
wire::Result<std::string> named_group(const base::Scope& scope, std::optional<std::string> name,
                                      std::optional<std::string> identifier);

}  // namespace mayfly::logs
