// Transactions that conflict and are run again by the store itself.
#include "store/rerun.h"

#include <gmock/gmock.h>

#include <thread>

#include "store/conformance/harness.h"
#include "store/faulty/faulty_store.h"
#include "store/memory/memory_store.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

using Outcome = StoreResult<std::int64_t>;

// Counts one further, up to a limit; an error beyond it.
base::Task<Outcome> count(Transaction& transaction, std::int64_t limit) {
  auto value = co_await transaction.get("counter");
  if (!value) co_return std::unexpected(value.error());
  const std::int64_t next = *value ? std::stoll(**value) + 1 : 1;
  if (next > limit) co_return std::unexpected(StoreError{StoreErrorCode::too_large, "limit"});
  transaction.put("counter", std::to_string(next));
  transaction.put_sequenced("log", "", std::to_string(next));
  co_return next;
}

// Every thread counts; what each acknowledged count gave.
std::vector<std::int64_t> count_from_threads(Store& store, int threads, int times,
                                             std::int64_t limit) {
  std::mutex mutex;
  std::vector<std::int64_t> counted;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&] {
      for (int i = 0; i < times; ++i) {
        auto result = base::sync_wait(transact_quick(
            store, [limit](Transaction& transaction) { return count(transaction, limit); }));
        if (!result) {
          EXPECT_EQ(result.error().detail, "limit");
          continue;
        }
        std::lock_guard lock(mutex);
        counted.push_back(*result);
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  std::ranges::sort(counted);
  return counted;
}

void expect_counted(Store& store, const std::vector<std::int64_t>& counted, std::int64_t expected) {
  ASSERT_EQ(counted.size(), static_cast<std::size_t>(expected));
  for (std::size_t i = 0; i < counted.size(); ++i)
    EXPECT_EQ(counted[i], static_cast<std::int64_t>(i) + 1) << "each value once";
  auto transaction = store.begin();
  EXPECT_EQ(get(*transaction, "counter"), std::to_string(expected));
  // The sequenced rows of those that were run again are there, in the order of the counts.
  RangeQuery query = prefix_query("log");
  query.limit = 100'000;
  const auto log = range(*transaction, query).rows;
  ASSERT_EQ(log.size(), counted.size());
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].value, std::to_string(i + 1));
}

TEST(Rerun, AHotCounterCountsEachOnce) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  expect_counted(*store, count_from_threads(*store, 8, 100, 1'000'000), 800);
  store.reset();
  store = open_rocks({.path = folder.path() / "s"});
  auto transaction = store->begin();
  EXPECT_EQ(get(*transaction, "counter"), "800");
}

// What it saw in its group made it end with an error: nothing of it is written.
TEST(Rerun, AnErrorOfTheSecondRunIsTheAnswer) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  expect_counted(*store, count_from_threads(*store, 8, 100, 300), 300);
}

TEST(Rerun, AnEngineWithoutItAnswersTheSame) {
  MemoryStore memory;
  expect_counted(memory, count_from_threads(memory, 4, 50, 1'000'000), 200);
}

// Two transactions of one snapshot: the later one's second run sees all kinds of writes of the
// first.
TEST(Rerun, TheSecondRunSeesEveryKindOfWrite) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  for (const char* key : {"a1", "a2", "b", "c"}) put(*store, key, "old");
  int runs = 0;
  Rows seen;
  const auto look = [&](Transaction& transaction) -> base::Task<StoreResult<int>> {
    ++runs;
    auto rows = co_await transaction.range({.begin = "a", .end = "z"});
    if (!rows) co_return std::unexpected(rows.error());
    seen = rows->rows;
    if (runs == 1) {  // meanwhile somebody else commits
      auto other = store->begin();
      other->erase_range("a", "b");
      other->put("a2", "new");
      other->erase("b");
      other->put("d", "new");
      other->put_sequenced("e", "", "new");
      EXPECT_EQ(outcome(*store, std::move(other)), "ok");
    }
    transaction.put("out", std::to_string(rows->rows.size()));
    co_return runs;
  };
  EXPECT_EQ(*base::sync_wait(transact_quick(*store, look)), 2);
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0], (KeyValue{"a2", "new"}));
  EXPECT_EQ(seen[1], (KeyValue{"c", "old"}));
  EXPECT_EQ(seen[2], (KeyValue{"d", "new"}));
  EXPECT_TRUE(seen[3].key.starts_with("e"));
  auto transaction = store->begin();
  EXPECT_EQ(get(*transaction, "out"), "4");
}

TEST(Rerun, AnExceptionReachesTheCaller) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  int runs = 0;
  const auto fail = [&](Transaction& transaction) -> base::Task<StoreResult<int>> {
    (void)co_await transaction.get("k");
    if (++runs == 2) throw std::runtime_error("bug");
    put(*store, "k", "1");
    transaction.put("k", "2");
    co_return 1;
  };
  EXPECT_THROW(base::sync_wait(transact_quick(*store, fail)), std::runtime_error);
  auto transaction = store->begin();
  EXPECT_EQ(get(*transaction, "k"), "1");
  EXPECT_EQ(outcome(*store, std::move(transaction)), "ok") << "the store goes on";
}

}  // namespace
}  // namespace mayfly::store::conformance
