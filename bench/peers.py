"""The other local DynamoDBs and the Lambda emulator that the bench measures beside Mayfly: installed on first use into build/bench/peers, where a registry answers."""
import pathlib
import shutil
import subprocess
import time
import urllib.request
import urllib.error

HERE = pathlib.Path(__file__).resolve().parent / "peers"
INSTALLED = HERE.parent.parent / "build" / "bench" / "peers"


class Unavailable(Exception):
    """Why a peer is not beside us, in a sentence."""


class Peer:
    name = ""
    durability = ""  # what an answered write is worth; measured with strace, see docs/benchmarks.md

    def __init__(self, port, folder):
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        (folder / "data").mkdir(parents=True)
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(self.command(port, folder / "data"), stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url, timeout=2)
                return
            except urllib.error.HTTPError:
                return  # it answers, if only to refuse
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise Unavailable(f"{self.name} did not start; see {self.log.name}")

    def stop(self):
        self.process.kill()
        self.process.wait()


class DynamoDbLocal(Peer):
    name = "DynamoDB Local"
    durability = "4 fsyncs a write"

    @staticmethod
    def command(port, data):
        jars = INSTALLED / "jars"
        if not list(jars.glob("DynamoDBLocal-*.jar")):
            if not shutil.which("mvn") or not shutil.which("java"):
                raise Unavailable("DynamoDB Local needs java and mvn")
            run(["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], "DynamoDB Local")
        return ["java", f"-Djava.library.path={jars}", "-cp", f"{jars}/*", "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
                "-port", str(port), "-dbPath", str(data), "-disableTelemetry"]


class Dynalite(Peer):
    name = "dynalite"
    durability = "no fsync at all"

    @staticmethod
    def command(port, data):
        program = INSTALLED / "node_modules" / "dynalite" / "cli.js"
        if not program.exists():
            if not shutil.which("npm"):
                raise Unavailable("dynalite needs npm")
            INSTALLED.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, INSTALLED)
            run(["npm", "ci", "--no-audit", "--no-fund", "--prefix", INSTALLED], "dynalite")
        return ["node", program, "--port", str(port), "--path", str(data)]


class MiniStack(Peer):
    """The one Lambda emulator that needs no container engine."""
    name = "MiniStack"
    version = "1.4.21"

    @classmethod
    def command(cls, port, data):
        folder = INSTALLED / f"ministack-{cls.version}"
        program = folder / "bin" / "ministack"
        if not program.exists():
            run(["python3", "-m", "venv", folder], cls.name)
            run([folder / "bin" / "pip", "install", "-q", f"ministack=={cls.version}", "boto3"], cls.name)
        return ["env", f"GATEWAY_PORT={port}", f"PATH={folder / 'bin'}:/usr/bin:/bin", program]


def run(command, name):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{name} could not be installed in ten minutes") from None
    if done.returncode:
        raise Unavailable(f"{name} could not be installed: {done.stdout.strip().splitlines()[-1:]}")


KINDS = (DynamoDbLocal, Dynalite)  # of databases
