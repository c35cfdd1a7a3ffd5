'use strict';
// Errors in the form that AWS Lambda's Node.js runtime gives them.

class RuntimeError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    Error.captureStackTrace(this, RuntimeError);
    // The user's own stack says more than that of the runtime.
    if (cause && typeof cause.stack === 'string') {
      const from = cause.stack.indexOf('\n    at ');
      this.stack = `${name}: ${message}` + (from >= 0 ? cause.stack.slice(from) : '');
    } else {
      this.stack = this.stack.replace(/^Error/, name);
    }
  }
}

// For the caller.
function toResponse(error) {
  try {
    if (error instanceof Error || Object.prototype.toString.call(error) === '[object Error]') {
      return {
        errorType: String(error.name).replaceAll('\x7F', '%7F'),
        errorMessage: String(error.message).replaceAll('\x7F', '%7F'),
        trace: typeof error.stack === 'string' ? error.stack.replaceAll('\x7F', '%7F').split('\n') : [],
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

// For the log: a tab, and the error with its own enumerable properties.
function toLog(error) {
  try {
    return '\t' + JSON.stringify(error, (_, value) => {
      if (!(value instanceof Error)) return value;
      const out = Object.assign({ errorType: value.name, errorMessage: value.message, code: value.code }, value);
      if (typeof value.stack === 'string') out.stack = value.stack.split('\n');
      return out;
    });
  } catch {
    return '\t' + JSON.stringify(toResponse(error));
  }
}

module.exports = { RuntimeError, toResponse, toLog };
