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

// For a watcher: listen(heard) starts a listener that calls heard(record), and is its destination.
const std::string kTelemetry = R"(
import http.server, threading
def listen(heard):
    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            for each in json.loads(self.rfile.read(int(self.headers['Content-Length']))): heard(each)
            self.send_response(200); self.end_headers()
        def log_message(self, *_): pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {'protocol': 'HTTP', 'URI': 'http://sandbox.localdomain:%d/x' % server.server_port}
def subscription(types, destination):
    return {'schemaVersion': '2022-12-13', 'types': types, 'buffering': {'maxItems': 1000, 'timeoutMs': 25}, 'destination': destination}
def subscribe(body):
    return urllib.request.urlopen(urllib.request.Request(base.replace('2020-01-01/extension/', '2022-07-01/telemetry'), json.dumps(body).encode(),
        {'Lambda-Extension-Identifier': headers['Lambda-Extension-Identifier']}, method='PUT')).read().decode()
)";

class ExtensionsTest : public RealEngineTest,
                       public ::testing::WithParamInterface<sandbox::Network> {
 protected:
  void SetUp() override {
    network_ = GetParam();
    RealEngineTest::SetUp();
  }
  // Until the log has it.
  void expect_log(const std::string& text) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (all_log().find(text) == std::string::npos && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_THAT(all_log(), HasSubstr(text));
  }
  void retire(const std::shared_ptr<FunctionSpec>& spec) {
    engine().retire(spec->scope, spec->function, spec->version, "other");
  }
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

TEST_P(ExtensionsTest, SeeEventsAndTheEnd) {
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"), kWatcher);
  EXPECT_EQ(answer(spec, "1"), "1");
  EXPECT_EQ(answer(spec, "2"), "2");
  EXPECT_EQ(engine().versions()[0].cloning, "the function has external extensions");
  EXPECT_THAT(all_log(), HasSubstr("registered " + spec->function + " app.handler False\n"));
  EXPECT_THAT(all_log(), HasSubstr("extension got INVOKE request-1\n"));
  retire(spec);
  expect_log("extension got SHUTDOWN spindown\n");
  EXPECT_THAT(all_log(), HasSubstr("extension got INVOKE request-2\n"));
  EXPECT_THAT(all_log(),
              HasSubstr("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n"));
}

// An internal one is a thread of the function's own process.
TEST_P(ExtensionsTest, OneInsideABuiltInRuntimeSeesEvents) {
  auto spec = python(R"(
import json, os, threading, urllib.request
base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2020-01-01/extension/'
def call(path, data=None, **headers):
    request = urllib.request.Request(base + path, data, {k.replace('_', '-'): v for k, v in headers.items()})
    with urllib.request.urlopen(request) as reply:
        return reply.headers, json.loads(reply.read())
headers, told = call('register', b'{"events": ["INVOKE"]}', Lambda_Extension_Name='inside')
seen, change = [], threading.Condition()
def watch():
    while True:
        _, event = call('event/next', Lambda_Extension_Identifier=headers['Lambda-Extension-Identifier'])
        with change:
            seen.append(event['requestId'])
            change.notify_all()
threading.Thread(target=watch, daemon=True).start()
def handler(event, context):
    with change:
        change.wait_for(lambda: context.aws_request_id in seen, timeout=20)
        return [told['functionName'] == context.function_name, seen[-1] == context.aws_request_id]
)");
  EXPECT_EQ(answer(spec, "1"), "[true, true]");
  EXPECT_EQ(answer(spec, "2"), "[true, true]");
  EXPECT_THAT(engine().versions()[0].cloning, HasSubstr("threads"));
}

TEST_P(ExtensionsTest, OneThatFailsInInitFailsTheFunction) {
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

// A listener inside the sandbox gets what it subscribed to, and says so in the log.
TEST_P(ExtensionsTest, TelemetryReachesTheListener) {
  std::string script = kWatcher;
  script.insert(script.find("while True:"), kTelemetry + R"(
def heard(each):
    record = each['record']
    if 'told' in str(record): return
    print('told', each['type'], record if isinstance(record, str) else record.get('requestId', record.get('state')), flush=True)
body = {**subscription(['platform', 'function', 'extension'], listen(heard)), 'schemaVersion': '2022-07-01'}
for wrong in ({}, {**body, 'types': ['x']}, {**body, 'schemaVersion': '2022-01-01'}, {**body, 'buffering': {'maxItems': 999}},
              {**body, 'buffering': {'timeoutMs': 30001}}, {**body, 'destination': {'protocol': 'HTTP', 'URI': 'http://example.com:80'}},
              {**body, 'destination': {'protocol': 'TCP', 'port': 0}}):
    try: subscribe(wrong)
    except urllib.error.HTTPError as error: print('refused', error.code, flush=True)
print('subscribed', subscribe(body), flush=True)
)");
  auto spec = with_extension(
      python("def handler(event, context):\n    print('from the handler')\n    return event\n"),
      script);
  EXPECT_EQ(answer(spec, "1"), "1");
  const std::string wanted[] = {
      "refused 400\nrefused 400\nrefused 400\nrefused 400\nrefused 400\nrefused 400\nrefused 400\n",
      "TELEMETRY\tName: watcher\tState: Subscribed\tTypes: [Platform, Function, Extension]\n",
      "subscribed OK\n",
      // From before it had subscribed, too.
      "told platform.initStart None\n", "told extension registered f1 app.handler False\n",
      "told platform.telemetrySubscription Subscribed\n", "told platform.initRuntimeDone None\n",
      "told platform.extension Ready\n", "told platform.initReport None\n",
      "told platform.start request-1\n", "told function from the handler\n",
      "told platform.runtimeDone request-1\n", "told platform.report request-1\n"};
  for (const std::string& each : wanted) expect_log(each);
}

// As observability extensions do: they hold an event until they know that its runtime is done.
TEST_P(ExtensionsTest, TheEndOfTheRuntimeIsToldWhileTheyWork) {
  std::string script = kWatcher;
  const std::string at = "    if event['eventType']";
  script.insert(script.find(at), "    if event['eventType'] == 'INVOKE': done.get(timeout=20)\n");
  script.insert(script.find("while True:"), kTelemetry + R"(
import queue
done = queue.Queue()
def heard(each):
    if each['type'] != 'platform.runtimeDone': return
    print('done', each['record']['status'], each['record']['metrics']['producedBytes'], flush=True)
    done.put(1)
subscribe(subscription(['platform'], listen(heard)))
)");
  auto spec = with_extension(
      python(
          "def handler(event, context):\n    if event == 3: raise ValueError\n    return event\n"),
      script);
  EXPECT_EQ(answer(spec, "1"), "1");
  EXPECT_EQ(answer(spec, "22"), "22");
  EXPECT_EQ(run_ok(spec, "3").error_type, "ValueError");
  expect_log("done success 1\n");
  expect_log("done success 2\n");
  expect_log("done error ");
}

// A line for each record, to a listener that reads each connection to its end.
TEST_P(ExtensionsTest, TelemetryReachesATcpListener) {
  std::string script = kWatcher;
  script.insert(script.find("while True:"), kTelemetry + R"(
import socket
server = socket.create_server(('127.0.0.1', 0))
def read():
    while True:
        with server.accept()[0].makefile() as lines:
            for line in lines:
                each = json.loads(line)
                if each['type'] == 'platform.report': print('told', each['record']['requestId'], flush=True)
threading.Thread(target=read, daemon=True).start()
subscribe(subscription(['platform'], {'protocol': 'TCP', 'port': server.getsockname()[1]}))
)");
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"), script);
  for (int event = 1; event <= 3; ++event) {
    EXPECT_EQ(answer(spec, "1"), "1");
    expect_log("told request-" + std::to_string(event) + "\n");
  }
}

// Each of two that listen in one sandbox gets all of it.
TEST_P(ExtensionsTest, TelemetryReachesTwoListeners) {
  std::string script = kWatcher;
  script.insert(script.find("while True:"), kTelemetry + R"(
def reports_of(name):
    def heard(each):
        if each['type'] == 'platform.report': print(name, each['record']['requestId'], flush=True)
    subscribe(subscription(['platform'], listen(heard)))
reports_of('one')
reports_of('two')
)");
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"), script);
  for (int event = 1; event <= 3; ++event) {
    EXPECT_EQ(answer(spec, "1"), "1");
    for (const std::string name : {"one", "two"})
      expect_log(name + " request-" + std::to_string(event) + "\n");
  }
}

// The runtime is asked to end before extensions are, and its last words reach them.
TEST_P(ExtensionsTest, TheRuntimeEndsFirst) {
  auto spec = with_extension(python(R"(
import signal, sys
def end(*_):
    print('the runtime ends', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
def handler(event, context):
    return event
)"),
                             kWatcher);
  EXPECT_EQ(answer(spec, "1"), "1");
  retire(spec);
  expect_log("the runtime ends\nextension got SHUTDOWN spindown\n");
}

TEST_P(ExtensionsTest, OneThatStaysIsNotWaitedForLong) {
  auto spec = with_extension(python(R"(
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def handler(event, context):
    return event
)"),
                             kWatcher);
  EXPECT_EQ(answer(spec, "1"), "1");
  retire(spec);
  expect_log("extension got SHUTDOWN spindown\n");
}

TEST_P(ExtensionsTest, AnInternalOneIsToldBySignal) {
  auto spec = python(R"(
import os, signal, sys, threading, urllib.request
base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2020-01-01/extension/'
headers = urllib.request.urlopen(urllib.request.Request(
    base + 'register', b'{"events": []}', {'Lambda-Extension-Name': 'inside'})).headers
threading.Thread(target=lambda: urllib.request.urlopen(urllib.request.Request(base + 'event/next', headers={
    'Lambda-Extension-Identifier': headers['Lambda-Extension-Identifier']})), daemon=True).start()
def end(*_):
    print('last words', flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
def handler(event, context):
    return event
)");
  EXPECT_EQ(answer(spec, "1"), "1");
  retire(spec);
  expect_log("last words\n");
}

TEST_P(ExtensionsTest, EndingsOfTheRuntimeAreTold) {
  auto spec = with_extension(python(R"(
import os, signal
def handler(event, context):
    if event == 'exit': os._exit(7)
    os.kill(os.getpid(), getattr(signal, event))
    return 'alive'
)"),
                             kWatcher);
  EXPECT_THAT(run_ok(spec, R"("exit")").payload, HasSubstr("exit status 7"));
  EXPECT_THAT(run_ok(spec, R"("SIGKILL")").payload, HasSubstr("signal: killed"));
  EXPECT_THAT(run_ok(spec, R"("SIGTERM")").payload, HasSubstr("signal: terminated"));
  EXPECT_THAT(run_ok(spec, R"("SIGINT")").payload, HasSubstr("signal: interrupt"));
}

TEST_P(ExtensionsTest, ARuntimeThatCrashesIsOutlivedByThem) {
  auto spec = with_extension(python(R"(
import os
def handler(event, context):
    os._exit(7)
)"),
                             kWatcher);
  EXPECT_THAT(run_ok(spec).payload, HasSubstr("exit status 7"));
  expect_log("extension got SHUTDOWN failure\n");
}

TEST_P(ExtensionsTest, ARuntimeThatCrashesInInitIsOutlivedByThem) {
  std::string script = kWatcher;
  script.insert(script.find("while True:"), "open('/tmp/registered', 'w').close()\n");
  auto spec = with_extension(python(R"(
import os, time
while not os.path.exists('/tmp/registered'): time.sleep(0.01)
os._exit(7)
)"),
                             script);
  EXPECT_THAT(run_ok(spec).payload, HasSubstr("exit status 7"));
  expect_log("extension got SHUTDOWN failure\n");
}

TEST_P(ExtensionsTest, ATimeoutIsToldThem) {
  auto spec = with_extension(python("import time\ndef handler(event, context): time.sleep(60)\n"),
                             kWatcher);
  spec->timeout_s = 1;
  EXPECT_EQ(run_ok(spec).error_type, "Sandbox.Timedout");
  expect_log("extension got SHUTDOWN timeout\n");
}

TEST_P(ExtensionsTest, OneThatEndsTakesTheEnvironmentWithIt) {
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"),
                             "#!/bin/sh\necho gone\nexit 3\n");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.error_type, "Extension.Crash");
  EXPECT_LT(outcome.duration_ms, 9'000);  // not INIT's ten seconds
  EXPECT_THAT(all_log(), HasSubstr("gone\n"));
  EXPECT_THAT(all_log(), HasSubstr("Error: exit code 3\nExtension.Crash\n"));
  EXPECT_THAT(all_log(), HasSubstr("EXTENSION\tName: watcher\tState: Exited\tEvents: []\tError "
                                   "Type: Extension.Crash\n"));
}

TEST_P(ExtensionsTest, OneThatCannotStartIsToldSo) {
  auto spec = with_extension(python("def handler(event, context):\n    return event\n"),
                             "#!/no/such/interpreter\n");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.error_type, "Extension.LaunchError");
  EXPECT_THAT(outcome.payload, HasSubstr("Error: fork/exec /opt/extensions/watcher: no such file "
                                         "or directory"));
}

// With another that lives, which is told.
TEST_P(ExtensionsTest, OneThatCrashesInAnEventFailsIt) {
  auto spec = with_extension(python("import time\ndef handler(event, context): time.sleep(60)\n"),
                             kWatcher);
  std::string script = kWatcher;
  const std::string at = "    if event['eventType']";
  script.insert(script.find(at), "    os.kill(os.getpid(), 9)\n");
  std::ofstream(spec->opt_folder + "/extensions/weak") << script;
  ::chmod((spec->opt_folder + "/extensions/weak").c_str(), 0755);
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.error_type, "Extension.Crash");
  EXPECT_THAT(outcome.payload, HasSubstr("Error: signal: killed"));
  expect_log("extension got SHUTDOWN failure\n");
}

TEST_P(ExtensionsTest, TheAnswerDoesNotWaitForThem) {
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

// AWS_LAMBDA_EXEC_WRAPPER starts the built-in runtimes too, and they still answer.
TEST_P(ExtensionsTest, AWrapperStartsABuiltInRuntime) {
  for (const std::string language : {"python3.11", "nodejs20.x"}) {
    auto spec = language.starts_with("python")
                    ? python("import os\ndef handler(e, c):\n    return os.environ['WRAPPED']\n")
                    : function({{"app.js", "exports.handler = async () => process.env.WRAPPED;"}},
                               language);
    std::ofstream(spec->code_folder + "/wrapper") << "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n";
    ::chmod((spec->code_folder + "/wrapper").c_str(), 0755);
    spec->environment["AWS_LAMBDA_EXEC_WRAPPER"] = "/var/task/wrapper";
    EXPECT_EQ(answer(spec), "\"yes\"") << language;
  }
}

// Echoes events by the Runtime API.
constexpr const char* kOwnRuntime = R"(#!/usr/bin/python3
import os, urllib.request
base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
while True:
    with urllib.request.urlopen(base + 'next') as event:
        request, body = event.headers['Lambda-Runtime-Aws-Request-Id'], event.read()
    urllib.request.urlopen(urllib.request.Request(base + request + '/response', b'{"mine":' + body + b'}'))
)";

// A wrapper need not start the runtime that it is given.
TEST_P(ExtensionsTest, AWrapperMayBeARuntimeOfItsOwn) {
  for (const std::string language : {"python3.11", "nodejs20.x"}) {
    auto spec = function({{"wrapper", kOwnRuntime}}, language);
    ::chmod((spec->code_folder + "/wrapper").c_str(), 0755);
    spec->environment["AWS_LAMBDA_EXEC_WRAPPER"] = "/var/task/wrapper";
    for (const std::string event : {"1", "2"})
      EXPECT_EQ(answer(spec, event), "{\"mine\":" + event + "}") << language;
  }
}

// As the Lambda Web Adapter does: the wrapper starts a server, and an extension runs events by it.
TEST_P(ExtensionsTest, AnExtensionMaySpeakTheRuntimeApiForAServer) {
  auto spec = function({{"run.sh", "#!/bin/sh\nexec sleep 1000\n"}}, "python3.11");
  spec->handler = "run.sh";
  ::chmod((spec->code_folder + "/run.sh").c_str(), 0755);
  std::string script = kWatcher;
  script.insert(script.find("while True:"),
                "import threading\nthreading.Thread(target=lambda: exec(os.environ['SPEAK']), "
                "daemon=True).start()\n");
  spec = with_extension(spec, script);
  std::ofstream(spec->opt_folder + "/bootstrap")
      << "#!/bin/sh\nexec \"$LAMBDA_TASK_ROOT/$_HANDLER\"\n";
  ::chmod((spec->opt_folder + "/bootstrap").c_str(), 0755);
  spec->environment = {{"AWS_LAMBDA_EXEC_WRAPPER", "/opt/bootstrap"}, {"SPEAK", kOwnRuntime}};
  for (const std::string event : {"1", "2"})
    EXPECT_EQ(answer(spec, event), "{\"mine\":" + event + "}");
  retire(spec);
  expect_log("extension got SHUTDOWN spindown\n");
}

INSTANTIATE_TEST_SUITE_P(Networks, ExtensionsTest,
                         ::testing::Values(sandbox::Network::host, sandbox::Network::isolated),
                         [](const auto& each) {
                           return each.param == sandbox::Network::host ? "host" : "isolated";
                         });

}  // namespace
}  // namespace mayfly::engine::testing
