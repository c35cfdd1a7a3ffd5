"""Plain HTTP, on the standard library: for API URLs, and for what no SDK would send."""

import http.client
import json
import socket
import urllib.parse


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # http.client.HTTPMessage: get() and get_all(), whatever the case
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.text[:300]}>"


def address_of(host):
    """Names below .localhost are this machine (RFC 6761), though not every resolver knows."""
    return "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host


def send(method, url, body=None, headers=None, timeout=60):
    """One request. `headers` is a dict, or a list of pairs where a name comes twice. Target and headers go out as given."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address_of(parts.hostname), parts.port or 80, timeout=timeout)
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    names = {name.lower() for name, _ in pairs}
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    data = body.encode() if isinstance(body, str) else body
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if "host" not in names:
            connection.putheader("Host", parts.netloc)
        for name, value in pairs:
            connection.putheader(name, value)
        if data is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        response = connection.getresponse()
        return Response(response.status, response.headers, response.read())
    finally:
        connection.close()


def send_raw(endpoint, data, close_after=False, timeout=20):
    """Writes bytes to the daemon's port as they are, and returns all that comes back before it closes (or falls silent)."""
    parts = urllib.parse.urlsplit(endpoint)
    with socket.create_connection((address_of(parts.hostname), parts.port), timeout=timeout) as connection:
        connection.sendall(data)
        if close_after:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return received
