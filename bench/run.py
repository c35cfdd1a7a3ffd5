#!/usr/bin/env python3
"""./dev bench: starts Mayfly in a fresh folder and prints tables, each figure beside a floor or peer of the same run.

Machines are noisy: read the ratios, not the absolute numbers. --quick shortens every measurement; --write PATH also writes the
tables as Markdown.
"""
import argparse
import ctypes
import io
import json
import os
import pathlib
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

import draw
import dynamodb
import ladder
import streams

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
BUILD = ROOT / "build"
SDK_IMPORT = "import boto3; boto3.resource('dynamodb', region_name='us-east-1', endpoint_url='http://127.0.0.1:1', " \
             "aws_access_key_id='x', aws_secret_access_key='x').Table('t')"

HELLO = "def lambda_handler(event, context):\n    return {'n': event.get('n')}\n"
SDK_HELLO = "import boto3\ntable = boto3.resource('dynamodb').Table('orders')\n" + HELLO


LIBC = ctypes.CDLL(None)
KCMP, KCMP_VM = {"x86_64": 312, "aarch64": 272}, 1  # kcmp(2)


class Report:
    def __init__(self, path=None):
        self.path = path  # where it will be written, or None
        self.lines = []
        self.drawings = []  # (file name, SVG)

    def say(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def table(self, title, header, rows):
        self.say(f"\n## {title}\n")
        widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
        line = lambda row: "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |"
        self.say(line(header))
        self.say("|" + "|".join("-" * (width + 2) for width in widths) + "|")
        for row in rows:
            self.say(line(row))


    def draw(self, name, title, unit, values):
        """Bars beside the tables, in a file of their own."""
        if self.path is None or len(values) < 2:
            return
        file = f"{self.path.stem}-{name}.svg"
        self.drawings.append((file, draw.bars(title, unit, values)))
        self.lines += ["", f"![{title}]({file})"]

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")
        for file, text in self.drawings:
            (self.path.parent / file).write_text(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shares_memory(pid):
    """Whether it is in its parent's address space (CLONE_VM), as a template's stand-by is: /proc tells that memory of each of them."""
    parent = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    return LIBC.syscall(KCMP[platform.machine()], pid, parent, KCMP_VM, 0, 0) == 0


class Daemon:
    def __init__(self, folder, *options):
        self.port = free_port()
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(folder / "daemon.log", "wb")
        begin = time.perf_counter()
        self.process = subprocess.Popen([BUILD / "mayfly", "serve", "--listen", f"127.0.0.1:{self.port}",
                                         "--data-dir", self.data, *options], stdout=self.log, stderr=self.log)
        while True:
            try:
                with urllib.request.urlopen(self.url + "/_mayfly/health", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                if self.process.poll() is not None or time.perf_counter() - begin > 20:
                    sys.exit(f"mayfly did not start; see {self.log.name}\n" + open(self.log.name).read()[-2000:])
                time.sleep(0.001)
        self.ready_ms = (time.perf_counter() - begin) * 1000

    def processes(self):
        """The daemon and its descendants that are part of the platform itself: the warden."""
        pids = [self.process.pid]
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                pids += [int(child) for child in task.read_text().split()]
        return pids

    def processor_seconds(self):
        """Of all the daemon's threads, without the warden and the functions."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self, kind="Pss"):
        total = 0
        for pid in self.processes():
            try:
                if shares_memory(pid):
                    continue
                for line in open(f"/proc/{pid}/smaps_rollup"):
                    if line.startswith(kind + ":"):
                        total += int(line.split()[1])
            except OSError:
                pass
        return total / 1024

    def python_mb(self):
        """The proportional set sizes of the functions' Python processes."""
        sizes = []
        for pid in self.processes():
            try:
                if open(f"/proc/{pid}/comm").read().startswith("python") and not shares_memory(pid):
                    sizes += [int(line.split()[1]) / 1024 for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:")]
            except OSError:
                pass
        return sizes

    def environments(self):
        with urllib.request.urlopen(self.url + "/_mayfly/status", timeout=5) as answer:
            return json.load(answer)["environments"]

    def idle_environments(self):
        return self.environments()["idle"]

    def client(self, service):
        import boto3
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="test",
                            aws_secret_access_key="test")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def deploy(client, name, source, **config):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", source)
    client.create_function(FunctionName=name, Runtime="python3.11", Role="arn:aws:iam::000000000000:role/bench",
                           Handler="app.lambda_handler", Code={"ZipFile": package.getvalue()},
                           **{"MemorySize": 256, "Timeout": 30, **config})
    client.get_waiter("function_active_v2" if "function_active_v2" in client.waiter_names else "function_active").wait(
        FunctionName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 3000})


def load(port, scenario, connections, seconds, argument="", keys=10_000, requests=0, may_fail=False):
    """Runs a scenario of platform_bench. None where may_fail is set and nothing went well: the other side does not know the operation."""
    done = subprocess.run([BUILD / "bench" / "platform_bench", "127.0.0.1", str(port), scenario, str(connections), str(seconds), argument,
                           str(keys), str(requests)], stdout=subprocess.PIPE, text=True, check=True)
    result = json.loads(done.stdout)
    if may_fail and (result["failures"] >= result["requests"] or not result["rate"]):
        return None
    if result["failures"]:
        print(f"!! {scenario} {argument}: {result['failures']} of {result['requests']} failed: {result['first_failure']}",
              file=sys.stderr)
    return result


def percentile(values, fraction):
    values = sorted(values)
    return values[int(fraction * (len(values) - 1))]


def spread(values):
    return f"{percentile(values, 0.5):.2f}", f"{percentile(values, 0.99):.2f}"


def new_process(code, rounds):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(["/usr/bin/python3", "-c", code], check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def socketpair_round_trip(rounds):
    """JSON to a Python handler in another process and back over a bare socketpair."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        while data := theirs.recv(65536):
            theirs.sendall(json.dumps({"n": json.loads(data).get("n")}).encode())
        os._exit(0)
    theirs.close()
    times = []
    for n in range(rounds):
        begin = time.perf_counter()
        ours.sendall(b'{"n": 1}')
        ours.recv(65536)
        times.append((time.perf_counter() - begin) * 1000)
    ours.close()
    os.waitpid(pid, 0)
    return times


def invoke_once(port, name, connection=None):
    import http.client
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begin = time.perf_counter()
    connection.request("POST", f"/2015-03-31/functions/{name}/invocations", b'{"n": 1}')
    answer = connection.getresponse()
    body = answer.read()
    elapsed = (time.perf_counter() - begin) * 1000
    assert answer.status == 200 and not answer.getheader("X-Amz-Function-Error"), body
    return elapsed


def measure_start(report, folder, quick):
    daemon = Daemon(folder)
    begin = time.perf_counter()
    subprocess.run([BUILD / "mayfly", "--version"], stdout=subprocess.DEVNULL, check=True)
    exec_ms = (time.perf_counter() - begin) * 1000
    time.sleep(1)  # idle means after start-up work has settled
    rows = [["daemon started until it answers", f"{daemon.ready_ms:.0f} ms", f"`mayfly --version`: {exec_ms:.0f} ms", "100 ms"],
            ["idle memory, PSS of daemon and warden", f"{daemon.memory_mb():.1f} MB", f"RSS {daemon.memory_mb('Rss'):.1f} MB", "30 MB"]]
    report.table("Start", ["what", "measured", "beside", "budget"], rows)
    return daemon


def measure_cold(report, daemon, quick):
    client = daemon.client("lambda")
    rounds = 10 if quick else 40
    deploy(client, "cold", SDK_HELLO)

    def first_events(name, count, pause):
        """A new revision has no environment: its first event is a cold start, whatever the engine has ready for it."""
        times = []
        for n in range(count):
            client.update_function_configuration(FunctionName=name, Description=f"{pause} {n}")
            while client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] != "Successful":
                time.sleep(0.02)
            time.sleep(pause)
            times.append(invoke_once(daemon.port, name))
        return times

    times = first_events("cold", rounds, 0.1)
    at_once = first_events("cold", rounds, 0)
    deploy(client, "noclone", SDK_HELLO.replace(
        "import boto3", "import boto3, threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"))
    prepared = first_events("noclone", max(5, rounds // 4), 0.1)
    floor = new_process(SDK_IMPORT, max(5, rounds // 4))
    bare = new_process("pass", max(5, rounds // 4))
    ratio = percentile(floor, 0.5) / percentile(times, 0.5)
    report.table("Cold start of a Python function with boto3 and a DynamoDB resource, over HTTP", ["what", "p50 ms", "p99 ms", "beside"],
                 [["first event of a deployed function: clone of its template", *spread(times), f"{ratio:.0f} times faster than a new process"],
                  ["the same, in the moment after the deployment: the next sandbox is still being made", *spread(at_once), ""],
                  ["a function that cannot be cloned (it holds a thread): its prepared process", *spread(prepared), ""],
                  ["floor: plain `python3` that imports boto3", *spread(floor), ""],
                  ["floor: plain `python3 -c pass`", *spread(bare), ""]])


def measure_warm(report, daemon, quick):
    seconds = 1.5 if quick else 5
    client = daemon.client("lambda")
    deploy(client, "warm", HELLO)
    invoke_once(daemon.port, "warm")
    pair = socketpair_round_trip(2000 if quick else 10000)
    rows = []
    for connections in (1, 16):
        floor = load(daemon.port, "get", connections, seconds, "/_mayfly/health")
        load(daemon.port, "invoke", connections, 0.5, "warm")
        warm = load(daemon.port, "invoke", connections, seconds, "warm")
        rows.append([f"invoke, {connections} connections", f"{warm['rate']:.0f}", f"{warm['p50_ms']:.3f}", f"{warm['p99_ms']:.3f}",
                     "p50 < 0.2 ms" if connections == 1 else "> 12000/s"])
        rows.append([f"floor: HTTP GET of /_mayfly/health, {connections} connections", f"{floor['rate']:.0f}", f"{floor['p50_ms']:.3f}",
                     f"{floor['p99_ms']:.3f}", ""])
    rows.append(["floor: the same handler over a bare socketpair", f"{1000 / statistics.mean(pair):.0f}",
                 f"{percentile(pair, 0.5):.3f}", f"{percentile(pair, 0.99):.3f}", ""])
    report.table("Warm invoke over HTTP, keep-alive", ["what", "per second", "p50 ms", "p99 ms", "budget"], rows)


def measure_dynamodb(report, daemon, quick):
    dynamodb.measure_operations(report, daemon, Daemon, quick, load, free_port)
    dynamodb.measure_streams(report, daemon, quick, load)
    run_component(report, "store_bench", quick)  # raw RocksDB of the same durability, in the same run


def measure_large(report, daemon, quick):
    dynamodb.measure_large(report, daemon, quick, load)


def measure_orders(report, daemon, quick):
    seconds = 1.5 if quick else 5
    environment = dict(os.environ, AWS_ENDPOINT_URL=daemon.url, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
                       AWS_DEFAULT_REGION="us-east-1", AWS_REGION="us-east-1")
    deployed = subprocess.run(["bash", ROOT / "examples/orders/deploy.sh"], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    apis = daemon.client("apigatewayv2").get_apis()["Items"]
    path = f"/_aws/execute-api/{apis[0]['ApiId']}/$default/orders"
    rows = []
    for connections in (1, 16):
        result = load(daemon.port, "order", connections, seconds, path)
        rows.append(["POST /orders: gateway, function, boto3, PutItem", connections, f"{result['rate']:.0f}", f"{result['p50_ms']:.2f}",
                     f"{result['p99_ms']:.2f}"])
    dynamodb.create(daemon.client("dynamodb"), "beside-orders", "id")
    put = load(daemon.port, "put", 1, seconds, "beside-orders")
    rows.append(["beside: PutItem alone", 1, f"{put['rate']:.0f}", f"{put['p50_ms']:.2f}", f"{put['p99_ms']:.2f}"])
    report.table("Orders end to end", ["what", "connections", "per second", "p50 ms", "p99 ms"], rows)


def measure_ladder(report, daemon, quick):
    ladder.measure(sys.modules[__name__], report, quick)


def measure_streams(report, daemon, quick):
    streams.measure(sys.modules[__name__], report, quick)


def plain_memory():
    process = subprocess.Popen(["/usr/bin/python3", "-c", SDK_IMPORT + "; print('ready', flush=True); input()"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    pss = next(int(line.split()[1]) for line in open(f"/proc/{process.pid}/smaps_rollup") if line.startswith("Pss:"))
    process.communicate("\n")
    return pss / 1024


def run_component(report, program, quick):
    path = BUILD / "bench" / program
    if path.exists():
        shorter = ["0.5"] if program == "store_bench" else ["--quick"]
        done = subprocess.run([path, *(shorter if quick else [])], stdout=subprocess.PIPE, text=True)
        report.say(f"\n## {program}\n\n```\n{done.stdout.rstrip()}\n```")


def measure_leaks(report, _, quick):
    """A daemon of its own: what it holds before and after many functions, and after kill -9 of it and of its warden."""
    from harness import held as holdings

    def settled(daemon, wanted=None):
        deadline, last = time.monotonic() + 10, None
        while time.monotonic() < deadline:
            now = holdings.held(daemon)
            if now == wanted or (wanted is None and now == last):
                return now
            last = now
            time.sleep(0.3)
        return last

    count = 40 if quick else 200
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-") as folder:
        def run(daemon, numbers):
            client = daemon.client("lambda")
            for number in numbers:
                deploy(client, f"leak{number}", HELLO)
                invoke_once(daemon.port, f"leak{number}")
                client.delete_function(FunctionName=f"leak{number}")

        daemon = Daemon(pathlib.Path(folder))
        run(daemon, range(3))
        before = settled(daemon)
        run(daemon, range(3, count + 3))
        after = settled(daemon, before)
        warden, family = holdings.warden_of(daemon.process.pid), holdings.family(daemon.process.pid)
        deploy(daemon.client("lambda"), "left", HELLO)
        invoke_once(daemon.port, "left")
        for pid in (daemon.process.pid, warden):
            os.kill(pid, signal.SIGKILL)
        daemon.process.wait()
        daemon = Daemon(pathlib.Path(folder))
        invoke_once(daemon.port, "left")
        daemon.client("lambda").delete_function(FunctionName="left")
        restarted = settled(daemon, before)
        left = [pid for pid in family if holdings.alive(pid)]
        rows = [[name, before[name], after[name], restarted[name]] for name in before]
        rows.append(["of the killed ones: processes, groups", "", "", f"{len(left)}, {len(holdings.groups(warden))}"])
        daemon.stop()
    report.table(f"What is left of {count} functions that were invoked in turn and deleted", ["what", "before", "after", "after kill -9 of daemon and warden, and restart"], rows)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=pathlib.Path, metavar="PATH")
    parser.add_argument("--only", default="", help="comma-separated: cold,warm,dynamodb,large,orders,ladder,streams,leaks,components")
    args = parser.parse_args()
    parts = {"cold": measure_cold, "warm": measure_warm, "dynamodb": measure_dynamodb, "large": measure_large, "orders": measure_orders, "ladder": measure_ladder, "streams": measure_streams, "leaks": measure_leaks}
    chosen = [part for part in args.only.split(",") if part] or [*(part for part in parts if part != "large"), "components"]
    report = Report(args.write)
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown processor")
    report.say("# Benchmarks\n")
    report.say(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {model}, Linux {platform.release()}; load generator on the same cores."
               f"{' Short run.' if args.quick else ''}")
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-") as folder:
        daemon = measure_start(report, pathlib.Path(folder), args.quick)
        try:
            for part in chosen:
                if part in parts:
                    parts[part](report, daemon, args.quick)
        finally:
            daemon.stop()
    if "components" in chosen:
        for program in sorted(path.name for path in (BUILD / "bench").glob("*_bench") if path.name != "platform_bench"):
            run_component(report, program, args.quick)
    if args.write:
        report.write()


if __name__ == "__main__":
    main()
