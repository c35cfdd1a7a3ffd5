"""Events that nobody waits for: accepted, run, retried, and never lost."""

import json

import pytest

from harness.wait import eventually

RECORD = """
import boto3, os
def lambda_handler(event, context):
    boto3.resource('dynamodb').Table(os.environ['TABLE']).put_item(Item={'id': str(event['id']), 'request': context.aws_request_id})
"""


@pytest.fixture
def recorder(deploy_function, table):
    return deploy_function(RECORD, Timeout=30, Environment={"Variables": {"TABLE": table}})


def test_an_event_is_accepted_and_runs(client, recorder, table):
    reply = client("lambda").invoke(FunctionName=recorder, InvocationType="Event", Payload=json.dumps({"id": 1}))
    assert reply["StatusCode"] == 202 and reply["Payload"].read() == b""
    item = eventually(lambda: client("dynamodb").get_item(TableName=table, Key={"id": {"S": "1"}}).get("Item"))
    assert item["request"]["S"] == reply["ResponseMetadata"]["RequestId"]


def test_a_destination_function_gets_the_record(client, recorder, deploy_function, table):
    # Without retries, so that the failure is final at once.
    failing = deploy_function("def lambda_handler(event, context):\n    raise ValueError('no')\n")
    functions = client("lambda")
    relay = deploy_function(
        "import boto3, os\n"
        "def lambda_handler(event, context):\n"
        "    boto3.resource('dynamodb').Table(os.environ['TABLE']).put_item(\n"
        "        Item={'id': event['requestContext']['requestId'], 'condition': event['requestContext']['condition']})\n",
        Timeout=30, Environment={"Variables": {"TABLE": table}})
    arn = functions.get_function_configuration(FunctionName=relay)["FunctionArn"]
    functions.put_function_event_invoke_config(
        FunctionName=failing, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}})
    request = functions.invoke(FunctionName=failing, InvocationType="Event", Payload="{}")["ResponseMetadata"]["RequestId"]
    item = eventually(lambda: client("dynamodb").get_item(TableName=table, Key={"id": {"S": request}}).get("Item"))
    assert item["condition"]["S"] == "RetriesExhausted"
