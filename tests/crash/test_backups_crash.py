"""Backups, restores and filled indexes under kill -9 and mixed load: each is of its moment, and whole."""

import math
import time

import pytest

import history
from harness.clients import make_client
from harness.wait import eventually

pytestmark = pytest.mark.own_daemon

SLACK = 1  # seconds; a moment lies between two commits, and those under way then may be in it


def wait_until_active(database, table):
    eventually(lambda: database.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE", seconds=60, what=table)


def read(database, table):
    return {item["id"]["S"]: item for item in history.scan(database, table, ConsistentRead=True)}


def test_backups_under_mixed_load(start_daemon):
    """An acknowledged backup is there after a crash and is of its moment; so is every second that is restored."""
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    history.create_tables(database)
    for table in ("Bank", "Items"):
        database.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    enabled = time.time()
    clients = history.Clients(daemon, 4, [history.Archivist])
    archivist = clients.more[0]
    try:
        for _ in range(3):
            before, backups = clients.done(), archivist.done
            eventually(lambda: clients.done() > before + 200 and archivist.done > backups + 3, what="operations and backups")
            clients.pause.clear()
            daemon.restart(kill=True)
            clients.pause.set()
    finally:
        clients.finish()
    restored = restore_all(database, archivist.backups, enabled)
    daemon.restart(kill=True)
    check_all(database, clients.all, restored)
    tamper_and_check(database, clients.all, restored)


def restore_all(database, backups, enabled):
    """Some of the backups and some of the seconds: the new table, what it is of, and between which two times."""
    restored = []
    for number, (arn, begin, end) in enumerate(backups):
        kind = "Bank" if "table/Bank/" in arn else "Items"
        eventually(lambda: database.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE",
                   seconds=60, what="the backup")
        database.restore_table_from_backup(TargetTableName=f"{kind}-{number}", BackupArn=arn)
        restored.append((f"{kind}-{number}", kind, begin, end))
    for moment in range(math.ceil(enabled), int(time.time())):
        for kind in ("Bank", "Items"):
            database.restore_table_to_point_in_time(SourceTableName=kind, TargetTableName=f"{kind}-at-{moment}", RestoreDateTime=moment)
            restored.append((f"{kind}-at-{moment}", kind, moment, moment + SLACK))
    return restored


def check_all(database, clients, restored):
    log = [entry["S"] for entry in read(database, "Bank")["register"]["log"]["L"]]
    assert {kind for _, kind, _, _ in restored} == {"Bank", "Items"}
    for table, kind, begin, end in restored:
        wait_until_active(database, table)
        rows = read(database, table)
        if kind == "Bank":
            history.check_moment(rows, log, clients, begin, end)
        else:
            history.check_indexes(database, table, rows)
    history.check_items(database, clients)


def tamper_and_check(database, clients, restored):
    """The checker itself: a backup taken for one of another moment, or damaged, is seen."""
    log = [entry["S"] for entry in read(database, "Bank")["register"]["log"]["L"]]
    banks = [(read(database, table), begin, end) for table, kind, begin, end in restored if kind == "Bank" and "-at-" not in table]
    (early, early_begin, early_end), (late, late_begin, late_end) = banks[0], banks[-1]
    transfer = next(name for name in late if name.startswith("transfer-"))
    lost = {name: item for name, item in late.items() if name != transfer}
    for bank, begin, end in ((early, late_begin, late_end), (late, early_begin, early_end), (lost, late_begin, late_end)):
        with pytest.raises(AssertionError):
            history.check_moment(bank, log, clients, begin, end)


def test_an_index_is_filled_across_kills(start_daemon):
    """kill -9 while an index of a table is being filled, among writes: it becomes complete."""
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    database.create_table(TableName="Things", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    item = lambda number, color: {"id": {"S": f"k{number}"}, "color": {"S": color}, "pad": {"S": "x" * 2000}}
    write = lambda numbers, color: database.batch_write_item(RequestItems={"Things": [{"PutRequest": {"Item": item(n, color)}} for n in numbers]})
    count = 15000
    for begin in range(0, count, 25):
        write(range(begin, begin + 25), "red")
    database.update_table(
        TableName="Things", AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "color")],
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-color", "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}],
                                                 "Projection": {"ProjectionType": "KEYS_ONLY"}}}])
    filling = lambda: database.describe_table(TableName="Things")["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    kills = 0
    while filling() and kills < 4:
        write(range(kills * 25, kills * 25 + 25), "blue")
        daemon.restart(kill=True)
        kills += 1
    assert kills > 0, "the index was complete before it could be interrupted"
    eventually(lambda: not filling(), seconds=60, what="the index")
    colors = {name: item["color"]["S"] for name, item in read(database, "Things").items()}
    assert len(colors) == count and list(colors.values()).count("blue") == kills * 25
    entries = history.scan(database, "Things", IndexName="by-color")
    assert {entry["id"]["S"]: entry["color"]["S"] for entry in entries} == colors and len(entries) == count
