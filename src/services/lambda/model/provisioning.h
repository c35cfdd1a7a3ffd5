// Provisioning: keeps the engine told how many environments of which versions are to be running.
//
// What users want is in the store, for an alias or a version (ProvisionedRow). touch() has it read
// again for one function and the engine told what changed: after a configuration, an alias or the
// function changed, at the start of the daemon, and every hour, so that environments are renewed
// before their credentials end. One function at a time, in the background. Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/one_shot.h"
#include "services/lambda/model/runner.h"
#include "services/lambda/model/specs.h"
#include "store/store.h"

namespace mayfly::lambda {

// Which versions share what an alias has, by the alias's weights.
std::map<std::uint64_t, std::int32_t> shares_of(const AliasRow& alias, std::int32_t count);

class Provisioning {
 public:
  // All outlive it; await stop() before it goes.
  Provisioning(store::Store& store, Specs& specs, FunctionRunner& runner)
      : store_(store), specs_(specs), runner_(runner) {}

  void touch(const base::Scope& scope, const std::string& name);
  // Everything that the store has.
  base::Task<wire::Result<void>> touch_all();
  // Begins nothing more and waits for what is under way.
  base::Task<void> stop();

 private:
  using Name = std::pair<base::Scope, std::string>;

  base::Task<void> work();
  base::Task<wire::Result<void>> settle(Name name);
  base::Task<wire::Result<std::map<std::uint64_t, std::int32_t>>> wanted(Name name);
  base::Task<wire::Result<SpecPointer>> spec_of(VersionId id);

  store::Store& store_;
  Specs& specs_;
  FunctionRunner& runner_;
  std::mutex mutex_;
  std::set<Name> touched_;
  bool working_ = false, stopping_ = false;
  base::OneShot<bool> stopped_;
  // Told to the engine: of the worker alone. Specs of versions that are gone cannot be made again.
  std::map<Name, std::map<std::uint64_t, SpecPointer>> told_;
};

}  // namespace mayfly::lambda
