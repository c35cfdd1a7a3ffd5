// The operations of IAM, by file. iam.cc makes the table of them.
#pragma once

#include "api/operation.h"
#include "services/iam/iam.h"
#include "services/iam/model/rows.h"
#include "services/iam/shapes.h"
#include "services/iam/shapes_policy.h"
#include "services/iam/shapes_user.h"

namespace mayfly::iam {

template <class T>
using Answer = base::Task<wire::Result<T>>;
using Context = api::RequestContext;

// roles.cc
Answer<CreateRoleResponse> create_role(Iam& iam, const Context& context, CreateRoleRequest request);
Answer<GetRoleResponse> get_role(Iam& iam, const Context& context, GetRoleRequest request);
Answer<ListRolesResponse> list_roles(Iam& iam, const Context& context, ListRolesRequest request);
Answer<void> delete_role(Iam& iam, const Context& context, DeleteRoleRequest request);
Answer<UpdateRoleResponse> update_role(Iam& iam, const Context& context, UpdateRoleRequest request);
Answer<UpdateRoleDescriptionResponse> update_role_description(Iam& iam, const Context& context,
                                                              UpdateRoleDescriptionRequest request);
Answer<void> update_assume_role_policy(Iam& iam, const Context& context,
                                       UpdateAssumeRolePolicyRequest request);
Answer<ListInstanceProfilesForRoleResponse> list_instance_profiles_for_role(
    Iam& iam, const Context& context, ListInstanceProfilesForRoleRequest request);

// role_policies.cc
Answer<void> put_role_policy(Iam& iam, const Context& context, PutRolePolicyRequest request);
Answer<GetRolePolicyResponse> get_role_policy(Iam& iam, const Context& context,
                                              GetRolePolicyRequest request);
Answer<ListRolePoliciesResponse> list_role_policies(Iam& iam, const Context& context,
                                                    ListRolePoliciesRequest request);
Answer<void> delete_role_policy(Iam& iam, const Context& context, DeleteRolePolicyRequest request);
Answer<void> attach_role_policy(Iam& iam, const Context& context, AttachRolePolicyRequest request);
Answer<void> detach_role_policy(Iam& iam, const Context& context, DetachRolePolicyRequest request);
Answer<ListAttachedRolePoliciesResponse> list_attached_role_policies(
    Iam& iam, const Context& context, ListAttachedRolePoliciesRequest request);

// policies.cc
Answer<CreatePolicyResponse> create_policy(Iam& iam, const Context& context,
                                           CreatePolicyRequest request);
Answer<GetPolicyResponse> get_policy(Iam& iam, const Context& context, GetPolicyRequest request);
Answer<ListPoliciesResponse> list_policies(Iam& iam, const Context& context,
                                           ListPoliciesRequest request);
Answer<void> delete_policy(Iam& iam, const Context& context, DeletePolicyRequest request);

// policy_versions.cc
Answer<CreatePolicyVersionResponse> create_policy_version(Iam& iam, const Context& context,
                                                          CreatePolicyVersionRequest request);
Answer<GetPolicyVersionResponse> get_policy_version(Iam& iam, const Context& context,
                                                    GetPolicyVersionRequest request);
Answer<ListPolicyVersionsResponse> list_policy_versions(Iam& iam, const Context& context,
                                                        ListPolicyVersionsRequest request);
Answer<void> set_default_policy_version(Iam& iam, const Context& context,
                                        SetDefaultPolicyVersionRequest request);
Answer<void> delete_policy_version(Iam& iam, const Context& context,
                                   DeletePolicyVersionRequest request);

// users.cc
Answer<CreateUserResponse> create_user(Iam& iam, const Context& context, CreateUserRequest request);
Answer<GetUserResponse> get_user(Iam& iam, const Context& context, GetUserRequest request);
Answer<ListUsersResponse> list_users(Iam& iam, const Context& context, ListUsersRequest request);
Answer<void> delete_user(Iam& iam, const Context& context, DeleteUserRequest request);

// access_keys.cc
Answer<CreateAccessKeyResponse> create_access_key(Iam& iam, const Context& context,
                                                  CreateAccessKeyRequest request);
Answer<ListAccessKeysResponse> list_access_keys(Iam& iam, const Context& context,
                                                ListAccessKeysRequest request);
Answer<void> delete_access_key(Iam& iam, const Context& context, DeleteAccessKeyRequest request);
Answer<void> update_access_key(Iam& iam, const Context& context, UpdateAccessKeyRequest request);

// tags.cc
Answer<void> tag_role(Iam& iam, const Context& context, TagRoleRequest request);
Answer<void> untag_role(Iam& iam, const Context& context, UntagRoleRequest request);
Answer<ListRoleTagsResponse> list_role_tags(Iam& iam, const Context& context,
                                            ListRoleTagsRequest request);
Answer<void> tag_policy(Iam& iam, const Context& context, TagPolicyRequest request);
Answer<void> untag_policy(Iam& iam, const Context& context, UntagPolicyRequest request);
Answer<ListPolicyTagsResponse> list_policy_tags(Iam& iam, const Context& context,
                                                ListPolicyTagsRequest request);
Answer<void> tag_user(Iam& iam, const Context& context, TagUserRequest request);
Answer<void> untag_user(Iam& iam, const Context& context, UntagUserRequest request);
Answer<ListUserTagsResponse> list_user_tags(Iam& iam, const Context& context,
                                            ListUserTagsRequest request);

// What several files show or check.
std::string role_arn(std::string_view account, const RoleRow& row);
std::string policy_arn(std::string_view account, const PolicyRow& row);
std::vector<Tag> shown(const Tags& tags);
Tags taken(const std::optional<std::vector<Tag>>& tags);
wire::Timestamp shown_time(std::int64_t ms);
// "/" or "/a/b/".
wire::Result<std::string> checked_path(std::optional<std::string> path);
// 21 characters: AROA..., AIDA..., ANPA...
std::string new_id(base::Ids& ids, std::string_view kind);
// The name at the end of a customer-managed policy's ARN in this account; nullopt for every other
// ARN.
std::optional<std::string> own_policy_name(std::string_view account, std::string_view arn);

}  // namespace mayfly::iam
