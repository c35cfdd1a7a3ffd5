"""Backups and point-in-time recovery with boto3, among writes that go on, and across kill -9."""

import threading
import time

import pytest

from harness.clients import make_client
from harness.wait import eventually


def wait_for_backup(database, arn):
    eventually(lambda: database.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE",
               seconds=60, what="the backup")


def content(database, name):
    pages = database.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return {item["id"]["S"]: item["n"]["N"] for page in pages for item in page["Items"]}


def fill(database, name, count, n, pad=400):
    for begin in range(0, count, 25):
        database.batch_write_item(RequestItems={name: [
            {"PutRequest": {"Item": {"id": {"S": f"k{i}"}, "n": {"N": str(n)}, "pad": {"S": "x" * pad}}}}
            for i in range(begin, min(count, begin + 25))]})


def test_a_backup_is_restored(client, make_table, unique_name):
    """A program's way: back up, wait, restore to another table, wait with the waiter, read."""
    database, name, copy = client("dynamodb"), make_table(), unique_name("copy")
    fill(database, name, 50, 1)
    arn = database.create_backup(TableName=name, BackupName="nightly")["BackupDetails"]["BackupArn"]
    fill(database, name, 20, 2)
    wait_for_backup(database, arn)
    database.restore_table_from_backup(TargetTableName=copy, BackupArn=arn)
    database.get_waiter("table_exists").wait(TableName=copy, WaiterConfig={"Delay": 1})
    assert content(database, copy) == {f"k{i}": "1" for i in range(50)}
    listed = [b["BackupArn"] for page in database.get_paginator("list_backups").paginate(TableName=name) for b in page["BackupSummaries"]]
    assert listed == [arn]
    with pytest.raises(database.exceptions.TableAlreadyExistsException):
        database.restore_table_from_backup(TargetTableName=copy, BackupArn=arn)
    database.delete_table(TableName=copy)
    database.delete_backup(BackupArn=arn)
    with pytest.raises(database.exceptions.BackupNotFoundException):
        database.describe_backup(BackupArn=arn)


def test_a_table_is_restored_to_a_second(client, make_table, unique_name):
    database, name, copy = client("dynamodb"), make_table(), unique_name("copy")
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}
    database.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    fill(database, name, 50, 1)
    # Clients name whole seconds: the moment is the end of the one in which the first writes were.
    moment = int(time.time()) + 1
    eventually(lambda: time.time() > moment + 0.05, what="the next second")
    fill(database, name, 80, 2)
    described = database.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert described["PointInTimeRecoveryStatus"] == "ENABLED" and described["RecoveryPeriodInDays"] == 7
    assert described["EarliestRestorableDateTime"].timestamp() <= moment <= described["LatestRestorableDateTime"].timestamp()
    with pytest.raises(database.exceptions.InvalidRestoreTimeException):
        database.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=copy, RestoreDateTime=moment + 3600)
    database.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=copy, RestoreDateTime=moment)
    database.get_waiter("table_exists").wait(TableName=copy, WaiterConfig={"Delay": 1})
    assert content(database, copy) == {f"k{i}": "1" for i in range(50)}
    database.delete_table(TableName=copy)


@pytest.mark.own_daemon
def test_backups_and_restores_go_on_after_a_kill(start_daemon):
    """kill -9 while a backup is made and while it is restored, among writes: it still is of its moment."""
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    database.create_table(TableName="Things", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    fill(database, "Things", 6000, 1, pad=4000)
    arn = database.create_backup(TableName="Things", BackupName="nightly")["BackupDetails"]["BackupArn"]

    def overwrite():
        try:
            fill(make_client("dynamodb", daemon.endpoint), "Things", 6000, 2)
        except Exception:
            pass  # killed

    writer = threading.Thread(target=overwrite)
    writer.start()
    daemon.restart(kill=True)
    writer.join()
    fill(database, "Things", 200, 3)
    wait_for_backup(database, arn)
    database.restore_table_from_backup(TargetTableName="Copy", BackupArn=arn)
    daemon.restart(kill=True)
    database.get_waiter("table_exists").wait(TableName="Copy", WaiterConfig={"Delay": 1})
    assert content(database, "Copy") == {f"k{i}": "1" for i in range(6000)}
