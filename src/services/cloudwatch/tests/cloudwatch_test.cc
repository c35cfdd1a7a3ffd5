#include "services/cloudwatch/cloudwatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "api/tests/front.h"
#include "base/spawn.h"
#include "services/cloudwatch/expire.h"
#include "store/memory/memory_store.h"
#include "work/tests/fake_alarm.h"

namespace mayfly::cloudwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CloudwatchTest : public ::testing::Test {
 protected:
  CloudwatchTest()
      : cloudwatch_(store_, clock_, alarm_, embedded_alarm_), front_({make_service(cloudwatch_)}) {
    // A whole hour, so that periods begin where the tests expect them.
    advance(std::chrono::seconds(3600 - now() % 3600));
  }

  std::int64_t now() const { return base::epoch_ms(clock_.now()) / 1000; }
  void advance(std::chrono::microseconds by) {
    clock_.advance(by);
    front_.clock.advance(clock_.now() - front_.clock.now());
  }

  api::testing::Reply call(std::string_view operation, wire::Document body) {
    return front_.json("GraniteServiceVersion20100801." + std::string(operation),
                       wire::to_json(body));
  }
  static wire::Document parsed(std::string_view json) { return *wire::parse_json(json); }

  api::testing::Reply put(std::string_view datum) {
    return call("PutMetricData",
                parsed(fmt::format(R"({{"Namespace":"Shop","MetricData":[{}]}})", datum)));
  }
  // "start-offset:value" of one statistic, oldest first.
  std::vector<std::string> series(std::string_view metric, std::string_view stat, int period,
                                  std::int64_t from, std::int64_t to,
                                  std::string_view space = "Shop",
                                  std::string_view dimensions = "[]") {
    auto reply = call(
        "GetMetricData",
        parsed(fmt::format(
            R"({{"StartTime":{},"EndTime":{},"ScanBy":"TimestampAscending","MetricDataQueries":[
               {{"Id":"a","MetricStat":{{"Metric":{{"Namespace":"{}","MetricName":"{}","Dimensions":{}}},"Period":{},"Stat":"{}"}}}}]}})",
            from, to, space, metric, dimensions, period, stat)));
    if (reply.status != 200) return {reply.code() + ": " + reply.message()};
    const wire::Document& result = reply.body.find("MetricDataResults")->as_list()->at(0);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < result.find("Values")->as_list()->size(); ++i) {
      const double start = *result.find("Timestamps")->as_list()->at(i).as_double();
      const double value = *result.find("Values")->as_list()->at(i).as_double();
      out.push_back(fmt::format("{}:{}", static_cast<std::int64_t>(start) - from, value));
    }
    return out;
  }
  ports::UsageRecord invocation(double duration_ms, bool error = false) {
    ports::UsageRecord record;
    record.scope = {"000000000000", "us-east-1"};
    record.function = "f";
    record.version = "$LATEST";
    record.started = clock_.now();
    record.duration_ms = duration_ms;
    record.concurrency.function = 2;
    record.error = error;
    return record;
  }

  store::MemoryStore store_;
  base::FakeClock clock_;
  work::FakeAlarm alarm_{clock_}, embedded_alarm_{clock_};
  Cloudwatch cloudwatch_;
  api::testing::Front front_;
};

TEST_F(CloudwatchTest, ValuesAreAddedUpByPeriod) {
  const std::int64_t start = now();
  EXPECT_EQ(put(R"({"MetricName":"m","Value":4,"Unit":"Count"})").status, 200);
  EXPECT_EQ(put(R"({"MetricName":"m","Values":[1,3],"Counts":[2,1],"Unit":"Count"})").status, 200);
  advance(std::chrono::seconds(61));
  EXPECT_EQ(put(R"({"MetricName":"m","Value":10,"Unit":"Count"})").status, 200);
  EXPECT_THAT(series("m", "Sum", 60, start, start + 120), ElementsAre("0:9", "60:10"));
  EXPECT_THAT(series("m", "SampleCount", 60, start, start + 120), ElementsAre("0:4", "60:1"));
  EXPECT_THAT(series("m", "Minimum", 300, start, start + 120), ElementsAre("0:1"));
  EXPECT_THAT(series("m", "Maximum", 3600, start, start + 120), ElementsAre("0:10"));
  EXPECT_THAT(series("m", "Average", 60, start, start + 60), ElementsAre("0:2.25"));
  EXPECT_THAT(series("nothing", "Sum", 60, start, start + 60), ElementsAre());
}

TEST_F(CloudwatchTest, HighResolutionIsKeptByTheSecondForThreeHours) {
  const std::int64_t start = now();
  put(R"({"MetricName":"m","Value":1,"StorageResolution":1})");
  advance(std::chrono::seconds(5));
  put(R"({"MetricName":"m","Value":2,"StorageResolution":1})");
  EXPECT_THAT(series("m", "Sum", 1, start, start + 60), ElementsAre("0:1", "5:2"));
  EXPECT_THAT(series("m", "Sum", 30, start, start + 60), ElementsAre("0:3"));
  advance(std::chrono::hours(4));
  ASSERT_TRUE(base::sync_wait(expire(cloudwatch_)));
  EXPECT_THAT(series("m", "Sum", 1, start, start + 60), ElementsAre());
  EXPECT_THAT(series("m", "Sum", 60, start, start + 60), ElementsAre("0:3"));
}

TEST_F(CloudwatchTest, AgeTakesFineResolutionsFirstAndTheMetricLast) {
  const std::int64_t start = now();
  put(R"({"MetricName":"m","Value":1})");
  advance(std::chrono::days(16));
  EXPECT_EQ(*base::sync_wait(expire(cloudwatch_)), 1);
  EXPECT_THAT(series("m", "Sum", 60, start, start + 60), ElementsAre());
  EXPECT_THAT(series("m", "Sum", 300, start, start + 60), ElementsAre("0:1"));
  advance(std::chrono::days(60));
  EXPECT_EQ(*base::sync_wait(expire(cloudwatch_)), 1);
  EXPECT_THAT(series("m", "Sum", 300, start, start + 60), ElementsAre());
  EXPECT_THAT(series("m", "Sum", 3600, start, start + 60), ElementsAre("0:1"));
  advance(std::chrono::days(400));
  EXPECT_EQ(*base::sync_wait(expire(cloudwatch_)), 0);
  EXPECT_THAT(series("m", "Sum", 3600, start, start + 60), ElementsAre());
}

TEST_F(CloudwatchTest, RefusesWhatIsNoValue) {
  for (
      auto [datum, message] : {
          std::pair{R"({"MetricName":"m"})", "At least one"},
          {R"({"MetricName":"m","Value":1,"Values":[1]})", "mutually exclusive"},
          {R"({"MetricName":"m","Value":1e300})", "invalid"},
          {R"({"MetricName":"m","Values":[1],"Counts":[1,2]})", "same size"},
          {R"({"MetricName":"m","Values":[1],"Counts":[-1]})", "invalid"},
          {R"({"MetricName":"m","Value":1,"Timestamp":1000})", "two weeks"},
          {R"({"MetricName":"m","Value":1,"StorageResolution":7})", "1 or 60"},
          {R"({"MetricName":"m","Value":1,"Unit":"Apples"})", "enum value set"},
          {R"({"MetricName":"m","Value":1,"Dimensions":[{"Name":"a","Value":"1"},{"Name":"a","Value":"2"}]})",
           "twice"},
          {R"({"MetricName":"m","StatisticValues":{"SampleCount":0,"Sum":1,"Minimum":1,"Maximum":1}})",
           "invalid"},
          {R"({"MetricName":"m","StatisticValues":{"SampleCount":2,"Sum":1,"Minimum":2,"Maximum":1}})",
           "less than or equal"},
      }) {
    auto reply = put(datum);
    EXPECT_EQ(reply.status, 400) << datum;
    EXPECT_THAT(reply.message(), HasSubstr(message)) << datum;
  }
  EXPECT_THAT(series("m", "Sum", 60, now(), now() + 60), ElementsAre());
}

TEST_F(CloudwatchTest, FunctionsReportTheirInvocations) {
  const std::int64_t start = now();
  for (int i = 1; i <= 100; ++i) cloudwatch_.functions.record(invocation(i, i > 98));
  ports::UsageRecord throttled = invocation(0);
  throttled.throttled = true;
  cloudwatch_.functions.record(throttled);
  const auto of = [&](std::string_view metric, std::string_view stat,
                      std::string_view dimensions = R"([{"Name":"FunctionName","Value":"f"}])") {
    return series(metric, stat, 60, start, start + 60, "AWS/Lambda", dimensions);
  };
  EXPECT_THAT(of("Invocations", "Sum"), ElementsAre("0:100"));
  EXPECT_THAT(of("Invocations", "Sum", "[]"), ElementsAre("0:100"));
  EXPECT_THAT(of("Invocations", "Sum",
                 R"([{"Name":"Resource","Value":"f"},{"Name":"FunctionName","Value":"f"}])"),
              ElementsAre("0:100"));
  EXPECT_THAT(of("Errors", "Sum"), ElementsAre("0:2"));
  EXPECT_THAT(of("Errors", "Average"), ElementsAre("0:0.02"));
  EXPECT_THAT(of("Throttles", "Sum"), ElementsAre("0:1"));
  EXPECT_THAT(of("Duration", "Maximum"), ElementsAre("0:100"));
  EXPECT_THAT(of("Duration", "p100"), ElementsAre("0:100"));
  EXPECT_THAT(of("ConcurrentExecutions", "Maximum"), ElementsAre("0:2"));
  const auto median = of("Duration", "p50");
  ASSERT_EQ(median.size(), 1u);
  EXPECT_NEAR(std::stod(median[0].substr(2)), 50, 1);
}

TEST_F(CloudwatchTest, ConcurrencyIsToldOfTheAccountTheFunctionAndItsVersion) {
  const std::int64_t start = now();
  ports::UsageRecord record = invocation(1);
  record.version = "3";
  record.concurrency = {
      .account = 9, .unreserved = 7, .function = 4, .provisioned = 1, .allocated = 4};
  cloudwatch_.functions.record(record);
  record.concurrency.provisioned = 3;
  cloudwatch_.functions.record(record);
  const auto of = [&](std::string_view metric, std::string_view stat, std::string_view dimensions) {
    return series(metric, stat, 60, start, start + 60, "AWS/Lambda", dimensions);
  };
  constexpr std::string_view kFunction = R"([{"Name":"FunctionName","Value":"f"}])";
  constexpr std::string_view kVersion =
      R"([{"Name":"FunctionName","Value":"f"},{"Name":"Resource","Value":"f:3"}])";
  EXPECT_THAT(of("ConcurrentExecutions", "Maximum", "[]"), ElementsAre("0:9"));
  EXPECT_THAT(of("ConcurrentExecutions", "Maximum", kFunction), ElementsAre("0:4"));
  EXPECT_THAT(of("UnreservedConcurrentExecutions", "Maximum", "[]"), ElementsAre("0:7"));
  EXPECT_THAT(of("UnreservedConcurrentExecutions", "Maximum", kFunction), ElementsAre());
  EXPECT_THAT(of("ProvisionedConcurrentExecutions", "Maximum", kVersion), ElementsAre("0:3"));
  EXPECT_THAT(of("ProvisionedConcurrencyUtilization", "Maximum", kVersion), ElementsAre("0:0.75"));
  EXPECT_THAT(of("ProvisionedConcurrencyUtilization", "Average", kVersion), ElementsAre("0:0.5"));
}

TEST_F(CloudwatchTest, WhatElseIsToldOfFunctionsIsAMetricToo) {
  const std::int64_t start = now();
  const auto put = [&](std::string qualifier, std::string_view name, std::string_view unit,
                       double value) {
    cloudwatch_.functions.put({{"000000000000", "us-east-1"},
                               "f",
                               std::move(qualifier),
                               clock_.now(),
                               name,
                               unit,
                               value});
  };
  put("live", "AsyncEventsReceived", "Count", 1);
  put("", "AsyncEventsReceived", "Count", 1);
  put("live", "AsyncEventAge", "Milliseconds", 250);
  const auto of = [&](std::string_view metric, std::string_view resource) {
    return series(metric, "Sum", 60, start, start + 60, "AWS/Lambda",
                  fmt::format(R"([{{"Name":"FunctionName","Value":"f"}},)"
                              R"({{"Name":"Resource","Value":"{}"}}])",
                              resource));
  };
  EXPECT_THAT(of("AsyncEventsReceived", "f:live"), ElementsAre("0:1"));
  EXPECT_THAT(of("AsyncEventsReceived", "f"), ElementsAre("0:1"));
  EXPECT_THAT(of("AsyncEventAge", "f:live"), ElementsAre("0:250"));
  EXPECT_THAT(series("AsyncEventsReceived", "Sum", 60, start, start + 60, "AWS/Lambda"),
              ElementsAre("0:2"));
}

TEST_F(CloudwatchTest, MetricsInLogsAreMetricsAndTheLinesStay) {
  const std::int64_t start = now();
  const auto line = [&](std::int64_t time, int value) {
    return fmt::format(
        R"({{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"Shop","Dimensions":[["service"]],"Metrics":[{{"Name":"Orders","Unit":"Count"}}]}}]}},"service":"a","Orders":{}}})",
        time * 1000, value);
  };
  const auto see = [&](const std::vector<std::string>& lines) {
    for (const std::string& each : lines) cloudwatch_.embedded.see({}, each);
  };
  see({line(start, 3), "text", line(start + 1, 4)});
  see({line(start, 5), line(start - 15 * 86'400, 9), line(start + 3 * 3600, 9)});
  const std::string_view service = R"([{"Name":"service","Value":"a"}])";
  EXPECT_THAT(series("Orders", "Sum", 60, start, start + 60, "Shop", service), ElementsAre("0:12"));
  EXPECT_THAT(series("Orders", "SampleCount", 60, start, start + 60, "Shop", service),
              ElementsAre("0:3"));
  // Also where nobody asks.
  see({line(start, 1)});
  advance(std::chrono::seconds(6));
  embedded_alarm_.fire_due();
  EXPECT_THAT(series("Orders", "Sum", 60, start, start + 60, "Shop", service), ElementsAre("0:13"));
}

TEST_F(CloudwatchTest, WhatFunctionsReportIsStoredSoon) {
  cloudwatch_.functions.record(invocation(1));
  advance(std::chrono::seconds(6));
  alarm_.fire_due();
  EXPECT_FALSE(base::sync_wait(store_.begin()->range(store::prefix_query(
                                   store::key_in(store::KeySpace::metrics).done())))
                   ->rows.empty());
}

TEST_F(CloudwatchTest, StatisticsComeByUnitAndWithPercentiles) {
  const std::int64_t start = now();
  put(R"({"MetricName":"m","Value":1,"Unit":"Count"},{"MetricName":"m","Value":2,"Unit":"Bytes"})");
  auto reply = call(
      "GetMetricStatistics",
      parsed(fmt::format(
          R"({{"Namespace":"Shop","MetricName":"m","StartTime":{},"EndTime":{},"Period":60,"Statistics":["Sum"],"ExtendedStatistics":["p90"]}})",
          start, start + 60)));
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.body.find("Datapoints")->as_list()->size(), 2u);
  EXPECT_THAT(reply.text,
              HasSubstr(R"("Sum":2.0,"Unit":"Bytes","ExtendedStatistics":{"p90":2.0})"));
}

TEST_F(CloudwatchTest, StatisticsNeedASensibleRange) {
  const auto ask = [&](std::string_view rest) {
    auto reply = call("GetMetricStatistics",
                      parsed(fmt::format(R"({{"Namespace":"Shop","MetricName":"m",{}}})", rest)));
    return reply.code() + ": " + reply.message();
  };
  EXPECT_THAT(ask(R"("StartTime":0,"EndTime":60,"Period":60)"),
              HasSubstr("MissingRequiredParameterException: At least one of the parameters"));
  EXPECT_THAT(ask(R"("StartTime":60,"EndTime":60,"Period":60,"Statistics":["Sum"])"),
              HasSubstr("InvalidParameterValueException: The parameter StartTime must be less"));
  EXPECT_THAT(ask(R"("StartTime":0,"EndTime":60,"Period":7,"Statistics":["Sum"])"),
              HasSubstr("multiple of 60"));
  EXPECT_THAT(ask(R"("StartTime":0,"EndTime":600000,"Period":60,"Statistics":["Sum"])"),
              HasSubstr("InvalidParameterCombinationException: You have requested up to 10000"));
}

TEST_F(CloudwatchTest, DataPagesByDatapoints) {
  const std::int64_t start = now();
  for (int i = 0; i < 5; ++i) {
    put(R"({"MetricName":"m","Value":1})");
    advance(std::chrono::seconds(60));
  }
  std::string token;
  std::vector<std::size_t> sizes;
  do {
    auto reply = call(
        "GetMetricData",
        parsed(fmt::format(
            R"({{"StartTime":{},"EndTime":{},"MaxDatapoints":2,{}"MetricDataQueries":[{{"Id":"a","MetricStat":{{"Metric":{{"Namespace":"Shop","MetricName":"m"}},"Period":60,"Stat":"Sum"}}}}]}})",
            start, start + 600, token.empty() ? "" : "\"NextToken\":\"" + token + "\",")));
    ASSERT_EQ(reply.status, 200) << reply.text;
    sizes.push_back(
        reply.body.find("MetricDataResults")->as_list()->at(0).find("Values")->as_list()->size());
    token = reply.body.find("NextToken") ? reply.str("NextToken") : "";
  } while (!token.empty());
  EXPECT_THAT(sizes, ElementsAre(2u, 2u, 1u));
}

TEST_F(CloudwatchTest, MetricsAreListedByNameAndDimension) {
  put(R"({"MetricName":"a","Value":1},{"MetricName":"b","Value":1,"Dimensions":[{"Name":"x","Value":"1"}]})");
  const auto names = [&](std::string_view filter) {
    auto reply = call("ListMetrics", parsed(filter));
    std::vector<std::string> out;
    for (const wire::Document& metric : *reply.body.find("Metrics")->as_list())
      out.push_back(*metric.find("MetricName")->as_string());
    return out;
  };
  EXPECT_THAT(names("{}"), ElementsAre("a", "b"));
  EXPECT_THAT(names(R"({"MetricName":"b"})"), ElementsAre("b"));
  EXPECT_THAT(names(R"({"Namespace":"Shop","Dimensions":[{"Name":"x"}]})"), ElementsAre("b"));
  EXPECT_THAT(names(R"({"Dimensions":[{"Name":"x","Value":"2"}]})"), ElementsAre());
  EXPECT_THAT(names(R"({"Namespace":"Other"})"), ElementsAre());
  advance(std::chrono::days(15));
  EXPECT_THAT(names("{}"), ElementsAre());
}

// Every order of adding gives the same, and what is written is read again.
TEST(Statistics, AddUpInAnyOrderAndSurviveTheirBytes) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> values(2, 2);
  Statistics whole, parts[3];
  std::vector<double> all;
  for (int i = 0; i < 3000; ++i) {
    const double value = i % 50 == 0 ? 0 : values(random);
    all.push_back(value);
    whole.add(value);
    parts[i % 3].add(value);
  }
  Statistics sum;
  for (const Statistics& part : {parts[2], parts[0], parts[1]}) sum.add(part);
  EXPECT_EQ(sum.histogram, whole.histogram);
  EXPECT_DOUBLE_EQ(sum.count, whole.count);
  std::ranges::sort(all);
  for (double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
    const double exact = all[static_cast<std::size_t>(percent / 100 * 3000) - 1];
    EXPECT_NEAR(*whole.percentile(percent), exact, exact * 0.02) << percent;
  }
  const auto read = Statistics::decode(whole.encode());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->encode(), whole.encode());
  const std::string bytes = whole.encode();
  for (std::size_t cut : {0u, 1u, 20u, 33u, 40u})
    EXPECT_FALSE(Statistics::decode(std::string_view(bytes).substr(0, cut))) << cut;
}

TEST(Statistics, NegativeValuesHaveNoPercentiles) {
  Statistics statistics;
  statistics.add(-1);
  statistics.add(5);
  EXPECT_FALSE(statistics.percentile(50));
  EXPECT_EQ(statistics.minimum, -1);
}

}  // namespace
}  // namespace mayfly::cloudwatch
