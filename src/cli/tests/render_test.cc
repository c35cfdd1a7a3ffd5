#include "cli/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/table.h"
#include "cli/when.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(Table, AlignsAndTrims) {
  Table table({{"NAME"}, {"N", Align::right}, {"NOTE"}});
  table.row({"a", "1", "x"});
  table.row({"größer", "12,345", ""});
  table.rule();
  table.row({"all"});
  EXPECT_EQ(table.str(),
            "NAME         N  NOTE\n"
            "a            1  x\n"
            "größer  12,345\n"
            "--------------------\n"
            "all\n");
}

TEST(Table, ShowsControlCharactersInsteadOfObeyingThem) {
  Table table({{"NAME"}});
  table.row({"a\x1b[2Jb\n"});
  EXPECT_EQ(table.str(), "NAME\na\\x1b[2Jb\\x0a\n");
}

TEST(Table, GroupsThousands) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
  EXPECT_EQ(with_thousands(-123), "-123");
}

TEST(Bill, ShowsARowAFunctionAndTheTotal) {
  const auto usage = wire::parse_json(R"({
    "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "prices_as_of": "2026-01-15",
    "functions": [
      {"function": "orders", "requests": 12345, "errors": 2, "billed_ms": 98765, "gb_seconds": 12.3456,
       "cpu_seconds": 3.21, "peak_memory_mb": 61.4, "init_ms": 100, "cold_starts": {"clone": 5, "exec": 2, "spare": 0},
       "aws_cost_usd": 0.0026747, "machine_share": 0.0123},
      {"function": "rare", "requests": 1, "errors": 0, "billed_ms": 1, "gb_seconds": 0.000125, "cpu_seconds": 0.001,
       "peak_memory_mb": 30, "cold_starts": {}, "aws_cost_usd": 0.00000021, "machine_share": 0.00001}],
    "total": {"requests": 12346, "errors": 2, "billed_ms": 98766, "aws_cost_usd": 0}})");
  ASSERT_TRUE(usage);
  EXPECT_EQ("\n" + render_bill(*usage), R"(
Usage from 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z

FUNCTION  REQUESTS  ERRORS  BILLED MS    GB-S  CPU S   PEAK  COLD STARTS               ON AWS  OF MACHINE
orders      12,345       2     98,765  12.346  3.210  61 MB  7 (clone 5, exec 2)      $0.0027       1.2 %
rare             1       0          1   0.000  0.001  30 MB  0                    $0.00000021     0.001 %
---------------------------------------------------------------------------------------------------------
total       12,346       2     98,766       -      -      -  -                             $0           -

ON AWS: list prices of 2026-01-15, without the free tier.
)");
}

TEST(Bill, SaysWhereNothingRan) {
  const auto usage = wire::parse_json(R"({"from": "a", "to": "b", "functions": [], "total": {}})");
  EXPECT_THAT(render_bill(*usage), EndsWith("No function ran in this time.\n"));
  EXPECT_THAT(render_bill(wire::Document()), HasSubstr("No function ran"));
}

TEST(Outline, ShowsAnyJson) {
  const auto status = wire::parse_json(
      R"({"version": "0.1", "ready": true, "runtimes": [{"name": "python3.11", "path": "/usr/bin/python3.11"}, {"name": "node"}],
          "services": ["lambda", "dynamodb"], "degraded": [], "isolation": {"seccomp": true, "cgroups": null}})");
  EXPECT_EQ(render_outline(*status),
            "version: 0.1\n"
            "ready:   yes\n"
            "runtimes:\n"
            "  - name: python3.11\n"
            "    path: /usr/bin/python3.11\n"
            "  - name: node\n"
            "services: lambda, dynamodb\n"
            "degraded: none\n"
            "isolation:\n"
            "  seccomp: yes\n"
            "  cgroups: -\n");
}

TEST(When, ReadsAgesAndTimes) {
  const base::WallTime now = base::from_epoch_ms(1'769'862'896'789);  // 2026-01-31T12:34:56.789Z
  const auto text = [now](std::string_view when) {
    const auto time = parse_when(when, now);
    return time ? base::iso8601_ms(*time) : "";
  };
  EXPECT_EQ(text("0s"), "2026-01-31T12:34:56.789Z");
  EXPECT_EQ(text("30s"), "2026-01-31T12:34:26.789Z");
  EXPECT_EQ(text("2h"), "2026-01-31T10:34:56.789Z");
  EXPECT_EQ(text("7d"), "2026-01-24T12:34:56.789Z");
  EXPECT_EQ(text("2026-01-02"), "2026-01-02T00:00:00.000Z");
  EXPECT_EQ(text("2026-01-02T03:04Z"), "2026-01-02T03:04:00.000Z");
  EXPECT_EQ(text("2026-01-02 03:04:05"), "2026-01-02T03:04:05.000Z");
  EXPECT_EQ(text("2026-01-02T03:04:05.678Z"), "2026-01-02T03:04:05.678Z");
  for (const char* bad : {"", "s", "x", "10", "-5m", "5w", "2026", "2026-13-01", "2026-02-30",
                          "2026-01-02T", "2026-01-02T25:00", "2026-01-02T03:04:05.",
                          "2026-01-02T03:04:05+01:00", "99999999999999999999d"}) {
    EXPECT_EQ(text(bad), "") << bad;
  }
}

}  // namespace
}  // namespace mayfly::cli
