"""A disk that fills up: clear errors, reading goes on, nothing acknowledged is lost, and writing goes on once there is room."""

import errno
import os
import pathlib
import subprocess
import tempfile
import threading
import urllib.request
import json

import pytest
from botocore.exceptions import ClientError

from harness import daemon as daemons
from harness.clients import make_client
from harness.wait import eventually

pytestmark = pytest.mark.own_daemon


@pytest.fixture
def small_disk():
    """An own file system of 96 MB."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mayfly-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(f"full disk: cannot mount a small file system here ({mounted.stderr.strip()})")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


@pytest.fixture
def daemon(small_disk):
    own = daemons.Daemon("--log-level", "info")
    own.data = small_disk / "data"
    yield own.start()
    own.discard()


def fill(disk, leave):
    """Somebody else's file takes all but `leave` bytes."""
    with open(disk / "somebody-elses", "wb", buffering=0) as file:
        try:
            while (status := os.statvfs(disk)).f_bavail * status.f_frsize > leave:
                file.write(bytes(min(100_000, status.f_bavail * status.f_frsize - leave)))
        except OSError as error:  # the daemon took the rest meanwhile
            assert error.errno == errno.ENOSPC


def free(disk):
    (disk / "somebody-elses").unlink()


def health(daemon):
    with urllib.request.urlopen(daemon.endpoint + "/_mayfly/health") as answer:
        return json.load(answer)


def make_table(database):
    database.create_table(TableName="Things", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])


def ids(database):
    pages = database.get_paginator("scan").paginate(TableName="Things", ConsistentRead=True)
    return {item["id"]["S"] for page in pages for item in page["Items"]}


def write_until_refused(database, prefix):
    """What was acknowledged, and the error that ended it."""
    written = set()
    while True:
        name = f"{prefix}{len(written)}"
        try:
            database.put_item(TableName="Things", Item={"id": {"S": name}, "pad": {"B": os.urandom(100_000)}})
        except ClientError as error:
            return written, error
        written.add(name)


def test_writing_until_the_disk_is_full(daemon, small_disk):
    database = make_client("dynamodb", daemon.endpoint)
    make_table(database)
    assert "warning" not in health(daemon) or "nearly full" in health(daemon)["warning"]
    written, error = write_until_refused(database, "a")
    assert len(written) > 50
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503 and error.response["Error"]["Code"] == "ServiceUnavailable"
    assert f"the disk of {small_disk}/data/store is full" in error.response["Error"]["Message"]
    assert "is full" in health(daemon)["warning"]
    assert ids(database) == written  # reading goes on; what was refused is not there
    daemon.restart(kill=True)
    assert ids(database) == written


def test_a_disk_that_others_fill_and_free(daemon, small_disk):
    database = make_client("dynamodb", daemon.endpoint)
    make_table(database)
    acknowledged = set()
    for leave in (20_000_000, 1_000_000, 100_000, 0):
        fill(small_disk, leave)
        written, error = write_until_refused(database, f"{leave}-")
        assert not written and error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert ids(database) == acknowledged
        free(small_disk)
        database.put_item(TableName="Things", Item={"id": {"S": f"after {leave}"}})
        acknowledged.add(f"after {leave}")
    daemon.restart(kill=True)
    assert ids(database) == acknowledged


def test_the_warning_comes_before(daemon, small_disk):
    database = make_client("dynamodb", daemon.endpoint)
    make_table(database)
    fill(small_disk, 45_000_000)
    assert "nearly full" in health(daemon)["warning"]
    status = subprocess.run([daemons.binary(), "status"], env=dict(os.environ, MAYFLY_ENDPOINT=daemon.endpoint), text=True, capture_output=True)
    assert "nearly full" in status.stdout
    database.put_item(TableName="Things", Item={"id": {"S": "still"}})


def test_a_disk_that_fills_under_load(daemon, small_disk):
    """Flushes are under way when somebody else takes the last byte."""
    database = make_client("dynamodb", daemon.endpoint)
    make_table(database)
    stop, acknowledged = threading.Event(), [set() for _ in range(4)]

    def write(writer):
        own, number = make_client("dynamodb", daemon.endpoint), 0
        while not stop.is_set():
            try:
                own.put_item(TableName="Things", Item={"id": {"S": f"{writer}-{number % 20}"}, "pad": {"B": os.urandom(100_000)}})
                acknowledged[writer].add(f"{writer}-{number % 20}")
            except ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503)
            number += 1

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(4):
            before = sum(map(len, acknowledged))
            eventually(lambda: sum(map(len, acknowledged)) > before or before == 80, what="writes")
            fill(small_disk, 0)
            eventually(lambda: health(daemon).get("warning"), what="refusal")
            free(small_disk)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert ids(database) >= set().union(*acknowledged)
    database.put_item(TableName="Things", Item={"id": {"S": "after"}})
    daemon.restart(kill=True)
    assert ids(database) >= set().union(*acknowledged) | {"after"}


def test_starting_on_a_full_disk_says_so(daemon, small_disk):
    database = make_client("dynamodb", daemon.endpoint)
    make_table(database)
    for number in range(100):
        database.put_item(TableName="Things", Item={"id": {"S": str(number)}, "pad": {"B": os.urandom(10_000)}})
    daemon.kill()
    fill(small_disk, 0)
    try:
        daemon.start()
    except RuntimeError as error:
        assert f"the disk of {small_disk}/data/store is full" in str(error) and "Free some space" in str(error)
    else:
        pytest.fail("it started")
    free(small_disk)
    daemon.start()
    assert len(ids(database)) == 100
