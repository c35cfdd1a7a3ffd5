'use strict';
// Waiting as a template: what is looked at before INIT and after it, and what is made new in each clone.

const WORDS = {
  threads: 'threads (workers)',
  children: 'child processes',
  sockets: 'open sockets or pipes',
  eventFds: 'open event descriptors (a watched file or folder)',
  writableFiles: 'files open for writing',
  sharedMappings: 'memory shared with other processes',
  work: 'requests under way (files, names, connections)',
};
const FLAGS = ['--single-threaded', '--v8-pool-size=0'];  // what the engine starts a template with
const WARM_ROUNDS = 8;  // after which V8 has machine code of what is called often
const DRAIN_MS = 50;
const UUIDS_AT_ONCE = 128;  // node:crypto makes them in batches,
const INTEGERS_AT_ONCE = 1024;  // and random integers likewise

// Math.random's state is copied with the process. V8 cannot be told to begin anew, so the function itself is replaced, before
// the user's code can keep a reference to it: xoshiro128**, seeded by the kernel.
function replaceRandom() {
  const state = new Uint32Array(4);
  const next = () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const moved = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= moved;
    state[3] = rotate(state[3], 11);
    return result;
  };
  const rotate = (value, by) => (value << by) | (value >>> (32 - by));
  const random = () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  Object.defineProperty(random, 'name', { value: 'random' });
  Object.defineProperty(Math, 'random', { value: random, writable: true, enumerable: false, configurable: true });
  const seed = (bytes) => {
    for (let at = 0; at < 4; ++at) state[at] = bytes.readUInt32LE(4 * at);
    state[0] |= 1;  // never all zero
  };
  const first = Buffer.alloc(16);
  const file = require('node:fs').openSync('/dev/urandom', 'r');
  require('node:fs').readSync(file, first, 0, 16, null);
  require('node:fs').closeSync(file);
  seed(first);
  return seed;
}

// node:crypto keeps random bytes in store for randomUUID and randomInt, which clones would have in common. Uses them up, so
// that the next call fetches new ones: their fetching is seen by its asynchronous resource.
function emptyRandomStores() {
  const crypto = require('node:crypto');
  let fetched = false;
  const hook = require('node:async_hooks').createHook({
    init(id, type) {
      if (type === 'RANDOMBYTESREQUEST') fetched = true;
    },
  });
  const empty = (draw, batch) => {
    fetched = false;
    for (let drawn = 0; drawn < batch && !fetched; ++drawn) draw();
    if (!fetched) return false;
    for (let drawn = 1; drawn < batch; ++drawn) draw();
    return true;
  };
  hook.enable();
  try {
    // The very first use fetches too.
    const draws = [[() => crypto.randomUUID(), UUIDS_AT_ONCE], [() => crypto.randomInt(2), INTEGERS_AT_ONCE]];
    return draws.every(([draw, batch]) => empty(draw, batch) || empty(draw, batch));
  } finally {
    hook.disable();
  }
}

function poolThreads() {
  const asked = process.env.UV_THREADPOOL_SIZE;
  if (asked === undefined) return 4;
  return Math.min(Math.max(Number.parseInt(asked, 10) || 0, 1), 1024);
}

// What V8 does on other threads, as compiling WebAssembly, would be lost by a fork, and nobody can see whether there is any: but
// Node waits for it when its event loop is empty. Where that is never empty, the time has to do.
function idle() {
  return new Promise((resolve) => {
    process.once('beforeExit', resolve);
    setTimeout(() => {
      process.off('beforeExit', resolve);
      resolve();
    }, DRAIN_MS).unref();
  });
}

class Template {
  // Before any of the user's code.
  constructor() {
    this.never = this.#whyNever();
    if (this.never) return;
    process.execArgv = process.execArgv.filter((flag) => !FLAGS.includes(flag));  // not for the function's own children
    this.native.onEmpty(() => process.emit('beforeExit', process.exitCode ?? 0));
    this.seed = replaceRandom();
    // Once there, libuv's pipe for signals stays, and belongs to what is there before INIT.
    const nothing = () => {};
    process.on('SIGTERM', nothing);
    process.off('SIGTERM', nothing);
    this.before = this.native.processState();
  }

  #whyNever() {
    if (/^(0|off|false|no)$/i.test(process.env.MAYFLY_CLONE ?? '')) return 'the function opted out (MAYFLY_CLONE)';
    if (!FLAGS.every((flag) => process.execArgv.includes(flag))) return 'it was not started as a template';
    if (/(^|\s)(-r|--require|--import|--loader|--experimental-loader|--inspect\S*)([\s=]|$)/.test(process.env.NODE_OPTIONS ?? '')) {
      return 'NODE_OPTIONS loads code before the runtime';
    }
    try {
      require('node:fs').fstatSync(4);
    } catch {
      return 'the process has no clone channel';
    }
    try {
      this.native = require('../mayfly.node');
    } catch (error) {
      return `the native module does not load in this Node.js: ${error.message}`;
    }
    return '';
  }

  // After INIT: what this process holds that must not be copied, or an empty text.
  async whyNot() {
    if (this.never) return this.never;
    // Loads what handlers load late.
    if (!emptyRandomStores()) return 'the random numbers of node:crypto cannot be made new in this Node.js';
    await idle();
    let now, pool = 0;
    try {
      now = this.native.processState();
      if (now.threads !== this.before.threads) {
        // libuv's pool, which libuv makes anew after a fork, or workers. It is all there from its first use on.
        await new Promise((resolve) => require('node:fs').stat('/', resolve));
        await idle();
        now = this.native.processState();
        pool = poolThreads();
      }
    } catch (error) {
      return `the process's state cannot be read: ${error.message}`;
    }
    const found = [];
    for (const [name, words] of Object.entries(WORDS)) {
      const count = now[name] - this.before[name] - (name === 'threads' ? pool : 0);
      if (count > 0) found.push(`${count} ${words}`);
    }
    return found.join(', ');
  }

  // In a clone, once its first event is answered.
  notePages() {
    setImmediate(() => this.native.notePages()).unref();
  }

  // Calls `begin` in each clone; nothing in the template. `failed` where there can be no clones (any more).
  wait(begin, failed) {
    // In a callback of its own: the event loop's epoll is replaced below.
    setImmediate(() => {
      let random;
      try {
        random = this.native.waitForClone();
      } catch (error) {
        return failed(error);
      }
      this.seed(random);
      Object.defineProperty(process, 'pid', { value: this.native.pid(), enumerable: true, configurable: true });
      // Node's own exit waits for threads that a clone does not have.
      process.reallyExit = (status) => this.native.exit(status ?? process.exitCode ?? 0);
      begin();
    });
  }
}

// In a zygote: what each function's process would compile anew.
function warm() {
  replaceRandom();
  for (let round = 0; round < WARM_ROUNDS; ++round) emptyRandomStores();
}

module.exports = { Template, warm };
