'use strict';
// What a function's process does first, and what it then goes on with.
const { Link } = require('./link.cjs');
const logs = require('./logs.cjs');
const { installGlobals } = require('./streaming.cjs');
const { Runtime } = require('./runtime.cjs');

function start() {
  logs.install();
  installGlobals();
  new Runtime(new Link(3)).run();
}

module.exports = { start };
