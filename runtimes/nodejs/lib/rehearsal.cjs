'use strict';
// All that a function's process does from its start to its first answer, gone through with a function of the runtime's own.
// In a zygote, for what V8 compiles on the way is then in every fork; and in forks that wait for their function, for then the
// pages that it touches are theirs.
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { Link } = require('./link.cjs');
const logs = require('./logs.cjs');
const { installGlobals } = require('./streaming.cjs');
const { Runtime } = require('./runtime.cjs');
const { Template } = require('./template.cjs');

const EVENT = { requestId: '00000000-0000-4000-8000-000000000000', invokedFunctionArn: '', deadlineMs: 0 };

class TemplateOfNone extends Template {
  wait(begin) {
    setImmediate(begin);
  }
}

function frame(type, payload) {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(payload.length + 1);
  head[4] = type.charCodeAt(0);
  return Buffer.concat([head, payload]);
}

function event() {
  const meta = Buffer.from(JSON.stringify(EVENT));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(meta.length);
  return Buffer.concat([frame('E', Buffer.from('{}')), frame('I', Buffer.concat([size, meta, Buffer.from('{"a":[1]}')]))]);
}

async function round(pair) {
  const [ours, engines] = pair();
  const link = new Link(ours);
  const answered = new Promise((resolve) => {
    link.send = (...args) => {
      Link.prototype.send.call(link, ...args, resolve);
    };
  });
  logs.install();
  installGlobals();
  new Runtime(link, new TemplateOfNone()).run();
  fs.writeSync(engines, event());
  await answered;
  link.socket.removeAllListeners('close');
  link.socket.destroy();
  fs.closeSync(engines);
}

// `folder`: of this module, as it is outside. `pair()`: two connected sockets.
async function rehearse(folder, pair, rounds) {
  const { execArgv } = process;
  const variables = { LAMBDA_TASK_ROOT: folder, _HANDLER: 'handler_of_none.handler' };
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  Object.assign(process.env, variables);
  for (let at = 0; at < rounds; ++at) {
    process.execArgv = execArgv;
    await round(pair);
    for (const name of ['uncaughtException', 'unhandledRejection', 'beforeExit']) process.removeAllListeners(name);
    delete Module._cache[path.join(folder, 'handler_of_none.js')];
  }
  process.execArgv = execArgv;
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

module.exports = { rehearse };
