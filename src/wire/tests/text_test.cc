// Timestamps, patterns, URI templates and forms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "store/store.h"
#include "wire/error.h"
#include "wire/event_stream.h"
#include "wire/pattern.h"
#include "wire/timestamp.h"
#include "wire/uri.h"

namespace mayfly::wire {
namespace {

TEST(Timestamps, ReadsEveryForm) {
  const double t = 1769862896;
  for (std::string_view text : {"2026-01-31T12:34:56Z", "2026-01-31T12:34:56.000Z",
                                "2026-01-31T13:34:56+01:00", "2026-01-31T10:04:56-0230"}) {
    auto time = parse_iso8601(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->epoch_seconds, t) << text;
  }
  EXPECT_NEAR(parse_iso8601("2026-01-31T12:34:56.789Z")->epoch_seconds, t + 0.789, 1e-6);
  EXPECT_EQ(parse_http_date("Sat, 31 Jan 2026 12:34:56 GMT")->epoch_seconds, t);
  EXPECT_EQ(parse_epoch("1769862896.5")->epoch_seconds, t + 0.5);
  EXPECT_EQ(parse_any_timestamp("1769862896")->epoch_seconds, t);
  EXPECT_EQ(parse_iso8601("2024-02-29T00:00:00Z")->epoch_seconds, 1709164800);
}

TEST(Timestamps, RefusesTheRest) {
  for (std::string_view text :
       {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00+99:00", "26-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
  for (std::string_view text : {"", "Sat, 31 Foo 2026 12:34:56 GMT", "31 Jan 2026 12:34:56 GMT",
                                "Sat, 31 Jan 2026 12:34:56 CET", "Sat, 31 Jan 2026 12:34:5"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
  for (std::string_view text : {"", "x", "1x", "nan", "inf"})
    EXPECT_FALSE(parse_epoch(text)) << text;
}

TEST(Timestamps, WritesEveryForm) {
  EXPECT_EQ(format_iso8601({1769862896}), "2026-01-31T12:34:56Z");
  EXPECT_EQ(format_iso8601({1769862896.789}), "2026-01-31T12:34:56.789Z");
  EXPECT_EQ(format_iso8601({-1}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_iso8601({1e300}), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_http_date({1769862896.789}), "Sat, 31 Jan 2026 12:34:56 GMT");
  EXPECT_EQ(format_epoch({1769862896}), "1769862896");
  EXPECT_EQ(format_epoch({1769862896.5004}), "1769862896.5");
  EXPECT_EQ(format_epoch({-0.25}), "-0.25");
}

TEST(Patterns, MatchWholeValues) {
  EXPECT_TRUE(Pattern("[a-z]+").matches("abc"));
  EXPECT_FALSE(Pattern("[a-z]+").matches("abc1"));
  EXPECT_FALSE(Pattern("a|b").matches("ab"));
  EXPECT_TRUE(Pattern("(|[a-zA-Z0-9$_-]+)").matches(""));
  EXPECT_FALSE(Pattern(".*").matches("\xff"));
}

TEST(Patterns, OfTheModels) {
  // AWS's names are Java's regular expressions; these have something that RE2 spells differently.
  EXPECT_TRUE(Pattern(R"([\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+)").matches("tab\tü"));
  EXPECT_FALSE(Pattern(R"([\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+)").matches("漢"));
  EXPECT_TRUE(Pattern(R"((\u002F)|(\u002F[\u0021-\u007E]+\u002F))").matches("/path/"));
  EXPECT_TRUE(Pattern(R"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)").matches("漢 1"));
  EXPECT_TRUE(
      Pattern(
          R"([\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+)")
          .matches("😀"));
  EXPECT_TRUE(Pattern("[a-z]{1,2048}").matches(std::string(1500, 'a')));
  EXPECT_FALSE(Pattern("[a-z]{2,2048}").matches("a"));
  EXPECT_TRUE(Pattern(R"(\{1,5000\})").matches("{1,5000}"));
}

TEST(Patterns, LeadingNegativeLookAhead) {
  Pattern alias("((?!^[0-9]+$)([a-zA-Z0-9-_]+))");
  EXPECT_TRUE(alias.matches("live"));
  EXPECT_TRUE(alias.matches("1a"));
  EXPECT_FALSE(alias.matches("123"));
  Pattern source(R"((^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*))");
  EXPECT_TRUE(source.matches("a.b"));
  EXPECT_FALSE(source.matches("system.b"));
  EXPECT_THROW((void)Pattern("a(?!b)c").matches("x"), std::logic_error);
}

TEST(Patterns, HostileValuesTakeLinearTime) {
  // Exponential for a backtracking matcher.
  EXPECT_FALSE(Pattern("(a+)+b").matches(std::string(100'000, 'a')));
}

using Outcome = RouteTable::Outcome;

TEST(Routes, PrefersTheMoreSpecific) {
  RouteTable table;
  table.add("GET", "/{Proxy+}", 0);
  table.add("GET", "/f/{Name}", 1);
  table.add("GET", "/f/special", 2);
  table.add("GET", "/f/{Name}/x", 3);
  table.add("DELETE", "/f/{Name}", 4);
  table.add("GET", "/f?List=ALL", 5);
  table.add("GET", "/f", 6);
  auto id = [&](std::string_view method, std::string_view path, std::string_view query = "") {
    auto match = table.match(method, path, query);
    return match.outcome == Outcome::found ? static_cast<int>(match.id) : -1;
  };
  EXPECT_EQ(id("GET", "/f/a"), 1);
  EXPECT_EQ(id("GET", "/f/special"), 2);
  EXPECT_EQ(id("GET", "/f/special/"), 2);
  EXPECT_EQ(id("GET", "/f/a/x"), 3);
  EXPECT_EQ(id("GET", "/f/a/y"), 0);
  EXPECT_EQ(id("DELETE", "/f/special"), 4);
  EXPECT_EQ(id("GET", "/f", "List=ALL"), 5);
  EXPECT_EQ(id("GET", "/f", "a=b&List=ALL"), 5);
  EXPECT_EQ(id("GET", "/f", "List=SOME"), 6);
  EXPECT_EQ(id("GET", "/f/"), 6);
  EXPECT_EQ(id("GET", "/"), -1);
  EXPECT_EQ(table.match("PUT", "/f/a", "").outcome, Outcome::wrong_method);
  EXPECT_EQ(table.match("GET", "/", "").outcome, Outcome::no_such_path);
  EXPECT_EQ(table.match("GET", "/f/%4", "").outcome, Outcome::malformed);
}

TEST(Routes, LabelsAreDecodedAfterTheCut) {
  RouteTable table;
  table.add("GET", "/t/{Arn}/g/{Rest+}/end", 0);
  auto match = table.match("GET", "/t/arn%3Aaws%2Fx%252F/g/a%20b/c//d/end", "");
  ASSERT_EQ(match.outcome, Outcome::found);
  EXPECT_EQ(match.labels[0].value, "arn:aws/x%2F");
  EXPECT_EQ(match.labels[1].value, "a b/c//d");
}

TEST(Routes, BrokenTemplatesAreBugs) {
  RouteTable table;
  EXPECT_THROW(table.add("GET", "/{a", 0), std::logic_error);
  EXPECT_THROW(table.add("GET", "/{}", 0), std::logic_error);
  EXPECT_THROW(table.add("GET", "/{a+}/{b+}", 0), std::logic_error);
}

TEST(Errors, EveryStoreErrorHasAnAnswer) {
  using store::StoreErrorCode;
  for (int code = 0; code <= static_cast<int>(StoreErrorCode::corrupt); ++code) {
    ApiError error =
        store::FromStoreError<ApiError>::map({static_cast<StoreErrorCode>(code), "detail"});
    ASSERT_NE(error.spec, nullptr);
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(error.spec->status >= 500, error.spec->fault == Fault::server);
  }
}

TEST(EventStream, MessagesAreAsTheFormatHasThem) {
  const std::string message = event_message("PayloadChunk", "application/octet-stream", "hello");
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i)
      value = value << 8 | static_cast<std::uint8_t>(message[i]);
    return value;
  };
  ASSERT_EQ(number(0), message.size());
  EXPECT_EQ(number(8), base::crc32(message.substr(0, 8)));
  EXPECT_EQ(number(message.size() - 4), base::crc32(message.substr(0, message.size() - 4)));
  const std::string headers = message.substr(12, number(4));
  EXPECT_EQ(headers, std::string("\x0b:event-type\7\0\x0cPayloadChunk", 27) +
                         std::string("\x0d:content-type\7\0\x18", 17) + "application/octet-stream" +
                         std::string("\x0d:message-type\7\0\5event", 22));
  EXPECT_EQ(message.substr(12 + headers.size(), message.size() - 16 - headers.size()), "hello");
}

}  // namespace
}  // namespace mayfly::wire
