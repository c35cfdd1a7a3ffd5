"""What functions, daemons and wardens leave behind when they end: nothing."""

import os
import signal

import pytest

from harness import held as holdings
from harness.attackers import BOOTSTRAP, HANDLER
from harness.functions import Functions
from harness.clients import make_client
from harness.wait import eventually

ROLE = "arn:aws:iam::000000000000:role/leaks"
FUNCTIONS = {"host": 200, "isolated": 64}
CHILDREN = "import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '1000'], start_new_session=True)\nfound = 1"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what the warden holds")


def functions_on(daemon, unique_name):
    return Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)


def settled(daemon, before):
    """Waits until all counts are what they were; the last look is the result."""
    try:
        eventually(lambda: holdings.held(daemon) == before)
    except AssertionError:
        pass
    return holdings.held(daemon)


@pytest.mark.parametrize("network", ["host", "isolated"])
def test_functions_that_are_deleted_leave_nothing(start_daemon, unique_name, network):
    """Many functions invoked in turn and deleted: clones, functions that cannot be cloned, executed ones, some with children that stay."""
    daemon = start_daemon("--network", network)
    functions = functions_on(daemon, unique_name)

    def round_of(count):
        for number in range(count):
            kind = number % 8
            if kind == 6:
                name = functions.deploy(HANDLER, Environment={"Variables": {"MAYFLY_CLONE": "off"}})
            elif kind == 7:
                name = functions.deploy({"bootstrap": BOOTSTRAP}, runtime="provided.al2023", handler="any", MemorySize=512)
            else:
                name = functions.deploy(HANDLER, MemorySize=256)
            outcome = functions.invoke(name, {"code": CHILDREN if kind == 5 else "write('/tmp/x'); kept['shm'] = libc.shmget(1, 4096, 0o1600); found = 1"})
            assert outcome.payload == 1, outcome
            functions.client.delete_function(FunctionName=name)
        functions.names.clear()

    def quiet():
        """Nothing of a function is left but the zygote and the sandbox that it keeps ahead, which belong to the platform."""
        return list(holdings.sandboxes(daemon.process.pid).values()) == [True]

    round_of(8)
    eventually(quiet)
    before = eventually(lambda: (lambda one, two: one == two and one)(holdings.held(daemon), holdings.held(daemon)))
    round_of(FUNCTIONS[network])
    assert settled(daemon, before) == before


def leave_running(functions):
    for code in ("found = 1", CHILDREN):
        for form in ({}, {"Environment": {"Variables": {"MAYFLY_CLONE": "off"}}}):
            assert functions.invoke(functions.deploy(HANDLER, **form), {"code": code}).payload == 1
    assert functions.invoke(functions.deploy({"bootstrap": BOOTSTRAP}, runtime="provided.al2023", handler="any", Timeout=10), {"code": CHILDREN}).payload == 1


@pytest.mark.parametrize("network", ["host", "isolated"])
@pytest.mark.parametrize("victims", ["daemon", "daemon and warden", "daemon, warden and its helper"])
def test_kill_leaves_nothing(start_daemon, unique_name, network, victims):
    daemon = start_daemon("--network", network)
    functions = functions_on(daemon, unique_name)
    leave_running(functions)
    pid = daemon.process.pid
    family, warden = holdings.family(pid), holdings.warden_of(pid)
    assert len(family) > 10
    killed = [pid] + ([warden] if "warden" in victims else []) + ([each for each in family if holdings.command(each) == "mayfly-groups"] if "helper" in victims else [])
    assert holdings.groups(warden) or "memory limit" not in daemon.log()
    for each in killed:
        os.kill(each, signal.SIGSTOP)  # so that none acts on the death of another
    for each in reversed(killed):
        os.kill(each, signal.SIGKILL)
    daemon.process.wait()
    eventually(lambda: not [each for each in family[1:] if holdings.alive(each)], what="the end of every process")
    daemon.start()
    # The one that was left says nothing; the next one removes the groups that were not removed in time.
    eventually(lambda: not holdings.groups(warden), what="the end of the groups")
    assert functions.invoke(functions.names[0], {"code": "found = 2"}).payload == 2
    assert daemon.stop() == 0
    assert not os.path.exists(daemon.data / "sandbox" / "groups")
    assert list((daemon.data / "sandbox" / "root").iterdir()) == []
    assert not list((daemon.data / "lambda" / "tmp").iterdir())
