"""The DynamoDB tables of ./dev bench: every data operation beside the floor and the peers, the same generator and the same requests for all;
and what a large table, a large Scan and many tables cost (--only large)."""
import concurrent.futures
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import urllib.request

import peers

# scenario of platform_bench, title, table. Writes of the others are durable only as their row says.
OPERATIONS = [("put", "PutItem", "bench"), ("getitem", "GetItem", "bench"), ("update", "UpdateItem ADD", "bench"),
              ("delete", "DeleteItem", "bench"), ("query", "Query of 100 items of 1 KB", "pages"), ("scan", "Scan, 100 items", "pages"),
              ("batchget", "BatchGetItem, 25", "bench"), ("batchwrite", "BatchWriteItem, 25", "bench"),
              ("transactwrite", "TransactWriteItems, 4", "bench"), ("transactget", "TransactGetItems, 4", "bench"),
              ("hot", "UpdateItem ADD, one item", "bench")]
# What has to hold: (operation, connections) -> (text, test of the result)
BUDGETS = {("put", 64): ("> 12000/s", lambda result: result["rate"] > 12_000),
           ("getitem", 64): ("> 40000/s", lambda result: result["rate"] > 40_000),
           ("query", 1): ("p50 < 0.6 ms", lambda result: result["p50_ms"] < 0.6),
           ("transactwrite", 64): ("> 3000/s", lambda result: result["rate"] > 3_000)}
CONNECTIONS = (1, 16, 64)
WRITES = ("put", "update", "delete", "batchwrite", "transactwrite", "hot")
TIMES = 3  # faster than the faster peer
BATCH = 25  # items of a request that loads a table


def client(url):
    import boto3
    import botocore.config
    return boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
                        config=botocore.config.Config(max_pool_connections=64, read_timeout=300))


def create(database, name, *keys):
    kinds = ("HASH", "RANGE")
    database.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds)],
                          AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys])
    database.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def fill(url, port, load):
    database = client(url)
    create(database, "bench", "id")
    create(database, "pages", "pk", "sk")
    for p in range(10):
        for start in range(0, 100, 25):
            database.batch_write_item(RequestItems={"pages": [{"PutRequest": {"Item": {
                "pk": {"S": f"p{p}"}, "sk": {"S": f"{n:04}"}, "data": {"S": "x" * 950}}}} for n in range(start, start + 25)]})
    load(port, "load", 4, 120, "bench", 10_000, 400)


def measure_operations(report, daemon, start_daemon, quick, load, free_port):
    seconds = 1 if quick else 3
    ours = measure_all(daemon, load, seconds)
    with tempfile.TemporaryDirectory(prefix="mayfly-relaxed-") as folder:
        other = start_daemon(pathlib.Path(folder), "--durability", "relaxed")
        try:
            relaxed = measure_all(other, load, seconds, [operation for operation in OPERATIONS if operation[0] in WRITES])
        finally:
            other.stop()
    floors = {connections: load(daemon.port, "get", connections, seconds, "/_mayfly/health") for connections in (1, 64)}
    others, missing = {}, []
    # One after the other: a peer that still works on what it was asked would slow the next.
    for kind in peers.KINDS:
        with tempfile.TemporaryDirectory(prefix="mayfly-peer-") as folder:
            try:
                peer = kind(free_port(), pathlib.Path(folder))
            except peers.Unavailable as why:
                missing.append(str(why))
                continue
            try:
                others[f"{kind.name} ({kind.durability})"] = measure_all(peer, load, seconds, may_fail=True)
            finally:
                peer.stop()
    unmet = []
    rows = [row(title, scenario, connections, ours[scenario, connections], relaxed.get((scenario, connections)),
                [other[scenario, connections] for other in others.values()], unmet)
            for scenario, title, _ in OPERATIONS for connections in CONNECTIONS]
    for connections, floor in floors.items():
        rows.append(["floor: HTTP GET of /_mayfly/health", connections, f"{floor['rate']:.0f}", f"{floor['p50_ms']:.3f}",
                     f"{floor['p99_ms']:.3f}", *["" for _ in others], "", "", "", ""])
    report.table("DynamoDB over HTTP: a write of Mayfly is answered after fsync, and without one in the columns of --durability relaxed; peers in requests/s",
                 ["operation", "connections", "per second", "p50 ms", "p99 ms", *others, "times the faster peer", "relaxed, per second",
                  "times the faster peer", "budget"], rows)
    for scenario, title in (("put", "PutItem, 64 connections"), ("getitem", "GetItem, 64 connections")):
        report.draw(f"dynamodb-{scenario}", title, "a second", [("Mayfly (fsynced)" if scenario == "put" else "Mayfly", ours[scenario, 64]["rate"], True)] + [
            (name, other[scenario, 64]["rate"], False) for name, other in others.items() if other[scenario, 64]])
    for why in missing:
        report.say(f"\nNot beside it: {why}.")
    report.say("\nMissed: " + ("; ".join(unmet) if unmet else "nothing") + ".")


def measure_all(target, load, seconds, operations=OPERATIONS, may_fail=False):
    fill(target.url, target.port, load)
    return {(scenario, connections): measure_deletes(target, load, connections, seconds) if scenario == "delete" else
            load(target.port, scenario, connections, seconds, table, may_fail=may_fail)
            for scenario, _, table in operations for connections in CONNECTIONS}


def measure_deletes(target, load, connections, seconds):
    """Of items that are there: to delete what is not there is a read."""
    table = f"deleted-{connections}"
    create(client(target.url), table, "id")
    items = BATCH * load(target.port, "load", 4, seconds, table)["requests"]
    return load(target.port, "delete", connections, seconds, table, items, items)


def row(title, scenario, connections, ours, relaxed, theirs, unmet):
    text, holds = BUDGETS.get((scenario, connections), ("", None))
    if holds and not holds(ours):
        unmet.append(f"{title} at {connections}: {text}")
    rates = [result["rate"] for result in theirs if result]
    times, relaxed_times = (f"{result['rate'] / max(rates):.1f}" if result and rates else "" for result in (ours, relaxed))
    if rates and ours["rate"] < TIMES * max(rates):
        unmet.append(f"{title} at {connections}: {times} times" + (f" ({relaxed_times} without fsync)" if relaxed else ""))
    return [title, connections, f"{ours['rate']:.0f}", f"{ours['p50_ms']:.3f}", f"{ours['p99_ms']:.3f}",
            *[f"{result['rate']:.0f}" if result else "-" for result in theirs], times, f"{relaxed['rate']:.0f}" if relaxed else "",
            relaxed_times, text]


def measure_streams(report, daemon, quick, load):
    """Each PutItem makes a new item and each UpdateItem changes one, so that each has its record."""
    seconds = 2 if quick else 5
    database = client(daemon.url)
    rows = []
    for title, scenario, keys in (("PutItem of new items", "put", 1_000_000_000), ("UpdateItem ADD", "update", 10_000),
                                  ("UpdateItem ADD, one item", "hot", 1)):
        for connections in CONNECTIONS:
            plain, streamed = f"plain-{scenario}-{connections}", f"streamed-{scenario}-{connections}"
            create(database, plain, "id")
            create(database, streamed, "id")
            database.update_table(TableName=streamed, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
            plain, streamed = (load(daemon.port, scenario, connections, seconds, table, keys) for table in (plain, streamed))
            rows.append([title, connections, f"{plain['rate']:.0f}", f"{streamed['rate']:.0f}", f"{streamed['rate'] / plain['rate']:.2f}",
                         f"{plain['p50_ms']:.3f}", f"{streamed['p50_ms']:.3f}"])
    report.table("What a stream with both images costs its table",
                 ["operation", "connections", "per second", "with a stream", "ratio", "p50 ms", "with a stream"], rows)


# --- what grows ---------------------------------------------------------------------------------------------------


def measure_large(report, daemon, quick, load):
    database = client(daemon.url)
    measure_sizes(report, daemon, quick, load, database)
    measure_tables(report, daemon, quick, load, database)
    measure_scan(report, daemon, quick, load, database)


def both(daemon, load, table, keys, seconds):
    """GetItem and PutItem over the whole of a table; the first run warms the caches."""
    load(daemon.port, "getitem", 64, seconds, table, keys)
    return load(daemon.port, "getitem", 64, seconds, table, keys), load(daemon.port, "putsmall", 64, seconds, table, keys)


def bytes_above(daemon):
    """What lies above the last level of the store, and in it."""
    found = {}
    with urllib.request.urlopen(daemon.url + "/_mayfly/metrics", timeout=5) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("mayfly_store_bytes{"):
                found[line.split('"')[1]] = float(line.split()[1])
    return found["above"], found["last"]


def wait_for_rest(daemon, seconds):
    """Until the store has brought itself down to one level, as it does where hardly anything is written."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        above, last = bytes_above(daemon)
        if above < last / 32 or above < 1e6:  # as src/store/rocksdb/idle_compactor.cc has it
            return
        time.sleep(1)


def measure_sizes(report, daemon, quick, load, database):
    """The two tables in turn, many times: the machine's speed changes within seconds. Medians, and the middle half of the ratios of neighbours."""
    sizes = (10_000, 1_000_000 if quick else 10_000_000)
    seconds = 2 if quick else 5
    loaded = []
    for keys in sizes:
        create(database, f"size-{keys}", "id")
        begin = time.monotonic()
        load(daemon.port, "load", 16, 3600, f"size-{keys}", keys, keys // 25)
        loaded.append(f"{keys / (time.monotonic() - begin):.0f}")
    rows = [["loaded by BatchWriteItem, items/s", *loaded, "", ""]]

    def compare(what, scenario):
        rates = {keys: [] for keys in sizes}
        for keys in sizes:  # warms the caches
            load(daemon.port, "getitem", 64, seconds, f"size-{keys}", keys)
        for _ in range(3 if quick else 11):
            for keys in sizes:
                rates[keys].append(load(daemon.port, scenario, 64, 2, f"size-{keys}", keys)["rate"])
        small, large = (statistics.median(rates[keys]) for keys in sizes)
        low, middle, high = statistics.quantiles([b / a for a, b in zip(*(rates[keys] for keys in sizes))], n=4)
        rows.append([what, f"{small:.0f}", f"{large:.0f}", f"{middle:.2f}", f"{low:.2f} to {high:.2f}"])

    compare("GetItem/s right after the load", "getitem")
    wait_for_rest(daemon, 180)
    compare("GetItem/s once the store has come to rest", "getitem")
    compare("PutItem/s", "putsmall")
    report.table("A table that grows, 64 connections; the budget is 0.80",
                 ["what", *(f"{keys:,} items" for keys in sizes), "ratio", "the middle half"], rows)


def measure_tables(report, daemon, quick, load, database):
    count = 1_000 if quick else 10_000
    create(database, "among", "id")
    load(daemon.port, "load", 16, 60, "among", 10_000, 400)
    both(daemon, load, "among", 10_000, 3)  # what was just loaded and never written again is faster
    before = both(daemon, load, "among", 10_000, 3), daemon.memory_mb()
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: database.create_table(
            TableName=f"many-{number}", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}]), range(count)))
    created = count / (time.monotonic() - begin)
    after = both(daemon, load, "among", 10_000, 3), daemon.memory_mb()
    rows = [[name, f"{get['rate']:.0f}", f"{put['rate']:.0f}", f"{memory:.0f} MB"]
            for name, ((get, put), memory) in (("alone", before), (f"among {count:,} others", after))]
    report.table(f"Many tables (made at {created:.0f}/s); GetItem and PutItem in one of them, 64 connections",
                 ["table", "GetItem/s", "PutItem/s", "daemon's memory"], rows)


def measure_scan(report, daemon, quick, load, database):
    """A Scan by the command that people use, so that its memory is seen as well."""
    megabytes = 200 if quick else 1000
    create(database, "huge", "id")
    item = {"data": {"S": "x" * 10_000}}
    def put(batch):
        database.batch_write_item(RequestItems={"huge": [{"PutRequest": {"Item": {"id": {"S": f"{batch}-{n}"}, **item}}} for n in range(25)]})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(megabytes * 4)))
    before = daemon.memory_mb()
    begin = time.monotonic()
    mayfly = pathlib.Path(__file__).resolve().parent.parent / "build" / "mayfly"
    scan = subprocess.Popen([mayfly, "--endpoint", daemon.url, "table", "export", "huge", "/dev/null"], stderr=subprocess.DEVNULL)
    peak = 0
    _, status, usage = os.wait4(scan.pid, os.WNOHANG)
    while usage.ru_maxrss == 0:
        peak = max(peak, daemon.memory_mb())
        time.sleep(0.05)
        _, status, usage = os.wait4(scan.pid, os.WNOHANG)
    took = time.monotonic() - begin
    report.table(f"A Scan of {megabytes} MB, by mayfly table export", ["what", "measured"],
                 [["took", f"{took:.1f} s ({megabytes / took:.0f} MB/s)"], ["ended well", "yes" if status == 0 else f"NO: {status}"],
                  ["daemon's memory before, most meanwhile", f"{before:.0f} MB, {peak:.0f} MB"],
                  ["memory of the command", f"{usage.ru_maxrss / 1024:.0f} MB"]])
