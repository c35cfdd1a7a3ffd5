#include "store/commit/resolver.h"

#include <gtest/gtest.h>

namespace mayfly::store {
namespace {

constexpr std::size_t kWindow = 1 << 20;

WriteSet put(std::string_view key) {
  WriteSet writes;
  writes.put(key, "v");
  return writes;
}

ReadSet read(std::string key) { return {.keys = {std::move(key)}, .ranges = {}}; }

ReadSet read_range(std::string begin, std::string end) {
  return {.keys = {}, .ranges = {{std::move(begin), std::move(end)}}};
}

// The error's name, or "ok".
std::string_view verdict(const Resolver& resolver, std::uint64_t snapshot, const ReadSet& reads) {
  const auto error = resolver.check(snapshot, reads);
  return error ? store_error_name(error->code) : "ok";
}

TEST(Resolver, AKeyConflictsOnlyWithLaterWritesOfIt) {
  Resolver resolver(10, kWindow);
  resolver.record(11, put("a"));
  resolver.record(12, put("b"));
  EXPECT_EQ(verdict(resolver, 10, read("a")), "conflict");
  EXPECT_EQ(verdict(resolver, 11, read("a")), "ok");
  EXPECT_EQ(verdict(resolver, 11, read("b")), "conflict");
  EXPECT_EQ(verdict(resolver, 10, read("never written")), "ok");
  EXPECT_EQ(verdict(resolver, 10, ReadSet{}), "ok") << "who read nothing conflicts with nobody";
}

TEST(Resolver, ARangeSeesPhantoms) {
  Resolver resolver(0, kWindow);
  resolver.record(1, put("m"));
  EXPECT_EQ(verdict(resolver, 0, read_range("a", "z")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("m", "n")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("m", "")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("a", "m")), "ok") << "the end is not part of it";
  EXPECT_EQ(verdict(resolver, 0, read_range("n", "")), "ok");
}

TEST(Resolver, ErasedRangesAreWrites) {
  Resolver resolver(0, kWindow);
  WriteSet writes;
  writes.erase_range("g", "m");
  resolver.record(1, writes);
  resolver.record(2, put("z"));
  EXPECT_EQ(verdict(resolver, 0, read("g")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read("m")), "ok");
  EXPECT_EQ(verdict(resolver, 1, read("g")), "ok");
  EXPECT_EQ(verdict(resolver, 0, read_range("a", "h")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("l", "")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("a", "g")), "ok");
  EXPECT_EQ(verdict(resolver, 0, read_range("m", "n")), "ok");
}

TEST(Resolver, ARangeErasedToTheEndMeetsEverythingAfterIt) {
  Resolver resolver(0, kWindow);
  WriteSet writes;
  writes.erase_range("m", "");
  resolver.record(1, writes);
  EXPECT_EQ(verdict(resolver, 0, read("zzz")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("z", "")), "conflict");
  EXPECT_EQ(verdict(resolver, 0, read_range("", "m")), "ok");
}

TEST(Resolver, SequencedKeysArePhantomsToo) {
  Resolver resolver(0, kWindow);
  WriteSet writes;
  writes.put_sequenced("s/", "", "v");
  resolver.record(1, writes);
  EXPECT_EQ(verdict(resolver, 0, read_range("s/", "s0")), "conflict");
}

TEST(Resolver, SnapshotsBeforeTheStartAreTooOld) {
  Resolver resolver(10, kWindow);
  resolver.record(11, put("a"));
  EXPECT_EQ(verdict(resolver, 9, read("b")), "too_old");
  EXPECT_EQ(verdict(resolver, 10, read("b")), "ok");
}

// What the window forgets must never be answered "ok".
TEST(Resolver, ASmallWindowForgetsTheOldestFirst) {
  Resolver resolver(0, 2000);
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) {
    resolver.record(sequence, put("key" + std::to_string(sequence)));
  }
  EXPECT_EQ(verdict(resolver, 0, read("key1")), "too_old");
  EXPECT_EQ(verdict(resolver, 98, read("key99")), "conflict");
  EXPECT_EQ(verdict(resolver, 99, read("key1")), "ok");
}

TEST(Resolver, AKeyThatIsWrittenAgainStaysInTheWindow) {
  Resolver resolver(0, 3000);
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence)
    resolver.record(sequence, put("hot"));
  EXPECT_EQ(verdict(resolver, 999, read("hot")), "conflict");
  EXPECT_EQ(verdict(resolver, 1000, read("hot")), "ok");
  EXPECT_NE(verdict(resolver, 1, read("hot")), "ok");
}

TEST(Resolver, ATransactionLargerThanTheWindowMakesOlderOnesTooOld) {
  Resolver resolver(0, 1000);
  WriteSet writes;
  for (int i = 0; i < 100; ++i) writes.put("key" + std::to_string(i), "v");
  writes.erase_range("x", "y");
  resolver.record(1, writes);
  EXPECT_EQ(verdict(resolver, 0, read("key0")), "too_old");
  EXPECT_EQ(verdict(resolver, 1, read("key0")), "ok");
}

TEST(Resolver, ResetForgetsWritesThatNeverHappened) {
  Resolver resolver(5, kWindow);
  resolver.record(6, put("a"));
  resolver.reset(5);
  EXPECT_EQ(verdict(resolver, 5, read("a")), "ok");
  EXPECT_EQ(verdict(resolver, 4, read("a")), "too_old") << "what commit 5 wrote is forgotten";
  resolver.record(6, put("b"));
  EXPECT_EQ(verdict(resolver, 4, read("a")), "too_old");
}

}  // namespace
}  // namespace mayfly::store
