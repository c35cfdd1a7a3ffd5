// External extensions beside real functions: they see every event and the end, and INIT waits for
// them.
#include <gmock/gmock.h>

#include "engine/tests/real_fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::HasSubstr;

// Registers as itself, prints what it is told, and leaves at SHUTDOWN.
constexpr const char* kWatcher = R"(#!/usr/bin/python3
import json, os, sys, urllib.request
base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2020-01-01/extension/'
def call(path, data=None, **headers):
    request = urllib.request.Request(base + path, data, {k.replace('_', '-'): v for k, v in headers.items()})
    with urllib.request.urlopen(request) as reply:
        return reply.headers, json.loads(reply.read())
headers, told = call('register', json.dumps({'events': ['INVOKE', 'SHUTDOWN']}).encode(),
                     Lambda_Extension_Name=os.path.basename(sys.argv[0]))
print('registered', told['functionName'], told['handler'], '_HANDLER' in os.environ, flush=True)
while True:
    _, event = call('event/next', Lambda_Extension_Identifier=headers['Lambda-Extension-Identifier'])
    print('extension got', event['eventType'], event.get('requestId', event.get('shutdownReason')), flush=True)
    if event['eventType'] == 'SHUTDOWN': break
)";

class ExtensionsTest : public RealEngineTest {
 protected:
  std::shared_ptr<FunctionSpec> with_extension(std::shared_ptr<FunctionSpec> spec,
                                               const std::string& script) {
    const std::string opt = spec->code_folder + "-opt";
    std::filesystem::create_directories(opt + "/extensions");
    std::ofstream(opt + "/extensions/watcher") << script;
    ::chmod((opt + "/extensions/watcher").c_str(), 0755);
    spec->opt_folder = opt;
    return spec;
  }
};

TEST_F(ExtensionsTest, SeeEventsAndTheEnd) {
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"), kWatcher);
  EXPECT_EQ(answer(spec, "1"), "1");
  EXPECT_EQ(answer(spec, "2"), "2");
  EXPECT_EQ(engine().versions()[0].cloning, "the function has external extensions");
  EXPECT_THAT(all_log(), HasSubstr("registered " + spec->function + " app.handler False\n"));
  EXPECT_THAT(all_log(), HasSubstr("extension got INVOKE request-1\n"));
  engine().retire(spec->scope, spec->function, spec->version, "other");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (all_log().find("extension got SHUTDOWN SPINDOWN") == std::string::npos &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_THAT(all_log(), HasSubstr("extension got INVOKE request-2\n"));
  EXPECT_THAT(all_log(), HasSubstr("extension got SHUTDOWN SPINDOWN\n"));
}

TEST_F(ExtensionsTest, OneThatFailsInInitFailsTheFunction) {
  std::string script = kWatcher;
  const std::string loop = "while True:";
  script.replace(script.find(loop), script.size(),
                 "call('init/error', b'{}', Lambda_Extension_Function_Error_Type='Extension.NoKey',"
                 "Lambda_Extension_Identifier=headers['Lambda-Extension-Identifier'])\n");
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"), script);
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.error_type, "Extension.NoKey");
}

TEST_F(ExtensionsTest, OneThatEndsTakesTheEnvironmentWithIt) {
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"),
                             "#!/bin/sh\necho gone\nexit 3\n");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.error_type, "Runtime.ExitError");
  EXPECT_LT(outcome.duration_ms, 9'000);  // not INIT's ten seconds
  EXPECT_THAT(all_log(), HasSubstr("gone\n"));
}

TEST_F(ExtensionsTest, TheAnswerDoesNotWaitForThem) {
  // It asks for its next event only when the test lets it.
  std::string script = kWatcher;
  const std::string at = "    if event['eventType']";
  script.insert(script.find(at),
                "    while event['eventType'] == 'INVOKE' and not os.path.exists('/var/task/go'):\n"
                "        __import__('time').sleep(0.002)\n");
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"), script);
  EXPECT_EQ(answer(spec, "1"), "1");
  EXPECT_EQ(engine().stats().busy, 1);
  EXPECT_THAT(all_log(), ::testing::Not(HasSubstr("REPORT")));
  std::ofstream(spec->code_folder + "/go") << "x";
  EXPECT_EQ(answer(spec, "2"), "2");
  EXPECT_THAT(all_log(), HasSubstr("REPORT RequestId: request-1"));
}

}  // namespace
}  // namespace mayfly::engine::testing
