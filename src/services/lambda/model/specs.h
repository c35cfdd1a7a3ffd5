// Specs: the engine's view of a version (FunctionSpec), made when first needed and kept.
//
// A spec has credentials of the function's role; when they are about to end a new spec with a new
// revision replaces it, so environments with old credentials end. Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "engine/engine.h"
#include "ports/credential_issuer.h"
#include "services/lambda/keys.h"
#include "services/lambda/model/code_store.h"
#include "wire/error.h"

namespace mayfly::lambda {

using SpecPointer = std::shared_ptr<const engine::FunctionSpec>;

class Specs {
 public:
  // All outlive it.
  Specs(CodeStore& code, ports::CredentialIssuer& issuer, const base::Clock& clock)
      : code_(code), issuer_(issuer), clock_(clock) {}

  base::Task<wire::Result<SpecPointer>> get(VersionId id,
                                            std::shared_ptr<const FunctionRow> function,
                                            std::shared_ptr<const VersionRow> version);
  void forget(const base::Scope& scope, const std::string& name);

 private:
  struct Entry {
    std::string build;
    base::WallTime renew;  // credentials end soon after
    SpecPointer spec;
  };
  SpecPointer cached(const VersionId& id, const VersionRow& version);

  CodeStore& code_;
  ports::CredentialIssuer& issuer_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<VersionId, Entry> entries_;
};

}  // namespace mayfly::lambda
