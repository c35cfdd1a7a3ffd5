"""Frames to and from the engine on descriptor 3: the native module, or the same in plain Python."""
import os

CONTROL = 3
CLONE_CHANNEL = 4


class PlainLink:
    """Where _mayfly does not load: slower, and no clones."""

    def __init__(self):
        import socket

        self._socket = socket.socket(fileno=CONTROL)
        self._socket.setblocking(True)

    def _read(self, size):
        parts = []
        while size > 0:
            part = self._socket.recv(min(size, 1 << 20))
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def recv_frame(self):
        head = self._read(5)
        if head is None:
            return None
        payload = self._read(int.from_bytes(head[:4], "little") - 1)
        if payload is None:
            return None
        return chr(head[4]), payload

    def send_frame(self, kind, payload):
        self._socket.sendall((len(payload) + 1).to_bytes(4, "little") + kind.encode() + payload)


def connect():
    """(link, native module or None)."""
    for descriptor in (CONTROL, CLONE_CHANNEL):
        try:
            os.set_inheritable(descriptor, False)  # not for the function's own child processes
        except OSError:
            pass
    try:
        import _mayfly

        return _mayfly, _mayfly
    except ImportError:
        return PlainLink(), None
