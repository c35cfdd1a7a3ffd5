"""A daemon for each network profile, and on it two functions of each form: one attacks, the other has something to lose."""

import contextlib
import itertools
import os
import subprocess
import types

import pytest

from harness import daemon as daemons, delegation, functions
from harness.attackers import FORMS, NODE, Attacker
from harness.clients import make_client

ROLE = "arn:aws:iam::000000000000:role/attacker"
SECRET = "secret-of-the-victim"


@pytest.fixture(scope="session")
def isolated_daemon(request):
    if request.config.getoption("--endpoint"):
        pytest.skip("needs a daemon of its own; --endpoint was given")
    own = daemons.Daemon("--network", "isolated")
    try:
        yield own.start()
        assert own.alive(), f"the daemon died during the tests:\n{own.log()}"
    finally:
        own.discard()


ORDINARY_USER = 47113  # nobody's
delegated = itertools.count(1)


@contextlib.contextmanager
def run_by_ordinary_user(request, *arguments):
    """A daemon with the isolated network; functions have its user outside their sandbox."""
    if request.config.getoption("--endpoint"):
        pytest.skip("needs a daemon of its own; --endpoint was given")
    if os.geteuid() != 0:
        pytest.skip("not root: the shared daemon is rootless itself")
    if subprocess.run(["unshare", "--user", "--map-current-user", "true"], user=ORDINARY_USER, group=ORDINARY_USER, capture_output=True).returncode != 0:
        pytest.skip("ordinary users make no user namespaces here")
    if subprocess.run(["test", "-x", daemons.binary()], user=ORDINARY_USER, group=ORDINARY_USER).returncode != 0:
        pytest.skip("an ordinary user does not reach the program")
    groups = delegation.delegate(ORDINARY_USER, f"mayfly-delegated-{os.getpid()}-{next(delegated)}")
    own = daemons.Daemon("--network", "isolated", *arguments, user=ORDINARY_USER, groups=groups)
    try:
        yield own.start()
        assert own.alive(), f"the daemon died during the tests:\n{own.log()}"
        assert own.stop() == 0
        delegation.take_back(groups)
    finally:
        own.discard()


@pytest.fixture(scope="session")
def rootless_daemon(request):
    with run_by_ordinary_user(request) as own:
        yield own


@pytest.fixture(scope="module")
def rootless(request):
    """Makes a daemon run by an ordinary user, with these further arguments."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(run_by_ordinary_user(request, *arguments))


@pytest.fixture(scope="session", params=["host", "isolated", "rootless"])
def network(request):
    """The network profile, and the daemon with it; or a daemon of an ordinary user."""
    name = {"host": "daemon", "isolated": "isolated_daemon", "rootless": "rootless_daemon"}[request.param]
    daemon = request.getfixturevalue(name)
    if daemon is None:
        pytest.skip("needs to see the daemon's process; --endpoint was given")
    return types.SimpleNamespace(name=request.param, daemon=daemon, endpoint=daemon.endpoint)


@pytest.fixture(scope="session")
def functions_of(network, unique_name):
    made = functions.Functions(make_client("lambda", network.endpoint), ROLE, unique_name)
    yield made
    made.delete_all()


@pytest.fixture(scope="session", params=[*FORMS, NODE])
def ground(request, network, functions_of):
    """ground.attacker, ground.victim, ground.daemon, ground.network, ground.form."""
    # Where what it attacks with ends with each event, the other has to be one that keeps what it has to lose.
    victim = Attacker(functions_of, "clone" if request.param == NODE else request.param, Environment={"Variables": {"SECRET": SECRET}})
    attacker = Attacker(functions_of, request.param)
    yield types.SimpleNamespace(attacker=attacker, victim=victim, daemon=network.daemon, network=network.name,
                                form=request.param, functions=functions_of)
    assert victim("found = 'alive'") == "alive"
