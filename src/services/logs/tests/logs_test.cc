#include "services/logs/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "api/tests/front.h"
#include "base/spawn.h"
#include "services/logs/expire.h"
#include "store/memory/memory_store.h"

namespace mayfly::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Watcher final : public ports::LogWatcher {
 public:
  void see(const base::Scope&, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    seen.emplace_back(message);
  }
  std::vector<std::string> seen;

 private:
  std::mutex mutex_;
};

class LogsTest : public ::testing::Test {
 protected:
  LogsTest() : logs_(store_, front_clock(), watcher_), front_({make_service(logs_)}) {}
  // The service is older than the front, whose clock it shares by being given the same times.
  base::FakeClock& front_clock() { return clock_; }

  api::testing::Reply call(std::string_view operation, std::string body) {
    return front_.json("Logs_20140328." + std::string(operation), std::move(body));
  }
  void make_stream(const std::string& group, const std::string& stream) {
    call("CreateLogGroup", R"({"logGroupName":")" + group + R"("})");
    EXPECT_EQ(call("CreateLogStream",
                   R"({"logGroupName":")" + group + R"(","logStreamName":")" + stream + R"("})")
                  .status,
              200);
  }
  std::int64_t now() const { return base::epoch_ms(clock_.now()); }
  std::string put(const std::string& group, const std::string& stream,
                  std::vector<std::pair<std::int64_t, std::string>> events) {
    wire::Document list = wire::Document::list();
    for (auto& [time, text] : events) {
      wire::Document event;
      event.set("timestamp", time);
      event.set("message", text);
      list.push_back(std::move(event));
    }
    wire::Document body;
    body.set("logGroupName", group);
    body.set("logStreamName", stream);
    body.set("logEvents", std::move(list));
    auto reply = call("PutLogEvents", wire::to_json(body));
    return reply.status == 200 ? reply.text : reply.code() + ": " + reply.message();
  }
  static std::vector<std::string> messages(const api::testing::Reply& reply) {
    std::vector<std::string> out;
    const wire::Document* events = reply.body.find("events");
    if (events == nullptr) return {"<no events: " + reply.text + ">"};
    for (const wire::Document& event : *events->as_list())
      out.push_back(*event.find("message")->as_string());
    return out;
  }
  static std::vector<std::string> names(const api::testing::Reply& reply, const char* list,
                                        const char* member) {
    std::vector<std::string> out;
    for (const wire::Document& entry : *reply.body.find(list)->as_list())
      out.push_back(*entry.find(member)->as_string());
    return out;
  }

  base::FakeClock clock_;
  store::MemoryStore store_;
  Watcher watcher_;
  Logs logs_;
  api::testing::Front front_;
};

TEST_F(LogsTest, AWatcherSeesWhatIsKept) {
  make_stream("g", "s");
  put("g", "s", {{now() - 20 * 86'400'000LL, "too old"}});
  put("g", "s", {{now(), "put"}});
  put("g", "none", {{now(), "refused"}});
  logs_.sink.append({}, "g", "s", {{clock_.now(), "a line"}});
  EXPECT_THAT(watcher_.seen, ElementsAre("put", "a line"));
}

TEST_F(LogsTest, GroupsAreCreatedListedAndDeleted) {
  EXPECT_EQ(call("CreateLogGroup", R"({"logGroupName":"/aws/a","tags":{"k":"v"}})").status, 200);
  auto again = call("CreateLogGroup", R"({"logGroupName":"/aws/a"})");
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(again.code(), "ResourceAlreadyExistsException");
  EXPECT_EQ(again.message(), "The specified log group already exists");
  call("CreateLogGroup", R"({"logGroupName":"/aws/ab"})");
  call("CreateLogGroup", R"({"logGroupName":"/other"})");

  auto listed = call("DescribeLogGroups", R"({"logGroupNamePrefix":"/aws/"})");
  EXPECT_THAT(names(listed, "logGroups", "logGroupName"), ElementsAre("/aws/a", "/aws/ab"));
  EXPECT_THAT(listed.text,
              HasSubstr(R"("arn":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/a:*")"));
  EXPECT_THAT(names(call("DescribeLogGroups", R"({"logGroupNamePattern":"the"})"), "logGroups",
                    "logGroupName"),
              ElementsAre("/other"));

  // Pages.
  auto first = call("DescribeLogGroups", R"({"limit":2})");
  EXPECT_EQ(names(first, "logGroups", "logGroupName").size(), 2u);
  auto second =
      call("DescribeLogGroups", R"({"limit":2,"nextToken":")" + first.str("nextToken") + R"("})");
  EXPECT_THAT(names(second, "logGroups", "logGroupName"), ElementsAre("/other"));
  EXPECT_EQ(second.str("nextToken"), "<none>");

  EXPECT_EQ(call("DeleteLogGroup", R"({"logGroupName":"/aws/a"})").status, 200);
  auto gone = call("DeleteLogGroup", R"({"logGroupName":"/aws/a"})");
  EXPECT_EQ(gone.code(), "ResourceNotFoundException");
  EXPECT_EQ(gone.message(), "The specified log group does not exist.");
}

TEST_F(LogsTest, ValidationErrorsHaveTheCodeOfLogs) {
  auto bad = call("CreateLogGroup", R"({"logGroupName":"no spaces"})");
  EXPECT_EQ(bad.code(), "InvalidParameterException");
  EXPECT_THAT(bad.message(),
              HasSubstr("1 validation error detected: Value 'no spaces' at 'logGroupName' failed"));
}

TEST_F(LogsTest, EventsArePagedInBothDirections) {
  make_stream("g", "s");
  std::vector<std::pair<std::int64_t, std::string>> events;
  for (int i = 0; i < 5; ++i) events.emplace_back(now() + i, "m" + std::to_string(i));
  EXPECT_THAT(put("g", "s", events), HasSubstr("nextSequenceToken"));

  const std::string base = R"({"logGroupName":"g","logStreamName":"s","limit":2)";
  auto tail = call("GetLogEvents", base + "}");
  EXPECT_THAT(messages(tail), ElementsAre("m3", "m4"));
  auto back =
      call("GetLogEvents", base + R"(,"nextToken":")" + tail.str("nextBackwardToken") + R"("})");
  EXPECT_THAT(messages(back), ElementsAre("m1", "m2"));
  auto head = call("GetLogEvents", base + R"(,"startFromHead":true})");
  EXPECT_THAT(messages(head), ElementsAre("m0", "m1"));
  auto next =
      call("GetLogEvents", base + R"(,"nextToken":")" + head.str("nextForwardToken") + R"("})");
  EXPECT_THAT(messages(next), ElementsAre("m2", "m3"));

  // At the end the forward token stays, and shows what comes later.
  auto end =
      call("GetLogEvents", base + R"(,"nextToken":")" + tail.str("nextForwardToken") + R"("})");
  EXPECT_THAT(messages(end), IsEmpty());
  EXPECT_EQ(end.str("nextForwardToken"), tail.str("nextForwardToken"));
  put("g", "s", {{now() + 10, "late"}});
  EXPECT_THAT(messages(call("GetLogEvents",
                            base + R"(,"nextToken":")" + end.str("nextForwardToken") + R"("})")),
              ElementsAre("late"));

  EXPECT_THAT(
      messages(call("GetLogEvents",
                    R"({"logGroupName":"g","logStreamName":"s","startFromHead":true,"startTime":)" +
                        std::to_string(now() + 1) + R"(,"endTime":)" + std::to_string(now() + 3) +
                        "}")),
      ElementsAre("m1", "m2"));
  auto bad =
      call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s","nextToken":"f/1/s"})");
  EXPECT_EQ(bad.message(), "The specified nextToken is invalid.");
}

TEST_F(LogsTest, EventsOfOneMillisecondKeepTheirOrder) {
  make_stream("g", "s");
  put("g", "s", {{now(), "a"}, {now(), "b"}});
  put("g", "s", {{now(), "c"}});
  EXPECT_THAT(messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})")),
              ElementsAre("a", "b", "c"));
}

TEST_F(LogsTest, PutRefusesAndRejects) {
  make_stream("g", "s");
  EXPECT_THAT(put("g", "s", {{now(), "b"}, {now() - 1, "a"}}),
              HasSubstr("must be in chronological order"));
  EXPECT_THAT(put("g", "s", {{now() - 86'400'001, "a"}, {now(), "b"}}),
              HasSubstr("cannot span more than 24 hours"));
  EXPECT_THAT(put("g", "s", {{now(), std::string(1'048'576, 'x')}}),
              HasSubstr("Log event too large"));
  EXPECT_THAT(put("nope", "s", {{now(), "a"}}),
              HasSubstr("The specified log group does not exist."));
  EXPECT_THAT(put("g", "nope", {{now(), "a"}}),
              HasSubstr("The specified log stream does not exist."));
  const std::int64_t old = now() - 15LL * 86'400'000;
  EXPECT_THAT(put("g", "s", {{old, "a"}, {old + 1, "b"}}),
              HasSubstr(R"("tooOldLogEventEndIndex":2)"));
  EXPECT_THAT(put("g", "s", {{now(), "now"}, {now() + 3 * 3'600'000, "later"}}),
              HasSubstr(R"("tooNewLogEventStartIndex":1)"));
  EXPECT_THAT(messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})")),
              ElementsAre("now"));
}

TEST_F(LogsTest, FilterMergesStreamsByTimeAndPages) {
  make_stream("g", "a");
  make_stream("g", "b");
  put("g", "a", {{now(), "1 ERROR"}, {now() + 2, "3 ok"}, {now() + 4, "5 ERROR"}});
  put("g", "b", {{now() + 1, "2 ERROR"}, {now() + 3, "4 ERROR"}});
  EXPECT_THAT(messages(call("FilterLogEvents", R"({"logGroupName":"g"})")),
              ElementsAre("1 ERROR", "2 ERROR", "3 ok", "4 ERROR", "5 ERROR"));
  EXPECT_THAT(messages(call("FilterLogEvents", R"({"logGroupName":"g","filterPattern":"ok"})")),
              ElementsAre("3 ok"));
  EXPECT_THAT(messages(call("FilterLogEvents", R"({"logGroupName":"g","logStreamNames":["b"]})")),
              ElementsAre("2 ERROR", "4 ERROR"));
  EXPECT_THAT(messages(call("FilterLogEvents",
                            R"({"logGroupName":"g","logStreamNamePrefix":"a","startTime":)" +
                                std::to_string(now() + 1) + R"(,"endTime":)" +
                                std::to_string(now() + 4) + "}")),
              ElementsAre("3 ok", "5 ERROR"));

  std::vector<std::string> all;
  std::string token;
  for (int page = 0; page < 5; ++page) {
    auto reply = call("FilterLogEvents",
                      R"({"logGroupName":"g","filterPattern":"ERROR","limit":1)" +
                          (token.empty() ? "" : R"(,"nextToken":")" + token + "\"") + "}");
    for (std::string& message : messages(reply)) all.push_back(std::move(message));
    token = reply.str("nextToken");
    if (token == "<none>") break;
  }
  EXPECT_THAT(all, ElementsAre("1 ERROR", "2 ERROR", "4 ERROR", "5 ERROR"));
  EXPECT_EQ(call("FilterLogEvents", R"({"logGroupName":"g","filterPattern":"[a]"})").code(),
            "InvalidParameterException");
}

TEST_F(LogsTest, StreamsByNameAndByTime) {
  make_stream("g", "a");
  make_stream("g", "b");
  make_stream("g", "c");
  put("g", "b", {{now(), "x"}});
  put("g", "a", {{now() + 1, "x"}});
  EXPECT_THAT(
      names(call("DescribeLogStreams", R"({"logGroupName":"g"})"), "logStreams", "logStreamName"),
      ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(call("DescribeLogStreams",
                         R"({"logGroupName":"g","orderBy":"LastEventTime","descending":true})"),
                    "logStreams", "logStreamName"),
              ElementsAre("a", "b", "c"));
  auto first =
      call("DescribeLogStreams", R"({"logGroupName":"g","orderBy":"LastEventTime","limit":2})");
  EXPECT_THAT(names(first, "logStreams", "logStreamName"), ElementsAre("c", "b"));
  auto second = call("DescribeLogStreams",
                     R"({"logGroupName":"g","orderBy":"LastEventTime","limit":2,"nextToken":")" +
                         first.str("nextToken") + R"("})");
  EXPECT_THAT(names(second, "logStreams", "logStreamName"), ElementsAre("a"));
  EXPECT_EQ(call("DeleteLogStream", R"({"logGroupName":"g","logStreamName":"a"})").status, 200);
  EXPECT_EQ(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"a"})").message(),
            "The specified log stream does not exist.");
}

TEST_F(LogsTest, RetentionHidesAndDeletes) {
  make_stream("g", "s");
  put("g", "s", {{now(), "old"}});
  auto bad = call("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":2})");
  EXPECT_THAT(bad.message(), HasSubstr("Member must satisfy enum value set: [1, 3, 5"));
  EXPECT_EQ(call("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":1})").status, 200);
  clock_.advance(std::chrono::hours(25));
  put("g", "s", {{now(), "new"}});
  EXPECT_THAT(messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})")),
              ElementsAre("new"));
  auto expired = base::sync_wait(expire(logs_));
  ASSERT_TRUE(expired.has_value());
  EXPECT_EQ(expired->groups, 1);
  EXPECT_EQ(expired->events, 1);
  call("DeleteRetentionPolicy", R"({"logGroupName":"g"})");
  EXPECT_THAT(messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})")),
              ElementsAre("new"));
}

TEST_F(LogsTest, TheSinkMakesGroupsAndIsReadAtOnce) {
  const base::Scope scope;
  logs_.sink.append(scope, "/aws/lambda/f", "2026/01/01/[$LATEST]abc",
                    {{clock_.now(), "START RequestId: 1"}, {clock_.now(), "hello"}});
  EXPECT_THAT(messages(call("FilterLogEvents", R"({"logGroupName":"/aws/lambda/f"})")),
              ElementsAre("START RequestId: 1", "hello"));
  EXPECT_THAT(names(call("DescribeLogStreams", R"({"logGroupName":"/aws/lambda/f"})"), "logStreams",
                    "logStreamName"),
              ElementsAre("2026/01/01/[$LATEST]abc"));
}

TEST_F(LogsTest, TheSinkTakesFromManyThreadsAndLosesNothing) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 200; ++i) {
        logs_.sink.append({}, "g", "s" + std::to_string(thread),
                          {{clock_.now(), std::to_string(i)}});
        if (i % 50 == 0) base::sync_wait(logs_.sink.flush());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int thread = 0; thread < 4; ++thread) {
    auto found = messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s)" +
                                                   std::to_string(thread) + R"("})"));
    ASSERT_EQ(found.size(), 200u);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

TEST_F(LogsTest, TheSinkDropsTheOldestOfTheNoisiest) {
  Sink sink(store_, clock_, watcher_, {.backlog_bytes = 4'000, .linger = std::chrono::hours(1)});
  const base::Scope scope;
  sink.append(scope, "g", "quiet", {{clock_.now(), "keep me"}});
  for (int i = 0; i < 200; ++i)
    sink.append(scope, "g", "noisy", {{clock_.now(), "line " + std::to_string(i)}});
  base::sync_wait(sink.flush());
  EXPECT_THAT(messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"quiet"})")),
              ElementsAre("keep me"));
  auto noisy = messages(call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"noisy"})"));
  EXPECT_THAT(noisy.front(), HasSubstr("log lines were dropped"));
  EXPECT_EQ(noisy.back(), "line 199");
  EXPECT_LT(noisy.size(), 200u);
}

TEST_F(LogsTest, Tags) {
  call("CreateLogGroup", R"({"logGroupName":"g"})");
  const std::string arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
  EXPECT_EQ(
      call("TagResource", R"({"resourceArn":")" + arn + R"(","tags":{"a":"1","b":"2"}})").status,
      200);
  EXPECT_EQ(call("UntagResource", R"({"resourceArn":")" + arn + R"(","tagKeys":["a"]})").status,
            200);
  EXPECT_EQ(call("ListTagsForResource", R"({"resourceArn":")" + arn + R"("})").text,
            R"({"tags":{"b":"2"}})");
  EXPECT_EQ(call("ListTagsLogGroup", R"({"logGroupName":"g"})").text, R"({"tags":{"b":"2"}})");
}

TEST_F(LogsTest, WhatIsNotThereSaysSo) {
  auto reply = call("StartQuery", R"({})");
  EXPECT_EQ(reply.status, 501);
  EXPECT_THAT(reply.message(), HasSubstr("StartQuery"));
}

}  // namespace
}  // namespace mayfly::logs
