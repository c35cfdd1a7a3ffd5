#include "services/lambda/model/permissions.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/json.h"

namespace mayfly::lambda {

namespace {

bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "*", {"Service": "s3.amazonaws.com"} or {"AWS": "arn:..."}.
wire::Document principal_document(const std::string& principal) {
  if (principal == "*") return {"*"};
  wire::Document out = wire::Document::map();
  if (is_account(principal)) {
    out.set("AWS", fmt::format("arn:aws:iam::{}:root", principal));
  } else if (principal.starts_with("arn:")) {
    out.set("AWS", principal);
  } else {
    out.set("Service", principal);
  }
  return out;
}

wire::Document condition_document(const StatementRow& row) {
  wire::Document equals, like, is, out;
  if (row.source_account) equals.set("AWS:SourceAccount", *row.source_account);
  if (row.event_source_token) equals.set("lambda:EventSourceToken", *row.event_source_token);
  if (row.principal_org) equals.set("aws:PrincipalOrgID", *row.principal_org);
  if (row.url_auth_type) equals.set("lambda:FunctionUrlAuthType", *row.url_auth_type);
  if (row.source_arn) like.set("AWS:SourceArn", *row.source_arn);
  if (row.via_url) is.set("lambda:InvokedViaFunctionUrl", *row.via_url ? "true" : "false");
  if (!is.is_null()) out.set("Bool", std::move(is));
  if (!equals.is_null()) out.set("StringEquals", std::move(equals));
  if (!like.is_null()) out.set("ArnLike", std::move(like));
  return out;
}

}  // namespace

StatementRow statement_of(const AddPermissionRequest& request) {
  StatementRow row;
  row.sid = request.statement_id;
  row.action = request.action;
  row.principal = request.principal;
  row.source_arn = request.source_arn;
  row.source_account = request.source_account;
  row.principal_org = request.principal_org_id;
  row.event_source_token = request.event_source_token;
  row.url_auth_type = request.function_url_auth_type;
  row.via_url = request.invoked_via_function_url;
  return row;
}

wire::Document statement_document(const StatementRow& row, const std::string& function_arn) {
  wire::Document out;
  out.set("Sid", row.sid);
  out.set("Effect", "Allow");
  out.set("Principal", principal_document(row.principal));
  out.set("Action", row.action);
  out.set("Resource", function_arn);
  wire::Document condition = condition_document(row);
  if (!condition.is_null()) out.set("Condition", std::move(condition));
  return out;
}

std::string policy_json(const PolicyRow& policy, const std::string& function_arn) {
  wire::Document statements = wire::Document::list();
  for (const StatementRow& row : policy.statements)
    statements.push_back(statement_document(row, function_arn));
  wire::Document out;
  out.set("Version", "2012-10-17");
  out.set("Id", "default");
  out.set("Statement", std::move(statements));
  return wire::to_json(out);
}

bool arn_like(std::string_view pattern, std::string_view arn) {
  for (int part = 0; part < 5; ++part) {
    const std::size_t pattern_end = pattern.find(':');
    const std::size_t arn_end = arn.find(':');
    if (pattern_end == std::string_view::npos || arn_end == std::string_view::npos) return false;
    if (!glob(pattern.substr(0, pattern_end), arn.substr(0, arn_end))) return false;
    pattern.remove_prefix(pattern_end + 1);
    arn.remove_prefix(arn_end + 1);
  }
  return glob(pattern, arn);
}

bool permits(const PolicyRow& policy, const Caller& caller, std::string_view action) {
  return std::ranges::any_of(policy.statements, [&](const StatementRow& row) {
    if (row.principal != "*" && row.principal != caller.service) return false;
    if (row.action != "*" && row.action != "lambda:*" && row.action != action) return false;
    if (row.source_account && *row.source_account != caller.source_account) return false;
    if (row.source_arn && !arn_like(*row.source_arn, caller.source_arn)) return false;
    // Conditions that a service's call cannot meet.
    return !row.principal_org && !row.event_source_token && !row.url_auth_type &&
           !row.via_url.value_or(false);
  });
}

bool permits_url(const PolicyRow& policy, const UrlCaller& caller, std::string_view auth_type) {
  return std::ranges::any_of(policy.statements, [&](const StatementRow& row) {
    const bool meant = row.principal == "*" ||
                       (!caller.account.empty() &&
                        (row.principal == caller.account || row.principal == caller.arn ||
                         row.principal == fmt::format("arn:aws:iam::{}:root", caller.account)));
    if (!meant) return false;
    if (row.action != "*" && row.action != "lambda:*" && row.action != "lambda:InvokeFunctionUrl")
      return false;
    if (row.url_auth_type && *row.url_auth_type != auth_type) return false;
    return !row.principal_org && !row.event_source_token && !row.source_arn && !row.source_account;
  });
}

}  // namespace mayfly::lambda
