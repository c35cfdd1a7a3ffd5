"""The cold-start ladder and its scale over HTTP, isolated network, in a daemon of its own: what ./dev bench calls "ladder"."""
import contextlib
import io
import os
import pathlib
import subprocess
import tempfile
import statistics
import time
import zipfile

import peers

MODULES = pathlib.Path(__file__).resolve().parent.parent / "tests/api/js/node_modules"
NODE_SDK = """const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
const client = new DynamoDBClient({});
exports.lambda_handler = async (event) => ({ n: event.n });
"""
SLEEP = "import time\ndef lambda_handler(event, context):\n    time.sleep(%s)\n    return 1\n"
HELLO = "def lambda_handler(event, context):\n    return {'n': event.get('n')}\n"
SDK_HELLO = "import boto3\ntable = boto3.resource('dynamodb').Table('orders')\n" + HELLO


def package(files, modules=None):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for path in sorted(modules.rglob("*")) if modules else []:
            inside = path.relative_to(modules.parent)
            if path.suffix in (".js", ".cjs", ".json") and path.is_file() and not {"dist-types", "dist-es"} & set(inside.parts):
                archive.write(path, inside)
    return out.getvalue()


@contextlib.contextmanager
def fresh_daemon(bench):
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-") as folder:
        daemon = bench.Daemon(pathlib.Path(folder), "--network", "isolated")
        try:
            yield daemon
        finally:
            daemon.stop()


def deploy(client, name, code, runtime="python3.11", wait=True, **config):
    client.create_function(FunctionName=name, Runtime=runtime, Role="arn:aws:iam::000000000000:role/bench", Handler="app.lambda_handler",
                           Code={"ZipFile": code}, **{"MemorySize": 512, "Timeout": 30, **config})
    while wait and client.get_function_configuration(FunctionName=name)["State"] == "Pending":
        time.sleep(0.02)


def first_events(bench, daemon, client, name, count):
    """A new revision has no environment, but a template and a spare: what the first event after a deployment finds."""
    times = []
    for number in range(count):
        client.update_function_configuration(FunctionName=name, Description=str(number))
        while client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] != "Successful":
            time.sleep(0.02)
        time.sleep(0.1)
        times.append(bench.invoke_once(daemon.port, name))
    return times


def at_once(bench, daemon, name, count):
    """Milliseconds until `count` events, one a connection and all at once, are answered; and of each."""
    result = bench.load(daemon.port, "invoke", count, 30, name, requests=count)
    return result["requests"] / result["rate"] * 1000, result["p50_ms"], result["p99_ms"]


def timed(command, rounds, **options):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def measure_first(bench, report, daemon, client, quick):
    rounds = 10 if quick else 60
    rows = []
    deploy(client, "py", package({"app.py": SDK_HELLO}))
    python = first_events(bench, daemon, client, "py", rounds)
    floor = bench.new_process(bench.SDK_IMPORT, max(5, rounds // 6))
    rows.append(["Python with boto3: first event of a deployment", *bench.spread(python), "p50 < 4, p99 < 12"])
    rows.append(["floor: plain `python3` that imports boto3", *bench.spread(floor), ""])
    if (MODULES / "@aws-sdk/client-dynamodb").is_dir():
        deploy(client, "js", package({"app.js": NODE_SDK}, MODULES), "nodejs20.x")
        node = first_events(bench, daemon, client, "js", rounds)
        plain = timed(["node", "-e", NODE_SDK.replace("exports.", "module.exports.")], max(5, rounds // 6), cwd=MODULES.parent,
                      env=dict(os.environ, AWS_REGION="us-east-1"))
        rows.append(["Node.js with the SDK v3 and a DynamoDB client: the same", *bench.spread(node), "p50 < 4, p99 < 12"])
        rows.append(["floor: plain `node` that requires the SDK v3", *bench.spread(plain), ""])
    report.table("First event after a deployment, over HTTP, isolated network", ["what", "p50 ms", "p99 ms", "budget"], rows)
    report.draw("first", "First event of a function, median", "ms", [
        (label, float(row[1]), ours) for row, label, ours in zip(rows, (
            "Mayfly: Python with boto3", "a new python3 that imports boto3", "Mayfly: Node.js with the SDK v3", "a new node that requires it"),
            (True, False, True, False))])


def measure_burst(bench, report, daemon, client, quick):
    count = 100 if quick else 500
    deploy(client, "burst", package({"app.py": SLEEP % "0.1"}), MemorySize=256)
    cold, cold_p50, cold_p99 = at_once(bench, daemon, "burst", count)
    again, again_p50, again_p99 = at_once(bench, daemon, "burst", count)
    idle = daemon.idle_environments()
    rows = [[f"{count} events of 100 ms at once, nothing running before", f"{cold:.0f}", f"{cold_p50:.0f}", f"{cold_p99:.0f}",
             "< 3000 for 500"],
            [f"the same again: {idle} environments are idle", f"{again:.0f}", f"{again_p50:.0f}", f"{again_p99:.0f}", ""],
            ["floor: the event itself", "100", "100", "100", ""]]
    report.table("A burst from zero", ["what", "all answered, ms", "p50 ms", "p99 ms", "budget"], rows)


def warm_row(bench, daemon, what, name, seconds):
    bench.load(daemon.port, "invoke", 16, 0.5, name)
    one = bench.load(daemon.port, "invoke", 1, seconds, name)
    before = daemon.processor_seconds()
    many = bench.load(daemon.port, "invoke", 16, seconds, name)
    spent = (daemon.processor_seconds() - before) / many["requests"]
    return [what, f"{one['p50_ms']:.3f}", f"{one['p99_ms']:.3f}", f"{many['rate']:.0f}", f"{spent * 1e6:.1f}"]


def wait_prepared(client, last):
    """Waits until what was deployed is ready: its INIT in the background takes processor time, which is another row. They are
    prepared in turn; asking for the last one's state does not hurry it, waiting for it by an event would."""
    while client.get_function_configuration(FunctionName=last)["State"] == "Pending":
        time.sleep(1)
    time.sleep(10)  # the kernel frees groups and namespaces of what was prepared and given up again


def provision(client, name, count):
    """Environments that run and wait, on a version of its own."""
    version = client.publish_version(FunctionName=name)["Version"]
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=count)
    while client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)["Status"] == "IN_PROGRESS":
        time.sleep(0.1)


def wait_idle(daemon, enough):
    deadline = time.monotonic() + 30
    while not enough(daemon.idle_environments()) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(5)  # the kernel frees groups and namespaces of what has ended


def measure_growth(bench, report, daemon, client, quick):
    seconds = 1 if quick else 4
    client.delete_function(FunctionName="burst")
    deploy(client, "warm", package({"app.py": HELLO}))
    deploy(client, "idle", package({"app.py": HELLO}), MemorySize=128)
    wait_idle(daemon, lambda idle: idle <= 10)
    rows = [warm_row(bench, daemon, f"{daemon.idle_environments()} idle environments besides", "warm", seconds)]
    provision(client, "idle", 50 if quick else 500)
    rows.append(warm_row(bench, daemon, f"{daemon.idle_environments()} idle environments besides", "warm", seconds))
    client.delete_function(FunctionName="idle")
    wait_idle(daemon, lambda idle: idle <= 10)
    rows.append(warm_row(bench, daemon, f"{daemon.idle_environments()} idle environments besides, again", "warm", seconds))
    code = package({"app.py": HELLO})
    made = 0
    for target in (100, 300) if quick else (100, 10_000):
        begin = time.perf_counter()
        fresh = target - made
        for number in range(made, target):
            deploy(client, f"many{number}", code, wait=False)
        made = target
        per_second = fresh / (time.perf_counter() - begin)
        if target == 100:
            rows.append(warm_row(bench, daemon, f"while {fresh} new functions are prepared", "warm", min(seconds, 1)))
        wait_prepared(client, f"many{target - 1}")
        rows.append(warm_row(bench, daemon, f"{target} functions deployed besides ({per_second:.0f} a second), all prepared", "warm", seconds))
    report.table("Warm invoke as the machine fills", ["what", "p50 ms, 1 connection", "p99 ms", "per second, 16 connections", "of which the daemon, us of a core an event"], rows)


def measure_memory(bench, report, quick):
    functions, each = (20, 3) if quick else (100, 3)
    with fresh_daemon(bench) as daemon:
        client = daemon.client("lambda")
        code = package({"app.py": "import boto3, time\n" + SLEEP % "0.3"})
        deploy(client, "first", code)  # brings the zygote, which all have in common
        bench.invoke_once(daemon.port, "first")
        time.sleep(1)
        before, had = daemon.memory_mb(), daemon.idle_environments()
        for number in range(functions):
            deploy(client, f"idle{number}", code)
            at_once(bench, daemon, f"idle{number}", each)
        time.sleep(1)
        made, grown = daemon.idle_environments() - had, daemon.memory_mb() - before
        own = statistics.median(daemon.python_mb())
        plain = bench.plain_memory()
        rows = [[f"{made} idle environments of {functions} functions, their templates and sandboxes", f"{grown:.0f} MB", "< 3 GB for 300 of 100"],
                ["each, with its share of the template and of the sandboxes that are ready for the next", f"{grown / max(made, 1):.1f} MB", ""],
                ["the Python process of one alone, median", f"{own:.1f} MB", "< 6 MB"],
                ["daemon, warden and zygote before", f"{before:.0f} MB", ""],
                ["floor: a plain python3 process with boto3", f"{plain:.1f} MB", ""]]
        report.table("Memory of idle environments, Python with boto3, proportional set size", ["what", "measured", "budget"], rows)


def as_emulator(bench, port, quick):
    """Milliseconds of the first event of functions that were just created, and the warm rates: of whatever answers at `port`."""
    import boto3
    client = boto3.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="test",
                          aws_secret_access_key="test")
    code, times = package({"app.py": SDK_HELLO}), []
    for number in range(3 if quick else 10):
        deploy(client, f"peer{number}", code)
        begin = time.perf_counter()
        answer = client.invoke(FunctionName=f"peer{number}", Payload=b"{}")
        times.append((time.perf_counter() - begin) * 1000)
        if "FunctionError" in answer:
            raise peers.Unavailable(f"its function failed: {answer['Payload'].read()[:200]}")
    seconds = 1 if quick else 3
    return statistics.median(times), *(bench.load(port, "invoke", connections, seconds, "peer0") for connections in (1, 16))


def measure_emulators(bench, report, quick):
    rows = []
    with fresh_daemon(bench) as daemon:
        ours = as_emulator(bench, daemon.port, quick)
    measured = {"Mayfly, in a sandbox, isolated network": ours}
    missing = ""
    with tempfile.TemporaryDirectory(prefix="mayfly-peer-") as folder:
        try:
            peer = peers.MiniStack(bench.free_port(), pathlib.Path(folder))
            try:
                measured[f"{peer.name} {peer.version}, a bare process"] = as_emulator(bench, peer.port, quick)
            finally:
                peer.stop()
        except peers.Unavailable as why:
            missing = str(why)
    for name, (first, one, many) in measured.items():
        rows.append([name, f"{first:.1f}", f"{first / ours[0]:.0f}", f"{one['p50_ms']:.2f}", f"{one['rate']:.0f}", f"{many['rate']:.0f}"])
    report.table("Beside a Lambda emulator: a Python function with boto3", [
        "what", "first event after CreateFunction, p50 ms, by boto3", "times Mayfly's", "warm p50 ms", "per second, 1 connection",
        "per second, 16 connections"], rows)
    if missing:
        report.say(f"Not beside it: {missing}.")


def measure(bench, report, quick):
    with fresh_daemon(bench) as daemon:
        client = daemon.client("lambda")
        measure_first(bench, report, daemon, client, quick)
        measure_burst(bench, report, daemon, client, quick)
        measure_growth(bench, report, daemon, client, quick)
    measure_memory(bench, report, quick)
    measure_emulators(bench, report, quick)
