// Admission: who may run now: concurrency of the account and of functions, and what the machine
// holds: its memory, and the descriptors that each environment needs of this process.
//
// Plain counters without a lock of their own: the scheduler holds its lock around every call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/arn.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "ports/usage_sink.h"

namespace mayfly::engine {

struct AccountLoad {
  std::int64_t under_way = 0;             // events of all functions
  std::int64_t under_way_unreserved = 0;  // of those without reserved concurrency
  std::int64_t unreserved = 0;            // held by functions without reserved concurrency
  std::int64_t reserved = 0;              // what functions have reserved, in sum
};

struct FunctionLoad {
  AccountLoad* account = nullptr;
  std::int64_t under_way = 0;  // events of all its versions
  std::int64_t held = 0;       // by them: events, and what is provisioned and unused
  std::optional<std::int64_t> reserved;
  std::optional<double> growth;  // how many environments it may gain now, as of
  base::MonotonicTime growth_at{};
  std::map<std::string, std::string> started;  // version -> revision that last had a cold start
};

// Of one version. It holds what is provisioned for it, used or not, and what it uses beyond that.
struct VersionLoad {
  FunctionLoad* function = nullptr;
  std::int64_t under_way = 0;
  std::int64_t provisioned = 0;
  std::int64_t held() const { return under_way > provisioned ? under_way : provisioned; }
};

class Admission {
 public:
  Admission(std::int64_t account_concurrency, std::uint64_t memory_budget,
            std::int64_t most_environments, std::int64_t scaling_rate)
      : account_concurrency_(account_concurrency),
        memory_budget_(static_cast<std::int64_t>(memory_budget)),
        most_environments_(most_environments),
        scaling_rate_(static_cast<double>(scaling_rate)) {}

  // Stable for the admission's life.
  FunctionLoad& function(const base::Scope& scope, const std::string& name);

  // Counts one event in, or says why not. `reserved` is the function's setting as of this event.
  // What is provisioned and unused is there for the event, whatever others hold.
  std::optional<ThrottleReason> enter(VersionLoad& version, std::optional<std::int64_t> reserved);
  void leave(VersionLoad& version);
  // As of now, for the metrics of an event that has just come in.
  static ports::Concurrency concurrency(const VersionLoad& version);
  // For an event that was admitted before and lost its environment: counts it in, whatever the
  // limits.
  void enter_again(VersionLoad& version);
  // Whether the function may gain one more environment for an event now; counts it.
  bool may_grow(FunctionLoad& function, base::MonotonicTime now);
  // The limits were looked at when provisioned concurrency was configured, not here.
  void provision(VersionLoad& version, std::int64_t count);

  // Whether `count` environments more, of so many bytes together, fit.
  bool has_room(std::int64_t bytes, std::int64_t count) const {
    return charged_ + bytes <= memory_budget_ && environments_ + count <= most_environments_;
  }
  // What an environment is taken to hold has changed; 0 before it starts and after it has ended.
  void charge(std::int64_t before, std::int64_t now) {
    charged_ += now - before;
    environments_ += (now > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
  }
  std::int64_t charged() const { return charged_; }
  std::int64_t memory_budget() const { return memory_budget_; }
  std::int64_t under_way() const { return under_way_; }

 private:
  void set_reserved(FunctionLoad& function, std::optional<std::int64_t> reserved);
  void change(VersionLoad& version, std::int64_t under_way, std::int64_t provisioned);

  std::int64_t account_concurrency_;
  std::int64_t memory_budget_;
  std::int64_t most_environments_;
  double scaling_rate_;  // environments in ten seconds; 0: any number
  std::int64_t charged_ = 0;
  std::int64_t environments_ = 0;
  std::int64_t under_way_ = 0;
  std::map<base::Scope, AccountLoad> accounts_;
  std::map<std::pair<base::Scope, std::string>, FunctionLoad> functions_;
};

// Three quarters of this machine's memory.
std::uint64_t default_memory_budget();
// As many as this process's limit of open files lets it hold; the warden has the same limit.
std::int64_t default_most_environments();

}  // namespace mayfly::engine
