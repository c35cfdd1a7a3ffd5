// MemoryStore: the contract without a disk. For tests, and for `mayfly` programs that keep nothing.
//
// Keeps the versions of a key that a living transaction can still see. Commits complete at once, on
// the caller's thread. Threads: any; one mutex.
#pragma once

#include <memory>

#include "store/store.h"

namespace mayfly::store {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::size_t conflict_window_bytes = 4 * 1024 * 1024);
  ~MemoryStore() override;

  std::unique_ptr<Transaction> begin() override;
  base::Task<StoreResult<CommitInfo>> commit(std::unique_ptr<Transaction> transaction) override;
  base::OneShot<bool> watch(std::string_view prefix) override;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mayfly::store
