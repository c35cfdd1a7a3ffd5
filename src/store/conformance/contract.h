// StoreContract: each sentence of store.h as a test, for any engine. DurableContract: what must
// also hold over a restart.
#pragma once

#include <atomic>
#include <thread>

#include "store/conformance/harness.h"

namespace mayfly::store::conformance {

class StoreContract : public EngineTest {};
class DurableContract : public EngineTest {};

TEST_P(StoreContract, ReadsWhatWasCommitted) {
  using namespace std::string_literals;
  put(store(), "a\0b"s, "\0\xFF"s);
  put(store(), "", "the empty key");
  auto transaction = store().begin();
  EXPECT_EQ(get(*transaction, "a\0b"s), "\0\xFF"s);
  EXPECT_EQ(get(*transaction, ""), "the empty key");
  EXPECT_EQ(get(*transaction, "a"), std::nullopt);
}

TEST_P(StoreContract, AnEmptyValueIsNotAnAbsentKey) {
  put(store(), "k", "");
  auto transaction = store().begin();
  EXPECT_EQ(get(*transaction, "k"), "");
}

TEST_P(StoreContract, ATransactionSeesItsOwnWrites) {
  put(store(), "a", "1");
  put(store(), "b", "2");
  put(store(), "c", "3");
  auto transaction = store().begin();
  transaction->put("aa", "own");
  transaction->put("c", "own");
  transaction->erase("b");
  EXPECT_EQ(get(*transaction, "aa"), "own");
  EXPECT_EQ(get(*transaction, "b"), std::nullopt);
  EXPECT_EQ(range(*transaction, {.begin = "a", .end = "z"}).rows,
            (Rows{{"a", "1"}, {"aa", "own"}, {"c", "own"}}));
  EXPECT_EQ(range(*transaction, {.begin = "a", .end = "z", .direction = Direction::reverse}).rows,
            (Rows{{"c", "own"}, {"aa", "own"}, {"a", "1"}}));
}

TEST_P(StoreContract, EraseRangeKeepsWhatIsPutAfterIt) {
  for (std::string_view key : {"a", "b", "c", "d"}) put(store(), key, "old");
  auto transaction = store().begin();
  transaction->put("b", "forgotten");
  transaction->erase_range("b", "d");
  transaction->put("c", "new");
  EXPECT_EQ(get(*transaction, "b"), std::nullopt);
  EXPECT_EQ(get(*transaction, "c"), "new");
  const Rows expected{{"a", "old"}, {"c", "new"}, {"d", "old"}};
  EXPECT_EQ(range(*transaction, {.begin = "a", .end = "z"}).rows, expected);
  EXPECT_EQ(outcome(store(), std::move(transaction)), "ok");
  EXPECT_EQ(all_rows(store()), expected);
}

TEST_P(StoreContract, EraseRangeWithoutEndErasesToTheEnd) {
  for (std::string_view key : {"a", "b", "\xFF\xFF\xFF"}) put(store(), key, "v");
  auto transaction = store().begin();
  transaction->erase_range("b", "");
  EXPECT_EQ(outcome(store(), std::move(transaction)), "ok");
  EXPECT_EQ(all_rows(store()), (Rows{{"a", "v"}}));
}

TEST_P(StoreContract, AnInvertedRangeIsEmpty) {
  put(store(), "m", "v");
  auto transaction = store().begin();
  transaction->erase_range("z", "a");
  EXPECT_TRUE(range(*transaction, {.begin = "z", .end = "a"}).rows.empty());
  EXPECT_TRUE(range(*transaction, {.begin = "m", .end = "m"}).rows.empty());
  EXPECT_EQ(outcome(store(), std::move(transaction)), "ok");
  EXPECT_EQ(all_rows(store()).size(), 1U);
}

TEST_P(StoreContract, RangesEndAtTheirLimits) {
  for (int i = 0; i < 10; ++i)
    put(store(), std::string(1, static_cast<char>('a' + i)), "0123456789");
  auto transaction = store().begin();
  RangeResult first = range(*transaction, {.begin = "a", .end = "z", .limit = 3});
  EXPECT_EQ(first.rows.size(), 3U);
  EXPECT_TRUE(first.more);
  RangeResult rest =
      range(*transaction, {.begin = first.rows.back().key + '\0', .end = "z", .limit = 7});
  EXPECT_EQ(rest.rows.size(), 7U);
  EXPECT_EQ(rest.rows.front().key, "d");
  EXPECT_FALSE(rest.more) << "the limit was met exactly, nothing is left";

  RangeResult back =
      range(*transaction, {.begin = "a", .end = "z", .direction = Direction::reverse, .limit = 2});
  EXPECT_EQ(back.rows.back().key, "i");
  EXPECT_TRUE(back.more);
  EXPECT_EQ(
      range(
          *transaction,
          {.begin = "a", .end = back.rows.back().key, .direction = Direction::reverse, .limit = 1})
          .rows.front()
          .key,
      "h");

  RangeResult bytes = range(*transaction, {.begin = "a", .end = "z", .max_bytes = 25});
  EXPECT_EQ(bytes.rows.size(), 2U);
  EXPECT_TRUE(bytes.more);
  EXPECT_EQ(range(*transaction, {.begin = "a", .end = "z", .max_bytes = 1}).rows.size(), 1U)
      << "the first row always fits";
}

TEST_P(StoreContract, ASnapshotStandsStill) {
  put(store(), "a", "1");
  auto transaction = store().begin();
  put(store(), "a", "2");
  put(store(), "b", "new");
  EXPECT_EQ(get(*transaction, "a"), "1");
  EXPECT_EQ(range(*transaction, {.begin = "", .end = ""}).rows, (Rows{{"a", "1"}}));
  EXPECT_EQ(outcome(store(), std::move(transaction)), "ok") << "who writes nothing always commits";
}

TEST_P(StoreContract, UncommittedWritesAreInvisible) {
  auto writer = store().begin();
  writer->put("a", "1");
  auto reader = store().begin();
  EXPECT_EQ(get(*reader, "a"), std::nullopt);
  writer.reset();  // dropped, not committed
  EXPECT_TRUE(all_rows(store()).empty());
}

TEST_P(StoreContract, AReadKeyThatChangedConflicts) {
  put(store(), "a", "1");
  auto transaction = store().begin();
  get(*transaction, "a");
  transaction->put("b", "x");
  put(store(), "a", "1");  // the same value is a write too
  EXPECT_EQ(outcome(store(), std::move(transaction)), "conflict");
  EXPECT_EQ(all_rows(store()), (Rows{{"a", "1"}})) << "a conflict changes nothing";
}

TEST_P(StoreContract, AnAbsentKeyThatAppearedConflicts) {
  auto transaction = store().begin();
  EXPECT_EQ(get(*transaction, "a"), std::nullopt);
  transaction->put("b", "x");
  put(store(), "a", "1");
  EXPECT_EQ(outcome(store(), std::move(transaction)), "conflict");
}

TEST_P(StoreContract, AnErasedKeyConflicts) {
  put(store(), "a", "1");
  auto transaction = store().begin();
  get(*transaction, "a");
  transaction->put("b", "x");
  auto eraser = store().begin();
  eraser->erase_range("a", "b");
  ASSERT_EQ(outcome(store(), std::move(eraser)), "ok");
  EXPECT_EQ(outcome(store(), std::move(transaction)), "conflict");
}

TEST_P(StoreContract, APhantomInAReadRangeConflicts) {
  put(store(), "a", "1");
  auto transaction = store().begin();
  range(*transaction, {.begin = "a", .end = "c"});
  transaction->put("x", "x");
  put(store(), "b", "phantom");
  EXPECT_EQ(outcome(store(), std::move(transaction)), "conflict");
}

// A query that its limit ended has not seen what lies behind its last row.
TEST_P(StoreContract, OnlyTheReadPartOfARangeConflicts) {
  for (std::string_view key : {"a", "b", "c", "d"}) put(store(), key, "v");
  auto forward = store().begin();
  range(*forward, {.begin = "a", .end = "z", .limit = 2});
  forward->put("x", "x");
  put(store(), "c", "beyond");
  EXPECT_EQ(outcome(store(), std::move(forward)), "ok");

  auto reverse = store().begin();
  range(*reverse, {.begin = "a", .end = "e", .direction = Direction::reverse, .limit = 2});
  reverse->put("x", "x");
  put(store(), "b", "beyond");
  EXPECT_EQ(outcome(store(), std::move(reverse)), "ok");

  auto inside = store().begin();
  range(*inside, {.begin = "a", .end = "z", .limit = 2});
  inside->put("x", "x");
  put(store(), "b", "seen");
  EXPECT_EQ(outcome(store(), std::move(inside)), "conflict");
}

TEST_P(StoreContract, BlindWritesDoNotConflict) {
  auto first = store().begin();
  auto second = store().begin();
  first->put("a", "first");
  second->put("a", "second");
  EXPECT_EQ(outcome(store(), std::move(first)), "ok");
  EXPECT_EQ(outcome(store(), std::move(second)), "ok");
  EXPECT_EQ(all_rows(store()), (Rows{{"a", "second"}}));
}

TEST_P(StoreContract, IgnoredReadsDoNotConflict) {
  put(store(), "a", "1");
  auto transaction = store().begin();
  get(*transaction, "a", Conflict::ignore);
  range(*transaction, {.begin = "a", .end = "z", .conflict = Conflict::ignore});
  transaction->put("b", "x");
  put(store(), "a", "2");
  EXPECT_EQ(outcome(store(), std::move(transaction)), "ok");
}

TEST_P(StoreContract, ReadingOnesOwnWriteDoesNotConflict) {
  auto transaction = store().begin();
  transaction->put("a", "own");
  get(*transaction, "a");
  put(store(), "a", "other");
  EXPECT_EQ(outcome(store(), std::move(transaction)), "ok");
}

TEST_P(StoreContract, WriteSkewIsRefused) {
  put(store(), "doctor1", "on call");
  put(store(), "doctor2", "on call");
  auto first = store().begin();
  auto second = store().begin();
  get(*first, "doctor2");
  first->erase("doctor1");
  get(*second, "doctor1");
  second->erase("doctor2");
  EXPECT_EQ(outcome(store(), std::move(first)), "ok");
  EXPECT_EQ(outcome(store(), std::move(second)), "conflict");
}

TEST_P(StoreContract, SequencesIncreaseAndOrderTheirKeys) {
  std::uint64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    auto transaction = store().begin();
    transaction->put_sequenced("s/", "/x", std::to_string(i));
    transaction->put("k", "v");
    const auto info = commit(store(), std::move(transaction));
    ASSERT_TRUE(info);
    EXPECT_GT(info->sequence, last);
    last = info->sequence;
    auto reader = store().begin();
    EXPECT_EQ(get(*reader, "s/" + encode_sequence(last) + "/x"), std::to_string(i));
  }
  auto reader = store().begin();
  const Rows rows = range(*reader, prefix_query("s/")).rows;
  ASSERT_EQ(rows.size(), 5U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(rows[static_cast<std::size_t>(i)].value, std::to_string(i));
}

TEST_P(StoreContract, ATransactionWithoutWritesHasNoSequence) {
  auto transaction = store().begin();
  get(*transaction, "a");
  const auto info = commit(store(), std::move(transaction));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->sequence, 0U);
}

TEST_P(StoreContract, LimitsAreExact) {
  auto fits = store().begin();
  fits->put(std::string(kMaxKey, 'k'), "v");
  fits->put("v", std::string(kMaxValue, 'v'));
  fits->erase_range(std::string(kMaxKey, 'x'), std::string(kMaxKey, 'y'));
  EXPECT_EQ(outcome(store(), std::move(fits)), "ok");

  auto long_key = store().begin();
  long_key->put(std::string(kMaxKey + 1, 'k'), "v");
  EXPECT_EQ(outcome(store(), std::move(long_key)), "too_large");
  auto long_sequenced = store().begin();
  long_sequenced->put_sequenced(std::string(kMaxKey - 8, 'k'), "s", "v");
  EXPECT_EQ(outcome(store(), std::move(long_sequenced)), "too_large");
  auto long_value = store().begin();
  long_value->put("big", std::string(kMaxValue + 1, 'v'));
  EXPECT_EQ(outcome(store(), std::move(long_value)), "too_large");
  auto long_transaction = store().begin();
  const std::string part(kMaxValue, 'v');
  for (int i = 0; i < 8; ++i) long_transaction->put("part" + std::to_string(i), part);
  EXPECT_EQ(outcome(store(), std::move(long_transaction)), "too_large");
  EXPECT_EQ(all_rows(store()).size(), 2U) << "what is too large changes nothing";
}

TEST_P(StoreContract, AWatchIsSetByACommitBelowItsPrefix) {
  put(store(), "w/before", "v");
  auto watch = store().watch("w/");
  std::atomic<int> woken = 0;
  base::spawn([](base::OneShot<bool> one, std::atomic<int>& out) -> base::Task<void> {
    out = co_await one.wait() ? 1 : 2;
  }(watch, woken));
  put(store(), "w", "not below it");
  put(store(), "x/", "elsewhere");
  EXPECT_EQ(woken, 0);
  put(store(), "w/now", "v");
  // The commit that set it may return a little before the waiter runs.
  base::sync_wait(
      [](base::OneShot<bool> second) -> base::Task<void> { co_await second.wait(); }([this] {
        auto second = store().watch("y/");
        put(store(), "y/1", "v");
        return second;
      }()));
  EXPECT_EQ(woken, 1);
}

TEST_P(StoreContract, AWatchIsSetBySequencedPutsAndErasedRanges) {
  auto sequenced = store().watch("q/");
  auto transaction = store().begin();
  transaction->put_sequenced("q/", "", "v");
  ASSERT_EQ(outcome(store(), std::move(transaction)), "ok");
  auto wait = [](base::OneShot<bool> one) -> base::Task<bool> { co_return co_await one.wait(); };
  EXPECT_TRUE(base::sync_wait(wait(sequenced)));
  auto erased = store().watch("q/");
  transaction = store().begin();
  transaction->erase_range("a", "z");
  ASSERT_EQ(outcome(store(), std::move(transaction)), "ok");
  EXPECT_TRUE(base::sync_wait(wait(erased)));
}

TEST_P(StoreContract, WhoGivesUpAWatchIsNotWokenAgain) {
  int woken = 0;
  auto watch = store().watch("w/");
  base::spawn([](base::OneShot<bool> one, int& out) -> base::Task<void> {
    EXPECT_FALSE(co_await one.wait());
    ++out;
  }(watch, woken));
  watch.set(false);
  EXPECT_EQ(woken, 1);
  put(store(), "w/1", "v");
  EXPECT_EQ(woken, 1);
}

TEST_P(StoreContract, ConcurrentIncrementsAreAllCounted) {
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        auto result = base::sync_wait(
            transact(store(), [](Transaction& transaction) -> base::Task<StoreResult<void>> {
              auto value = co_await transaction.get("counter");
              if (!value) co_return std::unexpected(value.error());
              transaction.put("counter", std::to_string(std::stoi(value->value_or("0")) + 1));
              co_return StoreResult<void>{};
            }));
        if (!result) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(all_rows(store()), (Rows{{"counter", std::to_string(kThreads * kEach)}}));
}

TEST_P(DurableContract, CommitsAreThereAfterReopening) {
  const std::uint64_t before = put(store(), "a", "1");
  auto transaction = store().begin();
  transaction->put("b", "2");
  transaction->erase("a");
  ASSERT_EQ(outcome(store(), std::move(transaction)), "ok");
  ASSERT_TRUE(engine().reopen());
  EXPECT_EQ(all_rows(store()), (Rows{{"b", "2"}}));
  EXPECT_GT(put(store(), "c", "3"), before + 1) << "sequences increase over restarts";
}

TEST_P(DurableContract, ManyReopeningsKeepTheOrderOfSequences) {
  std::uint64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    auto transaction = store().begin();
    transaction->put_sequenced("s/", "", std::to_string(i));
    const auto info = commit(store(), std::move(transaction));
    ASSERT_TRUE(info);
    EXPECT_GT(info->sequence, last);
    last = info->sequence;
    ASSERT_TRUE(engine().reopen());
  }
  EXPECT_EQ(all_rows(store()).size(), 5U);
}

}  // namespace mayfly::store::conformance
