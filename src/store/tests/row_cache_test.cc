#include "store/rocksdb/row_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/spawn.h"
#include "store/conformance/harness.h"
#include "store/keyspaces.h"
#include "store/rocksdb/rocks_store.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store {
namespace {

std::string key_of(KeySpace space, std::string_view name) {
  return key_in(space, {}).str(name).done();
}
std::string table_key(std::string_view name) { return key_of(KeySpace::dynamodb, name); }

WriteSet put(const std::string& key) {
  WriteSet writes;
  writes.put(key, "new");
  return writes;
}

std::string found(const RowCache& cache, const std::string& key, std::uint64_t snapshot) {
  const auto row = cache.find(key, snapshot);
  return row == nullptr ? "-" : *row;
}

TEST(RowCache, KeepsDefinitionsOnly) {
  EXPECT_TRUE(RowCache::keeps(table_key("t")));
  EXPECT_TRUE(RowCache::keeps(key_of(KeySpace::lambda, "f")));
  EXPECT_FALSE(RowCache::keeps(key_of(KeySpace::dynamodb_items, "i")));
  EXPECT_FALSE(RowCache::keeps(key_of(KeySpace::work, "w")));
  EXPECT_FALSE(RowCache::keeps(""));
}

TEST(RowCache, ARowIsForSnapshotsFromItsCommitOn) {
  RowCache cache;
  const std::string key = table_key("t");
  cache.written(put(key), 10);
  cache.add(key, 12, "value");
  EXPECT_EQ(found(cache, key, 9), "-");
  EXPECT_EQ(found(cache, key, 10), "value");
  EXPECT_EQ(found(cache, key, 11), "value");
  EXPECT_EQ(found(cache, key, 100), "value");
}

TEST(RowCache, AnOldSnapshotAddsNothingAfterACommit) {
  RowCache cache;
  const std::string key = table_key("t");
  cache.add(key, 5, "old");
  cache.written(put(key), 10);
  EXPECT_EQ(found(cache, key, 5), "-");
  cache.add(key, 9, "old");
  EXPECT_EQ(found(cache, key, 10), "-");
  cache.add(key, 10, "new");
  EXPECT_EQ(found(cache, key, 10), "new");
  EXPECT_EQ(found(cache, key, 9), "-");
}

TEST(RowCache, ErasesAndErasedRangesTakeRowsOut) {
  RowCache cache;
  cache.add(table_key("a"), 5, "a");
  cache.add(table_key("b"), 5, "b");
  WriteSet writes;
  writes.erase(table_key("a"));
  cache.written(writes, 10);
  EXPECT_EQ(found(cache, table_key("a"), 10), "-");
  EXPECT_EQ(found(cache, table_key("b"), 10), "b");
  WriteSet items;
  items.erase_range(key_of(KeySpace::dynamodb_items, "a"), key_of(KeySpace::dynamodb_items, "b"));
  cache.written(items, 11);
  EXPECT_EQ(found(cache, table_key("b"), 11), "b");
  WriteSet range;
  range.erase_range(table_key("b"), table_key("c"));
  cache.written(range, 12);
  EXPECT_EQ(found(cache, table_key("b"), 12), "-");
  cache.add(table_key("b"), 13, "b");
  WriteSet all;
  all.erase_range(key_of(KeySpace::system, "a"), "");
  cache.written(all, 14);
  EXPECT_EQ(found(cache, table_key("b"), 14), "-");
}

TEST(RowCache, IsBounded) {
  RowCache cache(320 * 1024);
  for (int n = 0; n < 1000; ++n) cache.add(table_key(std::to_string(n)), 1, std::string(4096, 'x'));
  int kept = 0;
  for (int n = 0; n < 1000; ++n) kept += cache.find(table_key(std::to_string(n)), 1) ? 1 : 0;
  EXPECT_GT(kept, 20);
  EXPECT_LT(kept, 90);
  cache.add(table_key("large"), 1, std::string(RowCache::kMostValue + 1, 'x'));
  EXPECT_EQ(cache.find(table_key("large"), 1), nullptr);
}

// Two rows that are always written alike: every transaction sees them alike, however old it is, and
// none sees what is older than what was committed when it began.
TEST(RowCache, TransactionsSeeTheirSnapshotWhileOthersCommit) {
  conformance::RocksEngine engine(Durability::relaxed);
  Store& store = engine.store();
  const std::string rows[] = {table_key("one"), key_of(KeySpace::lambda, "two")};
  std::atomic<int> committed{0};
  const auto write = [&](int number) {
    auto transaction = store.begin();
    for (const std::string& row : rows) {
      if (number % 7 == 0) {
        transaction->erase_range(row, row + '\0');
      } else {
        transaction->put(row, std::to_string(number));
      }
    }
    ASSERT_TRUE(base::sync_wait(store.commit(std::move(transaction))).has_value());
    committed = number;
  };
  write(1);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&] {
      struct Begun {
        int least = 0;
        std::unique_ptr<Transaction> transaction;
      };
      std::vector<Begun> old;
      while (!done) {
        const int least = committed;
        old.push_back({least, store.begin()});
        if (old.size() > 5) old.erase(old.begin());
        for (Begun& each : old) {
          std::string seen[2];
          for (int row = 0; row < 2; ++row) {
            auto got = base::sync_wait(each.transaction->get(rows[row], Conflict::ignore));
            ASSERT_TRUE(got.has_value());
            seen[row] = got->value_or("");
          }
          ASSERT_EQ(seen[0], seen[1]);
          if (!seen[0].empty()) ASSERT_GE(std::stoi(seen[0]), each.least);
        }
      }
    });
  }
  for (int number = 2; number < 2000; ++number) write(number);
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace mayfly::store
