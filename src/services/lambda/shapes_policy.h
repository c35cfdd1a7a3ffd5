// Resource policies.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kStatementIdPattern = "([a-zA-Z0-9-_]+)";
inline constexpr std::string_view kActionPattern = "(lambda:[*]|lambda:[a-zA-Z]+|[*])";
inline constexpr std::string_view kPrincipalPattern = "[^\\s]+";
inline constexpr std::string_view kArnPattern =
    "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
inline constexpr std::string_view kSourceOwnerPattern = "\\d{12}";
inline constexpr std::string_view kEventSourceTokenPattern = "[a-zA-Z0-9._\\-]+";
inline constexpr std::string_view kFunctionUrlAuthTypeValues[] = {"NONE", "AWS_IAM"};
inline constexpr std::string_view kNamespacedStatementIdPattern = "([a-zA-Z0-9-_.]+)";

struct AddPermissionRequest {
  std::string function_name;
  std::string statement_id;
  std::string action;
  std::string principal;
  std::optional<std::string> source_arn;
  std::optional<std::string> source_account;
  std::optional<std::string> event_source_token;
  std::optional<std::string> qualifier;
  std::optional<std::string> revision_id;
  std::optional<std::string> principal_org_id;
  std::optional<std::string> function_url_auth_type;
  std::optional<bool> invoked_via_function_url;
  static constexpr auto shape() {
    using Self = AddPermissionRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("StatementId", &Self::statement_id)
            .required()
            .length(1, 100)
            .pattern(kStatementIdPattern),
        wire::field("Action", &Self::action).required().pattern(kActionPattern),
        wire::field("Principal", &Self::principal).required().pattern(kPrincipalPattern),
        wire::field("SourceArn", &Self::source_arn).pattern(kArnPattern),
        wire::field("SourceAccount", &Self::source_account)
            .length(0, 12)
            .pattern(kSourceOwnerPattern),
        wire::field("EventSourceToken", &Self::event_source_token)
            .length(0, 256)
            .pattern(kEventSourceTokenPattern),
        wire::field("Qualifier", &Self::qualifier)
            .in(wire::Place::query)
            .length(1, 128)
            .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
        wire::field("RevisionId", &Self::revision_id),
        wire::field("PrincipalOrgID", &Self::principal_org_id).length(12, 34),
        wire::field("FunctionUrlAuthType", &Self::function_url_auth_type)
            .one_of(kFunctionUrlAuthTypeValues),
        wire::field("InvokedViaFunctionUrl", &Self::invoked_via_function_url)};
  }
};

struct AddPermissionResponse {
  std::optional<std::string> statement;
  static constexpr auto shape() {
    using Self = AddPermissionResponse;
    return std::tuple{wire::field("Statement", &Self::statement)};
  }
};

struct GetPolicyRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = GetPolicyRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern)};
  }
};

struct GetPolicyResponse {
  std::optional<std::string> policy;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = GetPolicyResponse;
    return std::tuple{wire::field("Policy", &Self::policy),
                      wire::field("RevisionId", &Self::revision_id)};
  }
};

struct RemovePermissionRequest {
  std::string function_name;
  std::string statement_id;
  std::optional<std::string> qualifier;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = RemovePermissionRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("StatementId", &Self::statement_id)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 100)
                          .pattern(kNamespacedStatementIdPattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
                      wire::field("RevisionId", &Self::revision_id).in(wire::Place::query)};
  }
};

}  // namespace mayfly::lambda
