#include "services/logs/model/filter_pattern.h"

#include <gtest/gtest.h>

namespace mayfly::logs {
namespace {

bool matches(std::string_view pattern, std::string_view message) {
  auto parsed = FilterPattern::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern << ": " << (parsed ? "" : parsed.error());
  return parsed && parsed->matches(message);
}
std::string refusal(std::string_view pattern) {
  auto parsed = FilterPattern::parse(pattern);
  return parsed ? "" : parsed.error();
}

TEST(FilterPattern, TermsMustAllOccur) {
  EXPECT_TRUE(matches("", "anything"));
  EXPECT_TRUE(matches("  ", "anything"));
  EXPECT_TRUE(matches("ERROR", "[ERROR] disk full"));
  EXPECT_FALSE(matches("ERROR", "[error] disk full"));
  EXPECT_TRUE(matches("ERROR disk", "disk ERROR"));
  EXPECT_FALSE(matches("ERROR disk", "ERROR"));
  EXPECT_TRUE(matches("\"disk full\"", "the disk full of"));
  EXPECT_FALSE(matches("\"disk full\"", "full disk"));
  EXPECT_TRUE(matches(R"("say \"hi\"")", "say \"hi\" now"));
}

TEST(FilterPattern, ExcludedAndOptionalTerms) {
  EXPECT_TRUE(matches("ERROR -retry", "ERROR once"));
  EXPECT_FALSE(matches("ERROR -retry", "ERROR, will retry"));
  EXPECT_FALSE(matches("-\"a b\"", "a b"));
  EXPECT_TRUE(matches("?ERROR ?WARN", "WARN x"));
  EXPECT_FALSE(matches("?ERROR ?WARN", "INFO x"));
  // AWS ignores optional terms beside others.
  EXPECT_TRUE(matches("?ERROR INFO", "INFO x"));
}

TEST(FilterPattern, JsonComparisons) {
  const std::string_view message =
      R"({"level":"ERROR","ms":120,"ok":true,"none":null,"user":{"name":"eve"},"list":[{"a":1}]})";
  EXPECT_TRUE(matches(R"({ $.level = "ERROR" })", message));
  EXPECT_TRUE(matches(R"({ $.level = ERR* })", message));
  EXPECT_FALSE(matches(R"({ $.level != "ERR*" })", message));
  EXPECT_TRUE(matches(R"({ $.ms > 100 && $.ms <= 120 })", message));
  EXPECT_FALSE(matches(R"({ $.ms < 100 || $.ms = 121 })", message));
  EXPECT_TRUE(matches(R"({ ($.ms = 1 || $.ms = 120) && $.user.name = "eve" })", message));
  EXPECT_TRUE(matches(R"({ $.ok IS TRUE && $.none IS NULL && $.gone NOT EXISTS })", message));
  EXPECT_FALSE(matches(R"({ $.ok IS FALSE })", message));
  EXPECT_FALSE(matches(R"({ $.gone = "x" })", message));
  EXPECT_FALSE(matches(R"({ $.gone != "x" })", message));
  EXPECT_TRUE(matches(R"({ $.list[0].a = 1 })", message));
  EXPECT_TRUE(matches(R"({ $['user']['name'] = "eve" })", message));
  EXPECT_FALSE(matches(R"({ $.level = "ERROR" })", "no json ERROR"));
}

TEST(FilterPattern, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal("[a, b]").find("space-delimited"), std::string::npos);
  EXPECT_NE(refusal("%x+%").find("regular expressions"), std::string::npos);
  EXPECT_NE(refusal("a:b").find("Invalid character(s) in term 'a:b'"), std::string::npos);
  for (std::string_view bad :
       {"{", "{ }", "{ $.a }", "{ $.a = }", "{ a = 1 }", "{ ($.a = 1 }", "{ $.a = 1 extra }",
        "{ $.a < \"x\" }", "\"open", "-", "{ $.a[x] = 1 }", "{ $.a = \"x }"}) {
    EXPECT_NE(refusal(bad), "") << bad;
  }
  EXPECT_NE(refusal("{" + std::string(500, '(') + "$.a = 1" + std::string(500, ')') + "}"), "");
}

}  // namespace
}  // namespace mayfly::logs
