"""Copies of all state: branches, which are thrown away, and backups, which are kept."""

import json
import os
import subprocess
import threading
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import daemon as daemons, http as plain_http, sources
from harness.clients import ASSUME_ROLE, make_client
from harness.functions import Functions
from harness.wait import eventually

pytestmark = pytest.mark.own_daemon


def mayfly(daemon, *arguments):
    environment = dict(os.environ, MAYFLY_ENDPOINT=daemon.endpoint if daemon else "http://127.0.0.1:1")
    return subprocess.run([daemons.binary(), *map(str, arguments)], text=True, capture_output=True, timeout=120, env=environment)


def output(daemon, *arguments):
    done = mayfly(daemon, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_table(database, name="Things"):
    database.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])


def make_function(endpoint):
    role = make_client("iam", endpoint).create_role(RoleName="r", AssumeRolePolicyDocument=ASSUME_ROLE)["Role"]["Arn"]
    functions = Functions(make_client("lambda", endpoint), role, lambda prefix: prefix)
    return functions.deploy(sources.WRITE_ITEM, Environment={"Variables": {"TABLE": "Things"}}, Timeout=20)


def ids(endpoint):
    pages = make_client("dynamodb", endpoint).get_paginator("scan").paginate(TableName="Things", ConsistentRead=True)
    return {item["id"]["S"] for page in pages for item in page["Items"]}


def put(endpoint, name):
    make_client("dynamodb", endpoint).put_item(TableName="Things", Item={"id": {"S": name}})


def test_a_branch_has_everything_and_is_isolated(start_daemon):
    """A function in the branch runs there and writes there: its code and its endpoint are the branch's own."""
    daemon = start_daemon()
    make_table(make_client("dynamodb", daemon.endpoint))
    name = make_function(daemon.endpoint)
    put(daemon.endpoint, "before")

    branch = output(daemon, "branch", "create", "--name", "one")
    put(daemon.endpoint, "parent")
    put(branch, "branch")
    answer = make_client("lambda", branch).invoke(FunctionName=name, Payload=json.dumps({"id": "function"}))
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert ids(branch) == {"before", "branch", "function"}
    assert ids(daemon.endpoint) == {"before", "parent"}
    # A new table is only where it was made, also after the other side deleted the one they shared.
    make_table(make_client("dynamodb", branch), "Other")
    make_client("dynamodb", branch).delete_table(TableName="Things")
    assert make_client("dynamodb", daemon.endpoint).list_tables()["TableNames"] == ["Things"]
    assert ids(daemon.endpoint) == {"before", "parent"}

    listed = json.loads(output(daemon, "branch", "list", "--json"))["branches"]
    assert [(entry["name"], entry["endpoint"], entry["state"]) for entry in listed] == [("one", branch, "running")]
    output(daemon, "branch", "delete", "one")
    with pytest.raises(OSError):
        plain_http.send("GET", branch + "/_mayfly/health")
    assert json.loads(output(daemon, "branch", "list", "--json")) == {"branches": []}
    assert not (daemon.data / "branches" / "one").exists()


def test_branches_of_a_branch(start_daemon):
    daemon = start_daemon()
    make_table(make_client("dynamodb", daemon.endpoint))
    put(daemon.endpoint, "a")
    first = output(daemon, "branch", "create")
    put(first, "b")
    environment = dict(os.environ, MAYFLY_ENDPOINT=first)
    second = subprocess.run([daemons.binary(), "branch", "create"], env=environment, text=True, capture_output=True).stdout.strip()
    put(second, "c")
    assert (ids(daemon.endpoint), ids(first), ids(second)) == ({"a"}, {"a", "b"}, {"a", "b", "c"})


@pytest.mark.parametrize("kill", [False, True], ids=["SIGTERM", "kill -9"])
def test_a_branch_ends_with_its_parent(start_daemon, kill):
    """Nothing is left running, and nothing on disk, whichever way the parent ended."""
    daemon = start_daemon()
    branch = output(daemon, "branch", "create", "--name", "x")
    daemon.restart(kill=kill)

    def gone():
        try:
            plain_http.send("GET", branch + "/_mayfly/health")
        except OSError:
            return True
    eventually(gone, what="the branch's end")
    assert json.loads(output(daemon, "branch", "list", "--json")) == {"branches": []}
    assert not (daemon.data / "branches" / "x").exists()


def test_what_a_branch_command_cannot_do_is_said(start_daemon):
    daemon = start_daemon()
    output(daemon, "branch", "create", "--name", "x")
    for arguments, words in ((("create", "--name", "x"), "There is a branch x already"),
                             (("create", "--name", "../x"), "letters, digits"),
                             (("delete", "y"), "There is no branch y")):
        done = mayfly(daemon, "branch", *arguments)
        assert done.returncode == 2 and words in done.stderr, done


def sign(method, url, key, secret, token=None, service="mayfly"):
    request = AWSRequest(method=method, url=url)
    SigV4Auth(Credentials(key, secret, token), service, "us-east-1").add_auth(request)
    return dict(request.headers)


def test_copies_are_for_the_account_and_its_users_only(start_daemon):
    """Whoever may copy the installation has all its secrets: not an unsigned web page, not a function, not an unknown key."""
    daemon = start_daemon()
    url = daemon.endpoint + "/_mayfly/snapshots"
    assert plain_http.send("POST", url).status == 403
    assert plain_http.send("POST", url, headers=sign("POST", url, "test", "test", service="dynamodb")).status == 403
    iam = make_client("iam", daemon.endpoint)
    iam.create_user(UserName="operator")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=ASSUME_ROLE)["Role"]["Arn"]
    session = make_client("sts", daemon.endpoint).assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    of_role = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert plain_http.send("POST", url, headers=sign("POST", url, *of_role)).status == 403

    daemon.arguments = ("--profile", "secured", "--network", "host")
    daemon.restart()
    assert plain_http.send("POST", url, headers=sign("POST", url, "test", "test")).status == 403
    assert plain_http.send("POST", url, headers=sign("POST", url, key["AccessKeyId"], "wrong")).status == 403
    made = plain_http.send("POST", url, headers=sign("POST", url, key["AccessKeyId"], key["SecretAccessKey"]))
    assert made.status == 201, made
    # Only listed files are read, whatever a path says.
    for path in ("../../../store/CURRENT", "/etc/passwd", "store/../store/CURRENT", ""):
        bad = f"{url}/{made.json()['id']}/content?offset=0&path={urllib.parse.quote(path, safe=str())}"
        assert plain_http.send("GET", bad, headers=sign("GET", bad, key["AccessKeyId"], key["SecretAccessKey"])).status == 404


class Writers:
    """Threads that write as fast as they can: a counter in two items, in one transaction each time."""

    def __init__(self, endpoint, count=4):
        self.endpoint, self.stop, self.acknowledged, self.failures = endpoint, threading.Event(), [0] * count, []
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, writer):
        database, number = make_client("dynamodb", self.endpoint), 0
        try:
            while not self.stop.is_set():
                number += 1
                database.transact_write_items(TransactItems=[
                    {"Put": {"TableName": "Things", "Item": {"id": {"S": f"{side}{writer}"}, "n": {"N": str(number)}, "pad": {"S": "x" * 2000}}}}
                    for side in "ab"])
                self.acknowledged[writer] = number
        except Exception as error:  # shown by finish()
            self.failures.append(error)

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures


def test_a_backup_under_load_is_of_one_moment(start_daemon, tmp_path):
    """What was acknowledged before it is in it, and no transaction is in it by half. It is a data folder that can be served."""
    daemon = start_daemon()
    make_table(make_client("dynamodb", daemon.endpoint))
    name = make_function(daemon.endpoint)
    writers = Writers(daemon.endpoint)
    try:
        eventually(lambda: all(number > 20 for number in writers.acknowledged), what="writes")
        before = list(writers.acknowledged)
        output(daemon, "backup", tmp_path / "backups")
        between = list(writers.acknowledged)
        second = output(daemon, "backup", tmp_path / "backups")
    finally:
        writers.finish()
    first = min(path for path in (tmp_path / "backups").iterdir())
    for backup, least in ((first, before), (second, between)):
        data = tmp_path / "restored" / os.path.basename(backup)
        output(None, "restore", backup, "--data-dir", data)
        restored = daemons.Daemon()
        restored.data = data
        try:
            restored.start()
            scan = make_client("dynamodb", restored.endpoint).scan(TableName="Things", ConsistentRead=True)["Items"]
            found = {item["id"]["S"]: int(item["n"]["N"]) for item in scan}
            for writer, acknowledged in enumerate(least):
                assert found[f"a{writer}"] == found[f"b{writer}"] >= acknowledged
            answer = make_client("lambda", restored.endpoint).invoke(FunctionName=name, Payload=json.dumps({"id": "function"}))
            assert "FunctionError" not in answer
            assert "function" in ids(restored.endpoint)
        finally:
            restored.discard()


def test_an_unchanged_file_is_stored_once(start_daemon, tmp_path):
    daemon = start_daemon()
    make_table(make_client("dynamodb", daemon.endpoint))
    make_function(daemon.endpoint)
    first, second = (output(daemon, "backup", tmp_path / "backups") for _ in range(2))
    lists = [json.load(open(f"{folder}/BACKUP.json"))["files"] for folder in (first, second)]
    shared = [path for path, file in lists[1].items() if lists[0].get(path) == file]
    assert any("/blobs/" in path for path in shared), shared  # tables may have been compacted between the two
    for path in shared:
        assert os.stat(f"{first}/{path}").st_ino == os.stat(f"{second}/{path}").st_ino
    output(daemon, "backup", tmp_path / "backups", "--keep", 2)
    assert not os.path.exists(first) and len(os.listdir(tmp_path / "backups")) == 2
    # The newest of a folder is restored by the folder's name alone.
    output(None, "restore", tmp_path / "backups", "--data-dir", tmp_path / "data")
    assert (tmp_path / "data" / "store" / "FORMAT").exists()


def test_a_damaged_backup_is_refused(start_daemon, tmp_path):
    daemon = start_daemon()
    make_table(make_client("dynamodb", daemon.endpoint))
    backup = output(daemon, "backup", tmp_path / "backups")
    victim = next(f"{backup}/store/{path}" for path in os.listdir(f"{backup}/store") if path.endswith(".sst"))
    with open(victim, "r+b") as file:
        file.seek(20)
        byte = file.read(1)
        file.seek(20)
        file.write(bytes([byte[0] ^ 1]))
    done = mayfly(None, "restore", backup, "--data-dir", tmp_path / "data")
    assert done.returncode == 2 and victim in done.stderr and "checksum" in done.stderr, done
    assert not (tmp_path / "data").exists()
    # The next backup does not carry the damage on.
    again = output(daemon, "backup", tmp_path / "backups")
    output(None, "restore", again, "--data-dir", tmp_path / "data")
    assert mayfly(None, "restore", again, "--data-dir", tmp_path / "data").returncode == 2  # it exists
    assert mayfly(None, "restore", tmp_path / "nothing", "--data-dir", tmp_path / "other").returncode == 2
