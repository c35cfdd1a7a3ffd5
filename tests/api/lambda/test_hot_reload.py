"""Functions whose code is a folder: an edit is live at the next event."""

import os
import signal
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError

from harness.daemon import binary

PYTHON = "VALUE = {!r}\ndef lambda_handler(event, context):\n    return VALUE\n"
NODE = "export const handler = async () => {!r};\n"


@pytest.fixture
def folder(tmp_path):
    # Functions run as users of their own.
    for path in (tmp_path, *list(tmp_path.parents)[:-1]):
        try:
            path.chmod(path.stat().st_mode | 0o755)
        except PermissionError:
            pass
    (tmp_path / ".mayfly").touch()
    return tmp_path


def deploy(lambdas, client, role_arn, folder, runtime="python3.11", handler="app.lambda_handler"):
    name = lambdas.unique_name("hot")
    client("lambda").create_function(
        FunctionName=name, Runtime=runtime, Handler=handler, Role=role_arn,
        Code={"S3Bucket": "hot-reload", "S3Key": str(folder)},
    )
    lambdas.names.append(name)
    lambdas.wait_until_active(name)
    return name


@pytest.mark.parametrize("file,source,runtime,handler", [
    ("app.py", PYTHON, "python3.11", "app.lambda_handler"),
    ("app.mjs", NODE, "nodejs20.x", "app.handler"),
])
def test_every_edit_is_seen_by_the_very_next_event(lambdas, client, role_arn, folder, file, source, runtime, handler):
    (folder / file).write_text(source.format("first"))
    name = deploy(lambdas, client, role_arn, folder, runtime, handler)
    assert lambdas.invoke(name).payload == "first"
    # No wait between the edit and the event: one that is not seen fails here.
    for number in range(10):
        (folder / file).write_text(source.format(f"edit {number}"))
        assert lambdas.invoke(name).payload == f"edit {number}"
    # Nothing changed: the same environment again.
    before = lambdas.invoke(name)
    assert before.payload == "edit 9"


def test_modules_in_folders_made_later_are_seen(lambdas, client, role_arn, folder):
    (folder / "app.py").write_text("def lambda_handler(e, c):\n    import lib.deep.value as v\n    return v.VALUE\n")
    name = deploy(lambdas, client, role_arn, folder)
    assert lambdas.invoke(name).error == "Unhandled"
    (folder / "lib/deep").mkdir(parents=True)
    (folder / "lib/deep/value.py").write_text("VALUE = 1\n")
    assert lambdas.invoke(name).payload == 1
    (folder / "lib/deep/value.py").write_text("VALUE = 2\n")
    assert lambdas.invoke(name).payload == 2
    # As editors save: another file, renamed over it.
    (folder / "lib/deep/value.py.tmp").write_text("VALUE = 3\n")
    os.rename(folder / "lib/deep/value.py.tmp", folder / "lib/deep/value.py")
    assert lambdas.invoke(name).payload == 3


def test_a_mistake_is_told_and_its_repair_is_live(lambdas, client, role_arn, folder):
    (folder / "app.py").write_text(PYTHON.format("good"))
    name = deploy(lambdas, client, role_arn, folder)
    assert lambdas.invoke(name).payload == "good"
    (folder / "app.py").write_text("def lambda_handler(e, c:\n")
    failed = lambdas.invoke(name)
    assert failed.error == "Unhandled"
    assert "SyntaxError" in failed.payload["errorType"] + failed.payload["errorMessage"]
    (folder / "app.py").write_text(PYTHON.format("repaired"))
    assert lambdas.invoke(name).payload == "repaired"


def test_the_function_cannot_write_into_the_folder(lambdas, client, role_arn, folder):
    (folder / "app.py").write_text(
        "def lambda_handler(e, c):\n"
        "    try:\n        open('/var/task/app.py', 'a').write('# mine')\n"
        "    except OSError as error:\n        return error.strerror\n    return 'written'\n"
    )
    name = deploy(lambdas, client, role_arn, folder)
    assert lambdas.invoke(name).payload in ("Read-only file system", "Permission denied")


def test_only_folders_whose_owner_allows_it(client, role_arn, folder, unique_name):
    def refused(key):
        with pytest.raises(ClientError) as error:
            client("lambda").create_function(
                FunctionName=unique_name("hot"), Runtime="python3.11", Handler="app.lambda_handler", Role=role_arn,
                Code={"S3Bucket": "hot-reload", "S3Key": key},
            )
        assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
        return error.value.response["Error"]["Message"]

    (folder / ".mayfly").unlink()
    assert ".mayfly" in refused(str(folder))
    # A link is no mark: who can make one could point it anywhere.
    (folder / ".mayfly").symlink_to("/etc/hostname")
    assert ".mayfly" in refused(str(folder))
    assert "absolute" in refused("relative/folder")
    refused("/etc")
    refused(str(folder / "nothing"))


def test_a_package_replaces_the_folder(lambdas, client, role_arn, folder):
    from harness.packages import zip_of

    (folder / "app.py").write_text(PYTHON.format("folder"))
    name = deploy(lambdas, client, role_arn, folder)
    assert lambdas.invoke(name).payload == "folder"
    client("lambda").update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": PYTHON.format("package")}))
    client("lambda").get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    (folder / "app.py").write_text(PYTHON.format("edited"))
    assert lambdas.invoke(name).payload == "package"


def test_the_command_deploys_follows_and_leaves_the_function(lambdas, endpoint, folder):
    (folder / ".mayfly").unlink()
    (folder / "app.py").write_text("def lambda_handler(e, c):\n    print('one line')\n    return 1\n")
    name = lambdas.unique_name("dev")
    lambdas.names.append(name)
    process = subprocess.Popen(
        [binary(), "dev", str(folder), "--name", name, "--endpoint", endpoint],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    seen = []

    def read_until(text):
        for line in process.stdout:
            seen.append(line)
            if text in line:
                return
        raise AssertionError(f"no {text!r} in {seen}")

    try:
        read_until("mayfly invoke")
        assert lambdas.invoke(name).payload == 1
        read_until("one line")
        read_until("REPORT")
        (folder / "app.py").write_text("def lambda_handler(e, c):\n    return 2\n")
        read_until("changed: app.py")
        assert lambdas.invoke(name).payload == 2
        process.send_signal(signal.SIGINT)
        read_until("stays")
        assert process.wait(10) == 0
        assert lambdas.invoke(name).payload == 2
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
