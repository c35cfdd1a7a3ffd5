// FaultyStore: another store, with faults on purpose. For tests of everything that stands on a
// store.
//
// Faults come at random from a seed (the same plan gives the same faults for the same calls), or
// are scripted with fail_next(). It never breaks the contract: what it answers is what a real store
// may answer at any time. Ownership: the inner store outlives it. Threads: any.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <random>

#include "store/store.h"

namespace mayfly::store {

enum class Fault {
  none,
  conflict,
  too_old,
  unavailable,      // nothing was changed
  unknown_applied,  // outcome_unknown, and the commit happened
  unknown_dropped,  // outcome_unknown, and it did not
};

// Chances between 0 and 1, each a commit (or a read).
struct FaultPlan {
  std::uint64_t seed = 1;
  double conflict = 0;
  double too_old = 0;
  double unavailable = 0;
  double unknown_applied = 0;
  double unknown_dropped = 0;
  double read_unavailable = 0;
  // The commit goes to the back of its executor's queue a few times first, so that others overtake
  // it.
  double delay = 0;
};

class FaultyStore final : public Store {
 public:
  explicit FaultyStore(Store& inner, FaultPlan plan = {});

  // The next commit that writes gets this fault instead of what the plan says; several calls queue
  // up.
  void fail_next(Fault fault);
  void set_plan(FaultPlan plan);

  std::unique_ptr<Transaction> begin() override;
  base::Task<StoreResult<CommitInfo>> commit(std::unique_ptr<Transaction> transaction) override;
  base::OneShot<bool> watch(std::string_view prefix) override;

  bool read_fails();

 private:
  struct Decision {
    Fault fault = Fault::none;
    int delays = 0;
  };
  Decision decide();

  Store& inner_;
  std::mutex mutex_;
  FaultPlan plan_;
  std::mt19937_64 random_;
  std::deque<Fault> scripted_;
};

}  // namespace mayfly::store
