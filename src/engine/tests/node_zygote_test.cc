// Node.js functions whose templates are forked from a zygote: that they are as those that are
// executed, and have nothing of each other.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "base/unique_fd.h"
#include "engine/tests/real_fixture.h"
#include "wire/json.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::HasSubstr;

// A zygote has modules loaded that a new interpreter has not.
constexpr const char* kForked =
    "const forked = process.moduleLoadList.includes('NativeModule http2');\n"
    "exports.handler = async () => forked;\n";

class NodeZygote : public RealEngineTest {
 protected:
  // The warden is started on a terminal, as by hand: functions must see nothing of it.
  static void SetUpTestSuite() {
    terminal_.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(terminal_ && ::grantpt(terminal_.get()) == 0 && ::unlockpt(terminal_.get()) == 0);
    const base::UniqueFd end(::open(::ptsname(terminal_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    const base::UniqueFd own(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    ASSERT_TRUE(end && own && ::dup2(end.get(), STDERR_FILENO) >= 0);
    RealEngineTest::SetUpTestSuite();
    ASSERT_GE(::dup2(own.get(), STDERR_FILENO), 0);
  }
  void SetUp() override {
    RealEngineTest::SetUp();
    if (!std::filesystem::exists(options_.runtimes_folder + "/nodejs/mayfly_zygote.node"))
      GTEST_SKIP() << "this build has no zygotes of Node.js";
    bool node = false;
    for (const RuntimeInfo& runtime : engine().runtimes())
      node |= runtime.name.starts_with("nodejs");
    if (!node) GTEST_SKIP() << "Node.js is not installed";
    // The first function asks for it; until it is ready others are executed.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (std::string forked; forked != "true"; forked = answer(node_function(kForked))) {
      ASSERT_TRUE(forked.empty() || forked == "false");
      ASSERT_LT(std::chrono::steady_clock::now(), until) << "no zygote came to be";
    }
  }
  std::shared_ptr<FunctionSpec> node_function(const std::string& code,
                                              const std::string& file = "index.js") {
    return function({{file, code}}, "nodejs20.x", "index.handler");
  }
  std::string cloning_of(const std::shared_ptr<FunctionSpec>& spec) {
    for (const VersionState& state : engine().versions()) {
      if (state.function == spec->function) return state.cloning;
    }
    return {};
  }
  static inline base::UniqueFd terminal_;
};

TEST_F(NodeZygote, ItsProcessesAreConfinedAndNamedAsOthers) {
  auto spec = node_function(R"(
const fs = require('fs');
const status = Object.fromEntries(fs.readFileSync('/proc/self/status', 'utf8').split('\n').map((line) => line.split(':\t')));
// Nothing of the zygote's: each descriptor is one of this process's own, by kind.
const kinds = new Set(fs.readdirSync('/proc/self/fd').map((fd) => {
  try { return fs.readlinkSync('/proc/self/fd/' + fd).replace(/[0-9]+/, ''); } catch { return '/proc//fd'; }
}));
// Also those that help to make the first clone's namespaces and end at once.
const isInit = (pid) => {
  try { return fs.readFileSync('/proc/' + pid + '/comm', 'utf8') === 'mayfly-init\n'; } catch { return true; }
};
const seen = [
  ...['CapEff', 'CapPrm', 'CapBnd', 'NoNewPrivs', 'Seccomp', 'Uid', 'Gid', 'Groups'].map((name) => status[name].trim().split(/\s/)[0]),
  [...kinds].sort(), process.cwd(), process.argv, process.execArgv, process.execPath, require.main.filename, require.main.paths,
  fs.readlinkSync('/proc/self') === String(process.pid), process.ppid,
  fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && !isInit(name)).length, process.env.MINE, process.env._HANDLER,
  fs.readdirSync('/var/task'), module.parent?.filename, module.paths.slice(0, 2),
  Object.keys(require.cache).filter((name) => !name.startsWith('/var/runtime')),
  // And nothing of what the zygote rehearsed.
  process.eventNames().map(String).sort().map((name) => [name, process.listenerCount(name)]),
  Object.keys(process.env).filter((name) => !name.startsWith('MAYFLY_')).sort(), Object.keys(require.cache).filter((name) => name.includes('handler_of')),
  Object.getOwnPropertyNames(globalThis).sort(), Object.keys(module.children), process.getMaxListeners(),
  process.stdout.constructor.name, process.stderr.constructor.name, process.stdin.constructor.name,
];
exports.handler = async () => [...seen, new Error().stack.includes('/var/runtime/lib/runtime.cjs')];
)");
  spec->environment = {{"MINE", "1"}};
  auto alone = std::make_shared<FunctionSpec>(*spec);
  alone->function = "alone";
  alone->environment.emplace("MAYFLY_ZYGOTE", "off");  // executed, as a template too
  const std::string forked = answer(spec);
  auto document = wire::parse_json(answer(alone));
  auto same = wire::parse_json(forked);
  ASSERT_TRUE(document && same) << forked;
  const auto& other = *document->as_list();
  const auto& mine = *same->as_list();
  ASSERT_EQ(mine.size(), other.size());
  for (std::size_t at = 0; at < mine.size(); ++at)
    EXPECT_EQ(wire::to_json(mine[at]), wire::to_json(other[at])) << at;
  EXPECT_THAT(
      forked,
      HasSubstr(
          R"("0000000000000000","0000000000000000","0000000000000000","1","2","1051","990")"));
  EXPECT_EQ(cloning_of(spec), "template ready");
}

TEST_F(NodeZygote, FunctionsOfOneZygoteHaveNothingInCommon) {
  const std::string code = R"(
const fs = require('fs'), crypto = require('crypto');
fs.writeFileSync('/tmp/mine', 'x', { flag: 'wx' });
fs.writeFileSync('/dev/shm/mine', 'x', { flag: 'wx' });
const made = [Math.random(), crypto.randomUUID(), crypto.randomInt(2 ** 47), crypto.randomBytes(16).toString('hex'),
  globalThis.crypto.randomUUID(), crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
  ...['user', 'mnt', 'pid', 'ipc', 'uts'].map((name) => fs.readlinkSync('/proc/self/ns/' + name))];
exports.handler = async () => [...made, process.env.SECRET, Object.keys(process.env).filter((name) => name === 'SECRET').length];
)";
  std::vector<std::string> seen[2];
  for (auto& each : seen) {
    auto spec = node_function(code);
    spec->environment = {{"SECRET", "of-" + spec->function}};
    auto document = wire::parse_json(answer(spec));
    ASSERT_TRUE(document);
    for (const wire::Document& one : *document->as_list()) each.push_back(wire::to_json(one));
  }
  ASSERT_EQ(seen[0].size(), seen[1].size());
  for (std::size_t at = 0; at + 1 < seen[0].size(); ++at) EXPECT_NE(seen[0][at], seen[1][at]) << at;
}

TEST_F(NodeZygote, NoFunctionsVariablesAreInAnothersMemory) {
  auto first = node_function("exports.handler = async () => 1;");
  first->environment = {{"MARK", "f00d-needle-f00d"}};
  EXPECT_EQ(answer(first), "1");
  // The pattern is not in memory as such. What has the variable finds it.
  auto other = node_function(R"(
const fs = require('fs');
exports.handler = async () => {
  const memory = fs.openSync('/proc/self/mem', 'r'), part = Buffer.alloc(1 << 20);
  let count = 0;
  for (const line of fs.readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const bounds = /^([0-9a-f]+)-([0-9a-f]+) r.*$/.exec(line);
    if (!bounds || line.includes('[v')) continue;
    const end = BigInt('0x' + bounds[2]);
    for (let at = BigInt('0x' + bounds[1]); at < end; at += BigInt(1 << 20)) {
      let got;
      try { got = fs.readSync(memory, part, 0, Number(end - at < 1 << 20 ? end - at : 1 << 20), at); } catch { break; }
      const text = part.subarray(0, got);
      for (let from = text.indexOf('-needle-f', 0, 'latin1'); from >= 0; from = text.indexOf('-needle-f', from + 1, 'latin1'))
        count += from >= 4 && text.latin1Slice(from - 4, from) === 'f' + '00d' && text.latin1Slice(from + 9, from + 12) === '00' + 'd' ? 1 : 0;
      part.fill(0);
    }
  }
  return count;
};
)");
  EXPECT_EQ(answer(other), "0");
  auto own = std::make_shared<FunctionSpec>(*other);
  own->function = "own";
  own->environment = first->environment;
  EXPECT_NE(answer(own), "0");
}

TEST_F(NodeZygote, WhatOnlyANewInterpreterHasIsGivenOne) {
  auto options = node_function(kForked);
  options->environment = {{"NODE_OPTIONS", "--enable-source-maps"}};
  EXPECT_EQ(answer(options), "false");
  EXPECT_EQ(answer(function({{"index.js", kForked}, {"lib/libown.so", "x"}}, "nodejs20.x",
                            "index.handler")),
            "false");
  auto opted_out = node_function(kForked);
  opted_out->environment = {{"MAYFLY_ZYGOTE", "off"}};
  EXPECT_EQ(answer(opted_out), "false");
  auto zone = node_function(
      "const forked = process.moduleLoadList.includes('NativeModule http2');\n"
      "exports.handler = async () => [forked, new Date(0).getHours(), process.env.NODE_ENV];");
  zone->environment = {{"TZ", "Asia/Tokyo"}, {"NODE_ENV", "production"}};
  EXPECT_EQ(answer(zone), R"([true,9,"production"])");
}

TEST_F(NodeZygote, InitMayDoWhatItLikes) {
  // In INIT of a forked process, where no clone has been made yet: threads, children, sockets,
  // files, timers, WebAssembly, ES modules with top-level await.
  auto spec = function({{"index.mjs", R"(
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { part } from './part.mjs';
process.on('SIGTERM', () => {});
const worker = new Worker('require("worker_threads").parentPort.postMessage("worker")', { eval: true });
const said = await new Promise((resolve) => worker.once('message', resolve));
await worker.terminate();
const server = http.createServer((request, response) => response.end('served'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const served = await (await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { connection: 'close' } })).text();
await new Promise((resolve) => server.close(resolve));
const packed = await promisify(zlib.gzip)('abc');
await new Promise((resolve) => setTimeout(resolve, 5));
const wasm = await WebAssembly.instantiate(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
const key = await crypto.subtle.digest('SHA-256', new Uint8Array(1));
const objects = [];
for (let i = 0; i < 300000; ++i) objects.push({ i });
const seen = [part, said, served, packed.length > 0, wasm.instance !== undefined, key.byteLength, objects.length,
  execFileSync('/bin/echo', ['child']).toString(), (await readFile('/proc/self/comm', 'utf8')).trim()];
export const handler = async () => seen;
)"},
                        {"part.mjs", "export const part = await Promise.resolve('part');"}},
                       "nodejs20.x", "index.handler");
  EXPECT_EQ(answer(spec), R"(["part","worker","served",true,true,32,300000,"child\n","node"])");
}

TEST_F(NodeZygote, EndingsInInitAreTold) {
  EXPECT_THAT(run_ok(node_function("process.exit(3);")).payload,
              HasSubstr("Runtime exited with error: exit status 3"));
  EXPECT_THAT(run_ok(node_function("process.kill(process.pid, 'SIGKILL');")).payload,
              HasSubstr("signal: killed"));
  const Outcome thrown = run_ok(node_function("throw new RangeError('in init');"));
  EXPECT_EQ(thrown.error_type, "RangeError");
  EXPECT_THAT(thrown.payload, HasSubstr("/var/task/index.js"));
  EXPECT_THAT(
      run_ok(node_function("await new Promise(() => {});export const handler = 1;", "index.mjs"))
          .payload,
      HasSubstr("Runtime.NodeJsExit"));
}

}  // namespace
}  // namespace mayfly::engine::testing
