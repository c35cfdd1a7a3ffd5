// The commands against an endpoint on loopback that answers as the daemon does.
#include "cli/commands.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <sstream>

#include "base/strings.h"
#include "http/server.h"

namespace mayfly::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() { io_.start(); }
  ~CommandsTest() override {
    server_.reset();
    io_.stop();
  }

  void answer_with(std::function<http::Response(const http::Request&)> answer) {
    server_.emplace(io_, http::ServerOptions{.port = 0},
                    [this, answer](http::Request request) -> base::Task<http::Response> {
                      std::lock_guard lock(mutex_);
                      requests_.push_back(request);
                      co_return answer(request);
                    });
    server_->start();
    target_.endpoint = fmt::format("http://127.0.0.1:{}", server_->port());
  }

  base::FakeClock clock_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Terminal terminal_{in_, out_, err_, clock_, std::chrono::milliseconds{1}};
  Target target_{.endpoint = "http://127.0.0.1:1",
                 .region = "us-east-1",
                 .access_key = "AKID",
                 .secret_key = "sesame",
                 .session_token = ""};
  http::Io io_{1};
  std::optional<http::Server> server_;
  std::mutex mutex_;
  std::vector<http::Request> requests_;
};

http::Response json(std::string body, int status = 200) {
  http::Response response{.status = status};
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

constexpr const char* kLog =
    "START RequestId: 1 Version: $LATEST\nhello\nEND RequestId: 1\n"
    "REPORT RequestId: 1\tDuration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax "
    "Memory Used: 38 MB\t\n";

TEST_F(CommandsTest, InvokePrintsTheResultAndWhatItTook) {
  answer_with([](const http::Request&) {
    auto response = json(R"({"ok": true})");
    response.headers.add("X-Amz-Log-Result", base::to_base64(kLog));
    response.headers.add("X-Amz-Executed-Version", "$LATEST");
    return response;
  });
  EXPECT_EQ(run_invoke({.function = "arn:f", .qualifier = "live", .payload = R"({"a": 1})"},
                       target_, terminal_),
            0);
  EXPECT_EQ(out_.str(), "{\"ok\": true}\n");
  EXPECT_EQ(err_.str(),
            "ok, version $LATEST, took 1.50 ms, billed 2 ms, memory 38 MB (round trip 0.00 ms)\n");
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].target, "/2015-03-31/functions/arn%3Af/invocations?Qualifier=live");
  EXPECT_EQ(requests_[0].body, R"({"a": 1})");
  EXPECT_EQ(requests_[0].headers.get("X-Amz-Log-Type"), "Tail");
  EXPECT_THAT(
      std::string(*requests_[0].headers.get("Authorization")),
      StartsWith("AWS4-HMAC-SHA256 Credential=AKID/20250615/us-east-1/lambda/aws4_request"));
}

TEST_F(CommandsTest, AFailedFunctionIsExitCodeOneWithItsLog) {
  answer_with([](const http::Request&) {
    auto response = json(R"({"errorMessage": "boom"})");
    response.headers.add("X-Amz-Function-Error", "Unhandled");
    response.headers.add("X-Amz-Log-Result", base::to_base64(kLog));
    return response;
  });
  EXPECT_EQ(run_invoke({.function = "f"}, target_, terminal_), kFunctionFailed);
  EXPECT_THAT(out_.str(), HasSubstr("boom"));
  EXPECT_THAT(err_.str(), HasSubstr("hello\nEND"));
  EXPECT_THAT(err_.str(), HasSubstr("failed, took 1.50 ms"));
}

TEST_F(CommandsTest, InvokeReadsTheEventFromStandardInputOrAFile) {
  answer_with([](const http::Request& request) { return json(request.body); });
  in_.str("[1]");
  EXPECT_EQ(run_invoke({.function = "f", .event_file = "-"}, target_, terminal_), 0);
  const std::string path = ::testing::TempDir() + "/mayfly-cli-event.json";
  std::ofstream(path) << "[2]";
  EXPECT_EQ(run_invoke({.function = "f", .event_file = path}, target_, terminal_), 0);
  EXPECT_EQ(run_invoke({.function = "f"}, target_, terminal_), 0);
  EXPECT_EQ(out_.str(), "[1]\n[2]\n{}\n");
  EXPECT_EQ(run_invoke({.function = "f", .event_file = "/no/such/file"}, target_, terminal_),
            kFailed);
  EXPECT_THAT(err_.str(), EndsWith("Cannot read /no/such/file.\n"));
}

TEST_F(CommandsTest, InvokeRefusesAnEventThatIsNoJsonWithoutSendingIt) {
  answer_with([](const http::Request&) { return json("{}"); });
  EXPECT_EQ(run_invoke({.function = "f", .payload = "{oops"}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(), StartsWith("The event is not JSON: "));
  EXPECT_TRUE(requests_.empty());
}

TEST_F(CommandsTest, AsynchronousInvocationsAreAccepted) {
  answer_with([](const http::Request&) { return json("", 202); });
  EXPECT_EQ(run_invoke({.function = "f", .type = "Event"}, target_, terminal_), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("mayfly logs f"));
  EXPECT_EQ(requests_[0].headers.get("X-Amz-Invocation-Type"), "Event");
}

TEST_F(CommandsTest, AnUnknownFunctionIsExplained) {
  answer_with([](const http::Request&) {
    auto response = json(R"({"Type": "User", "Message": "Function not found: arn:f"})", 404);
    response.headers.add("x-amzn-ErrorType", "ResourceNotFoundException:http://internal/");
    return response;
  });
  EXPECT_EQ(run_invoke({.function = "f"}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(), StartsWith("ResourceNotFoundException: Function not found: arn:f\n"));
  EXPECT_THAT(err_.str(), HasSubstr("list-functions"));
}

TEST_F(CommandsTest, NobodyThereIsExplained) {
  EXPECT_EQ(run_status({}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(),
              StartsWith("Nothing answers at http://127.0.0.1:1. Is `mayfly serve` running?"));
}

TEST_F(CommandsTest, ARefusedKeyIsExplainedWithoutShowingIt) {
  answer_with([](const http::Request&) {
    return json(
        R"({"__type": "com.amazon#UnrecognizedClientException", "message": "The security token is invalid."})",
        403);
  });
  EXPECT_EQ(run_bill({}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(),
              StartsWith("UnrecognizedClientException: The security token is invalid.\n"));
  EXPECT_THAT(err_.str(), HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(err_.str() + out_.str(), Not(HasSubstr("sesame")));
}

TEST_F(CommandsTest, AServerThatIsNotMayflyIsNamed) {
  answer_with([](const http::Request&) { return http::Response{.body = "<html>"}; });
  EXPECT_EQ(run_status({}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("is not Mayfly"));
}

TEST_F(CommandsTest, StatusShowsHealthAndStatus) {
  answer_with([](const http::Request& request) {
    return json(request.target == "/_mayfly/health" ? R"({"services": {"lambda": "running"}})"
                                                    : R"({"version": "1"})");
  });
  EXPECT_EQ(run_status({}, target_, terminal_), 0);
  EXPECT_THAT(out_.str(), EndsWith("\n\nservices:\n  lambda: running\n\nversion: 1\n"));
}

TEST_F(CommandsTest, BillAsksForTheTimeInUtc) {
  answer_with(
      [](const http::Request&) { return json(R"({"from": "a", "to": "b", "functions": []})"); });
  EXPECT_EQ(run_bill({.from = "2026-01-01", .to = "2026-02-01"}, target_, terminal_), 0);
  EXPECT_EQ(requests_[0].target,
            "/_mayfly/usage?from=2026-01-01T00%3A00%3A00.000Z&to=2026-02-01T00%3A00%3A00.000Z");
  EXPECT_EQ(run_bill({.from = "yesterday"}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("--from: \"yesterday\""));
  EXPECT_EQ(run_bill({.from = "2026-02-01", .to = "2026-01-01"}, target_, terminal_), kFailed);
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(CommandsTest, LogsReadsEveryPage) {
  answer_with([](const http::Request& request) {
    const bool second = request.body.find("page2") != std::string::npos;
    return json(
        second
            ? R"({"events": [{"eventId": "2", "timestamp": 1750000000001, "message": "two"}]})"
            : R"({"events": [{"eventId": "1", "timestamp": 1750000000000, "message": "one\n"}], "nextToken": "page2"})");
  });
  EXPECT_EQ(run_logs({.function = "f", .timestamps = Timestamps::yes}, target_, terminal_), 0);
  EXPECT_EQ(out_.str(), "2025-06-15T15:06:40.000Z one\n2025-06-15T15:06:40.001Z two\n");
  EXPECT_EQ(requests_[0].headers.get("X-Amz-Target"), "Logs_20140328.FilterLogEvents");
  EXPECT_THAT(requests_[0].body, HasSubstr(R"("logGroupName":"/aws/lambda/f")"));
}

TEST_F(CommandsTest, LogsFollowPrintsEachLineOnce) {
  int calls = 0;
  answer_with([&calls](const http::Request&) {
    ++calls;
    if (calls == 1)
      return json(R"({"__type": "ResourceNotFoundException", "message": "no group"})", 400);
    if (calls == 2)
      return json(
          R"({"events": [{"eventId": "1", "timestamp": 1750000000000, "message": "one"}]})");
    if (calls == 3) {
      return json(R"({"events": [{"eventId": "1", "timestamp": 1750000000000, "message": "one"},
                                 {"eventId": "2", "timestamp": 1750000000000, "message": "two"}]})");
    }
    return json(R"({"__type": "InternalFailure", "message": "the end of the test"})", 500);
  });
  EXPECT_EQ(run_logs({.function = "/own/group", .follow = Follow::yes}, target_, terminal_),
            kFailed);
  EXPECT_EQ(out_.str(), "one\ntwo\n");
  EXPECT_EQ(err_.str(),
            "Waiting for the first line in /own/group ...\nInternalFailure: the end of the test\n");
  EXPECT_THAT(requests_[2].body, HasSubstr("\"startTime\":1749999990000"));
}

TEST_F(CommandsTest, LogsOfAFunctionThatNeverRan) {
  answer_with([](const http::Request&) {
    return json(
        R"({"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."})",
        400);
  });
  EXPECT_EQ(run_logs({.function = "f"}, target_, terminal_), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("mayfly invoke f"));
}

}  // namespace
}  // namespace mayfly::cli
