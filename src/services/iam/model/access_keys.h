// AccessKeys: long-term keys of users, looked up for the identity check. Reads the store each time,
// since a key can be deactivated or deleted on any node at any time. Threads: any.
#pragma once

#include "identity/credentials.h"
#include "store/store.h"

namespace mayfly::iam {

class AccessKeys final : public identity::CredentialSource {
 public:
  explicit AccessKeys(store::Store& store) : store_(store) {}
  base::Task<wire::Result<std::optional<identity::IssuedCredentials>>> find(
      std::string access_key) override;

 private:
  store::Store& store_;
};

}  // namespace mayfly::iam
