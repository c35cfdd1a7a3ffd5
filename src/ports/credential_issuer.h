// CredentialIssuer: temporary credentials of a role's session, for those that Mayfly runs
// (functions). services/sts implements it; what it issues is known to the identity check, so the
// secured profile accepts calls that are signed with it.
#pragma once

#include <chrono>
#include <string>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"
#include "wire/error.h"

namespace mayfly::ports {

struct TemporaryCredentials {
  std::string access_key_id;
  std::string secret_access_key;  // never logged
  std::string session_token;
  base::WallTime expires;
};

class CredentialIssuer {
 public:
  virtual ~CredentialIssuer() = default;
  // Durable when it returns. `role_arn` names the account that the session acts in.
  virtual base::Task<wire::Result<TemporaryCredentials>> issue(std::string role_arn,
                                                               std::string session_name,
                                                               std::chrono::seconds lifetime) = 0;
};

}  // namespace mayfly::ports
