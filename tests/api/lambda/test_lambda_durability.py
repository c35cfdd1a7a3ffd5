"""What Lambda accepted survives kill -9."""

import json

import pytest

from harness.clients import ASSUME_ROLE, make_client
from harness.functions import Functions
from harness.packages import zip_of
from harness.wait import eventually

pytestmark = pytest.mark.own_daemon

RECORD = """
import boto3
def lambda_handler(event, context):
    boto3.resource('dynamodb').Table('Seen').put_item(Item={'id': str(event['id'])})
"""
EXTENSION = """#!/usr/bin/python3
import json, os, urllib.request
api = "http://%s/2020-01-01/extension/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
answer = urllib.request.urlopen(urllib.request.Request(api + "register", method="POST", data=b'{"events":["INVOKE","SHUTDOWN"]}',
                                headers={"Lambda-Extension-Name": os.path.basename(__file__)}))
mine = answer.headers["Lambda-Extension-Identifier"]
while True:
    event = json.load(urllib.request.urlopen(urllib.request.Request(api + "event/next", headers={"Lambda-Extension-Identifier": mine})))
    if event["eventType"] == "SHUTDOWN":
        print("told", event["shutdownReason"], flush=True)
        break
"""
ECHO = "def lambda_handler(event, context):\n    return event\n"


@pytest.fixture
def daemon(start_daemon):
    return start_daemon()


@pytest.fixture
def functions(daemon):
    role = make_client("iam", daemon.endpoint).create_role(RoleName="r", AssumeRolePolicyDocument=ASSUME_ROLE)["Role"]["Arn"]
    return Functions(make_client("lambda", daemon.endpoint), role, lambda prefix: prefix)


def test_accepted_events_all_run(daemon, functions):
    # 200 events are acknowledged and the daemon is killed while they run: each leaves its item, some perhaps twice.
    database = make_client("dynamodb", daemon.endpoint)
    database.create_table(TableName="Seen", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    name = functions.deploy(RECORD, Timeout=30)
    for number in range(200):
        functions.client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"id": number}))
    daemon.restart(kill=True)

    def count():
        pages = database.get_paginator("scan").paginate(TableName="Seen", ConsistentRead=True)
        return sum(len(page["Items"]) for page in pages) == 200

    eventually(count, seconds=60, what="200 items")


def test_an_event_that_takes_long_does_not_hold_up_the_end(daemon, functions):
    # SIGTERM cuts it off after the grace; it is kept and runs again at the next start.
    source = '''
import os, time
def lambda_handler(event, context):
    print("run", flush=True)
    time.sleep(300)
'''
    name = functions.deploy(source, Timeout=600)
    functions.client.invoke(FunctionName=name, InvocationType="Event", Payload='{}')
    logs = make_client("logs", daemon.endpoint)

    def runs():
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern='"run"')
        return len([e for e in found["events"] if e["message"].strip() == "run"])

    def runs_or_none():
        try:
            return runs()
        except logs.exceptions.ResourceNotFoundException:
            return 0

    eventually(runs_or_none, what="the event's start")
    assert daemon.stop() == 0
    daemon.start()
    eventually(lambda: runs() == 2, what="the second run")
    daemon.kill()


def test_an_idle_extension_is_told_of_the_end_and_does_not_hold_it_up(daemon, functions):
    # Its call for the next event is under way all the time, over a listener of the daemon.
    layer = functions.client.publish_layer_version(LayerName="watcher", Content={"ZipFile": zip_of({"extensions/watcher": EXTENSION})})
    name = functions.deploy(ECHO, Layers=[layer["LayerVersionArn"]])
    functions.invoke(name)
    daemon.restart()
    assert "did not end in time" not in daemon.log()
    events = make_client("logs", daemon.endpoint).filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert "told spindown" in [event["message"].strip() for event in events]


def test_a_pending_function_becomes_active(daemon, functions):
    # INIT that never ends keeps it Pending; the daemon dies; the next one takes it up.
    name = functions.deploy({"app.py": "import time\ntime.sleep(5)\n" + ECHO}, wait=False)
    assert functions.client.get_function_configuration(FunctionName=name)["State"] == "Pending"
    daemon.restart(kill=True)
    functions.wait_until_active(name)


def test_code_and_versions_are_there(daemon, functions):
    name = functions.deploy(ECHO)
    functions.client.publish_version(FunctionName=name)
    functions.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    daemon.restart(kill=True)
    assert functions.invoke(name + ":live", {"a": 1}).payload == {"a": 1}


def test_a_lost_cache_of_code_is_made_again(daemon, functions):
    import shutil

    name = functions.deploy(zip_of({"app.py": ECHO}))
    daemon.stop()
    for folder in (daemon.data / "lambda" / "code").iterdir():
        shutil.rmtree(folder)
    daemon.start()
    assert functions.invoke(name, {"a": 1}).payload == {"a": 1}
