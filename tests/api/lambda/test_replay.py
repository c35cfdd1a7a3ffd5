"""`mayfly replay`: events that failed are kept, and run again."""

import json
import os
import re
import subprocess

import pytest

from harness import daemon as daemons
from harness.clients import make_client
from harness.functions import Functions
from harness.packages import zip_of
from harness.wait import eventually

ROLE = "arn:aws:iam::000000000000:role/replay"
FAILING = "def lambda_handler(event, context):\n    raise ValueError('order ' + event['order'] + ' is broken')\n"
FIXED = "def lambda_handler(event, context):\n    return 'order ' + event['order']\n"


@pytest.fixture
def functions(start_daemon, unique_name):
    daemon = start_daemon("--failed-events", "3")
    return daemon, Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)


def replay(daemon, *arguments):
    return subprocess.run([daemons.binary(), "replay", *arguments], text=True, capture_output=True, timeout=60,
                          env=dict(os.environ, MAYFLY_ENDPOINT=daemon.endpoint))


def listed(daemon, *arguments):
    answer = replay(daemon, "--json", *arguments)
    assert answer.returncode == 0, answer
    return json.loads(answer.stdout)


def test_a_failed_event_is_run_again_with_the_repaired_function(functions):
    daemon, functions = functions
    name = functions.deploy(FAILING)
    request = functions.invoke(name, {"order": "7"}).request_id
    found = eventually(lambda: listed(daemon, "--function", name))
    assert [event["RequestId"] for event in found] == [request] and found[0]["Error"]["errorMessage"] == "order 7 is broken"
    again = replay(daemon, request)
    assert again.returncode == 1 and "order 7 is broken" in again.stdout
    functions.client.update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": FIXED}))
    functions.client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    daemon.restart(kill=True)
    again = replay(daemon, request)
    assert again.returncode == 0 and again.stdout.strip() == '"order 7"'


STREAMING = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.early) throw new Error('before its answer');
  stream.write('begun');
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error('in its answer');
});
"""


def test_events_of_streamed_answers_are_kept_too(functions):
    daemon, functions = functions
    name = functions.deploy(STREAMING, runtime="nodejs22.x")
    for event in ({"early": True}, {"early": False}):
        answer = functions.client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event))
        list(answer["EventStream"])
    found = eventually(lambda: (lambda events: len(events) == 2 and events)(listed(daemon, "--function", name)))
    assert [event["Error"]["errorMessage"] for event in found] == ["in its answer", "before its answer"]
    assert "before its answer" in replay(daemon, found[1]["RequestId"]).stdout


def test_the_list_is_for_people_and_bounded(functions):
    daemon, functions = functions
    name = functions.deploy(FAILING)
    requests = [functions.invoke(name, {"order": str(n)}).request_id for n in range(5)]
    eventually(lambda: {event["RequestId"] for event in listed(daemon)} == set(requests[-3:]))
    assert listed(daemon, "--function", "other") == []
    text = replay(daemon).stdout
    assert re.search(rf"{name} +{requests[-1]} +ValueError: order 4 is broken", text), text
    missing = replay(daemon, requests[0])
    assert missing.returncode == 2 and "No failed event has that id" in missing.stderr
    functions.client.delete_function(FunctionName=name)
    assert listed(daemon) == []
    assert "No event has failed" in replay(daemon).stdout
