#include "store/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "store/keyspaces.h"
#include "store/store.h"

namespace mayfly::store {
namespace {

using namespace std::string_literals;

TEST(Key, ReadsBackWhatWasWritten) {
  const std::string key = KeyWriter{}
                              .str("na\0me"s)
                              .bytes("\0\xFF\0"s)
                              .u8(0xFF)
                              .u64(std::numeric_limits<std::uint64_t>::max())
                              .i64(std::numeric_limits<std::int64_t>::min())
                              .raw("\xFF\0rest"s)
                              .done();
  KeyReader reader(key);
  EXPECT_EQ(reader.str(), "na\0me"s);
  EXPECT_EQ(reader.bytes(), "\0\xFF\0"s);
  EXPECT_EQ(reader.u8(), 0xFF);
  EXPECT_EQ(reader.u64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.i64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(reader.raw(), "\xFF\0rest"s);
  EXPECT_TRUE(reader.at_end());
}

// The encoding is stored on disk: these bytes must never change.
TEST(Key, EncodingIsFrozen) {
  EXPECT_EQ(KeyWriter{}.str("a\0b"s).u64(258).done(),
            "\x02"s + "a\0\xFF"s + "b\0\x01"s + "\x10\0\0\0\0\0\0\x01\x02"s);
  EXPECT_EQ(KeyWriter{}.bytes("x").i64(-1).done(),
            "\x01x\0\x01\x11\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
  EXPECT_EQ(KeyWriter{}.u8(7).raw("r").done(), "\x08\x07\x20r"s);
  EXPECT_EQ(key_in(KeySpace::lambda, base::Scope{"1", "r"}).done(),
            "\x04\x02"s + "1\0\x01\x02r\0\x01"s);
}

TEST(Key, OrderOfStringsIsKept) {
  std::vector<std::string> values = {"",     "\0"s, "\0\0"s, "\0\x01"s, "\0\xFF"s,
                                     "\x01", "a",   "a\0"s,  "a\0b"s,   "a\x01",
                                     "ab",   "b",   "\xFF",  "\xFF\0"s, "\xFF\xFF"};
  ASSERT_TRUE(std::ranges::is_sorted(values));
  std::vector<std::string> keys;
  // What follows a string must not disturb the order of the strings.
  for (const std::string& value : values) {
    keys.push_back(KeyWriter{}.str(value).u64(0).done());
    keys.push_back(KeyWriter{}.str(value).u64(std::numeric_limits<std::uint64_t>::max()).done());
  }
  EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST(Key, OrderOfIntegersIsKept) {
  const std::vector<std::int64_t> values = {
      std::numeric_limits<std::int64_t>::min(), -65536, -2, -1, 0, 1, 255, 256,
      std::numeric_limits<std::int64_t>::max()};
  std::vector<std::string> keys;
  for (std::int64_t value : values) keys.push_back(KeyWriter{}.i64(value).done());
  EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST(Key, RandomTuplesSortAsTheirValues) {
  std::mt19937_64 random(7);
  using Tuple = std::tuple<std::string, std::int64_t, std::string>;
  std::vector<Tuple> tuples;
  for (int i = 0; i < 2000; ++i) {
    auto text = [&] {
      std::string out(random() % 4, '\0');
      for (char& c : out) c = "\0\x01\xFE\xFF"[random() % 4];
      return out;
    };
    tuples.emplace_back(text(), static_cast<std::int64_t>(random()) >> (random() % 64), text());
  }
  std::ranges::sort(tuples, [](const Tuple& a, const Tuple& b) {
    auto unsigned_less = [](const std::string& x, const std::string& y) {
      return x.compare(y) < 0;
    };
    if (std::get<0>(a) != std::get<0>(b)) return unsigned_less(std::get<0>(a), std::get<0>(b));
    if (std::get<1>(a) != std::get<1>(b)) return std::get<1>(a) < std::get<1>(b);
    return unsigned_less(std::get<2>(a), std::get<2>(b));
  });
  std::vector<std::string> keys;
  for (const auto& [a, b, c] : tuples) keys.push_back(KeyWriter{}.bytes(a).i64(b).str(c).done());
  EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST(Key, PrefixOfATupleCoversOnlyIt) {
  const std::string prefix = KeyWriter{}.str("table").done();
  const std::string end = prefix_end(prefix);
  for (const std::string& inside :
       {KeyWriter{}.str("table").done(), KeyWriter{}.str("table").str("\xFF\xFF").done(),
        KeyWriter{}.str("table").raw("\xFF").done()}) {
    EXPECT_TRUE(prefix <= inside && inside < end);
  }
  for (const std::string& outside :
       {KeyWriter{}.str("tabl").done(), KeyWriter{}.str("table2").done(),
        KeyWriter{}.str("table\0"s).done()}) {
    EXPECT_FALSE(prefix <= outside && outside < end);
  }
}

TEST(Key, RefusesOtherTypesAndTruncation) {
  const std::string key = KeyWriter{}.str("abc").u64(1).done();
  for (std::size_t length = 0; length < key.size(); ++length) {
    KeyReader reader(std::string_view(key).substr(0, length));
    const bool whole = reader.str().has_value() && reader.u64().has_value();
    EXPECT_FALSE(whole) << length;
    EXPECT_FALSE(reader.at_end());
  }
  KeyReader other(key);
  EXPECT_FALSE(other.u64());
  EXPECT_FALSE(other.str()) << "a reader that failed stays failed";
}

TEST(Key, SequencesFollowATuple) {
  const std::string key =
      KeyWriter{}.str("s").done() + encode_sequence(77) + KeyWriter{}.u8(3).done();
  KeyReader reader(key);
  EXPECT_EQ(reader.str(), "s");
  EXPECT_EQ(reader.sequence(), 77U);
  EXPECT_EQ(reader.u8(), 3);
  EXPECT_TRUE(reader.at_end());
}

TEST(Key, ScopesReadBack) {
  const base::Scope scope{"123456789012", "eu-west-1"};
  const std::string key = key_in(KeySpace::logs, scope).str("g").done();
  KeyReader reader(key);
  EXPECT_EQ(read_scope(reader, KeySpace::logs), scope);
  EXPECT_EQ(reader.str(), "g");
  KeyReader wrong(key);
  EXPECT_EQ(read_scope(wrong, KeySpace::iam), std::nullopt);
}

TEST(PrefixEnd, SkipsTrailingFF) {
  EXPECT_EQ(prefix_end("a"), "b");
  EXPECT_EQ(prefix_end("a\xFF"), "b");
  EXPECT_EQ(prefix_end("a\xFF\xFE"), "a\xFF\xFF");
  EXPECT_EQ(prefix_end("\xFF\xFF"), "");
  EXPECT_EQ(prefix_end(""), "");
}

}  // namespace
}  // namespace mayfly::store
