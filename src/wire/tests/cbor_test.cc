#include "wire/cbor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/strings.h"

namespace mayfly::wire {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}
std::expected<Document, CborError> parse_hex(std::string_view hex) {
  return parse_cbor(bytes_of(hex));
}

// Vectors of RFC 8949, appendix A.
TEST(Cbor, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(*parse_hex("00"), Document(0));
  EXPECT_EQ(*parse_hex("1864"), Document(100));
  EXPECT_EQ(*parse_hex("1b000000e8d4a51000"), Document(std::int64_t{1'000'000'000'000}));
  EXPECT_EQ(*parse_hex("20"), Document(-1));
  EXPECT_EQ(*parse_hex("3903e7"), Document(-1000));
  EXPECT_EQ(*parse_hex("3b7fffffffffffffff"), Document(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(*parse_hex("f93e00"), Document(1.5));
  EXPECT_EQ(*parse_hex("fa47c35000"), Document(100000.0));
  EXPECT_EQ(*parse_hex("fb3ff199999999999a"), Document(1.1));
  EXPECT_EQ(*parse_hex("f97c00"), Document(HUGE_VAL));
  EXPECT_EQ(*parse_hex("f4"), Document(false));
  EXPECT_EQ(*parse_hex("f6"), Document());
  EXPECT_EQ(*parse_hex("f7"), Document());
  EXPECT_EQ(*parse_hex("c11a514b67b0"), Document(Timestamp{1363896240}));
  EXPECT_EQ(*parse_hex("c1fb41d452d9ec200000"), Document(Timestamp{1363896240.5}));
  EXPECT_EQ(*parse_hex("4401020304"), Document(Blob{"\x01\x02\x03\x04"}));
  EXPECT_EQ(*parse_hex("6449455446"), Document("IETF"));
  EXPECT_EQ(*parse_hex("80"), Document::list());
  EXPECT_EQ(*parse_hex("83010203"), Document(DocumentList{1, 2, 3}));
  EXPECT_EQ(*parse_hex("a0"), Document::map());
  EXPECT_EQ(*parse_hex("5f42010243030405ff"), Document(Blob{"\x01\x02\x03\x04\x05"}));
  EXPECT_EQ(*parse_hex("7f657374726561646d696e67ff"), Document("streaming"));
  EXPECT_EQ(*parse_hex("9f018202039f0405ffff"),
            Document(DocumentList{1, DocumentList{2, 3}, DocumentList{4, 5}}));
  EXPECT_EQ(*parse_hex("bf61610161629f0203ffff"),
            Document(DocumentMap{{"a", 1}, {"b", DocumentList{2, 3}}}));
}

TEST(Cbor, RefusesWhatIsDamaged) {
  for (std::string_view hex : {"",
                               "18",
                               "1c",
                               "a1",
                               "a16161",
                               "8201",
                               "ff",
                               "9f01",
                               "bf6161ff",
                               "a10102",
                               "62c3",
                               "61ff",
                               "7f4100ff",
                               "5f6161ff",
                               "0000",
                               "c161",
                               "c16161",
                               "1bffffffffffffffff",
                               "3b8000000000000000",
                               "9bffffffffffffffff",
                               "bb8000000000000000"}) {
    EXPECT_FALSE(parse_hex(hex)) << hex;
  }
}

TEST(Cbor, DepthAndCountAreBounded) {
  EXPECT_TRUE(parse_cbor(std::string(kMaxCborDepth - 1, '\x81') + "\x01"));
  EXPECT_FALSE(parse_cbor(std::string(kMaxCborDepth + 1, '\x81') + "\x01"));
  EXPECT_FALSE(parse_cbor(std::string(1'000'000, '\x81')));
  EXPECT_FALSE(parse_cbor("\x9f" + std::string(kMaxCborValues, '\x01') + "\xff"));
}

TEST(Cbor, WhatIsWrittenIsReadAgain) {
  const Document document(
      DocumentMap{{"text", "漢"},
                  {"bytes", Blob{std::string("\0\xff", 2)}},
                  {"time", Timestamp{1.25}},
                  {"numbers", DocumentList{0, -1, 23, 24, -300, 1'000'000, 1.5}},
                  {"nothing", Document()},
                  {"truth", true},
                  {"inner", DocumentMap{{"list", DocumentList{}}}}});
  EXPECT_EQ(*parse_cbor(to_cbor(document)), document);
}

}  // namespace
}  // namespace mayfly::wire
