"""A daemon with few descriptors: every environment needs some, so fewer of them are kept, and nothing hangs."""

import os
import resource

import pytest
from botocore.exceptions import ClientError

from harness.clients import make_client
from harness.functions import Functions
from harness.held import warden_of
from harness.wait import eventually

ROLE = "arn:aws:iam::000000000000:role/open-files"
HANDLER = "def lambda_handler(event, context):\n    return event\n"


def test_more_functions_than_descriptors_allow_at_once(start_daemon, unique_name):
    daemon = start_daemon("--network", "isolated", open_files=400)
    functions = Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)
    names = [functions.deploy(HANDLER, wait=False) for _ in range(40)]
    for name in names:
        functions.wait_until_active(name)
    assert [functions.invoke(name, {"n": n}).payload for n, name in enumerate(names)] == [{"n": n} for n in range(40)]
    assert daemon.stop() == 0
    assert "Too many open files" not in daemon.log()
    assert "did not end every function process" not in daemon.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lowers and raises another process's limits")
@pytest.mark.parametrize("victim", ["daemon", "warden"])
def test_without_descriptors_calls_fail_and_nothing_hangs(start_daemon, unique_name, victim):
    """The limit is lowered under the running daemon, which does not know: starts are refused at whatever step finds none left."""
    daemon = start_daemon("--network", "isolated")
    functions = Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)
    functions.invoke(functions.deploy(HANDLER), 1)
    pid = daemon.process.pid if victim == "daemon" else warden_of(daemon.process.pid)
    open_files = len(os.listdir(f"/proc/{pid}/fd"))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    for spare in range(2, 14, 2):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files + spare, before[1]))
        try:
            functions.invoke(functions.deploy(HANDLER, wait=False), 2)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    name = functions.deploy(HANDLER)
    eventually(lambda: functions.invoke(name, 3).payload == 3)
    assert daemon.stop() == 0
