'use strict';
// Runs a Node.js function: INIT, then events, one at a time.
require('./lib/start.cjs').start();
