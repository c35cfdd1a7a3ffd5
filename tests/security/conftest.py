"""A daemon for each network profile, and on it two functions of each form: one attacks, the other has something to lose."""

import types

import pytest

from harness import daemon as daemons, functions
from harness.attackers import FORMS, Attacker
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


@pytest.fixture(scope="session", params=["host", "isolated"])
def network(request):
    """The network profile, and the daemon with it."""
    name = "daemon" if request.param == "host" else "isolated_daemon"
    daemon = request.getfixturevalue(name)
    if daemon is None:
        pytest.skip("needs to see the daemon's process; --endpoint was given")
    return types.SimpleNamespace(name=request.param, daemon=daemon, endpoint=daemon.endpoint)


@pytest.fixture(scope="session")
def functions_of(network, unique_name):
    made = functions.Functions(make_client("lambda", network.endpoint), ROLE, unique_name)
    yield made
    made.delete_all()


@pytest.fixture(scope="session", params=FORMS)
def ground(request, network, functions_of):
    """ground.attacker, ground.victim, ground.daemon, ground.network, ground.form."""
    victim = Attacker(functions_of, request.param, Environment={"Variables": {"SECRET": SECRET}})
    attacker = Attacker(functions_of, request.param)
    yield types.SimpleNamespace(attacker=attacker, victim=victim, daemon=network.daemon, network=network.name,
                                form=request.param, functions=functions_of)
    assert victim("found = 'alive'") == "alive"
