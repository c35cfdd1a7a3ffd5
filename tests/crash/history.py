"""Clients that write and read all at once, what they were answered, and what must hold of it.

An operation ends in one of three ways: acknowledged (it must be there), refused (it must not be there), unknown (the daemon was killed
before it answered: either, but all of it or nothing).
"""

import math
import random
import threading
import time
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from harness.clients import make_client

ACCOUNTS, START = 8, 1000
REFUSALS = ("ConditionalCheckFailedException", "TransactionCanceledException", "ThrottlingException", "TransactionConflictException",
            "ServiceUnavailable")


def n(value):
    return {"N": str(value)}


def s(value):
    return {"S": str(value)}


STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def create_tables(database):
    database.create_table(
        TableName="Bank", BillingMode="PAY_PER_REQUEST", StreamSpecification=STREAM, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    database.create_table(
        TableName="Items", BillingMode="PAY_PER_REQUEST", StreamSpecification=STREAM, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "color", "AttributeType": "S"},
                              {"AttributeName": "weight", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[
            {"IndexName": "by-color", "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}, {"AttributeName": "weight", "KeyType": "RANGE"}],
             "Projection": {"ProjectionType": "ALL"}},
            {"IndexName": "by-weight", "KeySchema": [{"AttributeName": "weight", "KeyType": "HASH"}],
             "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    for account in range(ACCOUNTS):
        database.put_item(TableName="Bank", Item={"id": s(f"account{account}"), "balance": n(START)})
    database.put_item(TableName="Bank", Item={"id": s("register"), "version": n(0), "log": {"L": []}})


class Client:
    """One thread: a random operation after the other, until it is told to stop."""

    def __init__(self, daemon, number, pause):
        self.daemon, self.number, self.pause = daemon, number, pause
        self.random = random.Random(number)
        self.database = make_client("dynamodb", daemon.endpoint)
        self.counter = []      # values that acknowledged increments gave
        self.counter_unknown = 0
        self.transfers = {}    # id: outcome
        self.unfinished = []   # the requests of transfers whose outcome is unknown
        self.appends = {}      # token: outcome
        self.items = {}        # of this client: id: the possible states
        self.spans = {}        # of transfers and appends: id: when it began, when it was acknowledged
        self.counter_spans = {}  # the same of increments, by the value that they gave
        self.wrong = []
        self.done = 0

    def attempt(self, operation, **request):
        """The answer and the outcome."""
        try:
            return getattr(self.database, operation)(**request), "acknowledged"
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                return None, "refused"
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                return None, "unknown"
            raise
        except BotoCoreError:
            return None, "unknown"

    def timed(self, name, operation, **request):
        """The outcome of something that is found under its name from then on."""
        begin = time.time()
        _, outcome = self.attempt(operation, **request)
        self.spans[name] = (self.spans[name][0] if name in self.spans else begin, time.time() if outcome == "acknowledged" else math.inf)
        return outcome

    def run(self, stop):
        steps = (self.increment, self.transfer, self.read_balances, self.append, self.write_item, self.write_batch)
        try:
            while not stop.is_set():
                self.random.choice(steps)()
                self.done += 1
                self.pause.wait(30)  # while the daemon is down there is nothing to learn
        except Exception as error:
            self.wrong.append(repr(error))

    def increment(self):
        begin = time.time()
        answer, outcome = self.attempt("update_item", TableName="Bank", Key={"id": s("counter")}, UpdateExpression="ADD hits :one",
                                       ExpressionAttributeValues={":one": n(1)}, ReturnValues="UPDATED_NEW")
        if outcome == "acknowledged":
            self.counter.append(int(answer["Attributes"]["hits"]["N"]))
            self.counter_spans[self.counter[-1]] = (begin, time.time())
        self.counter_unknown += outcome == "unknown"

    def transfer(self):
        source, target = self.random.sample(range(ACCOUNTS), 2)
        amount, name = self.random.randint(1, 400), uuid.uuid4().hex
        change = lambda account, by, **more: {"Update": {
            "TableName": "Bank", "Key": {"id": s(f"account{account}")}, "UpdateExpression": "SET balance = balance + :by",
            "ExpressionAttributeValues": {":by": n(by), **more.pop("values", {})}, **more}}
        request = {"ClientRequestToken": name, "TransactItems": [
            change(source, -amount, ConditionExpression="balance >= :amount", values={":amount": n(amount)}), change(target, amount),
            {"Put": {"TableName": "Bank", "Item": {"id": s("transfer-" + name), "from": n(source), "to": n(target), "amount": n(amount)}}}]}
        self.transfers[name] = self.timed(name, "transact_write_items", **request)
        if self.transfers[name] == "unknown":
            self.unfinished.append((name, request))

    def finish_transfers(self):
        """What nobody answered is asked again with the same token: it is done once, whether it had been done or not."""
        for name, request in self.unfinished:
            self.transfers[name] = self.timed(name, "transact_write_items", **request)
        self.unfinished = []

    def read_balances(self):
        answer, outcome = self.attempt("transact_get_items", TransactItems=[
            {"Get": {"TableName": "Bank", "Key": {"id": s(f"account{account}")}}} for account in range(ACCOUNTS)])
        if outcome != "acknowledged":
            return
        balances = [int(entry["Item"]["balance"]["N"]) for entry in answer["Responses"]]
        if sum(balances) != ACCOUNTS * START or min(balances) < 0:
            self.wrong.append(f"a transaction was seen by half: {balances}")

    def append(self):
        """Compare and set: whoever has seen the newest version may write the next."""
        answer, outcome = self.attempt("get_item", TableName="Bank", Key={"id": s("register")}, ConsistentRead=True)
        if outcome != "acknowledged":
            return
        version, token = int(answer["Item"]["version"]["N"]), uuid.uuid4().hex
        self.appends[token] = self.timed(
            token, "update_item", TableName="Bank", Key={"id": s("register")},
            UpdateExpression="SET version = :next, #log = list_append(#log, :token)", ConditionExpression="version = :seen",
            ExpressionAttributeNames={"#log": "log"},
            ExpressionAttributeValues={":seen": n(version), ":next": n(version + 1), ":token": {"L": [s(token)]}})

    def some_item(self, name):
        item = {"id": s(name), "note": s(uuid.uuid4().hex)}
        if self.random.random() < 0.8:
            item["color"] = s(self.random.choice(("red", "green", "blue")))
        if self.random.random() < 0.8:
            item["weight"] = n(self.random.randint(1, 5))
        return item

    def note(self, name, state, outcome):
        if outcome == "acknowledged":
            self.items[name] = [state]
        elif outcome == "unknown":
            self.items.setdefault(name, [None]).append(state)

    def write_item(self):
        name = f"{self.number}-{self.random.randint(0, 20)}"
        if self.random.random() < 0.3:
            _, outcome = self.attempt("delete_item", TableName="Items", Key={"id": s(name)})
            return self.note(name, None, outcome)
        item = self.some_item(name)
        _, outcome = self.attempt("put_item", TableName="Items", Item=item)
        self.note(name, item, outcome)

    def write_batch(self):
        """A batch is no transaction: each of its items is written or not."""
        names = self.random.sample(range(20, 60), 10)
        items = [self.some_item(f"{self.number}-{name}") for name in names]
        answer, outcome = self.attempt("batch_write_item", RequestItems={"Items": [{"PutRequest": {"Item": item}} for item in items]})
        left = [] if answer is None else [entry["PutRequest"]["Item"]["id"] for entry in answer["UnprocessedItems"].get("Items", [])]
        for item in items:
            if item["id"] not in left:
                self.note(item["id"]["S"], item, outcome)


class Archivist(Client):
    """Asks for backups while the others write."""

    def __init__(self, daemon, number, pause):
        super().__init__(daemon, number, pause)
        self.backups = []  # ARN, when it was asked for, when it was acknowledged
        self.transfers = self.appends = self.items = {}

    def run(self, stop):
        try:
            while not stop.wait(0.2):
                begin = time.time()
                table = self.random.choice(("Bank", "Items"))
                answer, outcome = self.attempt("create_backup", TableName=table, BackupName=f"backup-{self.done}")
                if outcome == "acknowledged":
                    self.backups.append((answer["BackupDetails"]["BackupArn"], begin, time.time()))
                    self.done += 1
                self.pause.wait(30)
        except Exception as error:
            self.wrong.append(repr(error))


class Clients:
    def __init__(self, daemon, count, more=()):
        self.stop, self.pause = threading.Event(), threading.Event()
        self.pause.set()
        self.all = [Client(daemon, number, self.pause) for number in range(count)]
        self.more = [kind(daemon, count, self.pause) for kind in more]
        self.threads = [threading.Thread(target=client.run, args=(self.stop,)) for client in self.all + self.more]
        for thread in self.threads:
            thread.start()

    def done(self):
        return sum(client.done for client in self.all)

    def finish(self):
        self.stop.set()
        self.pause.set()
        for thread in self.threads:
            thread.join()
        for client in self.all + self.more:
            client.finish_transfers()
            assert not client.wrong


def scan(database, table, **options):
    pages = database.get_paginator("scan").paginate(TableName=table, **options)
    return [item for page in pages for item in page["Items"]]


def check(database, clients):
    """What must hold of the tables after all that the clients were told."""
    bank = {item["id"]["S"]: item for item in scan(database, "Bank", ConsistentRead=True)}
    check_counter(bank, clients)
    check_transfers(bank, clients)
    check_register(bank, clients)
    check_items(database, clients)
    for table in ("Bank", "Items"):
        check_stream(read_stream(database, table), scan(database, table, ConsistentRead=True))


def read_stream(database, table):
    """The records of a table's stream, a list for each shard."""
    streams = make_client("dynamodbstreams", database.meta.endpoint_url)
    arn = database.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shards = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator, records = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"], []
        while True:
            page = streams.get_records(ShardIterator=iterator)
            if not page["Records"]:
                break
            records += page["Records"]
            iterator = page["NextShardIterator"]
        shards.append(records)
    return shards


def check_stream(shards, items):
    """Whoever replays the stream has the table: each record goes on from the one before it of its item, and the last is what is there."""
    replayed, numbers = {}, set()
    for records in shards:
        order = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        assert order == sorted(order), "a shard is out of order"
        assert len(set(order)) == len(order) and not numbers & set(order), "a sequence number is there twice"
        numbers |= set(order)
        for record in records:
            change = record["dynamodb"]
            name, before, after = change["Keys"]["id"]["S"], change.get("OldImage"), change.get("NewImage")
            assert before == replayed.get(name), f"a change of {name} is missing before {change}"
            assert before != after and record["eventName"] == ("INSERT" if before is None else "REMOVE" if after is None else "MODIFY")
            replayed[name] = after
    there = {name: item for name, item in replayed.items() if item is not None}
    assert there == {item["id"]["S"]: item for item in items}, "the stream and the table disagree"


def check_counter(bank, clients):
    acknowledged = [value for client in clients for value in client.counter]
    unknown = sum(client.counter_unknown for client in clients)
    final = int(bank["counter"]["hits"]["N"])
    assert len(set(acknowledged)) == len(acknowledged), "two increments gave the same value: one was lost"
    assert len(acknowledged) <= final <= len(acknowledged) + unknown
    assert max(acknowledged) <= final


def check_bank(bank):
    """The accounts and the transfers that made them agree; which transfers those are."""
    expected = [START] * ACCOUNTS
    found = set()
    for name, item in bank.items():
        if name.startswith("transfer-"):
            found.add(name.removeprefix("transfer-"))
            expected[int(item["from"]["N"])] -= int(item["amount"]["N"])
            expected[int(item["to"]["N"])] += int(item["amount"]["N"])
    assert [int(bank[f"account{account}"]["balance"]["N"]) for account in range(ACCOUNTS)] == expected, "a transaction was done by half"
    return found


def check_transfers(bank, clients):
    found = check_bank(bank)
    outcomes = {name: outcome for client in clients for name, outcome in client.transfers.items()}
    assert {name for name, outcome in outcomes.items() if outcome == "acknowledged"} <= found
    assert not found & {name for name, outcome in outcomes.items() if outcome == "refused"}
    assert found <= set(outcomes)


def check_register(bank, clients):
    log = [entry["S"] for entry in bank["register"]["log"]["L"]]
    assert len(log) == int(bank["register"]["version"]["N"]) == len(set(log))
    outcomes = {token: outcome for client in clients for token, outcome in client.appends.items()}
    assert {token for token, outcome in outcomes.items() if outcome == "acknowledged"} <= set(log)
    assert not set(log) & {token for token, outcome in outcomes.items() if outcome == "refused"}


def check_items(database, clients):
    items = {item["id"]["S"]: item for item in scan(database, "Items", ConsistentRead=True)}
    for client in clients:
        for name, states in client.items.items():
            assert items.get(name) in states, (name, items.get(name), states)
    assert set(items) <= {name for client in clients for name in client.items}
    check_indexes(database, "Items", items)


def check_indexes(database, table, items):
    by_id = lambda entries: sorted(entries, key=lambda item: item["id"]["S"])
    whole = [item for item in items.values() if "color" in item and "weight" in item]
    assert by_id(scan(database, table, IndexName="by-color")) == by_id(whole)
    keys = [{"id": item["id"], "weight": item["weight"]} for item in items.values() if "weight" in item]
    assert by_id(scan(database, table, IndexName="by-weight")) == by_id(keys)
    for color in ("red", "green", "blue"):
        found = database.query(TableName=table, IndexName="by-color", KeyConditionExpression="color = :c",
                               ExpressionAttributeValues={":c": s(color)})["Items"]
        assert by_id(found) == by_id(item for item in whole if item["color"] == s(color))
        assert [float(item["weight"]["N"]) for item in found] == sorted(float(item["weight"]["N"]) for item in found)


def check_moment(bank, log, clients, begin, end):
    """What must hold of the Bank as it was at some moment between two: no write by half, all that was acknowledged before, nothing that
    began behind."""
    found = check_bank(bank) | {entry["S"] for entry in bank["register"]["log"]["L"]}
    spans = {name: span for client in clients for name, span in client.spans.items()}
    refused = {name for client in clients for name, outcome in (client.transfers | client.appends).items() if outcome == "refused"}
    assert {name for name, span in spans.items() if span[1] <= begin} <= found, "what was acknowledged before is missing"
    assert not found & refused and not found & {name for name, span in spans.items() if span[0] > end}, "what came later is there"
    own = [entry["S"] for entry in bank["register"]["log"]["L"]]
    assert own == log[:len(own)] and len(own) == int(bank["register"]["version"]["N"])
    counter = int(bank["counter"]["hits"]["N"]) if "counter" in bank else 0
    for value, span in (entry for client in clients for entry in client.counter_spans.items()):
        assert value <= counter if span[1] <= begin else value > counter if span[0] > end else True
