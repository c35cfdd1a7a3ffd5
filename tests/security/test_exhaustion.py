"""A function takes all it can get: of memory by every name, processes, descriptors, files, output. It alone pays."""

import pathlib

import pytest

from harness.attackers import Attacker

# The network profile changes nothing about it.
pytestmark = pytest.mark.parametrize("network", ["host", "rootless"], indirect=True, scope="session")

# Each holds 1 GiB, or fails; the function has 128 MB.
HOARDS = {
    "anonymous memory": "kept['x'] = bytearray(1 << 30)",
    "memfd": """
        fd = os.memfd_create("hoard")
        for _ in range(1024): os.write(fd, bytes(1 << 20))
    """,
    "System V shared memory": """
        libc.shmat.restype = ctypes.c_void_p
        for number in range(16):
            segment = libc.shmget(0, 64 << 20, 0o1600)
            if segment < 0: raise OSError(ctypes.get_errno(), "shmget")
            address = libc.shmat(segment, None, 0)
            ctypes.memset(address, 1, 64 << 20)
    """,
    "/dev/shm": """
        with open("/dev/shm/hoard", "wb") as file:
            for _ in range(1024): file.write(bytes(1 << 20))
    """,
    "/tmp": """
        with open("/tmp/hoard", "wb") as file:
            for _ in range(1024): file.write(bytes(1 << 20)); file.flush()
    """,
    "pipes": """
        kept["pipes"] = []
        import fcntl
        held = 0
        while held < 1 << 30:
            out, into = os.pipe()
            kept["pipes"].append((out, into))
            try: fcntl.fcntl(into, 1031, 1 << 20)
            except OSError: pass
            os.set_blocking(into, False)
            try:
                while True: held += os.write(into, bytes(1 << 16))
            except BlockingIOError: pass
    """,
    "socket buffers": """
        kept["sockets"] = []
        held = 0
        while held < 1 << 30:
            one, two = socket.socketpair()
            kept["sockets"].append((one, two))
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
            try:
                while True: held += one.send(bytes(1 << 16))
            except BlockingIOError: pass
    """,
    "descriptors on their way": """
        # Sent and never taken: they count for nobody's table.
        kept["held"] = []
        number = 0
        while number < 1 << 20:
            one, two = socket.socketpair()
            kept["held"].append((one, two))
            one.setblocking(False)
            try:
                while True:
                    fd = os.open("/dev/null", os.O_RDONLY)
                    try: one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 250))])
                    finally: os.close(fd)
                    number += 250
            except BlockingIOError: pass
    """,
    "POSIX queues": """
        libc.mq_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
        for number in range(100000):
            if libc.mq_open(f"/hoard{number}".encode(), 0o102, 0o600, None) < 0: raise OSError(ctypes.get_errno(), "mq_open")
    """,
    "System V queues": """
        for number in range(1 << 20):
            queue = libc.msgget(0, 0o1600)
            if queue < 0: raise OSError(ctypes.get_errno(), "msgget")
            while libc.msgsnd(queue, struct.pack("q", 1) + bytes(8000), 8000, 0o4000) == 0: pass
    """,
    "watches": """
        kept["watch"] = []
        for number in range(1 << 20):
            fd = libc.inotify_init1(0)
            if fd < 0: raise OSError(ctypes.get_errno(), "inotify")
            kept["watch"].append(fd)
    """,
    "timers": """
        for number in range(1 << 24):
            out = ctypes.c_long()
            if libc.syscall(222, 1, 0, ctypes.byref(out)) < 0: raise OSError(ctypes.get_errno(), "timer_create")
    """,
    "descriptors": """
        kept["open"] = []
        while len(kept["open"]) < 1 << 20: kept["open"].append(os.open("/dev/null", os.O_RDONLY))
    """,
    "locked memory": """
        libc.mmap.restype = ctypes.c_void_p
        ctypes.set_errno(0)
        if libc.mlockall(3) != 0: raise OSError(ctypes.get_errno(), "mlockall")
        kept["x"] = mmap.mmap(-1, 1 << 30)
    """,
}


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("no VmRSS")


@pytest.fixture(scope="module")
def bystander(functions_of):
    return Attacker(functions_of, "clone")


# Limits that the kernel keeps without a group for memory.
BY_THE_KERNEL = ("POSIX queues", "watches", "timers", "descriptors", "locked memory")


@pytest.mark.parametrize("what", HOARDS)
def test_a_hoard_ends_with_its_function(functions_of, network, bystander, what):
    if what not in BY_THE_KERNEL and "missing   memory limit" in network.daemon.log():
        pytest.skip("no memory limit here, as the daemon says")
    # A fourteenth of a CPU fills 128 MB in seconds, on a busy machine in many: time is not to end it.
    hoarder = Attacker(functions_of, "clone", MemorySize=128, Timeout=120)
    outcome = hoarder.outcome(HOARDS[what])
    assert outcome.error == "Unhandled", outcome
    kind = outcome.payload["errorType"]
    assert kind in ("Runtime.ExitError", "Runtime.OutOfMemory", "OSError", "BlockingIOError", "MemoryError", "ValueError"), outcome
    if what in ("anonymous memory", "memfd"):
        # As Lambda tells of it.
        assert "Runtime exited with error: signal: killed" in outcome.text or kind in ("MemoryError", "Runtime.OutOfMemory"), outcome
    assert bystander("found = 1") == 1
    assert network.daemon.healthy()
    functions_of.client.delete_function(FunctionName=hoarder.name)


def test_a_fork_bomb_of_every_kind(functions_of, network, bystander):
    """Children, threads and orphans that leave their session; at most as many as on AWS, and none stays."""
    bomber = Attacker(functions_of, "clone", MemorySize=1024, Timeout=6)
    outcome = bomber.outcome("""
        count = 0
        def bomb():
            global count
            while True:
                try:
                    child = os.fork()
                except OSError:
                    return
                if child == 0:
                    os.setsid()
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    for number in range(4):
                        try: threading.Thread(target=time.sleep, args=(60,)).start()
                        except RuntimeError: pass
                    time.sleep(60)
                    os._exit(0)
                count += 1
                if count > 3000: return
        bomb()
        found = count
    """)
    assert outcome.error == "Unhandled" or outcome.payload <= 1024, outcome
    assert bystander("found = 1") == 1
    functions_of.client.delete_function(FunctionName=bomber.name)
    assert network.daemon.healthy()


def test_very_many_files(functions_of, bystander, network):
    hoarder = Attacker(functions_of, "clone", MemorySize=2048, Timeout=20)
    outcome = hoarder.outcome("""
        number = 0
        try:
            while number < 2_000_000:
                os.mknod(f"/tmp/{number}", stat.S_IFREG | 0o600)
                number += 1
            found = [number, "unlimited"]
        except OSError as error:
            found = [number, errno.errorcode[error.errno]]
    """)
    assert outcome.error == "Unhandled" or outcome.payload[1] == "ENOSPC", outcome
    assert bystander("found = 1") == 1
    functions_of.client.delete_function(FunctionName=hoarder.name)


def test_a_flood_of_output(functions_of, network, bystander):
    """Many lines, one line without an end, bytes that are no text: the daemon's buffers fill once and grow no more."""
    flooder = Attacker(functions_of, "clone", MemorySize=256, Timeout=5)

    def flood():
        for code in ("os.write(1, bytes(range(256)) * 64)", "os.write(1, b'x' * 65536)", "os.write(2, b'line\\n' * 8192)"):
            outcome = flooder.outcome(f"""
                end = time.monotonic() + 0.5
                sent = 0
                while time.monotonic() < end and sent < 24 << 20: sent += {code}
                found = sent
            """)
            assert outcome.error in (None, "Unhandled"), outcome
            assert bystander("found = 1") == 1

    flood()
    filled = resident_mb(network.daemon.process.pid)
    flood()
    assert resident_mb(network.daemon.process.pid) - filled < 100
    functions_of.client.delete_function(FunctionName=flooder.name)
