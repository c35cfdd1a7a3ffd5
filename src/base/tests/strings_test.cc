#include "base/strings.h"

#include <gtest/gtest.h>

#include <set>

#include "base/arn.h"
#include "base/clock.h"
#include "base/ids.h"

namespace mayfly::base {
namespace {

TEST(Hex, RoundTripsAndRefusesGarbage) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xFF\x10", 3)), "00ff10");
  EXPECT_EQ(from_hex("00FF10"), std::string("\x00\xFF\x10", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(Base64, KnownValues) {
  for (auto [plain, coded] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(to_base64(plain), coded);
    EXPECT_EQ(from_base64(coded), plain);
  }
  for (auto wrong : {"Z", "Zg=", "Zg==Zg==", "Zm9v\n", "Z===", "=Zm9", "Zm-_"})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

TEST(Percent, EncodesAsSigV4NeedsIt) {
  EXPECT_EQ(percent_encode("a b/ü~", Slash::encode), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_encode("a/b", Slash::keep), "a/b");
  EXPECT_EQ(percent_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(percent_decode("a+b", Plus::space), "a b");
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%zz"));
}

TEST(Utf8, AcceptsWellFormedTextOnly) {
  EXPECT_TRUE(is_utf8("plain, ü, €, 😀"));
  for (std::string_view wrong :
       {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80", "\xF0\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(wrong)) << to_hex(wrong);
  }
}

TEST(Strings, SmallOnes) {
  EXPECT_EQ(trim("  a b\t"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_TRUE(equals_ignore_case("Content-TYPE", "content-type"));
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_FALSE(parse_int("12x"));
  EXPECT_FALSE(parse_int(""));
  EXPECT_FALSE(parse_int("99999999999999999999"));
}

TEST(Hashes, KnownValues) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
}

TEST(Arn, ParsesItsSixParts) {
  auto arn = Arn::parse("arn:aws:lambda:us-east-1:000000000000:function:a:1");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->service, "lambda");
  EXPECT_EQ(arn->resource, "function:a:1");
  EXPECT_EQ(arn->str(), "arn:aws:lambda:us-east-1:000000000000:function:a:1");
  EXPECT_TRUE(Arn::parse("arn:aws:iam::123456789012:role/x"));
  for (auto wrong :
       {"", "arn", "arn:aws:lambda:us-east-1:1", "arn:aws:lambda:us-east-1:1:", "urn:a:b:c:d:e"}) {
    EXPECT_FALSE(Arn::parse(wrong)) << wrong;
  }
}

TEST(Clock, FormatsAsTheServicesDo) {
  auto time = from_epoch_ms(1'769'862'896'078);
  EXPECT_EQ(iso8601_ms(time), "2026-01-31T12:34:56.078Z");
  EXPECT_EQ(iso8601_lambda(time), "2026-01-31T12:34:56.078+0000");
  EXPECT_EQ(epoch_ms(time), 1'769'862'896'078);
}

TEST(Clock, FakeMovesOnlyWhenTold) {
  FakeClock clock;
  auto before = clock.now();
  auto mono = clock.monotonic();
  EXPECT_EQ(clock.now(), before);
  clock.advance(std::chrono::seconds{90});
  EXPECT_EQ(clock.now() - before, std::chrono::seconds{90});
  EXPECT_EQ(clock.monotonic() - mono, std::chrono::seconds{90});
}

TEST(Ids, UuidsAreVersionFourAndDiffer) {
  RandomIds ids;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    std::string id = ids.uuid();
    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1'000U);
  EXPECT_EQ(ids.text(10, kLowerAlphanumeric).size(), 10U);
  EXPECT_EQ(ids.hex(7).size(), 7U);
}

TEST(Ids, SequentialOnesRepeatForTheSameSeed) {
  SequentialIds a(4), b(4);
  EXPECT_EQ(a.uuid(), b.uuid());
  EXPECT_NE(a.uuid(), SequentialIds(4).uuid());
}

}  // namespace
}  // namespace mayfly::base
