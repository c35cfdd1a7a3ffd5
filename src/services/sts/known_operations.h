// Every operation of the AWS model of AWS Security Token Service (2011-06-15); those that are not
// in the table answer "not supported" by name.
#pragma once

#include "api/service.h"

namespace mayfly::sts {

inline constexpr api::KnownOperation kKnownOperations[] = {
    {"AssumeRole"},        {"AssumeRoleWithSAML"},         {"AssumeRoleWithWebIdentity"},
    {"AssumeRoot"},        {"DecodeAuthorizationMessage"}, {"GetAccessKeyInfo"},
    {"GetCallerIdentity"}, {"GetDelegatedAccessToken"},    {"GetFederationToken"},
    {"GetSessionToken"},   {"GetWebIdentityToken"},
};

}  // namespace mayfly::sts
