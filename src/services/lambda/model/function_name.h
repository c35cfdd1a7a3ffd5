// The many ways to name a function: "f", "f:prod", "123456789012:function:f:1",
// "arn:aws:lambda:us-east-1:...:function:f:1".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "wire/error.h"

namespace mayfly::lambda {

inline constexpr std::size_t kMaxFunctionName = 64;

struct FunctionName {
  std::optional<std::string> region, account;  // where they were written
  std::string name;
  std::string qualifier;  // empty where there is none
};

std::optional<FunctionName> parse_function_name(std::string_view text);

// What a request means: name and qualifier, within the caller's account and region.
struct Target {
  std::string name;
  std::string qualifier;  // empty: unqualified
};
// Refuses another region or account, and a name whose qualifier differs from the one beside it.
wire::Result<Target> resolve_target(const base::Scope& scope, std::string_view text,
                                    const std::optional<std::string>& qualifier = std::nullopt);

std::string function_arn(const base::Scope& scope, std::string_view name,
                         std::string_view qualifier = {});
std::unexpected<wire::ApiError> function_not_found(const base::Scope& scope, std::string_view name,
                                                   std::string_view qualifier = {});

}  // namespace mayfly::lambda
