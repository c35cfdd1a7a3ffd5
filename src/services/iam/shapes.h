// Requests and responses of IAM that concern roles, and what the other shapes share (model of
// 2010-05-08).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/shape.h"

namespace mayfly::iam {

inline constexpr std::string_view kNamePattern = "[\\w+=,.@-]+";
inline constexpr std::string_view kPolicyScopeTypeValues[] = {"All", "AWS", "Local"};
inline constexpr std::string_view kPolicyUsageTypeValues[] = {"PermissionsPolicy",
                                                              "PermissionsBoundary"};
inline constexpr std::string_view kPolicyVersionIdTypePattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
inline constexpr std::string_view kAccessKeyIdTypePattern = "[\\w]+";
inline constexpr std::string_view kStatusTypeValues[] = {"Active", "Inactive", "Expired"};

struct Tag {
  std::string key;
  std::string value;
  static constexpr auto shape() {
    using Self = Tag;
    return std::tuple{wire::field("Key", &Self::key).required().length(1, 128),
                      wire::field("Value", &Self::value).required().length(0, 256)};
  }
};

struct CreateRoleRequest {
  std::optional<std::string> path;
  std::string role_name;
  std::string assume_role_policy_document;
  std::optional<std::string> description;
  std::optional<std::int32_t> max_session_duration;
  std::optional<std::string> permissions_boundary;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = CreateRoleRequest;
    return std::tuple{
        wire::field("Path", &Self::path).length(1, 512),
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("AssumeRolePolicyDocument", &Self::assume_role_policy_document)
            .required()
            .length(1, 131072),
        wire::field("Description", &Self::description).length(0, 1000),
        wire::field("MaxSessionDuration", &Self::max_session_duration).range(3600, 43200),
        wire::field("PermissionsBoundary", &Self::permissions_boundary).length(20, 2048),
        wire::field("Tags", &Self::tags).items(0, 50)};
  }
};

struct AttachedPermissionsBoundary {
  std::optional<std::string> permissions_boundary_type;
  std::optional<std::string> permissions_boundary_arn;
  static constexpr auto shape() {
    using Self = AttachedPermissionsBoundary;
    return std::tuple{wire::field("PermissionsBoundaryType", &Self::permissions_boundary_type),
                      wire::field("PermissionsBoundaryArn", &Self::permissions_boundary_arn)};
  }
};

struct Role {
  std::string path;
  std::string role_name;
  std::string role_id;
  std::string arn;
  wire::Timestamp create_date;
  std::optional<std::string> assume_role_policy_document;
  std::optional<std::string> description;
  std::optional<std::int32_t> max_session_duration;
  std::optional<AttachedPermissionsBoundary> permissions_boundary;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = Role;
    return std::tuple{wire::field("Path", &Self::path),
                      wire::field("RoleName", &Self::role_name),
                      wire::field("RoleId", &Self::role_id),
                      wire::field("Arn", &Self::arn),
                      wire::field("CreateDate", &Self::create_date),
                      wire::field("AssumeRolePolicyDocument", &Self::assume_role_policy_document),
                      wire::field("Description", &Self::description),
                      wire::field("MaxSessionDuration", &Self::max_session_duration),
                      wire::field("PermissionsBoundary", &Self::permissions_boundary),
                      wire::field("Tags", &Self::tags)};
  }
};

struct CreateRoleResponse {
  Role role;
  static constexpr auto shape() {
    using Self = CreateRoleResponse;
    return std::tuple{wire::field("Role", &Self::role)};
  }
};

struct GetRoleRequest {
  std::string role_name;
  static constexpr auto shape() {
    using Self = GetRoleRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern)};
  }
};

struct GetRoleResponse {
  Role role;
  static constexpr auto shape() {
    using Self = GetRoleResponse;
    return std::tuple{wire::field("Role", &Self::role)};
  }
};

struct ListRolesRequest {
  std::optional<std::string> path_prefix;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListRolesRequest;
    return std::tuple{wire::field("PathPrefix", &Self::path_prefix).length(1, 512),
                      wire::field("Marker", &Self::marker).length(1, 320),
                      wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListRolesResponse {
  std::vector<Role> roles;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListRolesResponse;
    return std::tuple{wire::field("Roles", &Self::roles),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct DeleteRoleRequest {
  std::string role_name;
  static constexpr auto shape() {
    using Self = DeleteRoleRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern)};
  }
};

struct UpdateRoleRequest {
  std::string role_name;
  std::optional<std::string> description;
  std::optional<std::int32_t> max_session_duration;
  static constexpr auto shape() {
    using Self = UpdateRoleRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("Description", &Self::description).length(0, 1000),
        wire::field("MaxSessionDuration", &Self::max_session_duration).range(3600, 43200)};
  }
};

struct UpdateRoleResponse {
  static constexpr auto shape() { return std::tuple{}; }
};

struct UpdateRoleDescriptionRequest {
  std::string role_name;
  std::string description;
  static constexpr auto shape() {
    using Self = UpdateRoleDescriptionRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("Description", &Self::description).required().length(0, 1000)};
  }
};

struct UpdateRoleDescriptionResponse {
  std::optional<Role> role;
  static constexpr auto shape() {
    using Self = UpdateRoleDescriptionResponse;
    return std::tuple{wire::field("Role", &Self::role)};
  }
};

struct UpdateAssumeRolePolicyRequest {
  std::string role_name;
  std::string policy_document;
  static constexpr auto shape() {
    using Self = UpdateAssumeRolePolicyRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PolicyDocument", &Self::policy_document).required().length(1, 131072)};
  }
};

struct PutRolePolicyRequest {
  std::string role_name;
  std::string policy_name;
  std::string policy_document;
  static constexpr auto shape() {
    using Self = PutRolePolicyRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PolicyName", &Self::policy_name)
            .required()
            .length(1, 128)
            .pattern(kNamePattern),
        wire::field("PolicyDocument", &Self::policy_document).required().length(1, 131072)};
  }
};

struct GetRolePolicyRequest {
  std::string role_name;
  std::string policy_name;
  static constexpr auto shape() {
    using Self = GetRolePolicyRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PolicyName", &Self::policy_name)
            .required()
            .length(1, 128)
            .pattern(kNamePattern)};
  }
};

struct GetRolePolicyResponse {
  std::string role_name;
  std::string policy_name;
  std::string policy_document;
  static constexpr auto shape() {
    using Self = GetRolePolicyResponse;
    return std::tuple{wire::field("RoleName", &Self::role_name),
                      wire::field("PolicyName", &Self::policy_name),
                      wire::field("PolicyDocument", &Self::policy_document)};
  }
};

struct ListRolePoliciesRequest {
  std::string role_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListRolePoliciesRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListRolePoliciesResponse {
  std::vector<std::string> policy_names;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListRolePoliciesResponse;
    return std::tuple{wire::field("PolicyNames", &Self::policy_names),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct DeleteRolePolicyRequest {
  std::string role_name;
  std::string policy_name;
  static constexpr auto shape() {
    using Self = DeleteRolePolicyRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PolicyName", &Self::policy_name)
            .required()
            .length(1, 128)
            .pattern(kNamePattern)};
  }
};

struct AttachRolePolicyRequest {
  std::string role_name;
  std::string policy_arn;
  static constexpr auto shape() {
    using Self = AttachRolePolicyRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048)};
  }
};

struct DetachRolePolicyRequest {
  std::string role_name;
  std::string policy_arn;
  static constexpr auto shape() {
    using Self = DetachRolePolicyRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PolicyArn", &Self::policy_arn).required().length(20, 2048)};
  }
};

struct ListAttachedRolePoliciesRequest {
  std::string role_name;
  std::optional<std::string> path_prefix;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListAttachedRolePoliciesRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PathPrefix", &Self::path_prefix).length(1, 512),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct AttachedPolicy {
  std::optional<std::string> policy_name;
  std::optional<std::string> policy_arn;
  static constexpr auto shape() {
    using Self = AttachedPolicy;
    return std::tuple{wire::field("PolicyName", &Self::policy_name),
                      wire::field("PolicyArn", &Self::policy_arn)};
  }
};

struct ListAttachedRolePoliciesResponse {
  std::optional<std::vector<AttachedPolicy>> attached_policies;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListAttachedRolePoliciesResponse;
    return std::tuple{wire::field("AttachedPolicies", &Self::attached_policies),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct ListInstanceProfilesForRoleRequest {
  std::string role_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListInstanceProfilesForRoleRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct InstanceProfile {
  std::string path;
  std::string instance_profile_name;
  std::string instance_profile_id;
  std::string arn;
  wire::Timestamp create_date;
  std::vector<Role> roles;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = InstanceProfile;
    return std::tuple{wire::field("Path", &Self::path),
                      wire::field("InstanceProfileName", &Self::instance_profile_name),
                      wire::field("InstanceProfileId", &Self::instance_profile_id),
                      wire::field("Arn", &Self::arn),
                      wire::field("CreateDate", &Self::create_date),
                      wire::field("Roles", &Self::roles),
                      wire::field("Tags", &Self::tags)};
  }
};

struct ListInstanceProfilesForRoleResponse {
  std::vector<InstanceProfile> instance_profiles;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListInstanceProfilesForRoleResponse;
    return std::tuple{wire::field("InstanceProfiles", &Self::instance_profiles),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct TagRoleRequest {
  std::string role_name;
  std::vector<Tag> tags;
  static constexpr auto shape() {
    using Self = TagRoleRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("Tags", &Self::tags).required().items(0, 50)};
  }
};

struct UntagRoleRequest {
  std::string role_name;
  std::vector<std::string> tag_keys;
  static constexpr auto shape() {
    using Self = UntagRoleRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("TagKeys", &Self::tag_keys)
            .required()
            .items(0, 50)
            .each(wire::rules().length(1, 128))};
  }
};

struct ListRoleTagsRequest {
  std::string role_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListRoleTagsRequest;
    return std::tuple{
        wire::field("RoleName", &Self::role_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListRoleTagsResponse {
  std::vector<Tag> tags;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListRoleTagsResponse;
    return std::tuple{wire::field("Tags", &Self::tags),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

}  // namespace mayfly::iam
