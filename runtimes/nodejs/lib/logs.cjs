'use strict';
// console.* as AWS Lambda writes it: time, request id, level and message, or a JSON record.
const { format } = require('node:util');

const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const state = { requestId: undefined };

function jsonError(_, value) {
  if (!(value instanceof Error)) return value;
  return Object.assign(
    {
      errorType: value.constructor?.name ?? 'UnknownError',
      errorMessage: value.message,
      stackTrace: typeof value.stack === 'string' ? value.stack.split('\n') : value.stack,
    },
    value,
  );
}

function jsonRecord(level, message, params) {
  const record = { timestamp: new Date().toISOString(), level, requestId: state.requestId };
  if (params.length === 0) {
    record.message = message;
    try {
      return JSON.stringify(record, jsonError);
    } catch {
      record.message = format(message);
      return JSON.stringify(record);
    }
  }
  record.message = format(message, ...params);
  const error = params.find((param) => param instanceof Error);
  if (error) {
    record.errorType = error.constructor?.name ?? 'UnknownError';
    record.errorMessage = error.message;
    record.stackTrace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  }
  return JSON.stringify(record);
}

function textRecord(level, message, params) {
  return `${new Date().toISOString()}\t${state.requestId}\t${level}\t${format(message, ...params)}`;
}

function install() {
  const json = (process.env.AWS_LAMBDA_LOG_FORMAT ?? '').toUpperCase() === 'JSON';
  const least = LEVELS[(process.env.AWS_LAMBDA_LOG_LEVEL ?? '').toUpperCase()] ?? LEVELS.TRACE;
  const write = (level) => (message, ...params) => {
    if (LEVELS[level] < least) return;
    const record = json ? jsonRecord(level, message, params) : textRecord(level, message, params);
    // One call is one event of the log: the line breaks inside become carriage returns.
    process.stdout.write(record.replace(/\n/g, '\r') + '\n');
  };
  console.trace = write('TRACE');
  console.debug = write('DEBUG');
  console.info = write('INFO');
  console.log = console.info;
  console.warn = write('WARN');
  console.error = write('ERROR');
  console.fatal = write('FATAL');
}

module.exports = { install, state };
