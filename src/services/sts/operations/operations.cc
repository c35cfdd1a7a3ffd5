#include "services/sts/operations/operations.h"

#include <fmt/format.h>

#include "services/sts/errors.h"

namespace mayfly::sts {

namespace {

constexpr std::int32_t kAssumeRoleSeconds = 3'600;
constexpr std::int32_t kSessionTokenSeconds = 43'200;

Credentials shown(const ports::TemporaryCredentials& credentials) {
  return {credentials.access_key_id, credentials.secret_access_key, credentials.session_token,
          wire::Timestamp{base::epoch_seconds(credentials.expires)}};
}

}  // namespace

base::Task<wire::Result<GetCallerIdentityResponse>> get_caller_identity(
    Sts&, const api::RequestContext& context, GetCallerIdentityRequest) {
  co_return GetCallerIdentityResponse{context.principal.user_id, context.principal.account,
                                      context.principal.arn};
}

base::Task<wire::Result<AssumeRoleResponse>> assume_role(Sts& sts, const api::RequestContext&,
                                                         AssumeRoleRequest request) {
  const std::optional<RoleName> role = parse_role_arn(request.role_arn);
  if (!role) co_return wire::fail(kValidationError, request.role_arn + " is invalid");
  // What would narrow the session must not be dropped in silence.
  if (request.policy || (request.policy_arns && !request.policy_arns->empty())) {
    co_return wire::not_supported("AssumeRole with session policies");
  }
  if (request.serial_number || request.token_code)
    co_return wire::not_supported("AssumeRole with MFA");
  if (request.provided_contexts) co_return wire::not_supported("AssumeRole with ProvidedContexts");

  const Sessions::Subject subject = role_session(*role, request.role_session_name);
  AssumeRoleResponse response;
  response.assumed_role_user = AssumedRoleUser{subject.user_id, subject.arn};
  const std::chrono::seconds lifetime{request.duration_seconds.value_or(kAssumeRoleSeconds)};
  auto credentials = co_await sts.sessions.open(subject, lifetime);
  if (!credentials) co_return std::unexpected(credentials.error());
  response.credentials = shown(*credentials);
  response.source_identity = std::move(request.source_identity);
  co_return response;
}

base::Task<wire::Result<GetSessionTokenResponse>> get_session_token(
    Sts& sts, const api::RequestContext& context, GetSessionTokenRequest request) {
  if (request.serial_number || request.token_code)
    co_return wire::not_supported("GetSessionToken with MFA");
  if (context.principal.kind == identity::PrincipalKind::assumed_role) {
    co_return wire::fail(wire::kAccessDenied,
                         "Cannot call GetSessionToken with session credentials");
  }
  Sessions::Subject subject{false, context.principal.account, context.principal.arn,
                            context.principal.user_id};
  const std::chrono::seconds lifetime{request.duration_seconds.value_or(kSessionTokenSeconds)};
  auto credentials = co_await sts.sessions.open(std::move(subject), lifetime);
  if (!credentials) co_return std::unexpected(credentials.error());
  co_return GetSessionTokenResponse{shown(*credentials)};
}

}  // namespace mayfly::sts
