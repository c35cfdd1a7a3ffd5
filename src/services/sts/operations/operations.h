// The operations of STS. sts.cc makes the table of them.
#pragma once

#include "api/operation.h"
#include "services/sts/shapes.h"
#include "services/sts/sts.h"

namespace mayfly::sts {

base::Task<wire::Result<GetCallerIdentityResponse>> get_caller_identity(
    Sts& sts, const api::RequestContext& context, GetCallerIdentityRequest request);
base::Task<wire::Result<AssumeRoleResponse>> assume_role(Sts& sts,
                                                         const api::RequestContext& context,
                                                         AssumeRoleRequest request);
base::Task<wire::Result<GetSessionTokenResponse>> get_session_token(
    Sts& sts, const api::RequestContext& context, GetSessionTokenRequest request);

}  // namespace mayfly::sts
