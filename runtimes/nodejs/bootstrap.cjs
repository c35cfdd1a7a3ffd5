'use strict';
// Runs a Node.js function: INIT, then events, one at a time.
const { Link } = require('./lib/link.cjs');
const logs = require('./lib/logs.cjs');
const { installGlobals } = require('./lib/streaming.cjs');
const { Runtime } = require('./lib/runtime.cjs');

logs.install();
installGlobals();
new Runtime(new Link(3)).run();
