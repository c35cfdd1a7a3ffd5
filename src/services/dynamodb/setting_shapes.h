// Requests and responses of what a table has besides its definition: time to live, tags, resource
// policies, contributor insights; and of DescribeLimits and DescribeEndpoints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/table_shapes.h"

namespace mayfly::dynamodb {

inline constexpr std::string_view kContributorInsightsActionValues[] = {"ENABLE", "DISABLE"};
inline constexpr std::string_view kContributorInsightsModeValues[] = {"ACCESSED_AND_THROTTLED_KEYS",
                                                                      "THROTTLED_KEYS"};

struct PutResourcePolicyInput {
  std::string resource_arn;
  std::string policy;
  std::optional<std::string> expected_revision_id;
  std::optional<bool> confirm_remove_self_resource_access;
  static constexpr auto shape() {
    using Self = PutResourcePolicyInput;
    return std::tuple{
        wire::field("ResourceArn", &Self::resource_arn).required().length(1, 1283),
        wire::field("Policy", &Self::policy).required(),
        wire::field("ExpectedRevisionId", &Self::expected_revision_id).length(1, 255),
        wire::field("ConfirmRemoveSelfResourceAccess", &Self::confirm_remove_self_resource_access)};
  }
};

struct PutResourcePolicyOutput {
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = PutResourcePolicyOutput;
    return std::tuple{wire::field("RevisionId", &Self::revision_id)};
  }
};

struct GetResourcePolicyInput {
  std::string resource_arn;
  static constexpr auto shape() {
    using Self = GetResourcePolicyInput;
    return std::tuple{wire::field("ResourceArn", &Self::resource_arn).required().length(1, 1283)};
  }
};

struct GetResourcePolicyOutput {
  std::optional<std::string> policy;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = GetResourcePolicyOutput;
    return std::tuple{wire::field("Policy", &Self::policy),
                      wire::field("RevisionId", &Self::revision_id)};
  }
};

struct DeleteResourcePolicyInput {
  std::string resource_arn;
  std::optional<std::string> expected_revision_id;
  static constexpr auto shape() {
    using Self = DeleteResourcePolicyInput;
    return std::tuple{
        wire::field("ResourceArn", &Self::resource_arn).required().length(1, 1283),
        wire::field("ExpectedRevisionId", &Self::expected_revision_id).length(1, 255)};
  }
};

struct DeleteResourcePolicyOutput {
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = DeleteResourcePolicyOutput;
    return std::tuple{wire::field("RevisionId", &Self::revision_id)};
  }
};

struct UpdateContributorInsightsInput {
  std::string table_name;
  std::optional<std::string> index_name;
  std::string contributor_insights_action;
  std::optional<std::string> contributor_insights_mode;
  static constexpr auto shape() {
    using Self = UpdateContributorInsightsInput;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("IndexName", &Self::index_name).length(3, 255).pattern(kNamePattern),
        wire::field("ContributorInsightsAction", &Self::contributor_insights_action)
            .required()
            .one_of(kContributorInsightsActionValues),
        wire::field("ContributorInsightsMode", &Self::contributor_insights_mode)
            .one_of(kContributorInsightsModeValues)};
  }
};

struct UpdateContributorInsightsOutput {
  std::optional<std::string> table_name;
  std::optional<std::string> index_name;
  std::optional<std::string> contributor_insights_status;
  std::optional<std::string> contributor_insights_mode;
  static constexpr auto shape() {
    using Self = UpdateContributorInsightsOutput;
    return std::tuple{wire::field("TableName", &Self::table_name),
                      wire::field("IndexName", &Self::index_name),
                      wire::field("ContributorInsightsStatus", &Self::contributor_insights_status),
                      wire::field("ContributorInsightsMode", &Self::contributor_insights_mode)};
  }
};

struct DescribeContributorInsightsInput {
  std::string table_name;
  std::optional<std::string> index_name;
  static constexpr auto shape() {
    using Self = DescribeContributorInsightsInput;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("IndexName", &Self::index_name).length(3, 255).pattern(kNamePattern)};
  }
};

struct FailureException {
  std::optional<std::string> exception_name;
  std::optional<std::string> exception_description;
  static constexpr auto shape() {
    using Self = FailureException;
    return std::tuple{wire::field("ExceptionName", &Self::exception_name),
                      wire::field("ExceptionDescription", &Self::exception_description)};
  }
};

struct DescribeContributorInsightsOutput {
  std::optional<std::string> table_name;
  std::optional<std::string> index_name;
  std::vector<std::string> contributor_insights_rule_list;
  std::optional<std::string> contributor_insights_status;
  std::optional<wire::Timestamp> last_update_date_time;
  std::optional<FailureException> failure_exception;
  std::optional<std::string> contributor_insights_mode;
  static constexpr auto shape() {
    using Self = DescribeContributorInsightsOutput;
    return std::tuple{
        wire::field("TableName", &Self::table_name),
        wire::field("IndexName", &Self::index_name),
        wire::field("ContributorInsightsRuleList", &Self::contributor_insights_rule_list),
        wire::field("ContributorInsightsStatus", &Self::contributor_insights_status),
        wire::field("LastUpdateDateTime", &Self::last_update_date_time),
        wire::field("FailureException", &Self::failure_exception),
        wire::field("ContributorInsightsMode", &Self::contributor_insights_mode)};
  }
};

struct ListContributorInsightsInput {
  std::optional<std::string> table_name;
  std::optional<std::string> next_token;
  std::optional<std::int32_t> max_results;
  static constexpr auto shape() {
    using Self = ListContributorInsightsInput;
    return std::tuple{wire::field("TableName", &Self::table_name).length(1, 1024),
                      wire::field("NextToken", &Self::next_token),
                      wire::field("MaxResults", &Self::max_results)};
  }
};

struct ContributorInsightsSummary {
  std::optional<std::string> table_name;
  std::optional<std::string> index_name;
  std::optional<std::string> contributor_insights_status;
  std::optional<std::string> contributor_insights_mode;
  static constexpr auto shape() {
    using Self = ContributorInsightsSummary;
    return std::tuple{wire::field("TableName", &Self::table_name),
                      wire::field("IndexName", &Self::index_name),
                      wire::field("ContributorInsightsStatus", &Self::contributor_insights_status),
                      wire::field("ContributorInsightsMode", &Self::contributor_insights_mode)};
  }
};

struct ListContributorInsightsOutput {
  std::vector<ContributorInsightsSummary> contributor_insights_summaries;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = ListContributorInsightsOutput;
    return std::tuple{
        wire::field("ContributorInsightsSummaries", &Self::contributor_insights_summaries),
        wire::field("NextToken", &Self::next_token)};
  }
};

struct TimeToLiveSpecification {
  bool enabled = false;
  std::string attribute_name;
  static constexpr auto shape() {
    using Self = TimeToLiveSpecification;
    return std::tuple{
        wire::field("Enabled", &Self::enabled).required(),
        wire::field("AttributeName", &Self::attribute_name).required().length(1, 255)};
  }
};

struct UpdateTimeToLiveRequest {
  std::string table_name;
  TimeToLiveSpecification specification;
  static constexpr auto shape() {
    using Self = UpdateTimeToLiveRequest;
    return std::tuple{wire::field("TableName", &Self::table_name).required().length(1, 1024),
                      wire::field("TimeToLiveSpecification", &Self::specification).required()};
  }
};

struct UpdateTimeToLiveResponse {
  TimeToLiveSpecification specification;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("TimeToLiveSpecification", &UpdateTimeToLiveResponse::specification)};
  }
};

struct DescribeTimeToLiveRequest {
  std::string table_name;
  static constexpr auto shape() {
    return std::tuple{wire::field("TableName", &DescribeTimeToLiveRequest::table_name)
                          .required()
                          .length(1, 1024)};
  }
};

struct TimeToLiveDescription {
  std::string status;
  std::optional<std::string> attribute_name;
  static constexpr auto shape() {
    using Self = TimeToLiveDescription;
    return std::tuple{wire::field("TimeToLiveStatus", &Self::status),
                      wire::field("AttributeName", &Self::attribute_name)};
  }
};

struct DescribeTimeToLiveResponse {
  TimeToLiveDescription description;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("TimeToLiveDescription", &DescribeTimeToLiveResponse::description)};
  }
};

struct TagResourceRequest {
  std::string resource_arn;
  std::vector<TagShape> tags;
  static constexpr auto shape() {
    using Self = TagResourceRequest;
    return std::tuple{wire::field("ResourceArn", &Self::resource_arn).required().length(1, 1283),
                      wire::field("Tags", &Self::tags).required()};
  }
};

struct UntagResourceRequest {
  std::string resource_arn;
  std::vector<std::string> tag_keys;
  static constexpr auto shape() {
    using Self = UntagResourceRequest;
    return std::tuple{
        wire::field("ResourceArn", &Self::resource_arn).required().length(1, 1283),
        wire::field("TagKeys", &Self::tag_keys).required().each(wire::rules().length(1, 128))};
  }
};

struct ListTagsRequest {
  std::string resource_arn;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = ListTagsRequest;
    return std::tuple{wire::field("ResourceArn", &Self::resource_arn).required().length(1, 1283),
                      wire::field("NextToken", &Self::next_token)};
  }
};

struct ListTagsResponse {
  std::vector<TagShape> tags;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = ListTagsResponse;
    return std::tuple{wire::field("Tags", &Self::tags),
                      wire::field("NextToken", &Self::next_token)};
  }
};

struct DescribeLimitsResponse {
  std::int64_t account_max_read = 0;
  std::int64_t account_max_write = 0;
  std::int64_t table_max_read = 0;
  std::int64_t table_max_write = 0;
  static constexpr auto shape() {
    using Self = DescribeLimitsResponse;
    return std::tuple{wire::field("AccountMaxReadCapacityUnits", &Self::account_max_read),
                      wire::field("AccountMaxWriteCapacityUnits", &Self::account_max_write),
                      wire::field("TableMaxReadCapacityUnits", &Self::table_max_read),
                      wire::field("TableMaxWriteCapacityUnits", &Self::table_max_write)};
  }
};

struct Endpoint {
  std::string address;
  std::int64_t cache_period_in_minutes = 0;
  static constexpr auto shape() {
    using Self = Endpoint;
    return std::tuple{
        wire::field("Address", &Self::address).required(),
        wire::field("CachePeriodInMinutes", &Self::cache_period_in_minutes).required()};
  }
};

struct DescribeEndpointsResponse {
  std::vector<Endpoint> endpoints;
  static constexpr auto shape() {
    return std::tuple{wire::field("Endpoints", &DescribeEndpointsResponse::endpoints).required()};
  }
};

}  // namespace mayfly::dynamodb
