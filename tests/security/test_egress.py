"""The isolated network: Mayfly's endpoint is the only listener, and the hosts of --egress-allow are reached through the platform."""

import http.server
import json
import os
import socket
import subprocess
import threading

import pytest

from harness.attackers import FORMS, Attacker
from harness.clients import make_client
from harness.functions import Functions

ROLE = "arn:aws:iam::000000000000:role/egress"


class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"path": self.path, "host": self.headers["Host"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class World(http.server.ThreadingHTTPServer):
    request_queue_size = 512  # with its own five, a flood's connections are dropped and tried again a second later


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """An HTTP and an HTTPS server of the machine, which stand for the world; the certificate is for localhost."""
    import ssl

    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key", "-out", folder / "cert", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    plain, secure = (World(("127.0.0.1", 0), Hello) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"http": plain.server_address[1], "https": secure.server_address[1], "cert": (folder / "cert").read_text()}
    for server in (plain, secure):
        server.shutdown()


def own_address():
    """An address of this machine that is not the loopback's, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        found = s.getsockname()[0]
    return None if found.startswith("127.") else found


@pytest.fixture(scope="module")
def lines():
    """A server that speaks first and is not HTTP, as databases do, on this machine's own name and address."""
    import socketserver

    class Greeting(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 hello\r\n")
            for line in self.rfile:
                self.wfile.write(b"you said " + line)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    address = own_address()
    if address is None:
        pytest.skip("this machine has no address beside the loopback's")
    # The name may lead to the loopback, and the address is another.
    with Server(("", 0), Greeting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"address": address, "name": socket.gethostname(), "port": server.server_address[1]}
        server.shutdown()


@pytest.fixture(scope="module", params=["root", "rootless"])
def direct(lines, unique_name, request):
    if request.config.getoption("--endpoint"):
        pytest.skip("needs a daemon of its own; --endpoint was given")
    from harness.daemon import Daemon

    led_to = {info[4][0] for info in socket.getaddrinfo(lines["name"], None, socket.AF_INET)}
    rules = ",".join(f"{host}:{lines['port']}" for host in (lines["name"], *sorted(led_to | {lines["address"]})))
    rules += ",dynamodb.example.com"
    if request.param == "rootless":
        own = request.getfixturevalue("rootless")("--egress-allow", rules)
        made = Functions(make_client("lambda", own.endpoint), ROLE, unique_name)
        yield made
        made.delete_all()
        return
    own = Daemon("--network", "isolated", "--egress-allow", rules)
    try:
        made = Functions(make_client("lambda", own.start().endpoint), ROLE, unique_name)
        yield made
        made.delete_all()
    finally:
        own.discard()


@pytest.fixture(scope="module")
def isolated(outside, request):
    """A daemon whose functions may reach two ports of this machine by name; the name leads inside, so the address is named too."""
    if request.config.getoption("--endpoint"):
        pytest.skip("needs a daemon of its own; --endpoint was given")
    from harness.daemon import Daemon

    rules = ",".join(f"{host}:{outside[kind]}" for host in ("localhost", "127.0.0.1") for kind in ("http", "https"))
    own = Daemon("--network", "isolated", "--egress-allow", rules + ",*.example.com,vm.internal")
    try:
        yield own.start()
    finally:
        own.discard()


@pytest.fixture(scope="module")
def functions(isolated, unique_name):
    made = Functions(make_client("lambda", isolated.endpoint), ROLE, unique_name)
    yield made
    made.delete_all()


@pytest.fixture(scope="module", params=FORMS)
def inside(request, functions):
    return Attacker(functions, request.param)


FETCH = """
import urllib.request, urllib.error, ssl
def fetch(url, **options):
    # The loopback is in NO_PROXY, as it is the sandbox's own; here it stands for hosts outside.
    usual = {name: os.environ.pop(name) for name in ("NO_PROXY", "no_proxy")}
    try:
        return urllib.request.urlopen(url, timeout=10, **options).read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.reason}"
    except OSError as error:
        return str(error)
    finally:
        os.environ.update(usual)
"""


def test_allowed_hosts_are_reached_by_clients_that_know_proxies(inside, outside):
    found = inside(FETCH + """
context = ssl.create_default_context(cadata=given["cert"])
found = {"http": fetch(f"http://localhost:{given['http']}/a?b"), "https": fetch(f"https://localhost:{given['https']}/c", context=context),
         "post": fetch(urllib.request.Request(f"http://localhost:{given['http']}/", b"x" * 300_000)),
         "again": [fetch(f"http://localhost:{given['http']}/{number}") for number in range(20)][-1]}
""", outside)
    assert json.loads(found["http"]) == {"path": "/a?b", "host": f"localhost:{outside['http']}"}
    assert json.loads(found["https"])["path"] == "/c"
    assert found["post"] == "x" * 300_000
    assert json.loads(found["again"])["path"] == "/19"


def test_every_other_host_is_refused_with_a_reason(inside, outside, isolated):
    found = inside(FETCH + """
found = {url: fetch(url) for url in ("http://example.org/", "https://example.org/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/",
         "http://127.0.0.1:22/", "http://localhost:1/", f"http://127.0.0.1:{given['port']}/_mayfly/health", "http://2130706433/", "http://0x7f.1/", "http://example.com/")}
""", {"port": isolated.port})
    for url, answer in found.items():
        assert "403 Egress to" in answer or "Only http" in answer, (url, answer)
    assert "--egress-allow" in found["https://example.org/"]
    assert "egress to example.org:443 refused" in isolated.log()


def test_there_is_no_other_way_out(inside, outside):
    """Sockets of every kind to the machine, to the world, to other functions; the only interface is the loopback."""
    addresses = sorted({info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)} | {"1.1.1.1", "169.254.169.254", "224.0.0.1", "255.255.255.255"})
    found = inside("""
found = {}
def ask(address, port):
    s = socket.create_connection((address, port), 2)
    # On the loopback the sandbox's own listeners take a connection; the machine's server would answer.
    if not address.startswith("127."): return
    s.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    if s.recv(100) == b"": raise OSError(errno.EPIPE, "closed")
for address in given["addresses"]:
    for port in (given["http"], 53, 22):
        if address.startswith("127.") and port != given["http"]: continue
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        found[f"tcp {address}:{port}"] = attempt(lambda: ask(address, port))
        found[f"udp {address}:{port}"] = attempt(lambda: socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (address, port))) if not address.startswith("127.") else "EPERM"
for kind, protocol in ((socket.SOCK_RAW, 1), (socket.SOCK_RAW, 255), (socket.SOCK_DGRAM, 1)):
    found[f"raw {int(kind)} {protocol}"] = attempt(lambda: socket.socket(socket.AF_INET, kind, protocol).sendto(b"x", ("1.1.1.1", 0)))
for family in (17, 40, 38, 44, 31, 16 + 1, 2 + 8, 43, 45):
    found[f"family {family}"] = attempt(lambda: socket.socket(family, socket.SOCK_RAW)) if family != 10 else "EPERM"
found["netlink, change"] = attempt(lambda: socket.socket(16, 3, 12))
interfaces = [line.split(":")[0].strip() for line in open("/proc/net/dev").read().splitlines()[2:]]
found["interfaces"] = ",".join(interfaces)
found["listeners"] = sorted(int(line.split()[1].split(":")[1], 16) for line in open("/proc/net/tcp").read().splitlines()[1:] if line.split()[3] == "0A")
found["unix"] = sum("@" in line for line in open("/proc/net/unix"))
""", {"addresses": addresses, "http": outside["http"]})
    listeners = found.pop("listeners")
    # The endpoint, the way out, the ports of the rules, and the function's own Runtime and Extensions API, which a clone has no use for.
    for port in (80, 443, outside["http"], outside["https"]):
        listeners.remove(port)
    assert len(listeners) == (2 if inside.form == "clone" else 3) and 9002 in listeners
    assert (9001 in listeners) == (inside.form != "clone")
    assert set(found.pop("interfaces").split(",")) - {"tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0"} == {"lo"}
    assert found.pop("unix") == 0
    assert {name: result for name, result in found.items() if result == "allowed"} == {}


def test_the_interfaces_cannot_be_changed(inside):
    found = inside("""
import fcntl
s = socket.socket()
request = struct.pack("16sH14x", b"lo", 0)
found = {f"ioctl {number:x}": attempt(lambda: fcntl.ioctl(s, number, request)) for number in (0x8914, 0x8916, 0x890B, 0x8922, 0x8924, 0x89F0, 0x89A0)}
link = socket.socket(16, 3, 0)
# RTM_NEWADDR 10.9.9.9/8 on lo; RTM_NEWROUTE default
link.send(struct.pack("IHHII", 40, 20, 5, 1, 0) + struct.pack("BBBBI", 2, 8, 0, 0, 1) + struct.pack("HH4B", 8, 2, 10, 9, 9, 9) + struct.pack("HH4B", 8, 1, 10, 9, 9, 9))
found["netlink address"] = errno.errorcode.get(-struct.unpack_from("i", link.recv(4096), 16)[0], "allowed")
""")
    assert {name: result for name, result in found.items() if result == "allowed"} == {}


def test_aws_clients_still_reach_the_endpoint(inside):
    """Their endpoint is on the loopback, which no proxy serves."""
    found = inside("""
sys.path.append("/usr/lib/python3/dist-packages")
import boto3
found = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1").get_caller_identity()["Account"]
""")
    assert found == "000000000000"


def test_a_flood_of_connections_is_bounded(inside, isolated, outside):
    found = inside("""
held = []
refused = 0
for number in range(300):
    s = socket.create_connection(("127.0.0.1", 9002), 5)
    s.settimeout(5)
    s.sendall(b"CONNECT localhost:%d HTTP/1.1\\r\\n\\r\\n" % given)
    try:
        if s.recv(12) == b"HTTP/1.1 200": held.append(s)
        else: refused += 1
    except OSError: refused += 1
found = [len(held), refused]
""", outside["http"])
    assert found[0] <= 256 and sum(found) == 300
    assert isolated.healthy()
    # Those of another function are its own.
    assert "path" in inside.lambdas.invoke(Attacker(inside.lambdas, "clone").name, {"code": FETCH + 'found = fetch(f"http://localhost:{given}/")', "given": outside["http"]}).payload


def test_hostile_heads(inside, isolated):
    found = inside("""
found = {}
for name, bytes_ in {"noise": os.urandom(3000) + b"\\r\\n\\r\\n", "large": b"CONNECT " + b"a" * 100_000, "tls": b"\\x16\\x03\\x01\\x02\\x00" + bytes(500) + b"\\r\\n\\r\\n",
                     "smuggled": b"GET http://a.example.com/ HTTP/1.1\\r\\nA: b\\n\\nGET http://example.org/ HTTP/1.1\\r\\n\\r\\n", "zero": b"CONNECT example.com\\0.example.org:443 HTTP/1.1\\r\\n\\r\\n",
                     "page": b"GET / HTTP/1.1\\r\\n\\r\\n"}.items():
    s = socket.create_connection(("127.0.0.1", 9002), 5)
    try:
        s.sendall(bytes_)
        found[name] = s.recv(100).decode().split()[1]
    except OSError as error: found[name] = str(error)
""")
    assert set(found.values()) <= {"400", "431"}, found
    assert isolated.healthy()


def test_node_by_its_own_http_client(functions, outside):
    """Node.js before 24 heeds no proxy by itself; a request can name it. (With NODE_USE_ENV_PROXY, which is set, later ones do.)"""
    name = functions.deploy("""
import http from 'node:http';
export const handler = (event) => new Promise((resolve, reject) => {
  const proxy = new URL(process.env.HTTP_PROXY);
  http.get({ host: proxy.hostname, port: proxy.port, path: `http://localhost:${event.port}/node` }, (answer) => {
    let text = '';
    answer.on('data', (piece) => { text += piece; }).on('end', () => resolve({ text, flag: process.env.NODE_USE_ENV_PROXY }));
  }).on('error', reject);
});
""", runtime="nodejs20.x", Timeout=20)
    outcome = functions.invoke(name, {"port": outside["http"]})
    assert outcome.error is None, outcome
    assert json.loads(outcome.payload["text"])["path"] == "/node" and outcome.payload["flag"] == "1"


@pytest.mark.parametrize("form", FORMS)
def test_clients_that_know_no_proxy_reach_what_is_allowed(direct, lines, form):
    """A plain socket to the name, and to the address, of a server that is not HTTP; what no rule names is nowhere."""
    found = Attacker(direct, form)("""
found = {}
for host in (given["name"], given["address"]):
    s = socket.create_connection((host, given["port"]), 10)
    file = s.makefile("rwb", buffering=0)
    greeting = file.readline()
    file.write(b"hi" + b"x" * 100_000 + b"\\n")
    found[host] = [greeting.decode(), len(file.readline())]
    s.close()
for name, address in {"standard port": (given["name"], 443), "loopback": ("127.0.0.1", 443), "nobody": ("127.64.0.77", given["port"])}.items():
    s = socket.create_connection(address, 5)
    s.settimeout(10)
    found[name] = s.recv(100).decode()
found["elsewhere"] = attempt(lambda: socket.create_connection(("192.0.2.9", given["port"]), 2))
found["unknown"] = attempt(lambda: socket.create_connection((given["name"], 81), 2))
""", lines)
    for host in (lines["name"], lines["address"]):
        assert found.pop(host) == ["220 hello\r\n", 100_012]
    assert found.pop("elsewhere") != "allowed" and found.pop("unknown") != "allowed"
    assert found == {"standard port": "", "loopback": "", "nobody": ""}


def test_node_of_any_version_by_a_plain_connection(direct, lines):
    name = direct.deploy("""
import net from 'node:net';
export const handler = (event) => new Promise((resolve, reject) => {
  const connection = net.connect(event.port, event.name, () => connection.write('from node\\n'));
  let text = '';
  connection.on('data', (piece) => { text += piece; if (text.includes('from node')) connection.end(); }).on('end', () => resolve(text)).on('error', reject);
});
""", runtime="nodejs20.x", Timeout=20)
    outcome = direct.invoke(name, lines)
    assert outcome.error is None, outcome
    assert outcome.payload == "220 hello\r\nyou said from node\n"


def test_without_rules_there_is_no_way_out(isolated_daemon, unique_name):
    functions = Functions(make_client("lambda", isolated_daemon.endpoint), ROLE, unique_name)
    found = Attacker(functions, "clone")("""
found = {"variables": [name for name in os.environ if "proxy" in name.lower()],
         "listeners": sum(line.split()[3] == "0A" for line in open("/proc/net/tcp").read().splitlines()[1:])}
""")
    assert found == {"variables": [], "listeners": 1}
    functions.delete_all()


@pytest.mark.parametrize("arguments, words", [
    (("--network", "isolated", "--egress-allow", "http://example.com"), "is not HOST"),
    (("--egress-allow", "example.com"), "needs --network isolated"),
])
def test_wrong_rules_are_said_at_start(arguments, words, tmp_path):
    from harness.daemon import binary

    done = subprocess.run([binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data", *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and words in done.stderr and "--egress-allow" in done.stderr
