#include "identity/credentials.h"

namespace mayfly::identity {

using Found = wire::Result<std::optional<IssuedCredentials>>;

base::Task<Found> StaticCredentials::find(std::string access_key) {
  auto entry = keys_.find(access_key);
  if (entry == keys_.end()) return base::Task<Found>::ready(Found(std::nullopt));
  return base::Task<Found>::ready(Found(entry->second));
}

base::Task<Found> CredentialChain::find(std::string access_key) {
  for (CredentialSource* source : sources_) {
    Found found = co_await source->find(access_key);
    if (!found || *found) co_return found;
  }
  co_return std::nullopt;
}

}  // namespace mayfly::identity
