// Access keys: what a client signs with, and where the platform looks a key up.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "identity/principal.h"
#include "wire/error.h"

namespace mayfly::identity {

// What a client has.
struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // empty for long-term keys
};

// What the platform knows about an access key that it issued.
struct IssuedCredentials {
  std::string secret_key;
  std::string session_token;              // must come with the request where it is not empty
  std::optional<base::WallTime> expires;  // of temporary credentials
  Principal principal;
};

// Looks access keys up. Implemented by services/iam and services/sts (keys in the store), by the
// engine's function credentials and by StaticCredentials; app/ chains them. Called for every signed
// request, so implementations answer from memory where they can. Threads: any.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // nullopt: no such key. An error: could not look (store unavailable).
  virtual base::Task<wire::Result<std::optional<IssuedCredentials>>> find(
      std::string access_key) = 0;
};

// Keys from the configuration; fixed once constructed.
class StaticCredentials final : public CredentialSource {
 public:
  explicit StaticCredentials(std::map<std::string, IssuedCredentials> keys)
      : keys_(std::move(keys)) {}
  base::Task<wire::Result<std::optional<IssuedCredentials>>> find(std::string access_key) override;

 private:
  std::map<std::string, IssuedCredentials> keys_;
};

// Asks the sources in order; the first that knows the key answers. The sources outlive it.
class CredentialChain final : public CredentialSource {
 public:
  explicit CredentialChain(std::vector<CredentialSource*> sources) : sources_(std::move(sources)) {}
  base::Task<wire::Result<std::optional<IssuedCredentials>>> find(std::string access_key) override;

 private:
  std::vector<CredentialSource*> sources_;
};

}  // namespace mayfly::identity
