#include "store/conformance/harness.h"
#include "store/memory/memory_store.h"

namespace mayfly::store::conformance {
namespace {

TEST(MemoryStore, ATransactionMayOutliveItsStore) {
  auto store = std::make_unique<MemoryStore>();
  put(*store, "a", "1");
  auto transaction = store->begin();
  store.reset();
  EXPECT_EQ(get(*transaction, "a"), "1");
}

TEST(MemoryStore, ClosingWakesItsWatchers) {
  auto store = std::make_unique<MemoryStore>();
  auto watch = store->watch("a");
  store.reset();
  EXPECT_FALSE(base::sync_wait(
      [](base::OneShot<bool> one) -> base::Task<bool> { co_return co_await one.wait(); }(watch)));
}

TEST(MemoryStore, AnOldSnapshotBehindASmallWindowIsTooOld) {
  MemoryStore store(1000);
  auto transaction = store.begin();
  get(*transaction, "a");
  transaction->put("b", "x");
  for (int i = 0; i < 50; ++i) put(store, "key" + std::to_string(i), "v");
  EXPECT_EQ(outcome(store, std::move(transaction)), "too_old");
}

}  // namespace
}  // namespace mayfly::store::conformance
