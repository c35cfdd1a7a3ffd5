'use strict';
// Frames to and from the engine (docs/formats/guest-protocol.md).
const fs = require('node:fs');
const net = require('node:net');

const MAX_FRAME = 64 * 1024 * 1024;

function encode(type, payload) {
  const frame = Buffer.allocUnsafe(5 + payload.length);
  frame.writeUInt32LE(payload.length + 1, 0);
  frame[4] = type.charCodeAt(0);
  payload.copy(frame, 5);
  return frame;
}

class Link {
  constructor(fd) {
    this.fd = fd;
    this.chunks = [];
    this.size = 0;
  }

  // Calls onFrame(type, payload) for each frame, onClose() when the engine has closed.
  open(onFrame, onClose) {
    this.onFrame = onFrame;
    this.socket = new net.Socket({ fd: this.fd, readable: true, writable: true });
    this.socket.on('data', (chunk) => this.#take(chunk));
    this.socket.on('error', onClose);
    this.socket.on('close', onClose);
  }

  // While an event is under way the link does not keep the event loop alive: an empty loop ends the event.
  ref() {
    this.socket.ref();
  }
  unref() {
    this.socket.unref();
  }

  // `done` is called when the socket has taken it.
  send(type, payload, done) {
    this.socket.write(encode(type, payload), done);
  }

  // For a process that is about to exit.
  sendNow(type, payload) {
    if (this.socket.writableLength > 0) return;  // in the middle of a frame: the exit has to tell
    const frame = encode(type, payload);
    let done = 0;
    while (done < frame.length) {
      try {
        done += fs.writeSync(this.fd, frame, done);
      } catch (error) {
        if (error.code !== 'EAGAIN') return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  }

  #take(chunk) {
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.size >= 5) {
      if (this.chunks[0].length < 5) this.chunks = [Buffer.concat(this.chunks)];
      const length = this.chunks[0].readUInt32LE(0);
      if (length < 1 || length > MAX_FRAME) process.exit(2);
      if (this.size < 4 + length) return;
      const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
      const rest = all.subarray(4 + length);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.size = rest.length;
      this.onFrame(String.fromCharCode(all[4]), all.subarray(5, 4 + length));
    }
  }
}

module.exports = { Link };
