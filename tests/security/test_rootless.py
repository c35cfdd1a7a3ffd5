"""A daemon of an ordinary user: what it says about itself, and what it refuses."""

import json
import subprocess
import urllib.request

from harness.attackers import Attacker
from harness.clients import make_client
from harness.daemon import binary
from harness.functions import Functions
from security.conftest import ORDINARY_USER, ROLE


def test_status_says_what_is_degraded(rootless_daemon):
    status = json.load(urllib.request.urlopen(rootless_daemon.endpoint + "/_mayfly/status"))
    isolation = status["isolation"]
    assert isolation["own user for each function"].startswith("MISSING: not run as root")
    for name in ("user namespace", "mount namespace", "pid namespace", "ipc namespace", "network namespace", "seccomp"):
        assert not isolation[name].startswith("MISSING"), (name, isolation[name])
    # With groups that were given to its user it keeps its limits, too.
    if rootless_daemon.groups:
        for name in ("memory limit", "process limit", "cpu limit", "usage accounting"):
            assert not isolation[name].startswith("MISSING"), (name, isolation[name])
    shown = subprocess.run([binary(), "status", "--endpoint", rootless_daemon.endpoint], capture_output=True, text=True)
    assert "own user for each function" in shown.stdout and "MISSING" in shown.stdout, shown
    for name, detail in isolation.items():
        if detail.startswith("MISSING"):
            assert name in rootless_daemon.log()


def test_functions_run_by_each_rung(rootless_daemon, unique_name):
    functions = Functions(make_client("lambda", rootless_daemon.endpoint), ROLE, unique_name)
    for form in ("clone", "zygote", "exec"):
        attacker = Attacker(functions, form)
        assert attacker("found = [os.getuid(), os.getgid(), os.listdir('/tmp')]") == [1051, 990, []]
    state = json.load(urllib.request.urlopen(rootless_daemon.endpoint + "/_mayfly/status"))["functions"]
    assert any("template ready" in each for each in state.values()), state
    functions.delete_all()


def test_the_secured_profile_does_not_start(tmp_path):
    """Functions that share a user outside are not what it promises."""
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    done = subprocess.run([binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data", "--profile", "secured"], capture_output=True, text=True, timeout=30,
                          user=ORDINARY_USER, group=ORDINARY_USER)
    assert done.returncode == 2 and "own user for each function" in done.stderr, done
