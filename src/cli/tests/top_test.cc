#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/top_view.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using ::testing::HasSubstr;

TopReading reading(std::int64_t time_ms, int functions, std::int64_t invocations) {
  std::string items, versions;
  for (int i = 0; i < functions; ++i) {
    items += fmt::format(
        R"({}{{"account":"000000000000","region":"us-east-1","function":"f{:03}","invocations":{},"errors":{},"cpu_us":0,"cold_starts":{{"clone":2,"spare":1}},"duration_buckets":[[40,{}]]}})",
        i == 0 ? "" : ",", i, invocations * (i + 1), functions - i, invocations * (i + 1));
    versions += fmt::format(
        R"({}{{"account":"000000000000","region":"us-east-1","function":"f{:03}","busy":1,"idle":2,"spare":3,"memory_bytes":10485760}})",
        i == 0 ? "" : ",", i);
  }
  const auto document = wire::parse_json(fmt::format(
      R"({{"time_ms":{},"started_ms":1000,"cores":2,"environments":{{"busy":1}},"cold_starts_by_cause":{{"first":3}},"functions":[{}],"versions":[{}]}})",
      time_ms, items, versions));
  return read_top(*document);
}

TEST(TopView, RatesAreOfTheLastIntervalAndTheHighestComesFirst) {
  TopView view("http://here");
  view.add(reading(10'000, 3, 10));
  view.add(reading(12'000, 3, 20));
  const auto lines = view.lines(80, 24);
  ASSERT_EQ(lines.size(), 24u);
  EXPECT_THAT(lines[3].text, HasSubstr("FUNCTION"));
  // 30 more events in two seconds; three cold starts, one error, 2 idle and 3 spares.
  EXPECT_THAT(lines[4].text, ::testing::ContainsRegex("^f002 +15\\.0 .* 1 +3 +1 +2\\+3 +10"));
  EXPECT_THAT(lines[6].text, HasSubstr("f000"));
  EXPECT_THAT(lines[23].text, HasSubstr("1-3 of 3"));
}

TEST(TopView, NoLineIsWiderOrHigherThanTheScreen) {
  TopView view("http://a-very-long-name-of-a-host.example.com:4566");
  view.add(reading(10'000, 50, 1'000'000'000));
  view.add(reading(12'000, 50, 2'000'000'000));
  for (const auto [width, height] : {std::pair{80, 24}, {20, 5}, {200, 60}, {1, 1}, {104, 24}}) {
    const auto lines = view.lines(width, height);
    EXPECT_LE(lines.size(), static_cast<std::size_t>(height));
    for (const auto& line : lines) EXPECT_LE(line.text.size(), static_cast<std::size_t>(width));
  }
}

TEST(TopView, KeysSortScrollAndQuit) {
  TopView view("http://here");
  view.add(reading(10'000, 50, 1));
  view.add(reading(11'000, 50, 2));
  EXPECT_FALSE(view.key("q", 24));
  EXPECT_FALSE(view.key("\x03", 24));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(view.key("\x1b[B", 24));
  EXPECT_THAT(view.lines(80, 24)[23].text, HasSubstr("-50 of 50"));
  while (view.sort() != TopSort::errors) view.key("\x1b[C", 24);
  EXPECT_EQ(view.first_row(), 0u);
  EXPECT_THAT(view.lines(80, 24)[4].text, HasSubstr("f000"));
  view.key("r", 24);
  EXPECT_THAT(view.lines(80, 24)[4].text, HasSubstr("f049"));
  view.key("\x1b[D", 24);
  EXPECT_EQ(view.sort(), TopSort::p99);
}

TEST(TopView, ADaemonThatStartedAgainCountsFromNothing) {
  TopView view("http://here");
  view.add(reading(10'000, 1, 1000));
  TopReading again = reading(11'000, 1, 5);
  again.started_ms = 10'500;
  view.add(std::move(again));
  EXPECT_THAT(view.lines(80, 24)[4].text, ::testing::ContainsRegex("^f000 +- "));
}

TEST(TopView, AnAnswerOfAnotherShapeIsNothing) {
  TopView view("http://here");
  view.add(read_top(*wire::parse_json(
      R"({"functions":[{"duration_buckets":[[-1,5],[100000,1],[1],7,[3,-9]]},7]})")));
  view.add(read_top(*wire::parse_json("[]")));
  view.set_problem("Nothing answers.");
  EXPECT_EQ(view.lines(80, 24).back().text, "Nothing answers.");
}

TEST(TopView, NamesCannotMoveTheCursor) {
  TopView view("http://here");
  TopReading odd = reading(10'000, 0, 0);
  odd.functions["\x1b[2J"] = {};
  view.add(std::move(odd));
  for (const auto& line : view.lines(80, 0)) EXPECT_EQ(line.text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace mayfly::cli
