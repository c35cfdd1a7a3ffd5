"""Functions that follow the stream of a table: how soon after a change they run, and how many changes they keep up with."""
import pathlib
import statistics
import tempfile
import time

import ladder
import peers

# Notes when it began, once for each change.
NOTES = """import boto3, os, time
table = boto3.resource('dynamodb').Table('seen')
def lambda_handler(event, context):
    now = str(time.time())
    for record in event['Records']:
        table.put_item(Item={'id': record['dynamodb']['Keys']['id']['S'], 'at': now})
"""
COUNTS = """import boto3
table = boto3.resource('dynamodb').Table('seen')
def lambda_handler(event, context):
    table.update_item(Key={'id': 'count'}, UpdateExpression='ADD n :n', ExpressionAttributeValues={':n': len(event['Records'])})
"""


def client(service, port):
    import boto3
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="test")


def create(database, name, streamed):
    more = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}} if streamed else {}
    return database.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                                 KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], **more)["TableDescription"].get("LatestStreamArn")


def follow(functions, name, stream, **options):
    uuid = functions.create_event_source_mapping(FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST", **options)["UUID"]
    while functions.get_event_source_mapping(UUID=uuid)["State"] != "Enabled":
        time.sleep(0.05)


def delays(port, rounds):
    """Milliseconds from sending a PutItem to its answer, and to the begin of the function that follows the table."""
    database, functions = client("dynamodb", port), client("lambda", port)
    create(database, "seen", False)
    stream = create(database, "orders", True)
    ladder.deploy(functions, "notes", ladder.package({"app.py": NOTES}))
    follow(functions, "notes", stream)
    answered, begun = [], []
    for number in range(rounds + 3):
        sent = time.time()
        database.put_item(TableName="orders", Item={"id": {"S": str(number)}})
        done = time.time()
        while True:
            item = database.get_item(TableName="seen", Key={"id": {"S": str(number)}}, ConsistentRead=True).get("Item")
            if item:
                break
            if time.time() - sent > 30:
                raise peers.Unavailable("a change did not reach the function in 30 s")
        if number >= 3:
            answered.append((done - sent) * 1000)
            begun.append((float(item["at"]["S"]) - sent) * 1000)
    return answered, begun


def measure_delay(bench, report, quick):
    rows, missing = [], ""

    def add(what, port, rounds):
        answered, begun = delays(port, rounds)
        rows.append([what, f"{bench.percentile(begun, 0.5):.2f}", f"{bench.percentile(begun, 0.99):.2f}", f"{statistics.median(answered):.2f}"])

    with ladder.fresh_daemon(bench) as daemon:
        add("Mayfly, in a sandbox", daemon.port, 50 if quick else 300)
    with tempfile.TemporaryDirectory(prefix="mayfly-peer-") as folder:
        try:
            peer = peers.MiniStack(bench.free_port(), pathlib.Path(folder))
            try:
                add(f"{peer.name} {peer.version}, a bare process", peer.port, 5 if quick else 20)
            finally:
                peer.stop()
        except Exception as why:  # whatever a peer answers, it is not beside us
            missing = str(why)
    report.table("From a PutItem to the function that follows its table, by boto3", [
        "what", "PutItem sent until the function begins, p50 ms", "p99 ms", "floor: until PutItem is answered, p50 ms"], rows)
    if missing:
        report.say(f"Not beside it: {missing}.")


def measure_rate(bench, report, quick):
    """New items by 64 connections, while a function follows and counts them."""
    seconds, rows = 2 if quick else 5, []
    with ladder.fresh_daemon(bench) as daemon:
        database, functions = daemon.client("dynamodb"), daemon.client("lambda")
        create(database, "seen", False)
        create(database, "plain", True)
        plain = bench.load(daemon.port, "put", 64, seconds, "plain", 1_000_000_000)
        rows.append(["nobody follows the stream", f"{plain['rate']:.0f}", f"{plain['p50_ms']:.2f}", "", ""])
        for batch, factor in ((100, 1), (1000, 1), (1000, 4)):
            name = f"followed-{batch}-{factor}"
            stream = create(database, name, True)
            ladder.deploy(functions, name, ladder.package({"app.py": COUNTS}), MemorySize=1769)
            follow(functions, name, stream, BatchSize=batch, ParallelizationFactor=factor)
            database.delete_item(TableName="seen", Key={"id": {"S": "count"}})
            begin = time.perf_counter()
            writes = bench.load(daemon.port, "put", 64, seconds, name, 1_000_000_000)
            all_of_them = database.scan(TableName=name, Select="COUNT")
            total = all_of_them["Count"]
            while "LastEvaluatedKey" in all_of_them:
                all_of_them = database.scan(TableName=name, Select="COUNT", ExclusiveStartKey=all_of_them["LastEvaluatedKey"])
                total += all_of_them["Count"]
            while True:
                item = database.get_item(TableName="seen", Key={"id": {"S": "count"}}, ConsistentRead=True).get("Item", {"n": {"N": "0"}})
                if int(item["n"]["N"]) >= total:
                    break
                time.sleep(0.02)
            took = time.perf_counter() - begin
            rows.append([f"BatchSize {batch}, ParallelizationFactor {factor}", f"{writes['rate']:.0f}", f"{writes['p50_ms']:.2f}",
                         f"{total / took:.0f}", f"{took - seconds:.1f}"])
    report.table("PutItem of new items while a function follows the stream, 64 connections", [
        "what", "PutItem/s", "p50 ms", "changes handled a second", "seconds behind at the end"], rows)


def measure(bench, report, quick):
    measure_delay(bench, report, quick)
    measure_rate(bench, report, quick)
