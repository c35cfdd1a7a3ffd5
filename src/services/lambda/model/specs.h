// Specs: the engine's view of a version (FunctionSpec), made when first needed and kept.
//
// A spec has credentials of the function's role; when they are about to end a new spec with a new
// revision replaces it, so environments with old credentials end. Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "engine/engine.h"
#include "ports/credential_issuer.h"
#include "services/lambda/keys.h"
#include "services/lambda/model/code_store.h"
#include "services/lambda/model/hot_folders.h"
#include "wire/error.h"

namespace mayfly::lambda {

using SpecPointer = std::shared_ptr<const engine::FunctionSpec>;

class Specs {
 public:
  // All outlive it.
  // `on_edit` is told the new revision of a version whose hot folder has changed: what runs older
  // code shall end.
  using OnEdit = std::function<void(const VersionId& id, const std::string& revision)>;
  Specs(CodeStore& code, HotFolders& hot_folders, ports::CredentialIssuer& issuer,
        const base::Clock& clock, OnEdit on_edit)
      : code_(code),
        hot_folders_(hot_folders),
        issuer_(issuer),
        clock_(clock),
        on_edit_(std::move(on_edit)) {}

  base::Task<wire::Result<SpecPointer>> get(VersionId id,
                                            std::shared_ptr<const FunctionRow> function,
                                            std::shared_ptr<const VersionRow> version);
  void forget(const base::Scope& scope, const std::string& name);

 private:
  struct Entry {
    std::string build;
    base::WallTime renew;  // credentials end soon after
    SpecPointer spec;
    std::uint64_t generation = 0;  // of the hot folder
  };
  SpecPointer cached(const VersionId& id, const VersionRow& version, std::uint64_t generation);

  SpecPointer edited(const VersionId& id, const VersionRow& version, std::uint64_t generation);

  CodeStore& code_;
  HotFolders& hot_folders_;
  ports::CredentialIssuer& issuer_;
  const base::Clock& clock_;
  const OnEdit on_edit_;
  std::mutex mutex_;
  std::unordered_map<VersionId, Entry, VersionId::Hash> entries_;
};

}  // namespace mayfly::lambda
