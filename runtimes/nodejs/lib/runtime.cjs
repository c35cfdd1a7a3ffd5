'use strict';
// INIT, then the loop of events.
const errors = require('./errors.cjs');
const { makeContext } = require('./context.cjs');
const { load } = require('./handler.cjs');
const { highWaterMark, isStreaming, ResponseStream } = require('./streaming.cjs');
const { Template } = require('./template.cjs');
const logs = require('./logs.cjs');

// One event: the first way in which it is finished counts.
class Invocation {
  constructor(answer) {
    this.answer = answer;
    this.finished = false;
    this.waitsForEmptyLoop = true;
    this.stream = undefined;  // of a handler that streams
    this.whenEmpty = () => this.finish(null, null);  // nobody is left who could finish it
  }
  finish(error, result) {
    if (this.finished) return;
    this.finished = true;
    this.answer(error, result);
  }
  // Node's callback style: the answer leaves when the event loop is empty, unless the handler said otherwise.
  callback(error, result) {
    if (this.finished) return;
    if ((error !== undefined && error !== null) || !this.waitsForEmptyLoop) return this.finish(error, result);
    this.whenEmpty = () => this.finish(null, result);
  }
}

class Runtime {
  constructor(link, template = new Template()) {
    this.link = link;
    this.template = template;
    this.invocation = null;
    this.ready = false;
    this.waiting = [];  // frames that came before INIT ended
  }

  run() {
    process.on('uncaughtException', (error) => this.#die('Uncaught Exception', error, 129));
    process.on('unhandledRejection', (reason, promise) => {
      const error = new errors.RuntimeError('Runtime.UnhandledPromiseRejection', String(reason), reason);
      error.reason = reason;
      error.promise = promise;
      this.#die('Unhandled Promise Rejection', error, 128);
    });
    process.on('beforeExit', () => this.#loopIsEmpty());
    this.link.open((type, payload) => this.#frame(type, payload), () => process.exit(0));
    this.link.unref();
    load(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER ?? '').then(
      (handler) => {
        this.handler = handler;
        return this.#offer();
      },
    ).catch((error) => this.#die('Uncaught Exception', error, 1));
  }

  // As a template where its state can be copied; otherwise to serve events itself.
  async #offer() {
    const reason = await this.template.whyNot();
    const ready = Buffer.from(JSON.stringify({ runtime: `nodejs${process.versions.node}`, cloneable: !reason, reason }));
    if (reason) {
      this.link.send('R', ready);
      return this.#serve();
    }
    this.link.sendNow('R', ready);
    this.template.wait(() => {
      this.afterFirst = () => this.template.notePages();
      this.#serve();
    }, () => process.exit(0));  // the warden has let go of it
  }

  #serve() {
    this.ready = true;
    this.link.ref();
    for (const [type, payload] of this.waiting.splice(0)) this.#frame(type, payload);
  }

  #frame(type, payload) {
    if (!this.ready) return void this.waiting.push([type, payload]);
    if (type === 'E') return void Object.assign(process.env, JSON.parse(payload));
    if (type !== 'I') process.exit(2);
    const start = 4 + payload.readUInt32LE(0);
    const meta = JSON.parse(payload.subarray(4, start));
    logs.state.requestId = meta.requestId;
    if (meta.traceId) process.env._X_AMZN_TRACE_ID = meta.traceId;
    else delete process.env._X_AMZN_TRACE_ID;
    const invocation = new Invocation((error, result) => this.#answer(error, result));
    this.invocation = invocation;
    this.link.unref();
    try {
      const event = JSON.parse(payload.subarray(start));
      const context = makeContext(meta, invocation);
      if (isStreaming(this.handler)) return this.#stream(event, context, invocation);
      const returned = this.handler(event, context, (error, result) => invocation.callback(error, result));
      if (typeof returned?.then === 'function') {
        returned.then((result) => invocation.finish(null, result), (error) => invocation.finish(error ?? 'handled'));
      }
    } catch (error) {
      invocation.finish(error ?? 'handled');
    }
  }

  #stream(event, context, invocation) {
    const stream = new ResponseStream(this.link, highWaterMark(this.handler));
    invocation.stream = stream;
    invocation.whenEmpty = () => invocation.finish(null, null);
    stream.on('error', (error) => invocation.finish(error));
    stream.on('finish', () => {
      if (returned) invocation.finish(null, null);
    });
    let returned = false;
    Promise.resolve(this.handler(event, stream, context)).then(
      () => {
        returned = true;
        if (stream.writableFinished) invocation.finish(null, null);
      },
      (error) => invocation.finish(error ?? 'handled'),
    );
  }

  #answer(error, result) {
    const { stream } = this.invocation;
    this.invocation = null;
    let frame;
    if (error !== undefined && error !== null) {
      frame = this.#failed(error, stream);
    } else if (stream) {
      stream.begin();
      frame = ['d', Buffer.alloc(0)];
    } else if (Buffer.isBuffer(result)) {
      frame = ['r', result];
    } else {
      try {
        frame = ['r', Buffer.from(JSON.stringify(result === undefined ? null : result) ?? 'null')];
      } catch {
        frame = this.#failed(new Error('Unable to stringify response body'));
      }
    }
    this.link.ref();
    this.link.send(...frame);
    this.afterFirst?.();
    this.afterFirst = undefined;
  }

  #failed(error, stream) {
    console.error('Invoke Error', errors.toLog(error));
    return [stream?.begun ? 'x' : 'e', Buffer.from(JSON.stringify(errors.toResponse(error)))];
  }

  #loopIsEmpty() {
    if (this.invocation) return void setImmediate(() => this.invocation?.whenEmpty());
    if (this.ready || this.handler) return;  // the template waits for this
    this.#die('Uncaught Exception', new errors.RuntimeError(
      'Runtime.NodeJsExit',
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
    ), 1);
  }

  #die(title, error, status) {
    console.error(title, errors.toLog(error));
    const json = Buffer.from(JSON.stringify(errors.toResponse(error)));
    if (!this.ready) this.link.sendNow('F', json);
    else if (this.invocation) this.link.sendNow(this.invocation.stream?.begun ? 'x' : 'e', json);
    process.exit(status);
  }
}

module.exports = { Runtime };
