#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "services/lambda/model/permissions.h"
#include "services/lambda/tests/world.h"
#include "store/key.h"
#include "wire/event_stream.h"

namespace mayfly::lambda {
namespace {

using ::testing::ElementsAre;
using testing::FakeRunner;
using ::testing::HasSubstr;
using testing::LambdaTest;

struct InvokeTest : LambdaTest {
  void publish(const std::string& name) {
    call("POST", "/2015-03-31/functions/" + name + "/versions", "{}");
  }
  std::size_t work_left() {
    auto transaction = store.begin();
    const std::string prefix = store::key_in(store::KeySpace::work).done();
    return base::sync_wait(transaction->range({.begin = prefix, .end = store::prefix_end(prefix)}))
        ->rows.size();
  }
};

TEST_F(InvokeTest, RequestResponse) {
  create("f");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    auto outcome = FakeRunner::answer(R"({"hello":"you"})");
    outcome->log_tail = "START\nEND\n";
    return outcome;
  };
  auto reply = invoke(
      "f", R"({"who":"you"})",
      {{"X-Amz-Log-Type", "Tail"}, {"X-Amz-Client-Context", base::to_base64(R"({"custom":{}})")}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text, R"({"hello":"you"})");
  EXPECT_EQ(reply.header("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(reply.header("X-Amz-Function-Error"), "");
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_EQ(base::from_base64(reply.header("X-Amz-Log-Result")), "START\nEND\n");
  ASSERT_EQ(runner.events.size(), 1u);
  EXPECT_EQ(runner.events[0].payload, R"({"who":"you"})");
  EXPECT_EQ(runner.events[0].client_context, R"({"custom":{}})");
  EXPECT_EQ(runner.events[0].request_id, reply.header("x-amzn-RequestId"));
  EXPECT_EQ(runner.events[0].invoked_function_arn,
            "arn:aws:lambda:us-east-1:000000000000:function:f");
  invoke("f", "");
  EXPECT_EQ(runner.events[1].payload, "{}");
}

struct InvokeStreamTest : InvokeTest {
  Reply invoke_streamed(const std::string& name,
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
    return call("POST", "/2021-11-15/functions/" + name + "/response-streaming-invocations", "{}",
                std::move(headers));
  }
};

TEST_F(InvokeStreamTest, ChunksAndTheEndAreEvents) {
  create("f");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    auto outcome = FakeRunner::answer("hello");
    outcome->log_tail = "START\nEND\n";
    return outcome;
  };
  auto reply = invoke_streamed("f", {{"X-Amz-Log-Type", "Tail"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Type"), wire::kEventStreamType);
  EXPECT_EQ(reply.header("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(reply.text,
            wire::event_message("PayloadChunk", "application/octet-stream", "hello") +
                wire::event_message("InvokeComplete", "application/json",
                                    R"({"LogResult":")" + base::to_base64("START\nEND\n") + "\"}"));
  EXPECT_EQ(runner.events[0].request_id, reply.header("x-amzn-RequestId"));
}

TEST_F(InvokeStreamTest, AFailedFunctionIsToldAtTheEnd) {
  create("f");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::error();
  };
  auto reply = invoke_streamed("f");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      reply.text,
      wire::event_message(
          "InvokeComplete", "application/json",
          R"({"ErrorCode":"Unhandled","ErrorDetails":"{\"errorMessage\":\"boom\",\"errorType\":\"ValueError\"}"})"));
}

TEST_F(InvokeStreamTest, WhatDoesNotRunIsAnOrdinaryError) {
  EXPECT_EQ(invoke_streamed("missing").code(), "ResourceNotFoundException");
  create("f");
  EXPECT_EQ(invoke_streamed("f", {{"X-Amz-Invocation-Type", "DryRun"}}).status, 204);
  EXPECT_EQ(invoke_streamed("f", {{"X-Amz-Invocation-Type", "Event"}}).status, 400);
  EXPECT_TRUE(runner.events.empty());
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::throttle(engine::ThrottleReason::reserved_concurrency);
  };
  auto reply = invoke_streamed("f");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.str("Reason"), "ReservedFunctionConcurrentInvocationLimitExceeded");
}

TEST_F(InvokeTest, FunctionErrorsAreStillAnswers) {
  create("f");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::error();
  };
  auto reply = invoke("f");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(reply.str("errorType"), "ValueError");
}

TEST_F(InvokeTest, BadRequests) {
  create("f");
  auto bad = invoke("f", "{broken");
  EXPECT_EQ(bad.code(), "InvalidRequestContentException");
  EXPECT_THAT(bad.message(), HasSubstr("Could not parse request body into json:"));
  EXPECT_EQ(invoke("f", "\"" + std::string(6'291'456, 'x') + "\"").status, 413);
  auto big_event =
      invoke("f", "\"" + std::string(1'048'576, 'x') + "\"", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(big_event.code(), "RequestEntityTooLargeException");
  EXPECT_EQ(big_event.message(),
            "Request must be smaller than 1048576 bytes for the InvokeFunction operation");
  EXPECT_EQ(invoke("f", "{}", {{"X-Amz-Invocation-Type", "Later"}}).code(), "ValidationException");
  EXPECT_EQ(invoke("f", "{}", {{"X-Amz-Client-Context", "!"}}).code(),
            "InvalidRequestContentException");
  EXPECT_EQ(invoke("f:nope").str("Message"),
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:nope");
  EXPECT_TRUE(runner.events.empty());
}

TEST_F(InvokeTest, DryRunRunsNothing) {
  create("f");
  EXPECT_EQ(invoke("f", "{}", {{"X-Amz-Invocation-Type", "DryRun"}}).status, 204);
  EXPECT_EQ(invoke("g", "{}", {{"X-Amz-Invocation-Type", "DryRun"}}).status, 404);
  EXPECT_TRUE(runner.events.empty());
}

TEST_F(InvokeTest, ThrottlesSayWhy) {
  create("f");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::throttle(engine::ThrottleReason::reserved_concurrency);
  };
  auto reply = invoke("f");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.code(), "TooManyRequestsException");
  EXPECT_EQ(reply.str("Reason"), "ReservedFunctionConcurrentInvocationLimitExceeded");
  EXPECT_EQ(reply.message(), "Rate Exceeded.");
  EXPECT_EQ(reply.header("Retry-After"), "1");
}

TEST_F(InvokeTest, APendingFunctionIsWaitedFor) {
  runner.gate.emplace();
  create("f");
  base::OneShot<bool> done;
  ports::InvokeRequest request;
  request.function = "f";
  request.payload = "{}";
  base::spawn(lambda.invoker.invoke(request), [&](auto result) { done.set(result.has_value()); });
  EXPECT_TRUE(runner.events.empty());
  runner.gate->set(true);
  EXPECT_TRUE(base::sync_wait(
      [](base::OneShot<bool> shot) -> base::Task<bool> { co_return co_await shot.wait(); }(done)));
  EXPECT_EQ(runner.events.size(), 1u);
}

TEST_F(InvokeTest, FewArePreparedAtATimeAndOneThatAnEventWaitsForGoesFirst) {
  const std::size_t at_a_time = std::max(std::thread::hardware_concurrency(), 2U);
  std::vector<base::OneShot<bool>> gates;  // one each, as one holds one coroutine
  const auto gate = [&] { gates.push_back(runner.gate.emplace()); };
  for (std::size_t i = 0; i < at_a_time + 3; ++i) {
    gate();
    create("f" + std::to_string(i));
  }
  EXPECT_EQ(runner.prepared.size(), at_a_time);

  const base::OneShot<bool> done;
  ports::InvokeRequest request;
  request.function = "f" + std::to_string(at_a_time + 2);
  request.payload = "{}";
  gate();
  base::spawn(lambda.invoker.invoke(request), [&](auto result) { done.set(result.has_value()); });
  ASSERT_EQ(runner.prepared.size(), at_a_time + 1);
  EXPECT_EQ(runner.prepared.back()->function, request.function);

  runner.gate.reset();
  for (const base::OneShot<bool>& one : gates) one.set(true);
  EXPECT_TRUE(base::sync_wait(
      [](base::OneShot<bool> shot) -> base::Task<bool> { co_return co_await shot.wait(); }(done)));
  EXPECT_EQ(runner.prepared.size(), at_a_time + 3);  // each once
}

TEST_F(InvokeTest, VersionsKeepTheirCodeAndAliasesChoose) {
  create("f");
  publish("f");
  update_code("f", "x = 2");
  auto second = call("POST", "/2015-03-31/functions/f/versions", R"({"Description":"second"})");
  EXPECT_EQ(second.str("Version"), "2");
  EXPECT_EQ(second.str("FunctionArn"), "arn:aws:lambda:us-east-1:000000000000:function:f:2");
  EXPECT_EQ(second.str("Description"), "second");
  EXPECT_EQ(call("POST", "/2015-03-31/functions/f/versions", "{}").str("Version"),
            "2");  // nothing changed
  EXPECT_THAT(call("POST", "/2015-03-31/functions/f/versions", R"({"CodeSha256":"abc"})").message(),
              HasSubstr("CodeSHA256 (abc) is different from current CodeSHA256 in $LATEST ("));
  EXPECT_EQ(
      call("GET", "/2015-03-31/functions/f/versions").body.find("Versions")->as_list()->size(), 3u);

  EXPECT_EQ(invoke("f:1").header("X-Amz-Executed-Version"), "1");
  EXPECT_NE(runner.specs.back()->code_folder, runner.specs.front()->code_folder + "x");
  auto alias =
      call("POST", "/2015-03-31/functions/f/aliases", R"({"Name":"live","FunctionVersion":"1"})");
  EXPECT_EQ(alias.status, 201);
  EXPECT_EQ(alias.str("AliasArn"), "arn:aws:lambda:us-east-1:000000000000:function:f:live");
  EXPECT_EQ(invoke("f", "{}").header("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(call("POST", "/2015-03-31/functions/f/invocations?Qualifier=live", "{}")
                .header("X-Amz-Executed-Version"),
            "1");
  EXPECT_EQ(runner.events.back().invoked_function_arn,
            "arn:aws:lambda:us-east-1:000000000000:function:f:live");

  EXPECT_EQ(call("PUT", "/2015-03-31/functions/f/aliases/live",
                 R"({"RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}}})")
                .status,
            200);
  std::map<std::string, int> versions;
  for (int i = 0; i < 200; ++i) ++versions[invoke("f:live").header("X-Amz-Executed-Version")];
  EXPECT_GT(versions["1"], 60);
  EXPECT_GT(versions["2"], 60);
}

TEST_F(InvokeTest, AliasErrors) {
  create("f");
  publish("f");
  const std::string path = "/2015-03-31/functions/f/aliases";
  EXPECT_THAT(call("POST", path, R"({"Name":"1","FunctionVersion":"1"})").message(),
              HasSubstr("(?!^[0-9]+$)([a-zA-Z0-9-_]+)"));
  EXPECT_THAT(call("POST", path, R"({"Name":"a","FunctionVersion":"9"})").str("Message"),
              HasSubstr("function:f:9"));
  call("POST", path, R"({"Name":"a","FunctionVersion":"1"})");
  auto twice = call("POST", path, R"({"Name":"a","FunctionVersion":"1"})");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.message(),
            "Alias already exists: arn:aws:lambda:us-east-1:000000000000:function:f:a");
  EXPECT_THAT(
      call("PUT", path + "/a", R"({"RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}})")
          .message(),
      HasSubstr("already included in routing configuration"));
  EXPECT_THAT(
      call(
          "POST", path,
          R"({"Name":"b","FunctionVersion":"$LATEST","RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}})")
          .message(),
      HasSubstr("$LATEST is not supported for an alias pointing to more than 1 version"));
  EXPECT_EQ(call("PUT", path + "/a", R"({"RevisionId":"old"})").status, 412);
  EXPECT_EQ(call("GET", path + "/none").str("Message"),
            "Cannot find alias arn: arn:aws:lambda:us-east-1:000000000000:function:f:none");
  EXPECT_EQ(call("DELETE", path + "/a").status, 204);
  EXPECT_EQ(call("DELETE", path + "/a").status, 204);
}

TEST_F(InvokeTest, PermissionsAsAwsWritesThem) {
  create("f");
  const std::string path = "/2015-03-31/functions/f/policy";
  EXPECT_EQ(call("GET", path).str("Message"), "The resource you requested does not exist.");
  auto added = call(
      "POST", path,
      R"({"StatementId":"api","Action":"lambda:InvokeFunction","Principal":"apigateway.amazonaws.com",)"
      R"("SourceArn":"arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/x"})");
  EXPECT_EQ(added.status, 201);
  const std::string statement =
      R"({"Sid":"api","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction",)"
      R"("Resource":"arn:aws:lambda:us-east-1:000000000000:function:f",)"
      R"("Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/x"}}})";
  EXPECT_EQ(added.str("Statement"), statement);
  auto policy = call("GET", path);
  EXPECT_EQ(policy.str("Policy"),
            R"({"Version":"2012-10-17","Id":"default","Statement":[)" + statement + "]}");
  EXPECT_THAT(call("POST", path,
                   R"({"StatementId":"api","Action":"lambda:InvokeFunction","Principal":"*"})")
                  .message(),
              HasSubstr("The statement id (api) provided already exists."));
  EXPECT_EQ(call("DELETE", path + "/api?RevisionId=old").status, 412);
  EXPECT_EQ(call("DELETE", path + "/none").str("Message"),
            "Statement none is not found in resource policy.");
  EXPECT_EQ(call("DELETE", path + "/api?RevisionId=" + policy.str("RevisionId")).status, 204);
  EXPECT_EQ(call("GET", path).status, 404);
  EXPECT_THAT(call("POST", path + "?Qualifier=%24LATEST",
                   R"({"StatementId":"s","Action":"lambda:*","Principal":"*"})")
                  .message(),
              HasSubstr("We currently do not support adding policies for $LATEST."));
  std::string last;
  for (int i = 0; i < 200 && last.empty(); ++i) {
    auto reply = call("POST", path,
                      R"({"StatementId":"s)" + std::to_string(i) +
                          R"(","Action":"lambda:*","Principal":"123456789012"})");
    if (reply.status != 201) last = reply.code();
  }
  EXPECT_EQ(last, "PolicyLengthExceededException");
}

TEST_F(InvokeTest, ServicesNeedTheResourcePolicy) {
  create("f");
  ports::InvokeRequest request;
  request.function = "arn:aws:lambda:us-east-1:000000000000:function:f";
  request.payload = "{}";
  request.source_service = "apigateway.amazonaws.com";
  request.source_arn = "arn:aws:execute-api:us-east-1:000000000000:abc/$default/GET/x";
  auto denied = base::sync_wait(lambda.invoker.invoke(request));
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().spec->code, "AccessDeniedException");
  call(
      "POST", "/2015-03-31/functions/f/policy",
      R"({"StatementId":"api","Action":"lambda:InvokeFunction","Principal":"apigateway.amazonaws.com",)"
      R"("SourceArn":"arn:aws:execute-api:us-east-1:000000000000:abc/*/*"})");
  EXPECT_TRUE(base::sync_wait(lambda.invoker.invoke(request)).has_value());
  EXPECT_TRUE(base::sync_wait(lambda.invoker.invoke_async(request)).has_value());
  request.source_arn = "arn:aws:execute-api:us-east-1:000000000000:other/$default/GET/x";
  EXPECT_FALSE(base::sync_wait(lambda.invoker.invoke(request)).has_value());
  EXPECT_FALSE(base::sync_wait(lambda.invoker.invoke_async(request)).has_value());
  request.source_arn = "arn:aws:execute-api:us-east-1:000000000000:abc/$default/GET/x";
  request.source_service = "s3.amazonaws.com";
  EXPECT_FALSE(base::sync_wait(lambda.invoker.invoke(request)).has_value());
}

TEST(ArnLike, PartByPart) {
  EXPECT_TRUE(arn_like("arn:aws:s3:::bucket*", "arn:aws:s3:::bucket/key"));
  EXPECT_TRUE(arn_like("arn:*:s3:*:*:*", "arn:aws:s3:us-east-1:1:x"));
  EXPECT_FALSE(arn_like("arn:aws:*", "arn:aws:s3:::bucket"));
  EXPECT_FALSE(arn_like("arn:aws:s3:::a", "arn:aws:s3:::b"));
  EXPECT_FALSE(arn_like("arn:aws:s3:::a", ""));
}

TEST_F(InvokeTest, EventsAreRetriedAfterOneAndTwoMinutes) {
  create("f");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::error();
  };
  auto reply = invoke("f", R"({"n":1})", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.text, "");
  EXPECT_EQ(runner.events.size(), 1u);
  advance(std::chrono::seconds(59));
  EXPECT_EQ(runner.events.size(), 1u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(runner.events.size(), 2u);
  advance(std::chrono::seconds(119));
  EXPECT_EQ(runner.events.size(), 2u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(runner.events.size(), 3u);
  advance(std::chrono::hours(1));
  EXPECT_EQ(runner.events.size(), 3u);
  EXPECT_EQ(work_left(), 0u);
  for (const engine::Event& event : runner.events) {
    EXPECT_EQ(event.request_id, reply.header("x-amzn-RequestId"));  // the same each time
    EXPECT_EQ(event.payload, R"({"n":1})");
  }
}

TEST_F(InvokeTest, ThrottledEventsWaitLongerAndLongerUntilTooOld) {
  create("f");
  call("PUT", "/2019-09-25/functions/f/event-invoke-config", R"({"MaximumEventAgeInSeconds":60})");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::throttle(engine::ThrottleReason::account_concurrency);
  };
  invoke("f", "{}", {{"X-Amz-Invocation-Type", "Event"}});
  std::vector<int> seconds{0};
  for (int second = 1; second <= 120; ++second) {
    const std::size_t before = runner.events.size();
    advance(std::chrono::seconds(1));
    if (runner.events.size() > before) seconds.push_back(second);
  }
  EXPECT_THAT(seconds, ElementsAre(0, 1, 3, 7, 15, 31));
  EXPECT_EQ(work_left(), 0u);
}

TEST_F(InvokeTest, WhatAStopCutsOffRunsAgainAndDoesNotCount) {
  create("f");
  call("PUT", "/2019-09-25/functions/f/event-invoke-config", R"({"MaximumRetryAttempts":0})");
  lambda.stopping();
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::error();
  };
  invoke("f", "{}", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(runner.events.size(), 1u);
  EXPECT_EQ(work_left(), 1u);
}

TEST_F(InvokeTest, DestinationsGetTheRecord) {
  create("f");
  create("good");
  create("bad");
  auto config =
      call("PUT", "/2019-09-25/functions/f/event-invoke-config",
           R"({"MaximumRetryAttempts":0,"DestinationConfig":{)"
           R"("OnSuccess":{"Destination":"arn:aws:lambda:us-east-1:000000000000:function:good"},)"
           R"("OnFailure":{"Destination":"arn:aws:lambda:us-east-1:000000000000:function:bad"}}})");
  ASSERT_EQ(config.status, 200) << config.text;
  EXPECT_EQ(config.str("FunctionArn"), "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST");
  runner.body = [](const engine::FunctionSpec& spec, const engine::Event& event) {
    return spec.function == "f" && event.payload == "1" ? FakeRunner::error()
                                                        : FakeRunner::answer("\"done\"");
  };
  invoke("f", "1", {{"X-Amz-Invocation-Type", "Event"}});
  ASSERT_EQ(runner.specs.size(), 2u);
  EXPECT_EQ(runner.specs[1]->function, "bad");
  EXPECT_THAT(runner.events[1].payload,
              HasSubstr(R"("condition":"RetriesExhausted","approximateInvokeCount":1)"));
  EXPECT_THAT(runner.events[1].payload, HasSubstr(R"("functionError":"Unhandled")"));
  invoke("f", "2", {{"X-Amz-Invocation-Type", "Event"}});
  ASSERT_EQ(runner.specs.size(), 4u);
  EXPECT_EQ(runner.specs[3]->function, "good");
  EXPECT_THAT(runner.events[3].payload, HasSubstr(R"("requestPayload":2)"));
  EXPECT_THAT(runner.events[3].payload, HasSubstr(R"("responsePayload":"done")"));
  EXPECT_EQ(work_left(), 0u);
  EXPECT_THAT(metrics.told,
              ::testing::UnorderedElementsAre(
                  "AsyncEventsReceived f 1", "AsyncEventAge f 0", "AsyncEventsDropped f 1",
                  "AsyncEventsReceived bad 1", "AsyncEventAge bad 0", "AsyncEventsReceived f 1",
                  "AsyncEventAge f 0", "AsyncEventsReceived good 1", "AsyncEventAge good 0"));
  EXPECT_THAT(
      call(
          "PUT", "/2019-09-25/functions/f/event-invoke-config",
          R"({"DestinationConfig":{"OnSuccess":{"Destination":"arn:aws:sqs:us-east-1:000000000000:q"}}})")
          .message(),
      HasSubstr("A destination of sqs"));
}

TEST_F(InvokeTest, ADestinationThatIsGoneIsCounted) {
  create("f");
  create("good");
  ASSERT_EQ(call("PUT", "/2019-09-25/functions/f/event-invoke-config",
                 R"({"DestinationConfig":{"OnSuccess":{)"
                 R"("Destination":"arn:aws:lambda:us-east-1:000000000000:function:good"}}})")
                .status,
            200);
  ASSERT_EQ(call("DELETE", "/2015-03-31/functions/good").status, 204);
  const auto before = work_left();  // its code is still to be collected
  invoke("f", "1", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(runner.specs.size(), 1u);
  EXPECT_EQ(work_left(), before);
  EXPECT_THAT(metrics.told,
              ::testing::UnorderedElementsAre("AsyncEventsReceived f 1", "AsyncEventAge f 0",
                                              "DestinationDeliveryFailures f 1"));
}

TEST_F(InvokeTest, NoReservedConcurrencyEndsAnEventAtOnce) {
  create("f");
  call("PUT", "/2017-10-31/functions/f/concurrency", R"({"ReservedConcurrentExecutions":0})");
  runner.body = [](const engine::FunctionSpec&, const engine::Event&) {
    return FakeRunner::throttle(engine::ThrottleReason::reserved_concurrency);
  };
  EXPECT_EQ(invoke("f", "{}", {{"X-Amz-Invocation-Type", "Event"}}).status, 202);
  EXPECT_EQ(work_left(), 0u);
}

TEST_F(InvokeTest, EventInvokeConfig) {
  create("f");
  const std::string path = "/2019-09-25/functions/f/event-invoke-config";
  EXPECT_EQ(call("GET", path).str("Message"),
            "The function arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST doesn't have an "
            "EventInvokeConfig");
  EXPECT_EQ(call("PUT", path, "{}").message(),
            "You must specify at least one of error handling or destination setting.");
  call("PUT", path, R"({"MaximumRetryAttempts":1,"MaximumEventAgeInSeconds":100})");
  auto updated = call("POST", path, R"({"MaximumRetryAttempts":2})");
  EXPECT_EQ(updated.str("MaximumRetryAttempts"), "2");
  EXPECT_EQ(updated.str("MaximumEventAgeInSeconds"), "100");
  EXPECT_EQ(call("GET", path + "/list").body.find("FunctionEventInvokeConfigs")->as_list()->size(),
            1u);
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(call("DELETE", path).status, 404);
}

TEST_F(InvokeTest, EventsAndUpdatesAtOnce) {
  // Each answer is one version's or the other's, whoever wins; under the thread sanitizer also the
  // caches are tested.
  create("ff");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        auto reply = invoke("ff", R"({"a":1})", {{"X-Amz-Log-Type", "Tail"}});
        if (reply.status != 200 || reply.text != R"({"a":1})") ++wrong;
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 1; i <= 20; ++i) {
      auto reply = call("PUT", "/2015-03-31/functions/ff/configuration",
                        R"({"Timeout":)" + std::to_string(i) + "}");
      if (reply.status != 200) ++wrong;
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  invoke("ff");
  EXPECT_EQ(runner.specs.back()->timeout_s, 20);
}

TEST_F(InvokeTest, LegacyInvokeAsync) {
  create("f");
  auto reply = call("POST", "/2014-11-13/functions/f/invoke-async/", R"({"a":1})");
  EXPECT_EQ(reply.status, 202) << reply.text;
  EXPECT_EQ(runner.events.size(), 1u);
}

}  // namespace
}  // namespace mayfly::lambda
