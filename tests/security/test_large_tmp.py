"""--large-tmp disk: a /tmp of a fixed size that costs no memory, is private, and leaves nothing behind."""

import os
import pathlib
import subprocess

import pytest

from harness.attackers import BOOTSTRAP, HANDLER
from harness.clients import make_client
from harness.functions import Functions
from harness.wait import eventually
from security.conftest import ROLE

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not pathlib.Path("/dev/loop-control").exists() or not pathlib.Path("/sbin/mkfs.ext4").exists(),
                                reason="needs root, loop devices and mkfs.ext4")

WRITE = """
written = 0
try:
    with open("/tmp/large", "wb", buffering=0) as file:
        while written < given: written += file.write(bytes(1 << 20))
except OSError as error:
    found = [written >> 20, errno.errorcode[error.errno]]
else:
    found = [written >> 20, "all"]
"""


def loops():
    return {path for path in pathlib.Path("/sys/block").glob("loop*/loop/backing_file") if "/sandbox/" in read(path)}


def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.fixture
def disk(start_daemon, unique_name):
    daemon = start_daemon("--large-tmp", "disk")
    functions = Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)

    def mine():
        return {path for path in loops() if str(daemon.data) in read(path)}

    yield daemon, functions, mine


def test_it_holds_more_than_the_functions_memory_and_no_more_than_its_size(disk):
    daemon, functions, mine = disk
    for files in ({"app.py": HANDLER}, {"bootstrap": BOOTSTRAP}):
        options = {"runtime": "provided.al2023", "handler": "any"} if "bootstrap" in files else {}
        name = functions.deploy(files, MemorySize=128, Timeout=60, EphemeralStorage={"Size": 600}, **options)
        outcome = functions.invoke(name, {"code": WRITE, "given": 400 << 20})
        assert outcome.payload == [400, "all"], outcome
        outcome = functions.invoke(name, {"code": WRITE, "given": 1 << 30})
        assert outcome.error is None and outcome.payload[1] == "ENOSPC" and 540 < outcome.payload[0] <= 600, outcome
        flags = functions.invoke(name, {"code": "found = [line.split()[3].split(',') for line in open('/proc/self/mounts') if line.split()[1] == '/tmp'][0] + [os.listdir('/dev')]"}).payload
        assert {"nosuid", "nodev"} <= set(flag for flag in flags if isinstance(flag, str)), flags
        assert not [name for name in flags[-1] if "loop" in name]
        assert len(mine()) == 1
        functions.client.delete_function(FunctionName=name)
        eventually(lambda: not mine(), what="the end of the device")
    assert [path for path in (daemon.data / "sandbox").rglob("*") if path.is_file() and path.stat().st_size > 1 << 20] == []


def test_it_is_private_and_the_default_size_stays_in_memory(disk):
    _, functions, mine = disk
    one, two = (functions.deploy(HANDLER, EphemeralStorage={"Size": 1024}) for _ in range(2))
    assert functions.invoke(one, {"code": "write('/tmp/mine'); found = os.listdir('/tmp')"}).payload == ["mine"]
    assert functions.invoke(two, {"code": "found = os.listdir('/tmp')"}).payload == []
    assert len(mine()) == 2
    small = functions.deploy(HANDLER)
    assert functions.invoke(small, {"code": "found = [line.split()[2] for line in open('/proc/self/mounts') if line.split()[1] == '/tmp'][-1]"}).payload == "tmpfs"
    assert len(mine()) == 2


def test_kill_leaves_no_device_and_no_file(disk):
    daemon, functions, mine = disk
    name = functions.deploy(HANDLER, EphemeralStorage={"Size": 2048})
    assert functions.invoke(name, {"code": "write('/tmp/x'); found = 1"}).payload == 1
    assert len(mine()) == 1
    daemon.restart(kill=True)
    eventually(lambda: not mine(), what="the end of the device")
    assert functions.invoke(name, {"code": "found = os.listdir('/tmp')"}).payload == []


def test_an_ordinary_user_is_told(tmp_path):
    from harness.daemon import binary
    from security.conftest import ORDINARY_USER

    done = subprocess.run([binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path, "--large-tmp", "disk"], capture_output=True, text=True,
                          timeout=20, user=ORDINARY_USER, group=ORDINARY_USER)
    assert done.returncode == 2 and "--large-tmp disk is not possible here: not run as root" in done.stderr, done
