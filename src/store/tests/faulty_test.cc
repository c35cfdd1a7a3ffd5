#include <gtest/gtest.h>

#include "store/conformance/harness.h"
#include "store/faulty/faulty_store.h"
#include "store/memory/memory_store.h"

namespace mayfly::store::conformance {
namespace {

std::string try_put(Store& store, std::string_view key) {
  auto transaction = store.begin();
  transaction->put(key, "v");
  return outcome(store, std::move(transaction));
}

TEST(FaultyStore, ScriptedFaultsHappenOnceAndInOrder) {
  MemoryStore inner;
  FaultyStore store(inner);
  store.fail_next(Fault::unavailable);
  store.fail_next(Fault::unknown_applied);
  store.fail_next(Fault::unknown_dropped);
  EXPECT_EQ(try_put(store, "a"), "unavailable");
  EXPECT_EQ(try_put(store, "b"), "outcome_unknown");
  EXPECT_EQ(try_put(store, "c"), "outcome_unknown");
  EXPECT_EQ(try_put(store, "d"), "ok");
  EXPECT_EQ(all_rows(store), (Rows{{"b", "v"}, {"d", "v"}}));
}

TEST(FaultyStore, TransactRunsAgainOnInjectedConflicts) {
  MemoryStore inner;
  FaultyStore store(inner);
  store.fail_next(Fault::conflict);
  store.fail_next(Fault::too_old);
  int runs = 0;
  auto result = base::sync_wait(
      transact(store, [&](Transaction& transaction) -> base::Task<StoreResult<int>> {
        transaction.put("a", "v");
        co_return ++runs;
      }));
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 3);
}

TEST(FaultyStore, TransactGivesUpAfterItsAttempts) {
  MemoryStore inner;
  FaultyStore store(inner, {.conflict = 1});
  int runs = 0;
  auto result = base::sync_wait(
      transact(store, [&](Transaction& transaction) -> base::Task<StoreResult<void>> {
        ++runs;
        transaction.put("a", "v");
        co_return StoreResult<void>{};
      }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, StoreErrorCode::conflict);
  EXPECT_EQ(runs, kMaxAttempts);
}

TEST(FaultyStore, TransactDoesNotRepeatAnUnknownOutcome) {
  MemoryStore inner;
  FaultyStore store(inner, {.unknown_applied = 1});
  int runs = 0;
  auto result = base::sync_wait(
      transact(store, [&](Transaction& transaction) -> base::Task<StoreResult<void>> {
        ++runs;
        transaction.put("a", "v");
        co_return StoreResult<void>{};
      }));
  EXPECT_EQ(result.error().code, StoreErrorCode::outcome_unknown);
  EXPECT_EQ(runs, 1);
}

TEST(FaultyStore, ThePlanIsRepeatable) {
  auto run = [] {
    MemoryStore inner;
    FaultyStore store(inner,
                      {.seed = 42, .conflict = 0.2, .unavailable = 0.2, .unknown_dropped = 0.2});
    std::string outcomes;
    for (int i = 0; i < 100; ++i) outcomes += try_put(store, "k") + " ";
    return outcomes;
  };
  const std::string first = run();
  EXPECT_EQ(first, run());
  for (const char* expected : {"ok", "conflict", "unavailable", "outcome_unknown"}) {
    EXPECT_NE(first.find(expected), std::string::npos) << expected;
  }
}

TEST(FaultyStore, ReadsCanFail) {
  MemoryStore inner;
  FaultyStore store(inner, {.read_unavailable = 1});
  auto transaction = store.begin();
  EXPECT_FALSE(base::sync_wait(transaction->get("a")));
  EXPECT_FALSE(base::sync_wait(transaction->range({.begin = "a", .end = "b"})));
  EXPECT_EQ(outcome(store, std::move(transaction)), "ok");
}

}  // namespace
}  // namespace mayfly::store::conformance
