// Sessions: temporary credentials, issued and looked up.
//
// Kept in the store; a bounded cache answers most look-ups, which is safe on many nodes because a
// session never changes. Threads: any.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "identity/credentials.h"
#include "ports/credential_issuer.h"
#include "services/sts/keys.h"
#include "store/store.h"

namespace mayfly::sts {

class Sessions final : public identity::CredentialSource, public ports::CredentialIssuer {
 public:
  // All outlive it.
  Sessions(store::Store& store, const base::Clock& clock, base::Ids& ids)
      : store_(store), clock_(clock), ids_(ids) {}

  // Whose session it is to be.
  struct Subject {
    bool role = false;
    std::string account, arn, user_id;
  };
  base::Task<wire::Result<ports::TemporaryCredentials>> open(Subject subject,
                                                             std::chrono::seconds lifetime);

  base::Task<wire::Result<std::optional<identity::IssuedCredentials>>> find(
      std::string access_key) override;
  base::Task<wire::Result<ports::TemporaryCredentials>> issue(
      std::string role_arn, std::string session_name, std::chrono::seconds lifetime) override;
  // Deletes the sessions that ended; how many. For housekeeping.
  base::Task<wire::Result<std::int64_t>> expire();

 private:
  std::optional<SessionRow> cached(const std::string& access_key);
  void keep(const std::string& access_key, const SessionRow& row);

  store::Store& store_;
  const base::Clock& clock_;
  base::Ids& ids_;
  std::mutex mutex_;
  std::map<std::string, SessionRow> cache_;
};

// The role's name of "arn:aws:iam::<account>:role/<path><name>"; nullopt for anything else.
struct RoleName {
  std::string account, name;
};
std::optional<RoleName> parse_role_arn(std::string_view arn);

// The subject of a session of that role: "arn:aws:sts::<account>:assumed-role/<role>/<session>".
Sessions::Subject role_session(const RoleName& role, std::string_view session_name);

}  // namespace mayfly::sts
