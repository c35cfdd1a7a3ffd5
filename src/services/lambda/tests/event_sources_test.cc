// Event source mappings: the API, and lanes over a stream that the test fills.
#include <gmock/gmock.h>

#include <functional>

#include "services/lambda/tests/world.h"

namespace mayfly::lambda {
namespace {

using ::testing::ElementsAre;
using testing::FakeRecords;
using testing::FakeRunner;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kPath = "/2015-03-31/event-source-mappings";

// "0001": a number of a record.
std::string number(int n) { return fmt::format("{:04}", n); }

class EventSourcesTest : public testing::LambdaTest {
 protected:
  EventSourcesTest() {
    create("f");
    records.open("shard-0");
    EXPECT_TRUE(base::sync_wait(lambda.start()).has_value());
    runner.body = [this](const engine::FunctionSpec&, const engine::Event& event) {
      auto parsed = wire::parse_json(event.payload);
      EXPECT_TRUE(parsed.has_value()) << event.payload;
      std::string batch;
      for (const wire::Document& record : *parsed->find("Records")->as_list()) {
        batch += (batch.empty() ? "" : " ") + *record.find("number")->as_string();
      }
      seen.push_back(batch);
      last = std::move(*parsed);
      return answer(batch);
    };
  }

  // `more`: further members, with a leading comma.
  Reply map(const std::string& more = {}, const std::string& from = "TRIM_HORIZON") {
    Reply reply =
        call("POST", std::string(kPath),
             R"({"FunctionName":"f","EventSourceArn":")" + std::string(FakeRecords::kArn) +
                 R"(","StartingPosition":")" + from + "\"" + more + "}");
    uuid = reply.str("UUID");
    return reply;
  }
  Reply get() { return call("GET", std::string(kPath) + "/" + uuid); }
  Reply update(const std::string& body) {
    return call("PUT", std::string(kPath) + "/" + uuid, body);
  }
  void put(int count, const std::string& shard = "shard-0") {
    for (int i = 0; i < count; ++i) records.put(shard, clock.now());
  }

  std::string uuid;
  std::vector<std::string> seen;  // the batches that the function was given
  wire::Document last;            // event
  std::function<std::expected<engine::Outcome, engine::Refusal>(const std::string&)> answer =
      [](const std::string&) { return FakeRunner::answer("null"); };
};

TEST_F(EventSourcesTest, RecordsReachTheFunctionInOrder) {
  put(2);
  const Reply made = map();
  EXPECT_EQ(made.status, 202);
  EXPECT_EQ(made.str("State"), "Creating");
  EXPECT_EQ(made.str("LastProcessingResult"), "No records processed");
  put(1);
  EXPECT_THAT(seen, ElementsAre("0000 0001", "0002"));
  EXPECT_EQ(get().str("State"), "Enabled");
  EXPECT_EQ(get().str("LastProcessingResult"), "OK");
  EXPECT_EQ(get().str("BatchSize"), "100");
  EXPECT_EQ(get().str("MaximumRetryAttempts"), "-1");
}

TEST_F(EventSourcesTest, AShardIsTriedAgainAfterTenSeconds) {
  put(1);
  faulty.fail_next(store::Fault::none);         // the mapping itself is written,
  faulty.fail_next(store::Fault::unavailable);  // and not where its shard begins
  EXPECT_EQ(map().status, 202);
  advance(std::chrono::milliseconds(9'999));
  EXPECT_THAT(seen, IsEmpty());
  advance(std::chrono::milliseconds(1));
  EXPECT_THAT(seen, ElementsAre("0000"));
}

TEST_F(EventSourcesTest, AStateThatCannotBeWrittenIsWrittenTenSecondsLater) {
  faulty.fail_next(store::Fault::none);         // the mapping itself is written,
  faulty.fail_next(store::Fault::none);         // where its shard begins as well,
  faulty.fail_next(store::Fault::unavailable);  // and not that it is enabled
  EXPECT_EQ(map().status, 202);
  EXPECT_EQ(get().str("State"), "Creating");
  advance(std::chrono::milliseconds(9'999));
  EXPECT_EQ(get().str("State"), "Creating");
  advance(std::chrono::milliseconds(1));
  EXPECT_EQ(get().str("State"), "Enabled");
}

TEST_F(EventSourcesTest, LatestBeginsBehindWhatIsThere) {
  put(2);
  map("", "LATEST");
  put(1);
  EXPECT_THAT(seen, ElementsAre("0002"));
}

TEST_F(EventSourcesTest, ABatchHasAtMostItsSize) {
  put(5);
  map(R"(,"BatchSize":2)");
  EXPECT_THAT(seen, ElementsAre("0000 0001", "0002 0003", "0004"));
}

TEST_F(EventSourcesTest, ABatchIsGatheredForItsWindow) {
  map(R"(,"BatchSize":3,"MaximumBatchingWindowInSeconds":10)");
  put(1);
  advance(std::chrono::seconds{9});
  put(1);
  EXPECT_THAT(seen, IsEmpty());
  advance(std::chrono::seconds{1});
  EXPECT_THAT(seen, ElementsAre("0000 0001"));
  // Or until it is full.
  put(3);
  EXPECT_THAT(seen, ElementsAre("0000 0001", "0002 0003 0004"));
}

TEST_F(EventSourcesTest, ABatchThatFailsIsTriedAgainUntilItSucceeds) {
  int failures = 3;
  answer = [&failures](const std::string&) {
    return failures-- > 0 ? FakeRunner::error() : FakeRunner::answer("null");
  };
  map(R"(,"BatchSize":1)");
  put(2);
  EXPECT_THAT(seen, ElementsAre("0000"));
  EXPECT_EQ(get().str("LastProcessingResult"), "PROBLEM: Function call failed");
  advance(std::chrono::milliseconds{200});
  advance(std::chrono::milliseconds{400});
  EXPECT_THAT(seen, ElementsAre("0000", "0000", "0000"));
  advance(std::chrono::milliseconds{800});
  EXPECT_THAT(seen, ElementsAre("0000", "0000", "0000", "0000", "0001"));
  EXPECT_EQ(get().str("LastProcessingResult"), "OK");
}

TEST_F(EventSourcesTest, AfterItsRetriesABatchIsGivenUp) {
  answer = [](const std::string& batch) {
    return batch == "0000 0001" ? FakeRunner::error() : FakeRunner::answer("null");
  };
  put(3);
  map(R"(,"BatchSize":2,"MaximumRetryAttempts":1)");
  EXPECT_THAT(seen, ElementsAre("0000 0001"));
  advance(std::chrono::seconds{1});
  EXPECT_THAT(seen, ElementsAre("0000 0001", "0000 0001", "0002"));
}

TEST_F(EventSourcesTest, BisectionFindsTheRecordThatFails) {
  answer = [](const std::string& batch) {
    return batch.contains("0002") ? FakeRunner::error() : FakeRunner::answer("null");
  };
  put(4);
  map(R"(,"BisectBatchOnFunctionError":true,"MaximumRetryAttempts":0)");
  EXPECT_THAT(seen, ElementsAre("0000 0001 0002 0003", "0000 0001", "0002 0003", "0002", "0003"));
}

TEST_F(EventSourcesTest, AReportOfFailuresGoesOnAtTheFirstOfThem) {
  int runs = 0;
  answer = [&runs](const std::string&) {
    return ++runs == 1 ? FakeRunner::answer(R"({"batchItemFailures":[{"itemIdentifier":"0003"},)"
                                            R"({"itemIdentifier":"0002"}]})")
                       : FakeRunner::answer(R"({"batchItemFailures":[]})");
  };
  put(4);
  map(R"(,"FunctionResponseTypes":["ReportBatchItemFailures"])");
  EXPECT_EQ(get().str("FunctionResponseTypes"), R"(["ReportBatchItemFailures"])");
  advance(std::chrono::seconds{1});
  EXPECT_THAT(seen, ElementsAre("0000 0001 0002 0003", "0002 0003"));
}

TEST_F(EventSourcesTest, AReportThatMakesNoSenseFailsTheBatch) {
  for (const std::string_view report :
       {R"({"batchItemFailures":[{"itemIdentifier":""}]})",
        R"({"batchItemFailures":[{"itemIdentifier":"none"}]})",
        R"({"batchItemFailures":[{"id":"0000"}]})", R"({"batchItemFailures":"0000"})"}) {
    const std::vector<StreamEntry> entries{{"{}", "0000", "0001", {}}};
    EXPECT_EQ(first_failure(report, entries), std::nullopt) << report;
  }
  const std::vector<StreamEntry> entries{{"{}", "0000", "0001", {}}};
  for (const std::string_view report : {"", "null", "{}", R"({"batchItemFailures":null})"}) {
    EXPECT_EQ(first_failure(report, entries), 1U) << report;
  }
}

TEST_F(EventSourcesTest, AThrottleCountsAsNoTry) {
  int runs = 0;
  answer = [&runs](const std::string&) {
    return ++runs <= 3 ? FakeRunner::throttle(engine::ThrottleReason::reserved_concurrency)
                       : FakeRunner::answer("null");
  };
  put(1);
  map(R"(,"MaximumRetryAttempts":0)");
  for (int i = 0; i < 4; ++i) advance(std::chrono::seconds{2});
  EXPECT_THAT(seen, ElementsAre("0000", "0000", "0000", "0000"));
  EXPECT_EQ(get().str("LastProcessingResult"), "OK");
}

TEST_F(EventSourcesTest, ARecordThatIsTooOldIsGivenUp) {
  answer = [](const std::string& batch) {
    return batch.starts_with("0000") ? FakeRunner::error() : FakeRunner::answer("null");
  };
  put(1);
  map(R"(,"MaximumRecordAgeInSeconds":60)");
  for (int i = 0; i < 59; ++i) advance(std::chrono::seconds{1});
  put(1);
  const std::size_t tries = seen.size();
  EXPECT_GT(tries, 3U);
  for (int i = 0; i < 60; ++i) advance(std::chrono::seconds{1});
  EXPECT_EQ(seen.back(), "0001");
}

TEST_F(EventSourcesTest, FiltersSkipWhatDoesNotMatch) {
  map(R"(,"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"},{"Pattern":"{\"b\":[{\"prefix\":\"x\"}]}"}]})");
  records.put("shard-0", clock.now(), R"({"a":2})");
  records.put("shard-0", clock.now(), R"({"a":1})");
  records.put("shard-0", clock.now(), R"({"b":"y"})");
  records.put("shard-0", clock.now(), R"({"b":"xy"})");
  EXPECT_THAT(seen, ElementsAre("0001", "0003"));
  EXPECT_THAT(get().str("FilterCriteria"), HasSubstr("prefix"));
}

TEST_F(EventSourcesTest, AChildShardWaitsForItsParent) {
  int failures = 1;
  answer = [&failures](const std::string&) {
    return failures-- > 0 ? FakeRunner::error() : FakeRunner::answer("null");
  };
  records.open("shard-1", "shard-0");
  put(1, "shard-1");
  put(1);
  map();
  records.close("shard-0");
  EXPECT_EQ(seen.size(), 1U);
  advance(std::chrono::seconds{1});
  // shard-0's again, then shard-1's.
  EXPECT_THAT(seen, ElementsAre("0000", "0000", "0000"));
  put(1, "shard-1");
  EXPECT_THAT(seen.back(), "0001");
}

TEST_F(EventSourcesTest, WhatIsKnownOfAShardGoesWithIt) {
  map();
  put(1);
  const auto known = [this](const std::string& shard) {
    const auto transaction = store.begin();
    return base::sync_wait(transaction->range(store::prefix_query(progress_prefix(uuid, shard))))
        ->rows.size();
  };
  EXPECT_EQ(known("shard-0"), 1U);
  records.open("shard-1", "shard-0");
  records.close("shard-0");
  EXPECT_EQ(known("shard-0"), 1U);
  records.remove("shard-0");
  records.open("shard-2", "shard-1");
  records.close("shard-1");
  EXPECT_EQ(known("shard-0"), 0U);
  EXPECT_EQ(known("shard-1"), 1U);
  put(1, "shard-2");
  EXPECT_THAT(seen, ElementsAre("0000", "0000"));
}

TEST_F(EventSourcesTest, LanesKeepTheOrderOfAGroup) {
  map(R"(,"ParallelizationFactor":4,"BatchSize":1)");
  for (int i = 0; i < 40; ++i)
    records.put("shard-0", clock.now(), fmt::format(R"({{"group":{}}})", i % 7),
                std::to_string(i % 7));
  EXPECT_EQ(seen.size(), 40U);
  // The fake runs all at once, so the whole order is kept; each was handled once.
  for (int i = 0; i < 40; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], number(i));
}

TEST_F(EventSourcesTest, AChangeOfLanesLosesNothing) {
  map(R"(,"ParallelizationFactor":3)");
  // One lane is held up at its first record, the others go on.
  answer = [](const std::string& batch) {
    return batch.contains("0000") ? FakeRunner::error() : FakeRunner::answer("null");
  };
  for (int i = 0; i < 9; ++i) records.put("shard-0", clock.now(), "{}", std::to_string(i));
  EXPECT_GT(seen.size(), 1U);
  answer = [](const std::string&) { return FakeRunner::answer("null"); };
  seen.clear();
  EXPECT_EQ(update(R"({"ParallelizationFactor":1})").status, 202);
  EXPECT_THAT(seen, ElementsAre("0000 0001 0002 0003 0004 0005 0006 0007 0008"));
}

TEST_F(EventSourcesTest, WindowsCarryTheirState) {
  answer = [this](const std::string& batch) {
    if (*last.find("isFinalInvokeForWindow")->as_bool()) return FakeRunner::answer("{}");
    const auto before = last.find("state")->find("count");
    const std::int64_t count = before == nullptr ? 0 : *before->as_int();
    return FakeRunner::answer(
        fmt::format(R"({{"state":{{"count":{}}}}})", count + (batch.empty() ? 0 : 1)));
  };
  map(R"(,"TumblingWindowInSeconds":10)");
  advance(std::chrono::seconds{10 - base::epoch_ms(clock.now()) / 1000 % 10});
  put(1);
  EXPECT_EQ(wire::to_json(*last.find("state")), "{}");
  put(1);
  EXPECT_EQ(wire::to_json(*last.find("state")), R"({"count":1})");
  EXPECT_FALSE(*last.find("isWindowTerminatedEarly")->as_bool());
  EXPECT_EQ(last.find("shardId")->as_string()->substr(0, 5), "shard");
  advance(std::chrono::seconds{11});
  EXPECT_THAT(seen, ElementsAre("0000", "0001", ""));
  EXPECT_TRUE(*last.find("isFinalInvokeForWindow")->as_bool());
  EXPECT_EQ(wire::to_json(*last.find("state")), R"({"count":2})");
  // The next one begins with nothing, and a record behind it ends it as well as time does.
  put(1);
  EXPECT_EQ(wire::to_json(*last.find("state")), "{}");
  advance(std::chrono::seconds{10});
  put(1);
  EXPECT_THAT(seen, ElementsAre("0000", "0001", "", "0002", "", "0003"));
}

TEST_F(EventSourcesTest, AnAnswerWithoutStateFailsInAWindow) {
  put(1);
  map(R"(,"TumblingWindowInSeconds":10)");
  EXPECT_EQ(get().str("LastProcessingResult"), "PROBLEM: Function call failed");
}

TEST_F(EventSourcesTest, AStateThatGrowsTooMuchEndsItsWindow) {
  answer = [this](const std::string&) {
    return FakeRunner::answer(*last.find("isFinalInvokeForWindow")->as_bool()
                                  ? "{}"
                                  : R"({"state":{"x":")" + std::string(1'048'576, 'x') + "\"}}");
  };
  put(1);
  map(R"(,"TumblingWindowInSeconds":10)");
  EXPECT_THAT(seen, ElementsAre("0000", ""));
  EXPECT_TRUE(*last.find("isWindowTerminatedEarly")->as_bool());
  put(1);
  EXPECT_THAT(seen, ElementsAre("0000", "", "0001", ""));
}

TEST_F(EventSourcesTest, DisabledItRests) {
  map();
  EXPECT_EQ(update(R"({"Enabled":false})").str("State"), "Disabling");
  EXPECT_EQ(get().str("State"), "Disabled");
  put(1);
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_EQ(update(R"({"Enabled":true})").str("State"), "Enabling");
  EXPECT_THAT(seen, ElementsAre("0000"));
  EXPECT_EQ(get().str("State"), "Enabled");
}

TEST_F(EventSourcesTest, DeletedItIsGone) {
  map();
  EXPECT_EQ(call("DELETE", std::string(kPath) + "/" + uuid).str("State"), "Deleting");
  EXPECT_EQ(get().status, 404);
  put(1);
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_EQ(map().status, 202);
  EXPECT_THAT(seen, ElementsAre("0000"));
}

TEST_F(EventSourcesTest, AnotherDaemonGoesOnWhereTheLastOneWas) {
  map();
  put(2);
  base::sync_wait(lambda.stop());
  put(1);
  EXPECT_EQ(seen.size(), 2U);
  Lambda again({.data_folder = folder.path() + "/lambda"},
               {store, clock, ids, runner, issuer, metrics, records, lambda_alarm});
  ASSERT_TRUE(base::sync_wait(again.start()).has_value());
  EXPECT_THAT(seen, ElementsAre("0000", "0001", "0002"));
  base::sync_wait(again.stop());
}

TEST_F(EventSourcesTest, WhatStoppingCutsOffCountsAsNoFailure) {
  answer = [this](const std::string&) {
    lambda.stopping();
    return FakeRunner::error();
  };
  put(1);
  map(R"(,"MaximumRetryAttempts":0)");
  base::sync_wait(lambda.stop());
  answer = [](const std::string&) { return FakeRunner::answer("null"); };
  Lambda again({.data_folder = folder.path() + "/lambda"},
               {store, clock, ids, runner, issuer, metrics, records, lambda_alarm});
  ASSERT_TRUE(base::sync_wait(again.start()).has_value());
  EXPECT_THAT(seen, ElementsAre("0000", "0000"));
  base::sync_wait(again.stop());
}

// Records that were skipped on the way to a batch must not carry the position over it.
TEST_F(EventSourcesTest, ABatchThatWaitsToBeTriedAgainSurvivesAStop) {
  answer = [](const std::string&) { return FakeRunner::error(); };
  records.put("shard-0", clock.now(), R"({"a":2})");
  map(R"(,"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"}]})");
  put(1);
  EXPECT_EQ(update(R"({"Enabled":false})").status, 202);
  EXPECT_EQ(get().str("State"), "Disabled");
  seen.clear();
  answer = [](const std::string&) { return FakeRunner::answer("null"); };
  update(R"({"Enabled":true})");
  EXPECT_THAT(seen, ElementsAre("0001"));
}

TEST_F(EventSourcesTest, TheAgeOfRecordsIsAMetric) {
  map();
  records.put("shard-0", clock.now() - std::chrono::seconds{5});
  EXPECT_THAT(metrics.told, ::testing::Contains("IteratorAge f 5000"));
}

TEST_F(EventSourcesTest, CountsOfEventsAreMetricsWhereTheyAreAskedFor) {
  answer = [](const std::string& batch) {
    return batch.contains("0002") ? FakeRunner::error() : FakeRunner::answer("null");
  };
  const std::string filter = R"(,"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"}]})";
  map(filter + R"(,"MaximumRetryAttempts":0,"MetricsConfig":{"Metrics":["EventCount"]})");
  EXPECT_EQ(get().str("MetricsConfig"), R"({"Metrics":["EventCount"]})");
  put(1);
  records.put("shard-0", clock.now(), R"({"a":2})");
  put(1);
  EXPECT_THAT(
      metrics.told,
      ElementsAre("PolledEventCount mapping 1", "IteratorAge f 0", "InvokedEventCount mapping 1",
                  "PolledEventCount mapping 1", "FilteredOutEventCount mapping 1",
                  "PolledEventCount mapping 1", "IteratorAge f 0", "InvokedEventCount mapping 1",
                  "FailedInvokeEventCount mapping 1", "DroppedEventCount mapping 1"));
}

TEST_F(EventSourcesTest, WhatCannotBeIsRefused) {
  const auto refused = [this](const std::string& more, const std::string& from = "LATEST") {
    const Reply reply = map(more, from);
    EXPECT_EQ(reply.status, 400) << more;
    return reply.message();
  };
  EXPECT_EQ(refused("", "AT_TIMESTAMP"),
            "Unsupported starting position for arn type: " + std::string(FakeRecords::kArn));
  EXPECT_EQ(refused(R"(,"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":1}"}]})"),
            "Invalid filter pattern definition.");
  EXPECT_THAT(refused(R"(,"MaximumRecordAgeInSeconds":59)"), HasSubstr("between 60"));
  EXPECT_THAT(refused(R"(,"BatchSize":10001)"), HasSubstr("less than or equal to 10000"));
  const auto other = [this](const std::string& arn) {
    return call(
        "POST", std::string(kPath),
        R"({"FunctionName":"f","StartingPosition":"LATEST","EventSourceArn":")" + arn + "\"}");
  };
  EXPECT_THAT(other("arn:aws:sqs:us-east-1:000000000000:q").message(),
              HasSubstr("An event source of sqs"));
  EXPECT_THAT(other("arn:aws:dynamodb:us-east-1:000000000000:table/t").message(),
              HasSubstr("Unrecognized event source"));
  EXPECT_EQ(call("POST", std::string(kPath), R"({"FunctionName":"f"})").message(),
            "Unrecognized event source.");
  records.gone = true;
  EXPECT_EQ(refused(""), "Stream not found: " + std::string(FakeRecords::kArn));
}

TEST_F(EventSourcesTest, AFunctionThatIsNotThereIsRefused) {
  const Reply reply =
      call("POST", std::string(kPath),
           R"({"FunctionName":"g","EventSourceArn":")" + std::string(FakeRecords::kArn) +
               R"(","StartingPosition":"LATEST"})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.message(), "Function does not exist");
}

TEST_F(EventSourcesTest, OneFunctionAndOneSourceGoTogetherOnce) {
  map();
  const std::string first = uuid;
  const Reply second = map();
  EXPECT_EQ(second.status, 409);
  EXPECT_THAT(second.message(), HasSubstr(first));
}

TEST_F(EventSourcesTest, ListsByFunctionAndBySource) {
  map();
  create("g");
  const auto listed = [this](const std::string& query) {
    return call("GET", std::string(kPath) + query).text;
  };
  EXPECT_THAT(listed(""), HasSubstr(uuid));
  EXPECT_THAT(listed("/"), HasSubstr(uuid));  // as older SDKs write it
  EXPECT_THAT(listed("?FunctionName=f"), HasSubstr(uuid));
  EXPECT_THAT(listed("?FunctionName=g"), ::testing::Not(HasSubstr(uuid)));
}

}  // namespace
}  // namespace mayfly::lambda
