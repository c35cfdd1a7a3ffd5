// Requests and responses of STS (model of 2011-06-15).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/shape.h"

namespace mayfly::sts {

inline constexpr std::string_view kRoleSessionNameTypePattern = "[\\w+=,.@-]*";
inline constexpr std::string_view kExternalIdTypePattern = "[\\w+=,.@:\\/-]*";
inline constexpr std::string_view kSerialNumberTypePattern = "[\\w+=/:,.@-]*";
inline constexpr std::string_view kTokenCodeTypePattern = "[\\d]*";
inline constexpr std::string_view kSourceIdentityTypePattern = "[\\w+=,.@-]*";
struct GetCallerIdentityRequest {
  static constexpr auto shape() { return std::tuple{}; }
};

struct GetCallerIdentityResponse {
  std::optional<std::string> user_id;
  std::optional<std::string> account;
  std::optional<std::string> arn;
  static constexpr auto shape() {
    using Self = GetCallerIdentityResponse;
    return std::tuple{wire::field("UserId", &Self::user_id), wire::field("Account", &Self::account),
                      wire::field("Arn", &Self::arn)};
  }
};

struct PolicyDescriptorType {
  std::optional<std::string> arn;
  static constexpr auto shape() {
    using Self = PolicyDescriptorType;
    return std::tuple{wire::field("arn", &Self::arn).length(20, 2048)};
  }
};

struct Tag {
  std::string key;
  std::string value;
  static constexpr auto shape() {
    using Self = Tag;
    return std::tuple{wire::field("Key", &Self::key).required().length(1, 128),
                      wire::field("Value", &Self::value).required().length(0, 256)};
  }
};

struct ProvidedContext {
  std::optional<std::string> provider_arn;
  std::optional<std::string> context_assertion;
  static constexpr auto shape() {
    using Self = ProvidedContext;
    return std::tuple{wire::field("ProviderArn", &Self::provider_arn).length(20, 2048),
                      wire::field("ContextAssertion", &Self::context_assertion).length(4, 2048)};
  }
};

struct AssumeRoleRequest {
  std::string role_arn;
  std::string role_session_name;
  std::optional<std::vector<PolicyDescriptorType>> policy_arns;
  std::optional<std::string> policy;
  std::optional<std::int32_t> duration_seconds;
  std::optional<std::vector<Tag>> tags;
  std::optional<std::vector<std::string>> transitive_tag_keys;
  std::optional<std::string> external_id;
  std::optional<std::string> serial_number;
  std::optional<std::string> token_code;
  std::optional<std::string> source_identity;
  std::optional<std::vector<ProvidedContext>> provided_contexts;
  static constexpr auto shape() {
    using Self = AssumeRoleRequest;
    return std::tuple{
        wire::field("RoleArn", &Self::role_arn).required().length(20, 2048),
        wire::field("RoleSessionName", &Self::role_session_name)
            .required()
            .length(2, 64)
            .pattern(kRoleSessionNameTypePattern),
        wire::field("PolicyArns", &Self::policy_arns),
        wire::field("Policy", &Self::policy).length(1, wire::Rules::kNone),
        wire::field("DurationSeconds", &Self::duration_seconds).range(900, 43200),
        wire::field("Tags", &Self::tags).items(0, 50),
        wire::field("TransitiveTagKeys", &Self::transitive_tag_keys)
            .items(0, 50)
            .each(wire::rules().length(1, 128)),
        wire::field("ExternalId", &Self::external_id)
            .length(2, 1224)
            .pattern(kExternalIdTypePattern),
        wire::field("SerialNumber", &Self::serial_number)
            .length(9, 256)
            .pattern(kSerialNumberTypePattern),
        wire::field("TokenCode", &Self::token_code).length(6, 6).pattern(kTokenCodeTypePattern),
        wire::field("SourceIdentity", &Self::source_identity)
            .length(2, 64)
            .pattern(kSourceIdentityTypePattern),
        wire::field("ProvidedContexts", &Self::provided_contexts).items(1, 5)};
  }
};

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  wire::Timestamp expiration;
  static constexpr auto shape() {
    using Self = Credentials;
    return std::tuple{wire::field("AccessKeyId", &Self::access_key_id),
                      wire::field("SecretAccessKey", &Self::secret_access_key),
                      wire::field("SessionToken", &Self::session_token),
                      wire::field("Expiration", &Self::expiration)};
  }
};

struct AssumedRoleUser {
  std::string assumed_role_id;
  std::string arn;
  static constexpr auto shape() {
    using Self = AssumedRoleUser;
    return std::tuple{wire::field("AssumedRoleId", &Self::assumed_role_id),
                      wire::field("Arn", &Self::arn)};
  }
};

struct AssumeRoleResponse {
  std::optional<Credentials> credentials;
  std::optional<AssumedRoleUser> assumed_role_user;
  std::optional<std::int32_t> packed_policy_size;
  std::optional<std::string> source_identity;
  static constexpr auto shape() {
    using Self = AssumeRoleResponse;
    return std::tuple{wire::field("Credentials", &Self::credentials),
                      wire::field("AssumedRoleUser", &Self::assumed_role_user),
                      wire::field("PackedPolicySize", &Self::packed_policy_size),
                      wire::field("SourceIdentity", &Self::source_identity)};
  }
};

struct GetSessionTokenRequest {
  std::optional<std::int32_t> duration_seconds;
  std::optional<std::string> serial_number;
  std::optional<std::string> token_code;
  static constexpr auto shape() {
    using Self = GetSessionTokenRequest;
    return std::tuple{
        wire::field("DurationSeconds", &Self::duration_seconds).range(900, 129600),
        wire::field("SerialNumber", &Self::serial_number)
            .length(9, 256)
            .pattern(kSerialNumberTypePattern),
        wire::field("TokenCode", &Self::token_code).length(6, 6).pattern(kTokenCodeTypePattern)};
  }
};

struct GetSessionTokenResponse {
  std::optional<Credentials> credentials;
  static constexpr auto shape() {
    using Self = GetSessionTokenResponse;
    return std::tuple{wire::field("Credentials", &Self::credentials)};
  }
};

}  // namespace mayfly::sts
