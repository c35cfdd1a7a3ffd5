"""The cold-start ladder as users see it: runtimes that are not installed, and why a function is not cloned."""

import subprocess

import pytest
from botocore.exceptions import ClientError

from harness import daemon as daemons
from harness.clients import make_client
from harness.packages import zip_of
from harness.wait import eventually

HANDLER = "def lambda_handler(event, context):\n    return 1\n"
NODE_HANDLER = "exports.lambda_handler = async () => 1;\n"
ROLE = "arn:aws:iam::000000000000:role/r"


def create(functions, name, runtime="python3.11", source=HANDLER, file="app.py", **config):
    return functions.create_function(FunctionName=name, Runtime=runtime, Handler="app.lambda_handler", Role=ROLE,
                                     Code={"ZipFile": zip_of({file: source})}, **config)


def status(daemon):
    return subprocess.run([daemons.binary(), "--endpoint", daemon.endpoint, "status"], stdout=subprocess.PIPE, text=True, check=True).stdout


def missing_python(daemon):
    """A version that this machine does not have."""
    installed = status(daemon)
    return next(name for name in (f"python3.{minor}" for minor in (8, 9, 10, 12, 13, 14)) if f"{name} " not in installed)


def test_the_nearest_version_stands_in_and_the_log_says_so(start_daemon):
    daemon = start_daemon()
    functions, missing = make_client("lambda", daemon.endpoint), missing_python(daemon)
    create(functions, "old", missing)
    eventually(lambda: functions.get_function_configuration(FunctionName="old")["State"] == "Active")
    assert functions.invoke(FunctionName="old")["Payload"].read() == b"1"
    assert f"function old: {missing} is not installed; running on python3." in daemon.log()


def test_a_strict_daemon_refuses_what_is_not_installed(start_daemon):
    daemon = start_daemon("--runtime-versions", "exact")
    functions, missing = make_client("lambda", daemon.endpoint), missing_python(daemon)
    with pytest.raises(ClientError) as refused:
        create(functions, "old", missing)
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"].startswith(f"runtime {missing} is not installed on this machine; the nearest is python3.")
    create(functions, "new")
    eventually(lambda: functions.get_function_configuration(FunctionName="new")["State"] == "Active")
    with pytest.raises(ClientError) as refused:
        functions.update_function_configuration(FunctionName="new", Runtime=missing)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert functions.invoke(FunctionName="new")["Payload"].read() == b"1"


def test_status_says_why_a_function_is_not_cloned(start_daemon):
    daemon = start_daemon()
    functions = make_client("lambda", daemon.endpoint)
    cases = {
        "plain": ("app.py", "python3.11", HANDLER, "template ready"),
        "socket": ("app.py", "python3.11", "import socket\nheld = socket.socket()\n" + HANDLER, "1 open sockets or pipes"),
        "thread": ("app.py", "python3.11", "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
                   + HANDLER, "1 threads besides the main one"),
        "child": ("app.py", "python3.11", "import subprocess\nheld = subprocess.Popen(['sleep', '60'])\n" + HANDLER, "1 child processes"),
        "opted-out": ("app.py", "python3.11", HANDLER, "the function opted out (MAYFLY_CLONE)"),
    }
    if "nodejs" in status(daemon):
        cases["worker"] = ("app.js", "nodejs20.x", "new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', "
                           "{ eval: true }).unref();\n" + NODE_HANDLER, "1 threads (workers)")
    for name, (file, runtime, source, _) in cases.items():
        variables = {"MAYFLY_CLONE": "off"} if name == "opted-out" else {}
        create(functions, name, runtime, source, file, Environment={"Variables": variables})
    for name in cases:
        eventually(lambda: functions.get_function_configuration(FunctionName=name)["State"] == "Active")
        assert functions.invoke(FunctionName=name)["Payload"].read() == b"1"
    lines = status(daemon).splitlines()
    for name, (*_, reason) in cases.items():
        said = [line for line in lines if name in line]
        assert any(reason in line for line in said), (name, said)
