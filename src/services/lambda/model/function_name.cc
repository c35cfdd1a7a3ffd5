#include "services/lambda/model/function_name.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "services/lambda/errors.h"

namespace mayfly::lambda {

namespace {

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "us-east-1", "us-gov-west-1": the form that the model's expression has for the region of a
// partial ARN. Strict, because a function's own name may stand in its place ("fn-12ab-6:live").
bool is_region(std::string_view text) {
  if (text.size() < 6 || text.size() > 32 || text[2] != '-') return false;
  if (text[text.size() - 2] != '-' || text.back() < '0' || text.back() > '9') return false;
  text.remove_suffix(2);
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

}  // namespace

std::optional<FunctionName> parse_function_name(std::string_view text) {
  std::vector<std::string_view> parts = base::split(text, ':');
  std::size_t at = 0;
  const auto left = [&] { return parts.size() - at; };
  FunctionName out;
  if (parts[0] == "arn") {
    if (parts.size() < 7 || !parts[1].starts_with("aws") || parts[2] != "lambda" ||
        parts[5] != "function") {
      return std::nullopt;
    }
    out.region = parts[3];
    out.account = parts[4];
    at = 6;
  } else {
    if (left() > 1 && is_region(parts[at])) out.region = parts[at++];
    if (left() > 1 && is_account(parts[at])) out.account = parts[at++];
    if (left() > 1 && parts[at] == "function") ++at;
  }
  out.name = parts[at++];
  if (left() > 0) {
    out.qualifier = parts[at++];
    if (out.qualifier.empty()) return std::nullopt;
  }
  if (left() > 0 || !is_name(out.name)) return std::nullopt;
  return out;
}

wire::Result<Target> resolve_target(const base::Scope& scope, std::string_view text,
                                    const std::optional<std::string>& qualifier) {
  std::optional<FunctionName> name = parse_function_name(text);
  if (!name) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("{} is not a valid function name or ARN.", text));
  }
  if (name->region && *name->region != scope.region) {
    return wire::fail(kResourceNotFound,
                      fmt::format("Functions from '{}' are not reachable in this region ('{}')",
                                  *name->region, scope.region));
  }
  if (name->account && *name->account != scope.account) {
    return wire::fail(
        kAccessDenied,
        fmt::format(
            "User: arn:aws:iam::{}:root is not authorized to perform this operation on resource: "
            "{} because no resource-based policy allows it",
            scope.account, function_arn({*name->account, scope.region}, name->name)));
  }
  if (qualifier && !name->qualifier.empty() && *qualifier != name->qualifier) {
    return wire::fail(
        kInvalidParameterValue,
        "The derived qualifier from the function name does not match the specified qualifier.");
  }
  return Target{std::move(name->name), qualifier ? *qualifier : std::move(name->qualifier)};
}

std::string function_arn(const base::Scope& scope, std::string_view name,
                         std::string_view qualifier) {
  std::string resource = fmt::format("function:{}", name);
  if (!qualifier.empty()) resource.append(":").append(qualifier);
  return scope.arn("lambda", resource);
}

std::unexpected<wire::ApiError> function_not_found(const base::Scope& scope, std::string_view name,
                                                   std::string_view qualifier) {
  return wire::fail(kResourceNotFound,
                    fmt::format("Function not found: {}", function_arn(scope, name, qualifier)));
}

}  // namespace mayfly::lambda
