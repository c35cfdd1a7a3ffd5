#include "services/cloudwatch/model/embedded_metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::cloudwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "Shop Orders{service=a} Count 2x3.5", where 2 is the number of values and 3.5 their sum.
std::vector<std::string> found(std::string_view line) {
  std::vector<std::string> out;
  for (const Addition& each : embedded_metrics(line)) {
    std::string dimensions;
    for (const auto& [name, value] : each.metric.dimensions)
      dimensions += fmt::format("{}{}={}", dimensions.empty() ? "" : ",", name, value);
    EXPECT_EQ(each.values.size(), 1u);
    const auto& [time, values] = *each.values.begin();
    EXPECT_EQ(time, 1'700'000'000);
    out.push_back(fmt::format("{} {}{{{}}} {}{} {}x{}", each.metric.space, each.metric.name,
                              dimensions, each.unit, each.resolution == kSecond ? "/s" : "",
                              values.count, values.sum));
  }
  return out;
}

std::string line(std::string_view directives, std::string_view members) {
  return fmt::format(R"({{"_aws":{{"Timestamp":1700000000123,"CloudWatchMetrics":[{}]}},{}}})",
                     directives, members);
}

TEST(EmbeddedMetricsTest, MetricsWithTheirDimensions) {
  EXPECT_THAT(
      found(line(
          R"({"Namespace":"Shop","Dimensions":[["service"],["service","kind"]],"Metrics":[{"Name":"Orders","Unit":"Count"}]})",
          R"("service":"a","kind":"b","Orders":3)")),
      ElementsAre("Shop Orders{service=a} Count 1x3", "Shop Orders{kind=b,service=a} Count 1x3"));
  EXPECT_THAT(
      found(line(
          R"({"Namespace":"Shop","Metrics":[{"Name":"a"},{"Name":"b","StorageResolution":1}]},{"Namespace":"Other","Dimensions":[[]],"Metrics":[{"Name":"a"}]})",
          R"("a":[1,2.5],"b":{"Values":[10,1],"Counts":[2,1]})")),
      ElementsAre("Shop a{} None 2x3.5", "Shop b{} None/s 3x21", "Other a{} None 2x3.5"));
}

TEST(EmbeddedMetricsTest, WhatIsNotOfTheFormatIsNoMetric) {
  const std::string metrics = R"({"Namespace":"Shop","Metrics":[{"Name":"a"}]})";
  EXPECT_THAT(found(line(metrics, R"("a":1)")), ElementsAre("Shop a{} None 1x1"));
  for (
      const std::string& each : {
          std::string("plain"),
          std::string(R"({"CloudWatchMetrics")"),
          std::string(
              R"({"_aws":{"CloudWatchMetrics":[{"Namespace":"Shop","Metrics":[{"Name":"a"}]}]},"a":1})"),
          " " + line(metrics, R"("a":1)"),
          line(metrics, R"("b":1)"),
          line(metrics, R"("a":"1")"),
          line(metrics, R"("a":[])"),
          line(metrics, R"("a":{"Values":[1],"Counts":[]})"),
          line(R"({"Metrics":[{"Name":"a"}]})", R"("a":1)"),
          line(R"({"Namespace":"Shop","Metrics":{}})", R"("a":1)"),
          line(R"({"Namespace":"Shop","Dimensions":[["none"]],"Metrics":[{"Name":"a"}]})",
               R"("a":1)"),
          line(R"({"Namespace":"Shop","Dimensions":["x"],"Metrics":[{"Name":"a"}]})", R"("a":1)"),
          line("1", R"("a":1)"),
      }) {
    EXPECT_THAT(found(each), IsEmpty()) << each;
  }
}

}  // namespace
}  // namespace mayfly::cloudwatch
