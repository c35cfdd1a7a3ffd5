// Custom runtimes (provided.*) over the HTTP Runtime API: a C++ and a shell bootstrap
// (tests/engine), in both kinds of network.
#include <gmock/gmock.h>

#include "engine/tests/real_fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CustomRuntime : public RealEngineTest,
                      public ::testing::WithParamInterface<sandbox::Network> {
 protected:
  void SetUp() override {
    network_ = GetParam();
    RealEngineTest::SetUp();
  }
  std::shared_ptr<FunctionSpec> cpp(const std::string& handler) {
    static const std::string program = read_file(MAYFLY_BUILD_DIR "/tests/engine/bootstrap");
    return function({{"bootstrap", program}}, "provided.al2023", handler);
  }
};

TEST_P(CustomRuntime, CppBootstrapAnswers) {
  auto spec = cpp("echo");
  const Outcome cold = run_ok(spec, R"({"a":1})");
  EXPECT_EQ(cold.payload, R"({"a":1})");
  EXPECT_EQ(cold.cold_start, ports::ColdStart::exec);
  EXPECT_THAT(cold.log_tail, HasSubstr("handling request-1\nEND RequestId: request-1"));
  const Outcome warm = run_ok(spec, "2");
  EXPECT_EQ(warm.payload, "2");
  EXPECT_EQ(warm.cold_start, ports::ColdStart::none);
  EXPECT_EQ(answer(cpp("headers")),
            "\"arn:aws:lambda:us-east-1:000000000000:function:f2 13 application/json\"");
  EXPECT_EQ(answer(cpp("stream")), "hello world");
  const auto streamed = run_streamed(cpp("stream"), "1");
  EXPECT_EQ(streamed.start->mode, ResponseStream::Mode::streaming);
  EXPECT_EQ(streamed.bytes, "hello world");
  const auto failed = run_streamed(cpp("stream_error"), "1");
  EXPECT_EQ(failed.bytes, "hello");
  EXPECT_EQ(failed.outcome.payload, R"({"errorType":"Odd","errorMessage":"midway"})");
  const auto died = run_streamed(cpp("stream_dies"), "1");
  EXPECT_EQ(died.bytes, "hello");
  EXPECT_EQ(died.outcome.error_type, "Runtime.TruncatedResponse");
}

TEST_P(CustomRuntime, SixMegabytesBothWays) {
  const std::string payload = "\"" + std::string(6 * 1024 * 1024 - 2, 'a') + "\"";
  EXPECT_EQ(answer(cpp("echo"), payload), payload);
}

TEST_P(CustomRuntime, ErrorsAndEndings) {
  const Outcome error = run_ok(cpp("error"));
  EXPECT_EQ(error.payload, R"({"errorMessage":"odd","errorType":"Odd"})");
  EXPECT_EQ(error.function_error, "Unhandled");
  const Outcome crash = run_ok(cpp("crash"));
  EXPECT_THAT(crash.payload, HasSubstr("Runtime exited with error: exit status 4"));
  const Outcome init = run_ok(cpp("fail_init"));
  EXPECT_EQ(init.payload, R"({"errorMessage":"no config","errorType":"Runtime.NoConfig"})");
}

TEST_P(CustomRuntime, CallsThatDoNotFitAreRefused) {
  EXPECT_EQ(answer(cpp("bad")), "[400,403,403,404,403]");
}

TEST_P(CustomRuntime, ShellBootstrapAnswers) {
  auto spec = function(
      {{"bootstrap", read_file(std::string(MAYFLY_SOURCE_DIR) + "/tests/engine/bootstrap.sh")}},
      "provided.al2023", "any");
  EXPECT_EQ(answer(spec, R"({"a":1})"), R"({"length":7,"event":{"a":1}})");
  EXPECT_EQ(answer(spec, "\"b\""), R"({"length":3,"event":"b"})");
  EXPECT_THAT(all_log(), HasSubstr("shell handles request-2\n"));
}

TEST_P(CustomRuntime, AMissingBootstrapIsAnInvalidEntrypoint) {
  const Outcome missing = run_ok(function({{"readme", "x"}}, "provided.al2023", "x"));
  EXPECT_EQ(
      missing.payload,
      R"({"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: request-1 Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"})");
  const Outcome forbidden =
      run_ok(function({{"bootstrap", "not a program"}}, "provided.al2023", "x"));
  EXPECT_THAT(forbidden.payload, HasSubstr("fork/exec /var/task/bootstrap: permission denied"));
  const Outcome no_program = run_ok(function({{"bootstrap",
                                               "\x7f"
                                               "ELF is not enough"}},
                                             "provided.al2023", "x"));
  EXPECT_THAT(no_program.payload, HasSubstr("fork/exec /var/task/bootstrap: exec format error"));
}

TEST_P(CustomRuntime, AWrapperScriptStartsTheRuntime) {
  auto spec = cpp("echo");
  std::ofstream(spec->code_folder + "/wrapper") << "#!/bin/sh\necho wrapped\nexec \"$@\"\n";
  ::chmod((spec->code_folder + "/wrapper").c_str(), 0755);
  spec->environment["AWS_LAMBDA_EXEC_WRAPPER"] = "/var/task/wrapper";
  EXPECT_EQ(answer(spec, "1"), "1");
  EXPECT_THAT(all_log(), HasSubstr("wrapped\n"));
  auto missing = cpp("echo");
  missing->environment["AWS_LAMBDA_EXEC_WRAPPER"] = "/var/task/nothing";
  EXPECT_THAT(run_ok(missing).payload, HasSubstr("Runtime exited with error: exit status 127"));
}

TEST_P(CustomRuntime, TheEndpointIsReachedFromInside) {
  if (GetParam() == sandbox::Network::host)
    GTEST_SKIP() << "the host's network has the daemon's own listener";
  auto spec = python(R"(
import urllib.request, os
def handler(event, context):
    return urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/hello', timeout=5).read().decode()
)");
  EXPECT_EQ(answer(spec), "\"endpoint /hello\"");
  EXPECT_EQ(answer(spec), "\"endpoint /hello\"");
}

INSTANTIATE_TEST_SUITE_P(Networks, CustomRuntime,
                         ::testing::Values(sandbox::Network::host, sandbox::Network::isolated),
                         [](const auto& one) {
                           return one.param == sandbox::Network::host ? "host" : "isolated";
                         });

}  // namespace
}  // namespace mayfly::engine::testing
