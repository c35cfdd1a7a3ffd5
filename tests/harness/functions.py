"""Functions for tests: deployed in one line, gone after the test."""

import json
import time

from .packages import zip_of

SUFFIX = {"python": "py", "nodejs": "mjs", "provided": ""}
ACTIVE_SECONDS = 30


class Outcome:
    """What an invocation gave."""

    def __init__(self, response):
        self.status = response["StatusCode"]
        self.error = response.get("FunctionError")
        self.request_id = response["ResponseMetadata"]["RequestId"]
        self.log_tail = response.get("LogResult")
        self.text = response["Payload"].read().decode()

    @property
    def payload(self):
        return json.loads(self.text) if self.text else None

    def __repr__(self):
        return f"<{self.status} {self.error or 'ok'} {self.text[:500]}>"


class Functions:
    def __init__(self, client, role_arn, unique_name):
        self.client = client
        self.role_arn = role_arn
        self.unique_name = unique_name
        self.names = []

    def deploy(self, code, handler=None, runtime="python3.11", wait=True, **config):
        """`code` is source text, or {file name: content}. Returns the function's name once it is Active.

        Source text is one file, `app.py` or `app.mjs`; the handler's default is `app.lambda_handler` or `app.handler`.
        It has a whole CPU unless the test says otherwise: a fourteenth (128 MB) makes the time limits of tests those of the machine.
        """
        if isinstance(code, str):
            name = "bootstrap" if runtime.startswith("provided") else "app.mjs" if "node" in runtime else "app.py"
            code = {name: code}
        if handler is None:
            handler = "app.handler" if "node" in runtime else "app.lambda_handler"
        name = config.pop("FunctionName", None) or self.unique_name("fn")
        config.setdefault("MemorySize", 1769)
        self.client.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=self.role_arn,
            Code={"ZipFile": code if isinstance(code, bytes) else zip_of(code)}, **config,
        )
        self.names.append(name)
        if wait:
            self.wait_until_active(name)
        return name

    def wait_until_active(self, name):
        deadline = time.monotonic() + ACTIVE_SECONDS
        while True:
            state = self.client.get_function_configuration(FunctionName=name)
            if state["State"] == "Active":
                return state
            assert state["State"] == "Pending", state
            assert time.monotonic() < deadline, f"{name} is still Pending after {ACTIVE_SECONDS} s: {state}"
            time.sleep(0.02)

    def invoke(self, name, event=None, **options):
        return Outcome(self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options))

    def delete_all(self):
        for name in self.names:
            try:
                self.client.delete_function(FunctionName=name)
            except self.client.exceptions.ResourceNotFoundException:
                pass  # the test deleted it
