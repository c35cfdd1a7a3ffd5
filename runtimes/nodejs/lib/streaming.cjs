'use strict';
// awslambda.streamifyResponse and HttpResponseStream: what a handler writes leaves at once, in frames of its own.
const { Writable } = require('node:stream');
const { RuntimeError } = require('./errors.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const MAX_CHUNK = 1024 * 1024;

class ResponseStream extends Writable {
  constructor(link, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.link = link;
    this.begun = false;
    this.contentType = 'application/octet-stream';
    this.prelude = undefined;
  }
  setContentType(type) {
    if (this.begun) throw new RuntimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.contentType = type;
  }
  // Objects are written as JSON, as the real stream does.
  write(chunk, ...rest) {
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), ...rest);
  }
  begin() {
    if (this.begun) return;
    this.begun = true;
    this.link.send('s', Buffer.from(this.contentType));
    if (this.prelude) this.link.send('c', this.prelude);
  }
  // The next write is asked for when the engine's socket has taken this one: a slow caller holds the handler back.
  _write(chunk, encoding, done) {
    this.begin();
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding);
    let at = 0;
    for (; at + MAX_CHUNK < bytes.length; at += MAX_CHUNK) this.link.send('c', bytes.subarray(at, at + MAX_CHUNK));
    this.link.send('c', bytes.subarray(at), done);
  }
  _final(done) {
    this.begin();
    done();
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
        stream.prelude = Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]);
        return stream;
      },
    },
  };
}

const isStreaming = (handler) => handler[STREAMING] === 'response';
const highWaterMark = (handler) => handler[HIGH_WATER_MARK];

module.exports = { highWaterMark, installGlobals, isStreaming, ResponseStream };
