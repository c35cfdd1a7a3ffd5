"""kill -9 under mixed load, and a history of what every client was told, checked against what is there."""

import threading

import pytest

import history
from harness.clients import make_client
from harness.wait import eventually

pytestmark = pytest.mark.own_daemon


def test_kill_under_mixed_load(start_daemon):
    """Lost updates, dirty reads, transactions by half, retried transactions done twice, indexes and streams that disagree: none of it, ever."""
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    history.create_tables(database)
    clients = history.Clients(daemon, 6)
    try:
        for _ in range(4):
            before = clients.done()
            eventually(lambda: clients.done() > before + 250, what="operations")
            clients.pause.clear()
            daemon.restart(kill=True)
            clients.pause.set()
        before = clients.done()
        eventually(lambda: clients.done() > before + 50, what="operations after the last crash")
    finally:
        clients.finish()
    assert all(client.transfers and client.appends and client.items for client in clients.all)
    history.check(database, clients.all)
    daemon.restart(kill=True)
    history.check(database, clients.all)
    tamper_and_check(database, clients.all)


def tamper_and_check(database, clients):
    """The checker itself: each kind of loss, made on purpose, is seen."""
    name, item = next((name, states[0]) for client in clients for name, states in client.items.items() if states[0] and len(states) == 1)
    transfer = next(name for client in clients for name, outcome in client.transfers.items() if outcome == "acknowledged")
    account = database.get_item(TableName="Bank", Key={"id": {"S": "account0"}})["Item"]
    for table, key, damage in (("Items", name, None), ("Items", name, {**item, "note": {"S": "another"}}), ("Items", "nobody's", {}),
                               ("Bank", "transfer-" + transfer, None), ("Bank", "register", {"version": {"N": "0"}, "log": {"L": []}}),
                               ("Bank", "account0", {"balance": {"N": str(int(account["balance"]["N"]) + 1)}}),
                               ("Bank", "counter", {"hits": {"N": "1"}})):
        before = database.get_item(TableName=table, Key={"id": {"S": key}}, ConsistentRead=True).get("Item")
        if damage is None:
            database.delete_item(TableName=table, Key={"id": {"S": key}})
        else:
            database.put_item(TableName=table, Item={**damage, "id": {"S": key}})
        with pytest.raises(AssertionError):
            history.check(database, clients)
        if before is None:
            database.delete_item(TableName=table, Key={"id": {"S": key}})
        else:
            database.put_item(TableName=table, Item=before)
    history.check(database, clients)
    tamper_with_stream(database)


def tamper_with_stream(database):
    """The same for a stream: a record that is lost, out of order, there twice or of another content."""
    items = history.scan(database, "Bank", ConsistentRead=True)
    shards = history.read_stream(database, "Bank")
    history.check_stream(shards, items)
    number, records = next((number, records) for number, records in enumerate(shards) if len(records) > 3)
    other = {**records[-1], "dynamodb": {**records[-1]["dynamodb"], "NewImage": {"id": {"S": "nobody's"}}}}
    for damaged in (records[:-1], records[1:], [*records[:1], *records[2:]], [records[1], records[0], *records[2:]],
                    [*records, records[-1]], [*records[:-1], other]):
        with pytest.raises(AssertionError):
            history.check_stream([*shards[:number], damaged, *shards[number + 1:]], items)


def test_write_skew_does_not_happen(start_daemon):
    """Two doctors may not both go off call because each saw the other on call: what snapshot isolation alone would let through."""
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    history.create_tables(database)

    def leave(name, other, start):
        start.wait()
        own = make_client("dynamodb", daemon.endpoint)
        try:
            own.transact_write_items(TransactItems=[
                {"ConditionCheck": {"TableName": "Bank", "Key": {"id": {"S": other}}, "ConditionExpression": "on_call = :yes",
                                    "ExpressionAttributeValues": {":yes": {"BOOL": True}}}},
                {"Put": {"TableName": "Bank", "Item": {"id": {"S": name}, "on_call": {"BOOL": False}}}}])
        except own.exceptions.TransactionCanceledException:
            pass

    for _ in range(25):
        for name in ("alice", "bob"):
            database.put_item(TableName="Bank", Item={"id": {"S": name}, "on_call": {"BOOL": True}})
        start = threading.Barrier(2)
        threads = [threading.Thread(target=leave, args=(*pair, start)) for pair in (("alice", "bob"), ("bob", "alice"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        on_call = [database.get_item(TableName="Bank", Key={"id": {"S": name}}, ConsistentRead=True)["Item"]["on_call"]["BOOL"]
                   for name in ("alice", "bob")]
        assert on_call.count(True) == 1
