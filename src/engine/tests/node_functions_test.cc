// Real Node.js functions in real sandboxes.
#include <gmock/gmock.h>

#include "engine/tests/real_fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class NodeFunctions : public RealEngineTest {
 protected:
  void SetUp() override {
    RealEngineTest::SetUp();
    for (const RuntimeInfo& runtime : engine().runtimes()) {
      if (runtime.name.starts_with("nodejs")) return;
    }
    GTEST_SKIP() << "Node.js is not installed";
  }
  std::shared_ptr<FunctionSpec> node(const std::string& code,
                                     const std::string& file = "index.js") {
    return function({{file, code}}, "nodejs20.x", "index.handler");
  }
};

TEST_F(NodeFunctions, EveryStyleOfHandlerAnswers) {
  const std::pair<std::string, std::string> cases[] = {
      {"exports.handler = async (event) => ({ a: event.a });", R"({"a":1})"},
      {"exports.handler = (event, context, callback) => callback(null, event.a);", "1"},
      {"exports.handler = (event, context, callback) => { setTimeout(() => callback(null, 'late'), "
       "10); };",
       "\"late\""},
      {"exports.handler = (event, context) => { context.succeed('done'); };", "\"done\""},
      {"exports.handler = async () => {};", "null"},
      {"exports.handler = () => {};", "null"},
      {"exports.handler = () => new Promise(() => {});", "null"},
      {"exports.handler = (e, context, callback) => { context.callbackWaitsForEmptyEventLoop = "
       "false; setInterval(() => {}, 1000); callback(null, 2); };",
       "2"},
  };
  for (const auto& [code, wanted] : cases) {
    auto spec = node(code);
    EXPECT_EQ(answer(spec, R"({"a":1})"), wanted) << code;
    EXPECT_EQ(answer(spec, R"({"a":1})"), wanted) << code;
  }
}

TEST_F(NodeFunctions, ModulesOfBothKindsAndNestedHandlers) {
  EXPECT_EQ(answer(node("export const handler = async () => import.meta.url;", "index.mjs")),
            "\"file:///var/task/index.mjs\"");
  EXPECT_EQ(answer(function({{"package.json", R"({"type":"module"})"},
                             {"index.js", "export const handler = async () => 'esm';"}},
                            "nodejs20.x", "index.handler")),
            "\"esm\"");
  EXPECT_EQ(answer(function({{"src/app.js", "exports.api = { get: async () => 'nested' };"}},
                            "nodejs20.x", "src/app.api.get")),
            "\"nested\"");
  EXPECT_EQ(answer(function(
                {{"node_modules/dep/index.js", "exports.x = 7;"},
                 {"index.js", "const d = require('dep'); exports.handler = async () => d.x;"}},
                "nodejs20.x", "index.handler")),
            "7");
}

TEST_F(NodeFunctions, ErrorsHaveTheirTypeMessageAndTrace) {
  const Outcome outcome =
      run_ok(node("exports.handler = async () => { throw new TypeError('no'); };"));
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.error_type, "TypeError");
  EXPECT_THAT(
      outcome.payload,
      HasSubstr(
          R"({"errorType":"TypeError","errorMessage":"no","trace":["TypeError: no","    at )"));
  EXPECT_THAT(outcome.log_tail,
              ContainsRegex("Z\trequest-1\tERROR\tInvoke Error "
                            "\t\\{\"errorType\":\"TypeError\",\"errorMessage\":\"no\""));
}

TEST_F(NodeFunctions, WhatIsWrongWithTheHandlerIsTold) {
  struct Case {
    std::string handler, code, type, message;
  };
  const Case cases[] = {
      {"index.missing", "exports.handler = 1;", "Runtime.HandlerNotFound",
       "index.missing is undefined or not exported"},
      {"gone.handler", "", "Runtime.ImportModuleError", "Error: Cannot find module 'gone'"},
      {"index.handler", "exports.handler = (", "Runtime.UserCodeSyntaxError", "SyntaxError: "},
      {"index", "", "Runtime.MalformedHandlerName", "Bad handler"},
      {"../index.handler", "", "Runtime.MalformedHandlerName", "is not a valid handler name"},
      {"index.handler", "throw new Error('in init');", "Error", "in init"},
  };
  for (const Case& one : cases) {
    const Outcome outcome = run_ok(function({{"index.js", one.code}}, "nodejs20.x", one.handler));
    EXPECT_EQ(outcome.error_type, one.type) << one.code << outcome.payload;
    EXPECT_THAT(outcome.payload, HasSubstr(one.message));
  }
}

TEST_F(NodeFunctions, EndingsAreTold) {
  const Outcome exit = run_ok(node("exports.handler = async () => { process.exit(0); };"));
  EXPECT_THAT(exit.payload, HasSubstr("Runtime exited without providing a reason"));
  const Outcome uncaught = run_ok(
      node("exports.handler = () => { setTimeout(() => { throw new Error('late'); }, 5); };"));
  EXPECT_EQ(uncaught.error_type, "Error");
  EXPECT_THAT(uncaught.payload, HasSubstr(R"("errorMessage":"late")"));
  const Outcome rejected = run_ok(node(
      "exports.handler = () => { Promise.reject(new Error('r')); setTimeout(() => {}, 1000); };"));
  EXPECT_EQ(rejected.error_type, "Runtime.UnhandledPromiseRejection");
  EXPECT_THAT(rejected.payload, HasSubstr(R"("errorMessage":"Error: r")"));
  const Outcome never = run_ok(
      node("await new Promise(() => {}); export const handler = async () => 1;", "index.mjs"));
  EXPECT_EQ(never.error_type, "Runtime.NodeJsExit");
}

TEST_F(NodeFunctions, ConsoleWritesLambdasLines) {
  auto spec = node(
      "exports.handler = async () => { console.log('a %s', 'b'); console.error(new "
      "Error('x').message); console.warn('two\\nlines'); };");
  const Outcome outcome = run_ok(spec);
  EXPECT_THAT(
      outcome.log_tail,
      ContainsRegex(
          "\n[0-9T:.-]+Z\trequest-1\tINFO\ta "
          "b\n[0-9T:.-]+Z\trequest-1\tERROR\tx\n[0-9T:.-]+Z\trequest-1\tWARN\ttwo\rlines\n"));
}

TEST_F(NodeFunctions, ContextIsComplete) {
  auto spec = node(
      "exports.handler = async (e, c) => [c.awsRequestId, c.functionVersion, c.memoryLimitInMB, "
      "c.getRemainingTimeInMillis() > 1000, typeof c.logStreamName, "
      "process.env.AWS_EXECUTION_ENV];");
  EXPECT_EQ(answer(spec), R"(["request-1","$LATEST","512",true,"string","AWS_Lambda_nodejs20.x"])");
}

TEST_F(NodeFunctions, StreamsAreDeliveredWhole) {
  auto spec = node(R"(
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.write('a');
  await new Promise((resolve) => setTimeout(resolve, 5));
  stream.write(Buffer.from('b'));
  stream.end();
});)");
  EXPECT_EQ(answer(spec), "ab");
}

TEST_F(NodeFunctions, AChunkArrivesWhenItIsWritten) {
  // The handler ends only when the test has its first chunk and says so by a file.
  auto spec = node(R"(
const fs = require('fs');
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  stream.write('first');
  while (!fs.existsSync('/var/task/go')) await new Promise((resolve) => setTimeout(resolve, 2));
  stream.write({ second: 2 });
  stream.end();
});)");
  const auto streamed = run_streamed(spec, "{}", [&](const std::string& chunk) {
    if (chunk.find("first") != std::string::npos) std::ofstream(spec->code_folder + "/go") << "x";
  });
  ASSERT_TRUE(streamed.start);
  EXPECT_EQ(streamed.start->mode, ResponseStream::Mode::streaming);
  EXPECT_EQ(streamed.start->content_type, ResponseStream::kHttpIntegration);
  EXPECT_EQ(streamed.bytes,
            R"({"statusCode":201})" + std::string(8, '\0') + R"(first{"second":2})");
  EXPECT_FALSE(streamed.outcome.function_error);
}

TEST_F(NodeFunctions, StreamsCarryMuchAndBreakOffWithTheirError) {
  auto spec = node(R"(
const { pipeline } = require('stream/promises');
const { Readable } = require('stream');
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.die) { stream.write('half'); throw new TypeError('no more'); }
  if (event.early) throw new TypeError('nothing');
  const block = Buffer.alloc(1 << 20, 'x');
  await pipeline(Readable.from((function* () { for (let i = 0; i < 20; ++i) yield block; })()), stream);
});)");
  const auto large = run_streamed(spec, "{}");
  EXPECT_EQ(large.bytes.size(), 20U << 20);
  EXPECT_FALSE(large.outcome.function_error);
  const auto broken = run_streamed(spec, R"({"die":true})");
  EXPECT_EQ(broken.bytes, "half");
  EXPECT_EQ(broken.outcome.error_type, "TypeError");
  const auto early = run_streamed(spec, R"({"early":true})");
  EXPECT_FALSE(early.start);
  EXPECT_EQ(early.outcome.error_type, "TypeError");
  // Collected, 20 MiB are more than a response may have.
  EXPECT_EQ(run_ok(spec).error_type, "Function.ResponseSizeTooLarge");
}

TEST_F(NodeFunctions, ColdThenWarm) {
  auto spec = node("let n = 0; exports.handler = async () => ++n;");
  const Outcome cold = run_ok(spec);
  EXPECT_EQ(engine().versions()[0].cloning, "template ready");
  EXPECT_EQ(cold.cold_start, ports::ColdStart::template_init);
  EXPECT_GT(cold.init_ms, 0);
  EXPECT_EQ(answer(spec), "2");
}

TEST_F(NodeFunctions, ErrorsOfInitAreToldAtPreparation) {
  auto bad = base::sync_wait(engine().prepare(node("exports.x = 1;")));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), "Runtime.HandlerNotFound: index.handler is undefined or not exported");
}

TEST_F(NodeFunctions, WhatOptsOutRunsItsOwnInitAndIsStartedAhead) {
  auto spec = node("exports.handler = async () => [process.execArgv, process.pid > 0];");
  spec->cloning = Cloning::off;
  const Outcome cold = run_ok(spec);
  EXPECT_EQ(cold.cold_start, ports::ColdStart::exec);
  EXPECT_EQ(cold.payload, "[[],true]");
  EXPECT_EQ(engine().versions()[0].cloning, "the function opted out");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (engine().versions()[0].prepared == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(engine().versions()[0].prepared, 1);
}

TEST_F(NodeFunctions, SixMegabytesBothWays) {
  auto spec = node("exports.handler = async (event) => event;");
  const std::string payload = "\"" + std::string(6 * 1024 * 1024 - 2, 'a') + "\"";
  EXPECT_EQ(answer(spec, payload), payload);
}

}  // namespace
}  // namespace mayfly::engine::testing
