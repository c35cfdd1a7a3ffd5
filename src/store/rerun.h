// Rerunner: an engine's optional power to run a conflicting transaction again on the spot.
//
// Of the transactions of one group that touch one hot key, only the first can commit: the others
// saw the key as it was before. With transact() each of them waits for the group's sync, runs
// again, and lines up for the next, so a hot counter counts once a sync. An engine that can, runs
// them again where it orders its commits, each on what those before it in the group have written,
// and commits them in the very same group. Nobody is answered before the group is on disk, also
// not those whose function then ended with an error because of what it saw there.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/spawn.h"
#include "store/store.h"

namespace mayfly::store {

class Rerun {
 public:
  virtual ~Rerun() = default;
  // True where what it wrote is to be committed. Called on a thread of the engine's.
  virtual bool run(Transaction& transaction) = 0;
};

class Rerunner {
 public:
  virtual ~Rerunner() = default;
  // As Store::commit(), but it calls `rerun` where the transaction conflicts, any number of times;
  // the last call counts. `rerun` outlives the task.
  virtual base::Task<StoreResult<CommitInfo>> commit_or_rerun(
      std::unique_ptr<Transaction> transaction, Rerun& rerun) = 0;
};

namespace detail {

template <class Result, class Fn>
class RerunOf final : public Rerun {
 public:
  explicit RerunOf(Fn& fn) : fn_(fn) {}

  bool run(Transaction& transaction) override {
    exception_ = nullptr;
    try {
      result_.emplace(base::sync_wait(fn_(transaction)));
    } catch (...) {
      exception_ = std::current_exception();
    }
    return !exception_ && result_->has_value();
  }

  // Of the last run; nullopt where there was none.
  std::optional<Result> take() {
    if (exception_) std::rethrow_exception(exception_);
    return std::move(result_);
  }

 private:
  Fn& fn_;
  std::optional<Result> result_;
  std::exception_ptr exception_;
};

template <class Result, class Fn>
base::Task<Result> transact_in_place(Store& store, Rerunner& rerunner, Fn fn) {
  using Error = typename Result::error_type;
  std::unique_ptr<Transaction> transaction = store.begin();
  Result result = co_await fn(*transaction);
  if (!result) co_return std::unexpected(std::move(result).error());
  RerunOf<Result, Fn> rerun(fn);
  StoreResult<CommitInfo> commit = co_await rerunner.commit_or_rerun(std::move(transaction), rerun);
  if (!commit) co_return std::unexpected(FromStoreError<Error>::map(std::move(commit).error()));
  if (auto again = rerun.take()) co_return std::move(*again);
  co_return result;
}

}  // namespace detail

// As transact(), for functions that are quick and await nothing but the transaction they are given:
// those may be run on the engine's own thread.
template <class Fn>
auto transact_quick(Store& store, Fn fn) {
  using Result = typename std::invoke_result_t<Fn&, Transaction&>::value_type;
  auto* rerunner = dynamic_cast<Rerunner*>(&store);
  return rerunner == nullptr
             ? detail::transact_plain<Result, Fn>(store, std::move(fn))
             : detail::transact_in_place<Result, Fn>(store, *rerunner, std::move(fn));
}

}  // namespace mayfly::store
