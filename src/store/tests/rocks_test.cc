#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "store/conformance/harness.h"
#include "store/rocksdb/rocks_store.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

using testing::HasSubstr;

// The error that opening ends with, or "".
StoreError open_error(const std::filesystem::path& path) {
  auto store = RocksStore::open({.path = path});
  return store ? StoreError{StoreErrorCode::conflict, "opened"} : store.error();
}

TEST(RocksStore, RefusesAFolderThatIsInUse) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  const StoreError error = open_error(folder.path() / "s");
  EXPECT_EQ(error.code, StoreErrorCode::unavailable);
  EXPECT_THAT(error.detail, HasSubstr("in use by another process"));
}

TEST(RocksStore, RefusesAFolderOfSomethingElse) {
  TempFolder folder;
  std::ofstream(folder.path() / "letter.txt") << "dear all";
  EXPECT_THAT(open_error(folder.path()).detail, HasSubstr("is not a Mayfly store"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "and leaves it as it was";
}

TEST(RocksStore, RefusesANewerFormat) {
  TempFolder folder;
  open_rocks({.path = folder.path() / "s"}).reset();
  std::ofstream(folder.path() / "s/FORMAT") << "mayfly-store 2\n";
  EXPECT_THAT(open_error(folder.path() / "s").detail, HasSubstr("newer Mayfly (format 2"));
  std::ofstream(folder.path() / "s/FORMAT") << "something\n";
  EXPECT_EQ(open_error(folder.path() / "s").code, StoreErrorCode::corrupt);
}

TEST(RocksStore, RefusesAFolderThatCannotBeMade) {
  TempFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_THAT(open_error(folder.path() / "file" / "s").detail,
              HasSubstr("cannot create the data folder"));
}

TEST(RocksStore, RefusesACorruptDatabase) {
  TempFolder folder;
  {
    auto store = open_rocks({.path = folder.path() / "s"});
    put(*store, "a", "1");
  }
  std::ofstream(folder.path() / "s/CURRENT") << "MANIFEST-999999\n";
  const StoreError error = open_error(folder.path() / "s");
  EXPECT_THAT(error.detail, HasSubstr("cannot open the store in"));
  EXPECT_TRUE(error.code == StoreErrorCode::corrupt || error.code == StoreErrorCode::unavailable);
}

TEST(RocksStore, ACheckpointIsAStoreOfItsOwn) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  put(*store, "a", "1");
  ASSERT_TRUE(store->checkpoint(folder.path() / "copy"));
  put(*store, "b", "2");
  auto copy = open_rocks({.path = folder.path() / "copy"});
  EXPECT_EQ(all_rows(*copy), (Rows{{"a", "1"}}));
  EXPECT_FALSE(store->checkpoint(folder.path() / "copy")) << "it must not exist yet";
}

TEST(RocksStore, ATransactionMayOutliveItsStore) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  put(*store, "a", "1");
  auto transaction = store->begin();
  store.reset();
  EXPECT_EQ(get(*transaction, "a"), "1");
}

TEST(RocksStore, ClosingWakesItsWatchersAndKeepsWhatWasBegun) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  auto watch = store->watch("x");
  auto transaction = store->begin();
  transaction->put("a", "1");
  auto pending = store->commit(std::move(transaction));
  store.reset();
  EXPECT_TRUE(base::sync_wait(std::move(pending)));
  EXPECT_FALSE(base::sync_wait(
      [](base::OneShot<bool> one) -> base::Task<bool> { co_return co_await one.wait(); }(watch)));
  store = open_rocks({.path = folder.path() / "s"});
  EXPECT_EQ(all_rows(*store), (Rows{{"a", "1"}}));
}

TEST(RocksStore, AQuietStoreComesDownToOneLevel) {
  TempFolder folder;
  RocksOptions options{.path = folder.path() / "s",
                       .durability = Durability::relaxed,
                       .quiet_before_compaction = std::chrono::milliseconds(0)};
  std::mt19937_64 random(5);
  Rows expected;
  const auto write = [&](RocksStore& store) {
    for (int i = 0; i < 300; ++i) {
      std::string value(10'000, '\0');
      for (char& c : value) c = static_cast<char>(random());
      expected.push_back({std::to_string(random()), value});
      put(store, expected.back().key, value);
    }
  };
  auto store = open_rocks(options);
  write(*store);
  EXPECT_GT(store->levels().above, 2'000'000U);
  store.reset();
  options.quiet_before_compaction = std::chrono::milliseconds(1);
  store = open_rocks(options);
  while (store->levels().above > 0) std::this_thread::yield();
  EXPECT_GT(store->levels().last, 2'000'000U);
  write(*store);  // while it looks every millisecond; less than 1 MB may stay
  while (store->levels().above > 1'100'000) std::this_thread::yield();
  std::ranges::sort(expected, {}, &KeyValue::key);
  EXPECT_EQ(all_rows(*store), expected);
}

// Writes enough to go through flushes and compactions, with range deletions among them.
TEST(RocksStore, DataSurvivesFlushesAndCompactions) {
  TempFolder folder;
  const RocksOptions options{.path = folder.path() / "s",
                             .durability = Durability::relaxed,
                             .write_buffer_bytes = 64 * 1024,
                             .quiet_before_compaction = std::chrono::milliseconds(1)};
  auto store = open_rocks(options);
  std::map<std::string, std::string> model;
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "k" + std::to_string(random() % 500);
    auto transaction = store->begin();
    if (i % 50 == 49) {
      transaction->erase_range(key, key + "5");
      model.erase(model.lower_bound(key), model.lower_bound(key + "5"));
    } else {
      const std::string value(random() % 800, static_cast<char>('a' + i % 26));
      transaction->put(key, value);
      model[key] = value;
    }
    ASSERT_EQ(outcome(*store, std::move(transaction)), "ok");
  }
  store = nullptr;
  store = open_rocks(options);
  Rows expected;
  for (const auto& [key, value] : model) expected.push_back({key, value});
  EXPECT_EQ(all_rows(*store), expected);
}

}  // namespace
}  // namespace mayfly::store::conformance
