// What the conformance suite needs of an engine, and short names for what its tests do all the
// time.
//
// A test program instantiates the suites for its engines:
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(EngineFactory{"memory",
//   make_memory}));
// Test code only: it includes gtest and waits with sync_wait.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/spawn.h"
#include "store/store.h"

namespace mayfly::store::conformance {

// One empty store; gone, with its files, when this is destroyed.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Store& store() = 0;
  // Closes the store and opens it again on what it stored. False: this engine stores nothing.
  virtual bool reopen() = 0;
};

struct EngineFactory {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
  friend void PrintTo(const EngineFactory& factory, std::ostream* out) { *out << factory.name; }
};

class EngineTest : public testing::TestWithParam<EngineFactory> {
 protected:
  Store& store() { return engine_->store(); }
  Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<Engine> engine_ = GetParam().make();
};

using Rows = std::vector<KeyValue>;

inline std::optional<std::string> get(Transaction& transaction, std::string_view key,
                                      Conflict conflict = Conflict::detect) {
  auto value = base::sync_wait(transaction.get(key, conflict));
  if (!value) ADD_FAILURE() << "get: " << value.error().detail;
  return value ? *value : std::nullopt;
}

inline RangeResult range(Transaction& transaction, RangeQuery query) {
  auto result = base::sync_wait(transaction.range(std::move(query)));
  if (!result) ADD_FAILURE() << "range: " << result.error().detail;
  return result ? std::move(*result) : RangeResult{};
}

inline StoreResult<CommitInfo> commit(Store& store, std::unique_ptr<Transaction> transaction) {
  return base::sync_wait(store.commit(std::move(transaction)));
}

// "ok", or the name of the error.
inline std::string outcome(Store& store, std::unique_ptr<Transaction> transaction) {
  const auto result = commit(store, std::move(transaction));
  return result ? "ok" : std::string(store_error_name(result.error().code));
}

inline std::uint64_t put(Store& store, std::string_view key, std::string_view value) {
  auto transaction = store.begin();
  transaction->put(key, value);
  const auto result = commit(store, std::move(transaction));
  if (!result) ADD_FAILURE() << "put: " << result.error().detail;
  return result ? result->sequence : 0;
}

inline Rows all_rows(Store& store) {
  auto transaction = store.begin();
  return range(*transaction, {.begin = "", .end = "", .limit = 1'000'000, .max_bytes = 1 << 30})
      .rows;
}

}  // namespace mayfly::store::conformance
