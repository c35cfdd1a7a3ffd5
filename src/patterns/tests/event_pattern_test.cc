#include "patterns/event_pattern.h"

#include <gtest/gtest.h>

#include "wire/json.h"

namespace mayfly::patterns {
namespace {

bool matches(std::string_view pattern, std::string_view event) {
  auto parsed = EventPattern::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern << ": " << (parsed ? "" : parsed.error());
  auto document = wire::parse_json(event);
  EXPECT_TRUE(document.has_value()) << event;
  return parsed && document && parsed->matches(*document);
}

struct Case {
  std::string_view pattern, yes, no;
};

TEST(EventPattern, MatchersOfLeaves) {
  constexpr Case kCases[] = {
      {R"({"a":["x","y"]})", R"({"a":"y"})", R"({"a":"z"})"},
      {R"({"a":["x"],"b":[1]})", R"({"a":"x","b":1,"c":0})", R"({"a":"x","b":2})"},
      {R"({"a":{"b":["x"]}})", R"({"a":{"b":"x"}})", R"({"a":"x"})"},
      {R"({"a":[null]})", R"({"a":null})", R"({"a":""})"},
      {R"({"a":[""]})", R"({"a":""})", R"({"a":null})"},
      {R"({"a":[true]})", R"({"a":true})", R"({"a":"true"})"},
      {R"({"a":[1]})", R"({"a":1.0})", R"({"a":"1"})"},
      {R"({"a":[{"prefix":"ab"}]})", R"({"a":"abc"})", R"({"a":"xab"})"},
      {R"({"a":[{"prefix":{"equals-ignore-case":"AB"}}]})", R"({"a":"abc"})", R"({"a":"b"})"},
      {R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})", R"({"a":"x.pn"})"},
      {R"({"a":[{"equals-ignore-case":"Bob"}]})", R"({"a":"bOB"})", R"({"a":"bobby"})"},
      {R"({"a":[{"anything-but":["x","y"]}]})", R"({"a":"z"})", R"({"a":"x"})"},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":1})", R"({})"},
      {R"({"a":[{"anything-but":{"prefix":["x","y"]}}]})", R"({"a":"ax"})", R"({"a":"yz"})"},
      {R"({"a":[{"numeric":["=",3.5]}]})", R"({"a":3.5})", R"({"a":"3.5"})"},
      {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", R"({"a":0})"},
      {R"({"a":[{"exists":true}]})", R"({"a":null})", R"({"b":1})"},
      {R"({"a":[{"exists":false}]})", R"({"b":1})", R"({"a":1})"},
      {R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})", R"({"a":{"b":0}})"},
      // Of leaves: an object is none.
      {R"({"a":[{"exists":false}]})", R"({"a":{"b":1}})", R"({"a":[1]})"},
      {R"({"a":["x",{"exists":false}]})", R"({})", R"({"a":"y"})"},
      {R"({"a":[{"wildcard":"*/x/*.png"}]})", R"({"a":"b/x/x/y.png"})", R"({"a":"b/y/z.png"})"},
      {R"({"a":[{"wildcard":"a\\*b"}]})", R"({"a":"a*b"})", R"({"a":"axb"})"},
      {R"({"a":[{"wildcard":"*"}]})", R"({"a":""})", R"({"a":1})"},
  };
  for (const Case& each : kCases) {
    EXPECT_TRUE(matches(each.pattern, each.yes)) << each.pattern << " " << each.yes;
    EXPECT_FALSE(matches(each.pattern, each.no)) << each.pattern << " " << each.no;
  }
}

TEST(EventPattern, ListsMatchByOneElement) {
  EXPECT_TRUE(matches(R"({"a":["x"]})", R"({"a":["y","x"]})"));
  EXPECT_FALSE(matches(R"({"a":["x"]})", R"({"a":[]})"));
  EXPECT_TRUE(matches(R"({"a":[{"exists":false}]})", R"({"a":[]})"));
  // Both fields of the same element.
  constexpr std::string_view kBoth = R"({"a":{"b":[1],"c":[2]}})";
  EXPECT_TRUE(matches(kBoth, R"({"a":[{"b":0},{"b":1,"c":2}]})"));
  EXPECT_FALSE(matches(kBoth, R"({"a":[{"b":1,"c":0},{"b":0,"c":2}]})"));
}

TEST(EventPattern, OrAcrossFields) {
  constexpr std::string_view kPattern =
      R"({"k":["v"],"$or":[{"a":["x"]},{"b":{"c":[{"numeric":["<",1]}]}}]})";
  EXPECT_TRUE(matches(kPattern, R"({"k":"v","a":"x"})"));
  EXPECT_TRUE(matches(kPattern, R"({"k":"v","b":{"c":0}})"));
  EXPECT_FALSE(matches(kPattern, R"({"k":"v","b":{"c":1}})"));
  EXPECT_FALSE(matches(kPattern, R"({"a":"x"})"));
}

TEST(EventPattern, AnEmptyPatternIsEverything) { EXPECT_TRUE(matches("{}", R"({"a":1})")); }

TEST(EventPattern, RefusesWhatItIsNot) {
  constexpr std::string_view kBad[] = {"",
                                       "x",
                                       "[]",
                                       "1",
                                       R"({"a":"x"})",
                                       R"({"a":1})",
                                       R"({"a":{}})",
                                       R"({"a":[]})",
                                       R"({"a":[["x"]]})",
                                       R"({"a":[{}]})",
                                       R"({"a":[{"prefix":1}]})",
                                       R"({"a":[{"prefix":"x","suffix":"y"}]})",
                                       R"({"a":[{"like":"x"}]})",
                                       R"({"a":[{"exists":"yes"}]})",
                                       R"({"a":[{"numeric":[">"]}]})",
                                       R"({"a":[{"numeric":["~",1]}]})",
                                       R"({"a":[{"numeric":["<",1,">",0]}]})",
                                       R"({"a":[{"numeric":[">","1"]}]})",
                                       R"({"a":[{"anything-but":[]}]})",
                                       R"({"a":[{"anything-but":[null]}]})",
                                       R"({"a":[{"wildcard":"a**b"}]})",
                                       R"({"$or":[]})",
                                       R"({"$or":[{"a":[1]}]})",
                                       R"({"$or":{"a":[1]}})"};
  for (const std::string_view each : kBad) EXPECT_FALSE(EventPattern::parse(each)) << each;
}

}  // namespace
}  // namespace mayfly::patterns
