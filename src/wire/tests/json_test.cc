#include "wire/json.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace mayfly::wire {
namespace {

std::string round_trip(std::string_view text) {
  auto document = parse_json(text);
  auto checked = check_json(text);
  EXPECT_EQ(document.has_value(), checked.has_value()) << text;
  return document ? to_json(*document) : "error";
}

TEST(Json, RoundTrips) {
  for (std::string_view text :
       {R"({"a":1,"b":[true,false,null],"c":{"d":"e"}})", "[]", "{}", "1", "-5", "\"x\"", "null",
        "true", "2.5", "9223372036854775807", "-9223372036854775808", R"("\"\\\n\r\t\u0001")",
        "[[],[{}]]", R"("漢😀")"}) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(Json, ReadsSpellings) {
  EXPECT_EQ(round_trip(" \t\n{ \"a\" : 1 , \"b\" : [ ] } \r\n"), R"({"a":1,"b":[]})");
  EXPECT_EQ(round_trip(R"("\u0041\/\ud83d\ude00")"), "\"A/😀\"");
  EXPECT_EQ(round_trip("1e2"), "100.0");
  EXPECT_EQ(round_trip("1.0"), "1.0");
  EXPECT_EQ(round_trip("-0"), "0");
}

TEST(Json, IntegersBeyond64BitsBecomeDoubles) {
  EXPECT_EQ(*parse_json("9223372036854775808")->as_double(), 9223372036854775808.0);
  EXPECT_EQ(*parse_json("18446744073709551616")->as_double(), 18446744073709551616.0);
  EXPECT_EQ(*parse_json("-100000000000000000000")->as_double(), -1e20);
  EXPECT_EQ(*parse_json("[123456789012345678901234567890]")->as_list()->at(0).as_double(),
            123456789012345678901234567890.0);
  EXPECT_EQ(round_trip("1e400"), "error");
}

TEST(Json, RefusesWhatIsNoJson) {
  for (std::string_view text : {"",
                                " ",
                                "{",
                                "[",
                                "[1",
                                "[1,]",
                                "{\"a\"}",
                                "{\"a\":}",
                                "{\"a\":1,}",
                                "{a:1}",
                                "{'a':1}",
                                "nul",
                                "nulll",
                                "tru",
                                "truefalse",
                                "1 2",
                                "{} {}",
                                "[] []",
                                "{}]",
                                "[1 2]",
                                "01",
                                "-",
                                "+1",
                                ".5",
                                "1.",
                                "1e",
                                "0x10",
                                "NaN",
                                "Infinity",
                                "\"",
                                "\"\\x\"",
                                "\"\\u12\"",
                                "\"\\ud83d\"",
                                "\"a\nb\"",
                                "\"\x01\"",
                                "// c\n1",
                                "\xef\xbb\xbf{}",
                                "[1}",
                                "{\"a\":1]",
                                "\"\xff\"",
                                "\"\xc0\x80\"",
                                "\"\xed\xa0\x80\"",
                                "[\"a\" \"b\"]",
                                "{\"a\" 1}",
                                "{\"a\":1 \"b\":2}",
                                "\"a\"x",
                                "1x",
                                "nullx",
                                "[nul]",
                                "[truex]",
                                "[01]",
                                "[1.]",
                                "[-]",
                                "{1:2}",
                                ",",
                                "]",
                                "}",
                                ":",
                                "[,1]",
                                "{,}"}) {
    EXPECT_EQ(round_trip(text), "error") << text;
  }
}

TEST(Json, LastDuplicateWinsAtThePlaceOfTheFirst) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":{"c":3}})"), R"({"a":{"c":3},"b":2})");
  // Many members take another path than few.
  std::string text = "{\"first\":1";
  for (int i = 0; i < 100; ++i) text += ",\"n" + std::to_string(i % 50) + "\":" + std::to_string(i);
  auto document = parse_json(text + "}");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->as_map()->size(), 51u);
  EXPECT_EQ((*document->as_map())[1].first, "n0");
  EXPECT_EQ(*document->find("n0")->as_int(), 50);
  EXPECT_EQ(*document->find("n49")->as_int(), 99);
}

TEST(Json, DepthIsBounded) {
  std::string inner(kMaxJsonDepth, '[');
  std::string closed = inner + std::string(kMaxJsonDepth, ']');
  EXPECT_TRUE(parse_json(closed));
  EXPECT_FALSE(parse_json("[" + closed + "]"));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
  std::string maps;
  for (int i = 0; i < 100'000; ++i) maps += "{\"a\":";
  EXPECT_FALSE(parse_json(maps));
}

TEST(Json, NumberOfValuesIsBounded) {
  std::string text = "[0";
  for (std::size_t i = 0; i <= kMaxJsonValues; ++i) text += ",0";
  EXPECT_FALSE(parse_json(text + "]"));
}

TEST(Json, BigBodiesTakeAParserOfTheirOwn) {
  std::string text = "[\"" + std::string(1'000'000, 'x') + "\",1]";
  EXPECT_EQ(round_trip(text), text);
  EXPECT_EQ(round_trip("[1]"), "[1]");
}

TEST(Json, WritesBlobsTimestampsAndOddNumbers) {
  Document document = Document::map();
  document.set("blob", Blob{std::string("\0\xff", 2)});
  document.set("whole", Timestamp{1750000000});
  document.set("part", Timestamp{1750000000.1234});
  document.set("nan", std::numeric_limits<double>::quiet_NaN());
  document.set("big", 1e300);
  EXPECT_EQ(to_json(document),
            R"({"blob":"AP8=","whole":1750000000,"part":1750000000.123,"nan":"NaN","big":1e+300})");
}

TEST(Json, ErrorsSayWhere) {
  auto error = parse_json(R"({"a":1,"b":x})");
  ASSERT_FALSE(error);
  EXPECT_GE(error.error().offset, 7u);
  EXPECT_LE(error.error().offset, 13u);
  EXPECT_FALSE(error.error().message.empty());
}

}  // namespace
}  // namespace mayfly::wire
