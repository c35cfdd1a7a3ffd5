// Real Python functions in real sandboxes: that they run as on AWS Lambda, and end as there.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "engine/tests/real_fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class PythonFunctions : public RealEngineTest {};

TEST_F(PythonFunctions, ColdThenWarm) {
  auto spec = python(
      "count = 0\ndef handler(event, context):\n  global count\n  count += 1\n  return {'n': "
      "count, 'x': event['x']}\n");
  const Outcome cold = run_ok(spec, R"({"x": "\u00e4"})");
  EXPECT_EQ(cold.payload, R"({"n": 1, "x": "\u00e4"})");
  EXPECT_EQ(cold.cold_start, ports::ColdStart::template_init);
  EXPECT_GT(cold.init_ms, 0);
  const Outcome warm = run_ok(spec, R"({"x": 2})");
  EXPECT_EQ(warm.payload, R"({"n": 2, "x": 2})");
  EXPECT_EQ(warm.cold_start, ports::ColdStart::none);
  EXPECT_EQ(engine().versions()[0].cloning, "template ready");
  EXPECT_GT(warm.peak_memory_bytes, 0);
}

TEST_F(PythonFunctions, ContextIsComplete) {
  auto spec = python(R"(
def handler(event, context):
    return [context.aws_request_id, context.function_name, context.function_version, context.memory_limit_in_mb,
            context.log_group_name, context.log_stream_name.startswith('20'), context.invoked_function_arn,
            0 < context.get_remaining_time_in_millis() <= 20000, context.client_context, context.identity.cognito_identity_id]
)");
  EXPECT_EQ(answer(spec), "[\"request-1\", \"" + spec->function +
                              "\", \"$LATEST\", \"512\", \"/aws/lambda/" + spec->function +
                              "\", true, \"arn:aws:lambda:us-east-1:000000000000:function:" +
                              spec->function + "\", true, null, null]");
}

TEST_F(PythonFunctions, EnvironmentIsThatOfLambda) {
  auto spec = python(R"(
import os, sys
def handler(event, context):
    return [os.environ.get(name) for name in event] + [os.getcwd(), sys.path[0], sys.path[2]]
)");
  spec->environment = {
      {"MINE", "1"}, {"AWS_REGION", "mars-1"}, {"TZ", "Europe/Berlin"}, {"_HIDDEN", "x"}};
  EXPECT_EQ(
      answer(
          spec,
          R"(["MINE", "AWS_REGION", "TZ", "_HIDDEN", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_EXECUTION_ENV", "_HANDLER", "LAMBDA_TASK_ROOT"])"),
      R"(["1", "us-east-1", "Europe/Berlin", null, "http://127.0.0.1:4566", "AKIATEST", "AWS_Lambda_python3.11", "app.handler", "/var/task", "/var/task", "/var/task", "/opt/python"])");
}

TEST_F(PythonFunctions, LogsAreLinesOfTheEvent) {
  auto spec = python(R"(
import logging
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print('plain')
    logging.info('two\nlines')
    print('no newline', end='')
)");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.payload, "null");
  EXPECT_THAT(outcome.log_tail,
              ContainsRegex("START RequestId: request-1 Version: "
                            ".LATEST\nplain\n\\[INFO\\]\t[0-9T:.-]+Z\trequest-1\ttwo\rlines\n"
                            "no newline\nEND RequestId: request-1\nREPORT RequestId: request-1\t"));
}

TEST_F(PythonFunctions, JsonLogs) {
  auto spec = python(
      "import logging\ndef handler(event, context):\n  logging.info('hello', extra={'k': 1})\n");
  spec->log_format = LogFormat::json;
  run_ok(spec);
  EXPECT_THAT(
      all_log(),
      ContainsRegex(
          R"(\{"timestamp": "[^"]+Z", "level": "INFO", "message": "hello", "logger": "root", "requestId": "request-1", "k": 1\})"));
}

TEST_F(PythonFunctions, ErrorsAreToldAsLambdaTellsThem) {
  auto spec = python("def handler(event, context):\n  raise ValueError('no')\n");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.error_type, "ValueError");
  EXPECT_EQ(
      outcome.payload,
      R"({"errorMessage": "no", "errorType": "ValueError", "requestId": "request-1", "stackTrace": ["  File \"/var/task/app.py\", line 2, in handler\n    raise ValueError('no')\n"]})");
  EXPECT_THAT(outcome.log_tail,
              HasSubstr("[ERROR] ValueError: no\rTraceback (most recent call "
                        "last):\r\u00a0\u00a0File \"/var/task/app.py\", line 2, in handler"));
}

struct BadInit {
  std::string handler, code, payload;
};

TEST_F(PythonFunctions, WhatIsWrongWithTheHandlerIsTold) {
  const BadInit cases[] = {
      {"app.missing", "x = 1\n",
       R"({"errorMessage": "Handler 'missing' missing on module 'app'", "errorType": "Runtime.HandlerNotFound", "requestId": "", "stackTrace": []})"},
      {"gone.handler", "x = 1\n",
       R"({"errorMessage": "Unable to import module 'gone': No module named 'gone'", "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []})"},
      {"app", "x = 1\n",
       R"j({"errorMessage": "Bad handler 'app': not enough values to unpack (expected 2, got 1)", "errorType": "Runtime.MalformedHandlerName", "requestId": "", "stackTrace": []})j"},
      {"app.handler", "def handler(:\n",
       R"j({"errorMessage": "Syntax error in module 'app': invalid syntax (app.py, line 1)", "errorType": "Runtime.UserCodeSyntaxError", "requestId": "", "stackTrace": ["  File \"/var/task/app.py\" Line 1\n    def handler(:\n"]})j"},
  };
  for (const BadInit& one : cases) {
    auto spec = function({{"app.py", one.code}}, "python3.11", one.handler);
    const Outcome outcome = run_ok(spec);
    EXPECT_EQ(outcome.payload, one.payload);
    EXPECT_EQ(outcome.function_error, "Unhandled");
  }
  EXPECT_THAT(all_log(), HasSubstr("INIT_REPORT Init Duration: "));
}

TEST_F(PythonFunctions, ExceptionsInInitAreToldWithTheirTrace) {
  auto spec = python("raise KeyError('boom')\n");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.error_type, "KeyError");
  EXPECT_THAT(outcome.payload, HasSubstr(R"("errorMessage": "'boom'")"));
  EXPECT_THAT(outcome.payload, HasSubstr("/var/task/app.py"));
}

struct Ending {
  std::string code, payload, report;
};

TEST_F(PythonFunctions, ProcessesThatEnd) {
  const Ending cases[] = {
      {"import sys; sys.exit(0)", "Runtime exited without providing a reason", "Runtime.ExitError"},
      {"import sys; sys.exit(3)", "Runtime exited with error: exit status 3", "Runtime.ExitError"},
      {"import os; os._exit(1)", "Runtime exited with error: exit status 1", "Runtime.ExitError"},
      {"import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
       "Runtime exited with error: signal: killed", "Runtime.ExitError"},
      {"import ctypes; ctypes.string_at(0)",
       "Runtime exited with error: signal: segmentation fault", "Runtime.ExitError"},
  };
  for (const Ending& one : cases) {
    auto spec = python("def handler(event, context):\n  print('before')\n  " + one.code + "\n");
    const Outcome outcome = run_ok(spec);
    EXPECT_THAT(outcome.payload, HasSubstr(R"("errorType":"Runtime.ExitError")"));
    EXPECT_THAT(outcome.payload, HasSubstr(one.payload)) << one.code;
    EXPECT_THAT(outcome.log_tail, HasSubstr("before\n"));
    EXPECT_THAT(outcome.log_tail, HasSubstr("\tStatus: error\tError Type: " + one.report));
    EXPECT_EQ(engine().stats().busy, 0);
  }
}

TEST_F(PythonFunctions, EatingMemoryIsAnOutOfMemory) {
  auto spec = python(
      "def handler(event, context):\n  x = bytearray(400 << 20)\n  for i in range(0, len(x), "
      "4096): x[i] = 1\n  return len(x)\n");
  spec->memory_mb = 128;
  const Outcome outcome = run_ok(spec);
  EXPECT_THAT(outcome.payload, HasSubstr("Runtime exited with error: signal: killed"));
  EXPECT_THAT(outcome.log_tail, HasSubstr("Error Type: Runtime.OutOfMemory"));
}

TEST_F(PythonFunctions, TimeoutKills) {
  auto spec =
      python("import time\ndef handler(event, context):\n  if event: time.sleep(30)\n  return 1\n");
  spec->timeout_s = 1;
  const Outcome outcome = run_ok(spec, "1");
  EXPECT_EQ(
      outcome.payload,
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: request-1 Error: Task timed out after 1.00 seconds"})");
  EXPECT_THAT(outcome.log_tail, HasSubstr("Task timed out after 1.00 seconds"));
  EXPECT_THAT(outcome.log_tail, HasSubstr("Duration: 1000.00 ms"));
  EXPECT_EQ(answer(spec, "0"), "1");
}

TEST_F(PythonFunctions, HangingInInitTimesOut) {
  options_.init_timeout = std::chrono::seconds(1);
  make_engine();
  auto spec = python("import time\ntime.sleep(60)\ndef handler(event, context): return 1\n");
  spec->timeout_s = 1;
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.error_type, "Sandbox.Timedout");
  EXPECT_THAT(
      all_log(),
      ContainsRegex(
          "INIT_REPORT Init Duration: 1[0-9]{3}\\.[0-9]{2} ms\tPhase: init\tStatus: timeout"));
  EXPECT_THAT(all_log(), ContainsRegex("Phase: invoke\tStatus: timeout"));
}

TEST_F(PythonFunctions, AnInitThatTakesLongerThanItsPhaseRunsInsideTheInvocation) {
  options_.init_timeout = std::chrono::seconds(1);
  make_engine();
  auto spec = python("import time\ntime.sleep(1.5)\ndef handler(event, context): return 1\n");
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.payload, "1");
  EXPECT_GT(outcome.duration_ms, 1500);
}

TEST_F(PythonFunctions, ResultsThatAreNoJson) {
  const Outcome bad = run_ok(python("def handler(event, context): return {1, 2}\n"));
  EXPECT_EQ(bad.error_type, "Runtime.MarshalError");
  EXPECT_THAT(bad.payload,
              HasSubstr("Unable to marshal response: Object of type set is not JSON serializable"));
  EXPECT_EQ(answer(python("def handler(event, context): return b'raw \\xff'\n")), "raw \xff");
  EXPECT_EQ(answer(python("import decimal\ndef handler(event, context): return {'d': "
                          "decimal.Decimal('1.10'), 'e': [decimal.Decimal(3)]}\n")),
            R"({"d": 1.10, "e": [3]})");
}

TEST_F(PythonFunctions, SixMegabytesBothWays) {
  auto spec = python("def handler(event, context): return event\n");
  const std::string payload = "\"" + std::string(6 * 1024 * 1024 - 2, 'a') + "\"";
  EXPECT_EQ(answer(spec, payload), payload);
  const Outcome big = run_ok(python("def handler(event, context): return 'a' * 7000000\n"));
  EXPECT_EQ(big.error_type, "Function.ResponseSizeTooLarge");
}

TEST_F(PythonFunctions, TmpIsKeptBetweenEventsAndPrivateToAnEnvironment) {
  auto spec = python(R"(
import os, time
def handler(event, context):
    seen = sorted(os.listdir('/tmp'))
    open('/tmp/' + str(event), 'w').write('x')
    time.sleep(0.3)
    return seen
)");
  EXPECT_EQ(answer(spec, "1"), "[]");
  EXPECT_EQ(answer(spec, "2"), R"(["1"])");
}

TEST_F(PythonFunctions, ClonesDrawDifferentRandomNumbers) {
  auto spec = python(R"(
import random, uuid, ssl, tempfile, time
random.random(); uuid.uuid4(); ssl.RAND_bytes(8); tempfile.mktemp()
def handler(event, context):
    time.sleep(0.5)
    return '%s %s %s' % (random.random(), uuid.uuid4(), ssl.RAND_bytes(8).hex())
)");
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::string> first, second, third;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      Event event;
      event.request_id = "r" + std::to_string(i);
      event.payload = "1";
      const auto outcome = base::sync_wait(engine().run(spec, event));
      const std::lock_guard lock(mutex);
      if (!outcome || outcome->function_error) {
        ADD_FAILURE() << (outcome ? outcome->payload : outcome.error().message);
        return;
      }
      const std::string text = outcome->payload.substr(1, outcome->payload.size() - 2);
      const std::size_t a = text.find(' '), b = text.rfind(' ');
      first.insert(text.substr(0, a));
      second.insert(text.substr(a, b - a));
      third.insert(text.substr(b));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(first.size(), 6U);
  EXPECT_EQ(second.size(), 6U);
  EXPECT_EQ(third.size(), 6U);
  EXPECT_EQ(engine().stats().templates, 1);
}

TEST_F(PythonFunctions, WhatCannotBeClonedSaysWhyAndWorks) {
  auto threads = python(
      "import threading, time\nthreading.Thread(target=time.sleep, args=(100,), "
      "daemon=True).start()\ndef handler(event, context): return 1\n");
  EXPECT_EQ(answer(threads), "1");
  EXPECT_EQ(engine().versions()[0].cloning, "1 threads besides the main one");
  EXPECT_EQ(answer(threads), "1");
  auto sockets =
      python("import socket\ns = socket.socket()\ndef handler(event, context): return 2\n");
  EXPECT_EQ(answer(sockets), "2");
  EXPECT_EQ(engine().versions()[1].cloning, "1 open sockets or pipes");
  auto opted_out = python("def handler(event, context): return 3\n");
  opted_out->environment["MAYFLY_CLONE"] = "off";
  EXPECT_EQ(answer(opted_out), "3");
}

TEST_F(PythonFunctions, SnapshotHooksRun) {
  auto spec = python(R"(
from snapshot_restore_py import register_before_snapshot, register_after_restore
import socket
state = {'socket': socket.socket()}
def close(): state.pop('socket').close()
def reopen(): state['restored'] = True
register_before_snapshot(close)
register_after_restore(reopen)
def handler(event, context): return state
)");
  EXPECT_EQ(answer(spec), R"({"restored": true})");
  EXPECT_EQ(engine().versions()[0].cloning, "template ready");
}

// As published: before a snapshot those that were registered last run first, after a restore those
// that were registered first; each clone is a restore.
TEST_F(PythonFunctions, SnapshotHooksRunInTheirOrderInEachClone) {
  auto spec = python(R"(
import os, time
from snapshot_restore_py import register_before_snapshot, register_after_restore
said = []
register_before_snapshot(said.append, 'first before')
@register_before_snapshot
def second(): said.append('second before')
register_after_restore(said.append, 'first after')
register_after_restore(lambda *, word: said.append(word), word='second after')
@register_after_restore
def own(): said.append(len(said))
def handler(event, context):
    time.sleep(0.2)
    return said
)");
  const std::string wanted =
      R"(["second before", "first before", "first after", "second after", 4])";
  EXPECT_EQ(answer(spec), wanted);
  std::vector<std::string> answers(3);
  std::vector<std::thread> callers;
  for (std::string& each : answers)
    callers.emplace_back([&each, &spec, this] {
      Event event;
      event.request_id = "of-a-clone";
      event.payload = "{}";
      auto result = base::sync_wait(engine().run(spec, std::move(event)));
      if (result) each = result->payload;
    });
  for (std::thread& caller : callers) caller.join();
  for (const std::string& each : answers) EXPECT_EQ(each, wanted);
}

TEST_F(PythonFunctions, SnapshotHooksThatFailAreTold) {
  const std::string hooks =
      "from snapshot_restore_py import register_before_snapshot, register_after_restore\n"
      "def fail(): raise ValueError('not now')\n"
      "def handler(event, context): return 1\n";
  const Outcome before = run_ok(python(hooks + "register_before_snapshot(fail)\n"));
  EXPECT_EQ(before.error_type, "Runtime.BeforeSnapshotError");
  EXPECT_THAT(before.payload, HasSubstr("not now"));
  const Outcome after = run_ok(python(hooks + "register_after_restore(fail)\n"));
  EXPECT_EQ(after.error_type, "Runtime.AfterRestoreError");
  EXPECT_THAT(after.payload, HasSubstr("not now"));
}

TEST_F(PythonFunctions, AHandlerThatForksAnswersOnceAndItsChildrenEndWithIt) {
  auto spec = python(R"(
import subprocess, os
def handler(event, context):
    out = subprocess.run(['sh', '-c', 'echo from a child; ls /proc/self/fd | wc -l'], stdout=subprocess.PIPE).stdout
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
    return out.decode().split('\n')[0]
)");
  EXPECT_EQ(answer(spec), "\"from a child\"");
  EXPECT_EQ(answer(spec), "\"from a child\"");
}

TEST_F(PythonFunctions, AFloodOfOutputDoesNotStopTheFunction) {
  auto spec = python(
      "def handler(event, context):\n  for i in range(200000): print('line', i)\n  return "
      "'done'\n");
  EXPECT_EQ(answer(spec), "\"done\"");
  EXPECT_THAT(all_log(), HasSubstr("line 199999\n"));
}

TEST_F(PythonFunctions, OldSdkFindsMayflyToo) {
  auto spec = python(R"(
import boto3
def handler(event, context):
    import botocore
    own = boto3.client('s3').meta.endpoint_url
    given = boto3.client('dynamodb', endpoint_url='http://example.com').meta.endpoint_url
    return [botocore.__version__.split('.')[0], boto3.resource('dynamodb').meta.client.meta.endpoint_url, own, given]
)");
  spec->environment["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9000";
  EXPECT_EQ(answer(spec),
            R"(["1", "http://127.0.0.1:4566", "http://127.0.0.1:9000", "http://example.com"])");
}

TEST_F(PythonFunctions, EveryFoundPythonRunsAHandler) {
  for (const RuntimeInfo& runtime : engine().runtimes()) {
    if (!runtime.name.starts_with("python")) continue;
    auto spec = function({{"app.py",
                           "import sys\ndef handler(event, context): return 'python%d.%d' % "
                           "sys.version_info[:2]\n"}},
                         runtime.name);
    EXPECT_EQ(answer(spec), "\"" + runtime.name + "\"") << runtime.interpreter;
  }
}

}  // namespace
}  // namespace mayfly::engine::testing
