"""A function speaks on the descriptors of its own runtime (docs/formats/guest-protocol.md): nothing that it says reaches others."""

import concurrent.futures
import os
import pathlib

import pytest

from harness.attackers import BOOTSTRAP, HANDLER, Attacker
from harness.wait import eventually

# The network profile changes nothing about it.
pytestmark = pytest.mark.parametrize("network", ["host", "rootless"], indirect=True, scope="session")

FRAMES = {
    "a length beyond all": "os.write(3, struct.pack('<I', 0xFFFFFFFF) + b'r')",
    "a length of nothing": "os.write(3, struct.pack('<I', 0) * 1000)",
    "half a frame": "os.write(3, struct.pack('<I', 100) + b'r')",
    "an unknown kind": "os.write(3, struct.pack('<I', 1) + b'?')",
    "noise": "os.write(3, os.urandom(65536))",
    "ready again": "os.write(3, struct.pack('<I', 3) + b'R{}')",
    "failed to start": "os.write(3, struct.pack('<I', 3) + b'F{}')",
    "an error that is no object": "os.write(3, struct.pack('<I', 5) + b'e[1]x')",
    "a result that is no JSON": "os.write(3, struct.pack('<I', 5) + b'r{[{[')",
    "a chunk of no stream": "os.write(3, struct.pack('<I', 5) + b'cabcd')",
    "a stream that nobody asked for": "os.write(3, struct.pack('<I', 2) + b'sx' + struct.pack('<I', 5) + b'cabcd')",
    "the engine's own kinds": "os.write(3, struct.pack('<I', 3) + b'E{}' + struct.pack('<I', 5) + b'I' + bytes(4))",
    "two results": "os.write(3, (struct.pack('<I', 7) + b'r\"own\"') * 2)",
    "a thousand results": "os.write(3, (struct.pack('<I', 7) + b'r\"own\"') * 1000)",
    "a flood": """
        os.set_blocking(3, False)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            try: os.write(3, (struct.pack('<I', 7) + b'r"own"') * 4096)
            except BlockingIOError: pass
            except OSError: break
    """,
    "the end": "os.close(3)",
    "half the end": "socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_WR)",
    "orders of the clone channel": """
        for _ in range(200):
            try: os.write(4, os.urandom(48))
            except OSError: break
    """,
    "descriptors": """
        for fd in (3, 4):
            try: socket.socket(fileno=os.dup(fd)).sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 200))])
            except OSError: pass
    """,
}


@pytest.fixture(scope="module", params=["clone", "zygote"])
def pair(request, functions_of):
    return Attacker(functions_of, request.param, Timeout=2), Attacker(functions_of, request.param)


@pytest.mark.parametrize("frames", FRAMES)
def test_frames_out_of_turn(pair, network, frames):
    attacker, bystander = pair
    attacker.outcome(FRAMES[frames])  # it may say what it likes of its own event
    assert bystander("found = 'bystander'") == "bystander"
    # What it says may spoil later events of its own function, which share its code and user; never those of others.
    attacker.outcome("found = 'next'")
    assert network.daemon.healthy()


def test_a_child_that_stays_cannot_answer_for_later_events(pair):
    attacker, _ = pair
    attacker.outcome("""
        if os.fork() == 0:
            for _ in range(20):
                time.sleep(0.02)
                try: os.write(3, struct.pack("<I", 7) + b'r"old"')
                except OSError: pass
            os._exit(0)
        found = 1
    """)
    # It shares its user and its code with later events of its own function: they may be spoiled, those of others may not.
    assert pair[1]("found = 'bystander'") == "bystander"


def test_init_speaks_out_of_turn(functions_of, network):
    """At INIT: a result before any event, and orders of its own on the clone channel."""
    for words in ("os.write(3, struct.pack('<I', 7) + b'r\"own\"')", "os.write(4, bytes(48))", "os.close(4)", "os.close(3)",
                  "os.write(3, struct.pack('<I', 0xFFFFFFF0) + b'R')"):
        name = functions_of.deploy(HANDLER.replace("def lambda_handler", words + "\n\ndef lambda_handler"), Timeout=3)
        outcome = functions_of.invoke(name, {"code": "found = 'event'"})
        assert outcome.error == "Unhandled" or outcome.payload == "event", (words, outcome)
        assert network.daemon.healthy()


def listening_ports(pid):
    """TCP ports on which a process of this machine listens."""
    sockets = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(os.readlink(link))
        except OSError:
            pass
    lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(words[1].split(":")[1], 16) for words in lines if words[3] == "0A" and f"socket:[{words[9]}]" in sockets}


def test_the_runtime_api_of_another_function(functions_of, network):
    """Every listener of the daemon is asked for an event and told of an error; the other's event stays the other's."""
    if network.name != "host":
        pytest.skip("each function has a loopback of its own")
    attacker = Attacker(functions_of, "clone")
    assert attacker("found = 'ready'") == "ready"
    before = listening_ports(network.daemon.process.pid)
    slow = functions_of.deploy({"bootstrap": BOOTSTRAP.replace("while True:", "time.sleep(1)\nwhile True:", 1)}, runtime="provided.al2023", handler="any", Timeout=10, wait=False)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        # The other is in its INIT: nobody waits for its event yet, and its error would be believed.
        event = pool.submit(functions_of.invoke, slow, {"code": "found = 'own'"})
        eventually(lambda: listening_ports(network.daemon.process.pid) > before)
        ports = sorted(listening_ports(network.daemon.process.pid) - before)
        answers = attacker(ASK, ports)
        assert event.result().payload == "own", event.result()
    assert answers == []
    # It waits for its next event, which is when asking for one would be refused anyhow.
    assert attacker(ASK, ports) == []
    assert functions_of.invoke(slow, {"code": "found = 'second'"}).payload == "second"


ASK = """
    import http.client
    found = []
    for port in given:
        for method, path in (("GET", "/2018-06-01/runtime/invocation/next"), ("POST", "/2018-06-01/runtime/init/error"), ("GET", "/2020-01-01/extension/event/next")):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.2)
            try:
                connection.request(method, path, b"{}" if method == "POST" else None)
                answer = connection.getresponse()
                if "Lambda-Runtime-Aws-Request-Id" in answer.headers or answer.status == 202: found.append([path, answer.status])
            except OSError as error:
                # It is a hole too where somebody waits for an event that is not there yet.
                if isinstance(error, TimeoutError): found.append([path, "waits"])
            connection.close()
"""
