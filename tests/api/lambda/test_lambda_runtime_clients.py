"""AWS's own runtime clients against the Runtime API: what they fetch and send is not ours to choose.

Each is fetched once from its registry into build/runtime_clients; without the toolchain or the registry its test is skipped.
"""

import base64
import json
import os
import shutil
import subprocess
import sys

import pytest

from harness.clients import make_client
from harness.fetched import CACHE, SLOW, SOURCES, fetch
from harness.functions import Functions
from harness.http import send
from harness.packages import zip_of


def check(lambdas, name, message, error_type):
    """What every client has to do: an event and its id, an error, and the same again in the warm environment."""
    for event in ({"a": [1, "ü"]}, "text"):
        answer = lambdas.invoke(name, event)
        assert answer.error is None, answer
        assert answer.payload == {"event": event, "id": answer.request_id}
    failed = lambdas.invoke(name, "fail")
    assert failed.error == "Unhandled"
    assert message in failed.payload["errorMessage"]
    assert failed.payload["errorType"] == error_type
    assert lambdas.invoke(name, 7).payload["event"] == 7


@pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux")
def test_python_runtime_client(deploy_function, lambdas):
    folder = CACHE / "awslambdaric-3.0.0"
    fetch("awslambdaric", folder / "awslambdaric",
          ["/usr/bin/python3", "-m", "pip", "install", "-q", "--target", str(folder), "awslambdaric==3.0.0"])
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*") if path.is_file() and path.suffix in (".py", ".so")
    }
    files["bootstrap"] = "#!/bin/sh\nexport PYTHONPATH=/var/task\nexec /usr/bin/python3 -m awslambdaric \"$_HANDLER\"\n"
    files["app.py"] = (
        "def handler(event, context):\n"
        "    if event == 'fail': raise KeyError('python says no')\n"
        "    return {'event': event, 'id': context.aws_request_id}\n"
    )
    name = deploy_function(files, handler="app.handler", runtime="provided.al2023", Timeout=20, MemorySize=512)
    check(lambdas, name, "python says no", "KeyError")


def test_python_runtime_client_reports_a_failed_import(deploy_function, lambdas):
    folder = CACHE / "awslambdaric-3.0.0"
    if not folder.exists():
        pytest.skip("awslambdaric was not fetched")
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*") if path.is_file() and path.suffix in (".py", ".so")
    }
    files["bootstrap"] = "#!/bin/sh\nexport PYTHONPATH=/var/task\nexec /usr/bin/python3 -m awslambdaric \"$_HANDLER\"\n"
    name = deploy_function(files, handler="nothing.handler", runtime="provided.al2023", Timeout=20, MemorySize=512)
    answer = lambdas.invoke(name)
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"


def test_go_client(deploy_function, lambdas):
    built = fetch("the Go client", CACHE / "go" / "bootstrap",
                  ["go", "build", "-o", str(CACHE / "go" / "bootstrap"), "."],
                  cwd=SOURCES / "go", env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"})
    name = deploy_function({"bootstrap": built.read_bytes()}, handler="bootstrap", runtime="provided.al2023", Timeout=20)
    check(lambdas, name, "go says no", "errorString")
    # A reader is streamed: collected for Invoke.
    assert lambdas.invoke(name, "stream").text == "streamed by go"


def test_rust_client(deploy_function, lambdas):
    target = CACHE / "rust"
    built = target / "release" / "bootstrap"
    if not built.exists() and not SLOW:
        pytest.skip("compiling the Rust client takes minutes: set MAYFLY_SLOW_TESTS")
    fetch("the Rust client", built, ["cargo", "build", "-q", "--release", "--target-dir", str(target)], cwd=SOURCES / "rust")
    name = deploy_function({"bootstrap": built.read_bytes()}, handler="bootstrap", runtime="provided.al2023", Timeout=20)
    answer = lambdas.invoke(name, {"a": 1})
    assert answer.payload == {"event": {"a": 1}, "id": answer.request_id}
    failed = lambdas.invoke(name, "fail")
    assert failed.error == "Unhandled" and "rust says no" in failed.payload["errorMessage"]


SERVER = """
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        context = json.loads(self.headers.get("x-amzn-request-context", "{}"))  # not in the adapter's own look
        self.answer({"path": self.path, "context": context.get("http", {}).get("method")})

    def do_POST(self):
        self.answer({"posted": self.rfile.read(int(self.headers["content-length"])).decode()})

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(201)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_web_adapter(deploy_function, lambdas):
    """The Lambda Web Adapter: an extension that speaks the Runtime API for a web server, which a wrapper starts in place of a managed runtime."""
    root = CACHE / "web-adapter"
    built = root / "bin" / "lambda-adapter"
    if not built.exists() and not SLOW:
        pytest.skip("compiling the Web Adapter takes minutes: set MAYFLY_SLOW_TESTS")
    fetch("the Web Adapter", built, ["cargo", "install", "-q", "--root", str(root), "--version", "0.9.1", "lambda_web_adapter"])
    layer = lambdas.client.publish_layer_version(LayerName=lambdas.unique_name("adapter"), Content={"ZipFile": zip_of({
        "extensions/lambda-adapter": built.read_bytes(), "bootstrap": '#!/bin/bash\nexec -- "${LAMBDA_TASK_ROOT}/${_HANDLER}"\n'})})
    name = deploy_function({"run.sh": "#!/bin/sh\nexec python3 server.py\n", "server.py": SERVER}, handler="run.sh", runtime="python3.11", Timeout=20,
                           Layers=[layer["LayerVersionArn"]], Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap", "PORT": "8123"}})
    url = lambdas.client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    lambdas.client.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
    for _ in range(2):
        got = send("GET", url + "orders?x=1")
        assert (got.status, got.json()) == (201, {"path": "/orders?x=1", "context": "GET"})
    assert send("POST", url, body="an order").json() == {"posted": "an order"}


JARS = {
    "aws-lambda-java-runtime-interface-client": "2.6.0",
    "aws-lambda-java-core": "1.2.3",
    "aws-lambda-java-serialization": "1.1.5",
}


@pytest.fixture(scope="module")
def java_pack():
    """The shipped pack with its jars, fetched as docs/runtime-packs.md says."""
    packs = CACHE / "packs"
    (packs / "java").mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES.parents[1] / "runtimes" / "packs" / "java" / "manifest.json", packs / "java" / "manifest.json")
    for artifact, version in JARS.items():
        fetch(artifact, packs / "java" / "lib" / f"{artifact}.jar", [
            "mvn", "-q", "-B", "dependency:copy", f"-Dartifact=com.amazonaws:{artifact}:{version}",
            f"-DoutputDirectory={packs / 'java' / 'lib'}", "-Dmdep.stripVersion=true",
        ], cwd=packs)
    return packs


def test_java_runtime_pack(java_pack, start_daemon, unique_name, tmp_path):
    core = java_pack / "java" / "lib" / "aws-lambda-java-core.jar"
    if shutil.which("javac") is None:
        pytest.skip("javac is not installed")
    subprocess.run(["javac", "-cp", str(core), "-d", str(tmp_path), str(SOURCES / "java" / "Handler.java")], check=True)
    daemon = start_daemon("--runtime-packs", str(java_pack))
    lambdas = Functions(make_client("lambda", daemon.endpoint), "arn:aws:iam::000000000000:role/lambda", unique_name)
    # The class files are those of the compiler that is here, so the name that fits any of them.
    name = lambdas.deploy({"Handler.class": (tmp_path / "Handler.class").read_bytes()},
                            handler="Handler::handle", runtime="java21", Timeout=30, MemorySize=512)
    check(lambdas, name, "java says no", "java.lang.IllegalStateException")


def test_a_pack_that_lacks_its_jars_says_so(deploy_function, lambdas):
    name = deploy_function({"Handler.class": b"x"}, handler="Handler::handle", runtime="java17", wait=False)
    with pytest.raises(lambdas.client.exceptions.ClientError) as refused:
        lambdas.invoke(name)
    assert "aws-lambda-java-runtime-interface-client.jar" in str(refused.value)
    assert json.dumps(refused.value.response["Error"])  # an AWS error, not a broken connection


def test_log_levels_choose_what_the_log_has(deploy_function, lambdas):
    """Application and system levels are set apart: WARN shows no platform.start, ERROR no warning of the function."""
    code = (
        "import logging\n"
        "def lambda_handler(event, context):\n"
        "    logging.warning('a warning'); logging.error('an error')\n"
    )
    name = deploy_function(code, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"})
    tail = lambdas.invoke(name, LogType="Tail").log_tail
    text = base64.b64decode(tail).decode()
    assert "an error" in text
    assert "a warning" not in text
    assert "platform." not in text
