// Resource policies of functions: statements as AddPermission takes them, as AWS writes them, and
// what they permit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "services/lambda/keys.h"
#include "services/lambda/shapes_policy.h"
#include "wire/document.h"

namespace mayfly::lambda {

inline constexpr std::size_t kMaxPolicyBytes = 20'480;

StatementRow statement_of(const AddPermissionRequest& request);
// {"Sid":...,"Effect":"Allow","Principal":...,"Action":...,"Resource":...,"Condition":...}
wire::Document statement_document(const StatementRow& row, const std::string& function_arn);
// {"Version":"2012-10-17","Id":"default","Statement":[...]}
std::string policy_json(const PolicyRow& policy, const std::string& function_arn);

// Who asks: a service, on behalf of a resource of an account.
struct Caller {
  std::string service;     // "apigateway.amazonaws.com"
  std::string source_arn;  // may be empty
  std::string source_account;
};
bool permits(const PolicyRow& policy, const Caller& caller, std::string_view action);

// Who calls a function's URL; empty: nobody that a signature names.
struct UrlCaller {
  std::string account, arn;
};
bool permits_url(const PolicyRow& policy, const UrlCaller& caller, std::string_view auth_type);

// ArnLike: the six parts of an ARN one by one, each with * and ?.
bool arn_like(std::string_view pattern, std::string_view arn);

}  // namespace mayfly::lambda
