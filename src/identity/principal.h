// Principal: who made a request, as far as the signature says.
#pragma once

#include <string>

namespace mayfly::identity {

enum class PrincipalKind {
  anonymous,     // unsigned, in the development profile
  root,          // the account itself; in the development profile also every unknown key
  user,          // an IAM user's access key
  assumed_role,  // temporary credentials of a role, a function's among them
  service,       // Mayfly on behalf of a service
};

struct Principal {
  PrincipalKind kind = PrincipalKind::anonymous;
  std::string account = "000000000000";
  std::string arn = "arn:aws:iam::000000000000:root";  // as GetCallerIdentity answers it
  std::string user_id = "000000000000";  // AIDA..., AROA...:session, or the account for root
  std::string access_key;                // empty where the request was not signed
};

}  // namespace mayfly::identity
