"""Functions that call each other in circles are stopped."""

import json

import pytest
from botocore.exceptions import ClientError

from harness.wait import eventually

# The SDK sends the trace header of the running event on by itself.
CALL = """
import boto3, json, os
def lambda_handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    table.update_item(Key={"id": "runs"}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1})
    boto3.client("lambda").invoke(FunctionName=context.function_name, InvocationType=event["how"], Payload=json.dumps(event))
"""


@pytest.fixture
def loop(deploy_function, table):
    return deploy_function(CALL, Timeout=60, MemorySize=256, Environment={"Variables": {"TABLE": table}})


def runs(client, table):
    item = client("dynamodb").get_item(TableName=table, Key={"id": {"S": "runs"}}, ConsistentRead=True).get("Item")
    return int(item["n"]["N"]) if item else 0


def test_a_function_that_calls_itself_for_ever(client, loop, table):
    client("lambda").invoke(FunctionName=loop, InvocationType="Event", Payload=json.dumps({"how": "Event"}))
    eventually(lambda: runs(client, table) == 16)
    # Nothing follows: events of another function come and go meanwhile.
    for _ in range(3):
        client("lambda").invoke(FunctionName=loop, InvocationType="DryRun")
    assert runs(client, table) == 16


def test_a_synchronous_loop_ends_in_an_error(client, loop, table):
    answer = client("lambda").invoke(FunctionName=loop, Payload=json.dumps({"how": "RequestResponse"}))
    assert runs(client, table) == 16 and "FunctionError" not in answer  # the innermost error is inside its caller's answer
    settings = client("lambda")
    assert settings.get_function_recursion_config(FunctionName=loop)["RecursiveLoop"] == "Terminate"
    with pytest.raises(ClientError):
        settings.put_function_recursion_config(FunctionName=loop, RecursiveLoop="Never")
