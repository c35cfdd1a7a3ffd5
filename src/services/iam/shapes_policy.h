// Managed policies and their versions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/iam/shapes.h"

namespace mayfly::iam {

struct CreatePolicyRequest {
  std::string policy_name;
  std::optional<std::string> path;
  std::string policy_document;
  std::optional<std::string> description;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = CreatePolicyRequest;
    return std::tuple{
        wire::field("PolicyName", &Self::policy_name)
            .required()
            .length(1, 128)
            .pattern(kNamePattern),
        wire::field("Path", &Self::path).length(1, 512),
        wire::field("PolicyDocument", &Self::policy_document).required().length(1, 131072),
        wire::field("Description", &Self::description).length(0, 1000),
        wire::field("Tags", &Self::tags).items(0, 50)};
  }
};

struct Policy {
  std::optional<std::string> policy_name;
  std::optional<std::string> policy_id;
  std::optional<std::string> arn;
  std::optional<std::string> path;
  std::optional<std::string> default_version_id;
  std::optional<std::int32_t> attachment_count;
  std::optional<std::int32_t> permissions_boundary_usage_count;
  std::optional<bool> is_attachable;
  std::optional<std::string> description;
  std::optional<wire::Timestamp> create_date;
  std::optional<wire::Timestamp> update_date;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = Policy;
    return std::tuple{
        wire::field("PolicyName", &Self::policy_name),
        wire::field("PolicyId", &Self::policy_id),
        wire::field("Arn", &Self::arn),
        wire::field("Path", &Self::path),
        wire::field("DefaultVersionId", &Self::default_version_id),
        wire::field("AttachmentCount", &Self::attachment_count),
        wire::field("PermissionsBoundaryUsageCount", &Self::permissions_boundary_usage_count),
        wire::field("IsAttachable", &Self::is_attachable),
        wire::field("Description", &Self::description),
        wire::field("CreateDate", &Self::create_date),
        wire::field("UpdateDate", &Self::update_date),
        wire::field("Tags", &Self::tags)};
  }
};

struct CreatePolicyResponse {
  std::optional<Policy> policy;
  static constexpr auto shape() {
    using Self = CreatePolicyResponse;
    return std::tuple{wire::field("Policy", &Self::policy)};
  }
};

struct GetPolicyRequest {
  std::string policy_arn;
  static constexpr auto shape() {
    using Self = GetPolicyRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048)};
  }
};

struct GetPolicyResponse {
  std::optional<Policy> policy;
  static constexpr auto shape() {
    using Self = GetPolicyResponse;
    return std::tuple{wire::field("Policy", &Self::policy)};
  }
};

struct ListPoliciesRequest {
  std::optional<std::string> scope;
  std::optional<bool> only_attached;
  std::optional<std::string> path_prefix;
  std::optional<std::string> policy_usage_filter;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListPoliciesRequest;
    return std::tuple{
        wire::field("Scope", &Self::scope).one_of(kPolicyScopeTypeValues),
        wire::field("OnlyAttached", &Self::only_attached),
        wire::field("PathPrefix", &Self::path_prefix).length(1, 512),
        wire::field("PolicyUsageFilter", &Self::policy_usage_filter).one_of(kPolicyUsageTypeValues),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListPoliciesResponse {
  std::optional<std::vector<Policy>> policies;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListPoliciesResponse;
    return std::tuple{wire::field("Policies", &Self::policies),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct DeletePolicyRequest {
  std::string policy_arn;
  static constexpr auto shape() {
    using Self = DeletePolicyRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048)};
  }
};

struct CreatePolicyVersionRequest {
  std::string policy_arn;
  std::string policy_document;
  std::optional<bool> set_as_default;
  static constexpr auto shape() {
    using Self = CreatePolicyVersionRequest;
    return std::tuple{
        wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
        wire::field("PolicyDocument", &Self::policy_document).required().length(1, 131072),
        wire::field("SetAsDefault", &Self::set_as_default)};
  }
};

struct PolicyVersion {
  std::optional<std::string> document;
  std::optional<std::string> version_id;
  std::optional<bool> is_default_version;
  std::optional<wire::Timestamp> create_date;
  static constexpr auto shape() {
    using Self = PolicyVersion;
    return std::tuple{wire::field("Document", &Self::document),
                      wire::field("VersionId", &Self::version_id),
                      wire::field("IsDefaultVersion", &Self::is_default_version),
                      wire::field("CreateDate", &Self::create_date)};
  }
};

struct CreatePolicyVersionResponse {
  std::optional<PolicyVersion> policy_version;
  static constexpr auto shape() {
    using Self = CreatePolicyVersionResponse;
    return std::tuple{wire::field("PolicyVersion", &Self::policy_version)};
  }
};

struct GetPolicyVersionRequest {
  std::string policy_arn;
  std::string version_id;
  static constexpr auto shape() {
    using Self = GetPolicyVersionRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("VersionId", &Self::version_id)
                          .required()
                          .pattern(kPolicyVersionIdTypePattern)};
  }
};

struct GetPolicyVersionResponse {
  std::optional<PolicyVersion> policy_version;
  static constexpr auto shape() {
    using Self = GetPolicyVersionResponse;
    return std::tuple{wire::field("PolicyVersion", &Self::policy_version)};
  }
};

struct ListPolicyVersionsRequest {
  std::string policy_arn;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListPolicyVersionsRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("Marker", &Self::marker).length(1, 320),
                      wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListPolicyVersionsResponse {
  std::optional<std::vector<PolicyVersion>> versions;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListPolicyVersionsResponse;
    return std::tuple{wire::field("Versions", &Self::versions),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct SetDefaultPolicyVersionRequest {
  std::string policy_arn;
  std::string version_id;
  static constexpr auto shape() {
    using Self = SetDefaultPolicyVersionRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("VersionId", &Self::version_id)
                          .required()
                          .pattern(kPolicyVersionIdTypePattern)};
  }
};

struct DeletePolicyVersionRequest {
  std::string policy_arn;
  std::string version_id;
  static constexpr auto shape() {
    using Self = DeletePolicyVersionRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("VersionId", &Self::version_id)
                          .required()
                          .pattern(kPolicyVersionIdTypePattern)};
  }
};

struct TagPolicyRequest {
  std::string policy_arn;
  std::vector<Tag> tags;
  static constexpr auto shape() {
    using Self = TagPolicyRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("Tags", &Self::tags).required().items(0, 50)};
  }
};

struct UntagPolicyRequest {
  std::string policy_arn;
  std::vector<std::string> tag_keys;
  static constexpr auto shape() {
    using Self = UntagPolicyRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("TagKeys", &Self::tag_keys)
                          .required()
                          .items(0, 50)
                          .each(wire::rules().length(1, 128))};
  }
};

struct ListPolicyTagsRequest {
  std::string policy_arn;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListPolicyTagsRequest;
    return std::tuple{wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048),
                      wire::field("Marker", &Self::marker).length(1, 320),
                      wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListPolicyTagsResponse {
  std::vector<Tag> tags;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListPolicyTagsResponse;
    return std::tuple{wire::field("Tags", &Self::tags),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

}  // namespace mayfly::iam
