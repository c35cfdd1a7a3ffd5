'use strict';
// What rehearsal.cjs calls.
exports.handler = async (event) => event;
