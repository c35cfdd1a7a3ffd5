// Clones of real functions: what is cloned and what is not, and what differs between clones.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "engine/tests/real_fixture.h"
#include "wire/json.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::HasSubstr;

class Clones : public RealEngineTest {
 protected:
  bool has_node() {
    for (const RuntimeInfo& runtime : engine().runtimes()) {
      if (runtime.name.starts_with("nodejs"))
        return std::filesystem::exists(options_.runtimes_folder + "/nodejs/mayfly.node");
    }
    return false;
  }
  std::shared_ptr<FunctionSpec> node(const std::string& code,
                                     const std::string& file = "index.js") {
    return function({{file, code}}, "nodejs20.x", "index.handler");
  }
  // The answers to `count` events at a time, each of an environment of its own: the handler takes
  // long enough.
  std::vector<std::string> at_once(const std::shared_ptr<FunctionSpec>& spec, int count) {
    std::vector<Event> events(static_cast<std::size_t>(count));
    std::vector<std::string> answers(events.size());
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < events.size(); ++i) {
      callers.emplace_back([&, i] {
        events[i].request_id = "at-once-" + std::to_string(i);
        events[i].payload = "{}";
        auto result = base::sync_wait(engine().run(spec, std::move(events[i])));
        if (result && !result->function_error) answers[i] = result->payload;
      });
    }
    for (std::thread& caller : callers) caller.join();
    return answers;
  }
  void expect_all_differ(const std::shared_ptr<FunctionSpec>& spec) {
    run_ok(spec);
    EXPECT_EQ(engine().versions()[0].cloning, "template ready");
    const auto answers = at_once(spec, 4);
    std::set<std::string> words;
    std::size_t count = 0;
    for (const std::string& each : answers) {
      auto document = wire::parse_json(each);
      ASSERT_TRUE(document) << each << all_log();
      for (const wire::Document& word : *document->as_list()) {
        words.insert(wire::to_json(word));
        ++count;
      }
    }
    EXPECT_EQ(words.size(), count) << ::testing::PrintToString(answers);
  }
  std::string cloning_of(const std::shared_ptr<FunctionSpec>& spec) {
    for (const VersionState& state : engine().versions()) {
      if (state.function == spec->function) return state.cloning;
    }
    return "the engine does not know it";
  }
  // Runs, is not cloned and says why, and a second environment works too.
  void expect_not_cloned(const std::shared_ptr<FunctionSpec>& spec, const std::string& reason) {
    EXPECT_EQ(answer(spec), "1");
    EXPECT_THAT(cloning_of(spec), HasSubstr(reason));
    for (const std::string& each : at_once(spec, 2)) EXPECT_EQ(each, "1") << all_log();
  }
};

TEST_F(Clones, PythonStateThatCannotBeCopiedFallsBack) {
  const std::string handler =
      "\nimport time\ndef handler(event, context):\n  time.sleep(0.05)\n  return 1\n";
  const std::pair<std::string, std::string> cases[] = {
      {"import socket\nheld = socket.socket()", "1 open sockets or pipes"},
      {"import os\nheld = os.pipe()", "2 open sockets or pipes"},
      {"import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
       "1 threads besides the main one"},
      {"from concurrent.futures import ThreadPoolExecutor\nheld = ThreadPoolExecutor(2)\n"
       "held.submit(len, '').result()",
       "1 threads besides the main one"},
      {"import subprocess\nheld = subprocess.Popen(['sleep', '60'])", "1 child processes"},
      {"held = open('/tmp/x', 'w')", "1 files open for writing"},
      {"import select\nheld = select.epoll()", "1 open event descriptors"},
      {"import mmap\nheld = mmap.mmap(-1, 4096)", "1 memory shared with other processes"},
  };
  for (const auto& [init, reason] : cases) expect_not_cloned(python(init + handler), reason);
}

// Loops that INIT made are each clone's own, and the current one stays that. Of every version that
// is installed; where one is not, another stands in.
TEST_F(Clones, PythonEventLoopsAreMadeAnew) {
  const std::string source = R"(
import asyncio
other = asyncio.new_event_loop()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(asyncio.sleep(0))
async def work(event):
    await asyncio.sleep(0.05)
    return await asyncio.get_running_loop().run_in_executor(None, lambda: event)
def handler(event, context):
    return [loop.run_until_complete(work(event)), other.run_until_complete(work(event)), asyncio.get_event_loop() is loop]
)";
  for (const int minor : {8, 9, 10, 11, 12, 13, 14}) {
    const std::string version = "python3." + std::to_string(minor);
    auto spec = function({{"app.py", source}}, version);
    EXPECT_EQ(answer(spec, "1"), "[1, 1, true]") << version << all_log();
    EXPECT_EQ(cloning_of(spec), "template ready") << version;
    for (const std::string& each : at_once(spec, 3)) EXPECT_EQ(each, "[{}, {}, true]") << version;
  }
}

// What a loop does for somebody cannot be copied; it goes on where it is.
TEST_F(Clones, PythonEventLoopsInUseFallBack) {
  const std::string begin =
      "import asyncio, os, socket\nloop = asyncio.new_event_loop()\nasync def one(): return 1\n";
  const std::string handler =
      "\nimport time\ndef handler(event, context):\n  time.sleep(0.05)\n"
      "  return loop.run_until_complete(one())\n";
  const std::pair<std::string, std::string> cases[] = {
      {"held = socket.socket()", "1 open sockets or pipes"},
      {"loop.add_reader(os.pipe()[0], print)", "open event descriptors"},
      {"loop.call_later(60, print)", "open event descriptors"},
  };
  for (const auto& [init, reason] : cases)
    expect_not_cloned(python(begin + init + handler), reason);
}

TEST_F(Clones, NodeStateThatCannotBeCopiedFallsBack) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  const std::string handler =
      "\nexports.handler = async () => { await new Promise((r) => setTimeout(r, 50)); return 1; };";
  const std::pair<std::string, std::string> cases[] = {
      {"const server = require('net').createServer().listen(0); server.unref();",
       "1 open sockets or pipes"},
      {"new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true "
       "}).unref();",
       "threads (workers)"},
      {"require('child_process').spawn('sleep', ['60'], { stdio: 'ignore' }).unref();",
       "1 child processes"},
      {"require('fs').openSync('/tmp/x', 'w');", "1 files open for writing"},
      {"require('fs').watch('/tmp').unref();", "1 open event descriptors"},
      {"require('crypto').pbkdf2('a', 'b', 2000000, 64, 'sha512', () => {});",
       "1 requests under way"},
  };
  for (const auto& [init, reason] : cases) expect_not_cloned(node(init + handler), reason);
}

TEST_F(Clones, OptingOutIsHonoured) {
  auto spec = python("def handler(event, context):\n  return 1\n");
  spec->environment = {{"MAYFLY_CLONE", "off"}};
  expect_not_cloned(spec, "the function opted out (MAYFLY_CLONE)");
  auto other = python("def handler(event, context):\n  return 1\n");
  other->cloning = Cloning::off;
  expect_not_cloned(other, "the function opted out");
}

TEST_F(Clones, PythonClonesHaveRandomNumbersOfTheirOwn) {
  expect_all_differ(python(R"(
import os, random, secrets, ssl, tempfile, time, uuid
random.random(), secrets.token_hex(), uuid.uuid4(), uuid.uuid1(), ssl.RAND_bytes(8)
next(tempfile._get_candidate_names())
def handler(event, context):
    time.sleep(0.2)
    return [context.aws_request_id, random.random(), random.Random().random(), secrets.token_hex(), str(uuid.uuid4()),
            str(uuid.uuid1()), ssl.RAND_bytes(16).hex(), os.urandom(16).hex(), next(tempfile._get_candidate_names())]
)"));
}

// Two clones that ask in the same tick of the clock must not get the same.
TEST_F(Clones, PythonClonesHaveClockSequencesOfTheirOwn) {
  auto spec = python(R"(
import time, uuid
uuid.uuid1()
def handler(event, context):
    time.sleep(0.1)
    return [uuid.uuid1().clock_seq, uuid.uuid1().node == uuid.getnode()]
)");
  run_ok(spec);
  const auto answers = at_once(spec, 4);
  EXPECT_GT(std::set(answers.begin(), answers.end()).size(), 1u)
      << ::testing::PrintToString(answers);
  for (const std::string& each : answers) EXPECT_THAT(each, HasSubstr("true"));
}

TEST_F(Clones, PythonClonesHaveNumpysRandomNumbersOfTheirOwn) {
  auto spec = python(R"(
try:
    import numpy
    draw = numpy.random.random
    draw()
except ImportError:
    import random
    draw = random.random
import time
def handler(event, context):
    time.sleep(0.2)
    return [float(draw())]
)");
  expect_all_differ(spec);
}

TEST_F(Clones, NodeClonesHaveRandomNumbersOfTheirOwn) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  // Used in INIT already, so that what Node keeps in store would be the same in all clones.
  expect_all_differ(node(R"(
const crypto = require('crypto');
const { random } = Math;
Math.random(); crypto.randomUUID(); crypto.randomInt(1 << 30); crypto.randomBytes(8);
exports.handler = async (event, context) => {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return [context.awsRequestId, Math.random(), random(), crypto.randomUUID(), crypto.randomInt(2 ** 47),
          crypto.randomBytes(16).toString('hex'), globalThis.crypto.randomUUID(),
          Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16))).toString('hex'),
          crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })];
};
)"));
}

TEST_F(Clones, WhatHandlersUseWorksInNodeClones) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  auto spec = node(R"(
const fs = require('fs/promises'), zlib = require('zlib'), http = require('http'), util = require('util');
const { Worker } = require('worker_threads');
const { execFile } = require('child_process');
process.on('SIGTERM', () => {});
let ticks = 0;
setInterval(() => ++ticks, 5).unref();
exports.handler = async () => {
  await fs.writeFile('/tmp/a', 'x');
  const server = http.createServer((request, response) => response.end('served'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served = await (await fetch(`http://127.0.0.1:${server.address().port}/`)).text();
  server.closeAllConnections();
  server.close();
  const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const objects = [];
  for (let i = 0; i < 300000; ++i) objects.push({ i });
  let hot = 0;
  for (let i = 0; i < 3e6; ++i) hot = (hot + i * 7) % 1000003;
  const worker = new Worker('require("worker_threads").parentPort.postMessage("worker")', { eval: true });
  const said = new Promise((resolve) => worker.once('message', resolve));
  return [await fs.readFile('/tmp/a', 'utf8'), served, (await util.promisify(zlib.gzip)('abc')).length > 0,
          (await WebAssembly.instantiate(wasm)).instance !== undefined, (await import('node:path')).sep, objects.length,
          (await util.promisify(execFile)('/bin/echo', ['child'])).stdout, await said,
          (await require('dns').promises.lookup('localhost')).family > 0, ticks > 0, process.pid > 0,
          require('fs').readlinkSync('/proc/self') === String(process.pid)];
};
)");
  ASSERT_TRUE(base::sync_wait(engine().prepare(spec)));
  EXPECT_EQ(engine().versions()[0].cloning, "template ready");
  const std::string wanted =
      R"(["x","served",true,true,"/",300000,"child\n","worker",true,true,true,true])";
  EXPECT_EQ(answer(spec), wanted);
  EXPECT_EQ(answer(spec), wanted);
}

TEST_F(Clones, NodeModulesOfEveryKindAreCloned) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  const std::pair<std::string, std::string> cases[] = {
      {"index.mjs", "const x = await Promise.resolve(1); export const handler = async () => x;"},
      {"index.mjs",
       "import { readFile } from 'node:fs/promises'; const text = await "
       "readFile(new URL(import.meta.url)); export const handler = async () => text.length > 0 ? 1 "
       ": 0;"},
      {"index.js", "exports.handler = (event, context, callback) => callback(null, 1);"},
      {"index.cjs", "exports.handler = (event, context) => context.done(null, 1);"},
      // As esbuild bundles TypeScript.
      {"index.js",
       "\"use strict\"; var __defProp = Object.defineProperty; var src_exports = {}; "
       "__defProp(src_exports, \"handler\", { get: () => handler, enumerable: true }); "
       "module.exports = src_exports; async function handler() { return 1; }"},
  };
  for (const auto& [file, code] : cases) {
    auto spec = node(code, file);
    EXPECT_EQ(answer(spec), "1") << code;
    for (const VersionState& state : engine().versions()) {
      if (state.function == spec->function) EXPECT_EQ(state.cloning, "template ready") << code;
    }
  }
}

// Answers that wait for an empty event loop. V8 gives a part of each full collection to a thread
// that no clone has, and Node waits for it when its loop is empty.
TEST_F(Clones, NodeClonesNoticeAnEmptyEventLoop) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  auto spec = node(R"(
require('v8').setFlagsFromString('--expose-gc');
const collect = require('vm').runInNewContext('gc');
exports.handler = (event, context, callback) => {
  collect();
  if (event.late) setTimeout(() => { collect(); callback(null, 'late'); }, 5);
  else if (event.style === 'never') return new Promise(() => {});
  else callback(null, event.style);
  if (event.timer) setTimeout(() => {}, 5);
};
)");
  ASSERT_TRUE(base::sync_wait(engine().prepare(spec)));
  EXPECT_EQ(engine().versions()[0].cloning, "template ready");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(answer(spec, R"({"style":"callback"})"), "\"callback\"");
    EXPECT_EQ(answer(spec, R"({"late":true})"), "\"late\"");
    EXPECT_EQ(answer(spec, R"({"style":"never"})"), "null");
    EXPECT_EQ(answer(spec, R"({"style":"timer","timer":true})"), "\"timer\"");
  }
}

TEST_F(Clones, NodeClonesStream) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  auto spec = node(R"(
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  await pipeline(Readable.from(['one ', 'two ', context.awsRequestId]), stream);
});
)");
  ASSERT_TRUE(base::sync_wait(engine().prepare(spec)));
  EXPECT_EQ(engine().versions()[0].cloning, "template ready");
  for (int round = 0; round < 2; ++round) {
    const Streamed streamed = run_streamed(spec, "{}");
    EXPECT_THAT(streamed.bytes,
                ::testing::EndsWith("one two request-" + std::to_string(round + 1)));
    EXPECT_THAT(streamed.bytes, ::testing::StartsWith(R"({"statusCode":201})"));
  }
}

TEST_F(Clones, EndingsOfNodeClonesAreTold) {
  if (!has_node()) GTEST_SKIP() << "no Node.js that can be cloned";
  auto spec = node("exports.handler = async (event) => { process.exit(event.status); };");
  ASSERT_TRUE(base::sync_wait(engine().prepare(spec)));
  EXPECT_THAT(run_ok(spec, R"({"status":3})").payload,
              HasSubstr("Runtime exited with error: exit status 3"));
  EXPECT_THAT(run_ok(spec, R"({"status":0})").payload,
              HasSubstr("Runtime exited without providing a reason"));
}

TEST_F(Clones, ADeploymentHasASpare) {
  auto spec = python("def handler(event, context):\n  return 1\n");
  ASSERT_TRUE(base::sync_wait(engine().prepare(spec)));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (engine().versions()[0].prepared == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  const Outcome outcome = run_ok(spec);
  EXPECT_EQ(outcome.cold_start, ports::ColdStart::spare);
  EXPECT_EQ(outcome.init_ms, 0);
}

TEST_F(Clones, ConcurrencySeenBringsASpareAhead) {
  auto spec = python("import time\ndef handler(event, context):\n  time.sleep(0.3)\n  return 1\n");
  run_ok(spec);
  EXPECT_EQ(engine().versions()[0].prepared, 0);  // one at a time needs none
  at_once(spec, 4);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (engine().versions()[0].idle + engine().versions()[0].prepared < 5 &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_GE(engine().versions()[0].idle + engine().versions()[0].prepared, 5);
}

}  // namespace
}  // namespace mayfly::engine::testing
