'use strict';
// A process with the runtime and Node's own modules loaded and no user code, from which functions' processes are forked.
//
// It waits in mayfly_zygote.node. What returns from there is a process of a function's sandbox, which goes on as bootstrap.cjs
// does: with the function's variables, paths and random state. Where the function asks for what only a new interpreter can
// give, it becomes one: exec, in the sandbox.
const fs = require('node:fs');
const path = require('node:path');
const Module = require('node:module');
const v8 = require('node:v8');

const INSIDE = '/var/runtime';
const BOOTSTRAP = `${INSIDE}/bootstrap.cjs`;
// What functions and the SDK load.
const PRELOADED = [
  'assert', 'async_hooks', 'buffer', 'child_process', 'crypto', 'diagnostics_channel', 'dns', 'dns/promises', 'events', 'fs/promises',
  'http', 'http2', 'https', 'net', 'os', 'perf_hooks', 'process', 'querystring', 'readline', 'stream', 'stream/promises', 'stream/web',
  'string_decoder', 'timers', 'timers/promises', 'tls', 'tty', 'url', 'util', 'v8', 'vm', 'worker_threads', 'zlib',
];
// Read when Node.js starts, or by the libraries below it; NODE_ENV is only looked at by programs.
const READ_AT_START = /^(LD_|NODE_(?!ENV=)|LC_|LANG|MALLOC_|GLIBC_|OPENSSL_CONF|SSL_CERT_|ICU_)/;
const ROUNDS = 10;  // after which V8 has machine code of what is called often
const LIBRARIES = ['/var/task', '/var/task/lib', '/opt/lib'];

// The runtime's modules under the names that they have in a sandbox: stacks show them. Returns what requires them.
function loader(folder) {
  const loaded = new Map();
  const load = (name) => {
    const known = loaded.get(name);
    if (known) return known.exports;
    const module = new Module(path.join(INSIDE, name));
    loaded.set(name, module);
    if (name.endsWith('.node')) {
      process.dlopen(module, path.join(folder, name));
    } else {
      module.filename = module.id;
      module.paths = Module._nodeModulePaths(path.dirname(module.id));
      module.require = (id) =>
        id.startsWith('.') ? load(path.join(path.dirname(name), id)) : Module.prototype.require.call(module, id);
      module._compile(fs.readFileSync(path.join(folder, name), 'utf8'), module.filename);
    }
    module.loaded = true;
    return module.exports;
  };
  return load;
}

// Some of Node's modules ask what these streams are as soon as they are loaded (may assertions be coloured?), and Node makes each
// once: of the daemon's own terminal or log file. A function's are made of what the function has.
async function withoutStreams(work) {
  const kept = ['stdin', 'stdout', 'stderr'].map((name) => [name, Object.getOwnPropertyDescriptor(process, name)]);
  for (const [name] of kept) Object.defineProperty(process, name, { value: { isTTY: false }, configurable: true });
  try {
    return await work();
  } finally {
    for (const [name, own] of kept) Object.defineProperty(process, name, own);
  }
}

async function preload() {
  for (const name of PRELOADED) {
    if (Module.builtinModules.includes(name)) require(`node:${name}`);
  }
  void globalThis.Response;  // with it come fetch and its parser
  await import('data:text/javascript,0');  // the loader of ES modules
}

function readAtStart(variables) {
  return variables.filter((each) => READ_AT_START.test(each)).sort().join('\0');
}

// The dynamic linker remembers that these folders were not there when the zygote started.
function hasLibraries() {
  return LIBRARIES.some((folder) => {
    try {
      return fs.readdirSync(folder).some((name) => name.includes('.so'));
    } catch {
      return false;
    }
  });
}

function needsNewInterpreter(variables) {
  const own = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  return (
    variables.some((each) => /^MAYFLY_ZYGOTE=(0|off|false|no)$/i.test(each)) ||
    readAtStart(variables) !== readAtStart(own) ||
    hasLibraries()
  );
}

function moveIn(variables, native) {
  const environment = new Map(variables.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]));
  // TZ is better never missing: Node would look through all files of time zones for this machine's.
  for (const name of Object.keys(process.env)) {
    if (!environment.has(name)) delete process.env[name];
  }
  for (const [name, value] of environment) process.env[name] = value;
  process.chdir('.');  // it is in the sandbox; Node remembers the name of where it was
  process.argv.splice(0, process.argv.length, process.execPath, BOOTSTRAP);
  delete Module._cache[module.filename];
  module.filename = BOOTSTRAP;
  module.path = INSIDE;
  module.paths = Module._nodeModulePaths(INSIDE);
  Module._cache[BOOTSTRAP] = module;
  Object.defineProperty(process, 'pid', { value: native.pid(), enumerable: true, configurable: true });
  // Node's own exit waits for threads that a fork does not have.
  process.reallyExit = (status) => native.exit(status ?? process.exitCode ?? 0);
}

// All that a function's process does with its variables, with those that are there already.
function moveInAsIs(native) {
  const own = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  needsNewInterpreter(own);
  moveIn(own, native);
}

async function prepare() {
  const load = loader(__dirname);
  const { start } = load('lib/start.cjs');
  const { warm } = load('lib/template.cjs');
  const native = load('mayfly.node');
  const zygote = load('mayfly_zygote.node');
  native.onEmpty(() => process.emit('beforeExit', process.exitCode ?? 0));
  await preload();
  warm();
  const { rehearse } = load('lib/rehearsal.cjs');
  const folder = path.join(__dirname, 'lib');  // module.path is another one later
  const rehearsal = (rounds) => rehearse(folder, zygote.pair, rounds);
  await rehearsal(ROUNDS);
  return { start, native, zygote, rehearsal };
}

async function run() {
  // What is compiled here need not be compiled in each function's process: all of it, and it stays.
  v8.setFlagsFromString('--no-lazy');
  v8.setFlagsFromString('--no-flush-bytecode');
  const { start, native, zygote, rehearsal } = await withoutStreams(prepare);
  for (let round = 0; round < ROUNDS; ++round) moveInAsIs(native);
  native.processState();
  // What V8 compiles on other threads (fetch's parser) would be lost by a fork. Node waits for it when its event loop is empty.
  await new Promise((resolve) => process.once('beforeExit', resolve));
  v8.setFlagsFromString('--lazy');
  const becomeFunction = () => {
    const env = zygote.takeOrder();
    if (needsNewInterpreter(env)) {
      zygote.execute();
      native.exit(126);
    }
    moveIn(env, native);
    start();
  };
  setImmediate(async () => {
    zygote.wait();
    native.renew();
    if (zygote.orderIsThere()) return becomeFunction();
    // In a fork each first touch of a page costs: the pages are touched before anybody waits.
    moveInAsIs(native);
    await withoutStreams(() => rehearsal(1)).catch(() => {});  // it saves time, and nothing depends on it
    setImmediate(becomeFunction);
  });
}

run();
