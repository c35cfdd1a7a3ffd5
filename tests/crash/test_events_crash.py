"""Asynchronous events under kill -9: each that was accepted ends in success or in its destination, however often the daemon dies."""

import json
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from harness.clients import make_client
from harness.functions import Functions
from harness.wait import eventually

ROLE = "arn:aws:iam::000000000000:role/events"
ROUNDS = 6
# One event in four fails whenever it runs; its record goes to the destination.
WORK = """
import boto3, os
table = boto3.resource("dynamodb").Table("Ends")
def lambda_handler(event, context):
    if event["n"] % 4 == 0: raise ValueError("as asked")
    table.put_item(Item={"id": str(event["n"]), "end": "success"})
"""
SINK = """
import boto3
table = boto3.resource("dynamodb").Table("Ends")
def lambda_handler(event, context):
    assert event["requestContext"]["condition"] == "RetriesExhausted", event
    table.put_item(Item={"id": str(event["requestPayload"]["n"]), "end": "destination"})
"""

pytestmark = pytest.mark.own_daemon


class Sender(threading.Thread):
    """Sends events until told to stop, whatever becomes of the daemon; keeps the numbers of those that were accepted."""

    def __init__(self, endpoint, name):
        super().__init__()
        self.client = make_client("lambda", endpoint)
        self.name_of_function = name
        self.accepted = []
        self.over = threading.Event()

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            try:
                self.client.invoke(FunctionName=self.name_of_function, InvocationType="Event", Payload=json.dumps({"n": number}))
                self.accepted.append(number)
            except (BotoCoreError, ClientError):
                time.sleep(0.02)  # it is down; this number may or may not have been accepted


def test_no_accepted_event_is_lost(start_daemon, unique_name):
    daemon = start_daemon("--event-retry", "1")
    functions = Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)
    database = make_client("dynamodb", daemon.endpoint)
    database.create_table(TableName="Ends", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    work, sink = functions.deploy(WORK, Timeout=30), functions.deploy(SINK, Timeout=30)
    arn = functions.client.get_function_configuration(FunctionName=sink)["FunctionArn"]
    functions.client.put_function_event_invoke_config(FunctionName=work, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}})
    sender = Sender(daemon.endpoint, work)
    sender.start()
    chance = random.Random(5)
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.2, 1.2))  # anywhere in what it does
        daemon.restart(kill=True)
    sender.over.set()
    sender.join()
    assert len(sender.accepted) > 100

    def ends():
        pages = database.get_paginator("scan").paginate(TableName="Ends", ConsistentRead=True)
        found = {int(item["id"]["S"]): item["end"]["S"] for page in pages for item in page["Items"]}
        return set(sender.accepted) <= set(found) and found

    found = eventually(ends, seconds=90, what="the end of every event")
    assert all(end == ("destination" if number % 4 == 0 else "success") for number, end in found.items())
