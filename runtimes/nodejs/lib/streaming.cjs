'use strict';
// awslambda.streamifyResponse and HttpResponseStream. What a handler streams is collected and delivered whole.
const { Writable } = require('node:stream');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

class ResponseStream extends Writable {
  constructor() {
    super();
    this.collected = [];
    this.contentType = undefined;
  }
  setContentType(type) {
    this.contentType = type;
  }
  _write(chunk, encoding, done) {
    this.collected.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding));
    done();
  }
  // Objects are written as JSON, as the real stream does.
  write(chunk, ...rest) {
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), ...rest);
  }
  body() {
    return Buffer.concat(this.collected);
  }
}

function installGlobals() {
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = options.highWaterMark;
      return handler;
    },
    HttpResponseStream: {
      // One JSON object, eight zero bytes, then the body.
      from(stream, prelude) {
        stream.setContentType(PRELUDE_TYPE);
        stream.collected.push(Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8));
        return stream;
      },
    },
  };
}

const isStreaming = (handler) => handler[STREAMING] === 'response';

module.exports = { installGlobals, isStreaming, ResponseStream };
