#include "services/iam/iam.h"

#include "services/iam/errors.h"
#include "services/iam/known_operations.h"
#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

constexpr std::string_view kSigningNames[] = {"iam"};

constexpr auto kOperations = api::operations<Iam>(
    api::operation<create_role, kEntityAlreadyExists, kInvalidInput, kMalformedPolicyDocument>(
        "CreateRole"),
    api::operation<get_role, kNoSuchEntity>("GetRole"), api::operation<list_roles>("ListRoles"),
    api::operation<delete_role, kNoSuchEntity, kDeleteConflict>("DeleteRole"),
    api::operation<update_role, kNoSuchEntity>("UpdateRole"),
    api::operation<update_role_description, kNoSuchEntity>("UpdateRoleDescription"),
    api::operation<update_assume_role_policy, kNoSuchEntity, kMalformedPolicyDocument>(
        "UpdateAssumeRolePolicy"),
    api::operation<list_instance_profiles_for_role, kNoSuchEntity>("ListInstanceProfilesForRole"),
    api::operation<put_role_policy, kNoSuchEntity, kMalformedPolicyDocument>("PutRolePolicy"),
    api::operation<get_role_policy, kNoSuchEntity>("GetRolePolicy"),
    api::operation<list_role_policies, kNoSuchEntity>("ListRolePolicies"),
    api::operation<delete_role_policy, kNoSuchEntity>("DeleteRolePolicy"),
    api::operation<attach_role_policy, kNoSuchEntity>("AttachRolePolicy"),
    api::operation<detach_role_policy, kNoSuchEntity>("DetachRolePolicy"),
    api::operation<list_attached_role_policies, kNoSuchEntity>("ListAttachedRolePolicies"),
    api::operation<create_policy, kEntityAlreadyExists, kInvalidInput, kMalformedPolicyDocument>(
        "CreatePolicy"),
    api::operation<get_policy, kNoSuchEntity>("GetPolicy"),
    api::operation<list_policies>("ListPolicies"),
    api::operation<delete_policy, kNoSuchEntity, kDeleteConflict>("DeletePolicy"),
    api::operation<create_policy_version, kNoSuchEntity, kMalformedPolicyDocument, kLimitExceeded>(
        "CreatePolicyVersion"),
    api::operation<get_policy_version, kNoSuchEntity>("GetPolicyVersion"),
    api::operation<list_policy_versions, kNoSuchEntity>("ListPolicyVersions"),
    api::operation<set_default_policy_version, kNoSuchEntity>("SetDefaultPolicyVersion"),
    api::operation<delete_policy_version, kNoSuchEntity, kDeleteConflict>("DeletePolicyVersion"),
    api::operation<create_user, kEntityAlreadyExists, kInvalidInput>("CreateUser"),
    api::operation<get_user, kNoSuchEntity>("GetUser"), api::operation<list_users>("ListUsers"),
    api::operation<delete_user, kNoSuchEntity, kDeleteConflict>("DeleteUser"),
    api::operation<create_access_key, kNoSuchEntity, kLimitExceeded>("CreateAccessKey"),
    api::operation<list_access_keys, kNoSuchEntity>("ListAccessKeys"),
    api::operation<delete_access_key, kNoSuchEntity>("DeleteAccessKey"),
    api::operation<update_access_key, kNoSuchEntity>("UpdateAccessKey"),
    api::operation<tag_role, kNoSuchEntity, kLimitExceeded>("TagRole"),
    api::operation<untag_role, kNoSuchEntity>("UntagRole"),
    api::operation<list_role_tags, kNoSuchEntity>("ListRoleTags"),
    api::operation<tag_policy, kNoSuchEntity, kLimitExceeded>("TagPolicy"),
    api::operation<untag_policy, kNoSuchEntity>("UntagPolicy"),
    api::operation<list_policy_tags, kNoSuchEntity>("ListPolicyTags"),
    api::operation<tag_user, kNoSuchEntity, kLimitExceeded>("TagUser"),
    api::operation<untag_user, kNoSuchEntity>("UntagUser"),
    api::operation<list_user_tags, kNoSuchEntity>("ListUserTags"));

}  // namespace

api::Service make_service(Iam& iam) {
  return api::service(iam,
                      {.name = "iam",
                       .title = "AWS Identity and Access Management",
                       .signing_names = kSigningNames,
                       .api_version = "2010-05-08",
                       .model = "iam",
                       .facts = {.protocol = wire::Protocol::query,
                                 .xml_namespace = "https://iam.amazonaws.com/doc/2010-05-08/"},
                       .known = kKnownOperations},
                      kOperations);
}

}  // namespace mayfly::iam
