"""A function that floods takes nothing from another one."""

import concurrent.futures
import json

from harness.wait import eventually

# Comes to its end when the item is there; busy: it takes all the processor time it gets until then.
FLOOD = """
import boto3, os, time
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def lambda_handler(event, context):
    table.update_item(Key={"id": "inside"}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1})
    while "Item" not in table.get_item(Key={"id": "over"}, ConsistentRead=True):
        end = time.monotonic() + 0.05
        while time.monotonic() < end: pass
    return "flooded"
"""
FLOODS = 60


def test_others_are_answered_while_one_floods(client, deploy_function, table):
    lambda_client, database = client("lambda"), client("dynamodb")
    flooding = deploy_function(FLOOD, Timeout=60, Environment={"Variables": {"TABLE": table}})
    other = deploy_function("def lambda_handler(event, context):\n    return event\n", Timeout=10)

    def inside():
        item = database.get_item(TableName=table, Key={"id": {"S": "inside"}}, ConsistentRead=True).get("Item")
        return item is not None and int(item["n"]["N"])

    with concurrent.futures.ThreadPoolExecutor(FLOODS) as pool:
        floods = [pool.submit(lambda: lambda_client.invoke(FunctionName=flooding)["Payload"].read()) for _ in range(FLOODS)]
        try:
            eventually(lambda: inside() >= 8, seconds=60)
            # In the middle of it: a first event, a warm one, and a function that did not exist before.
            for number in range(3):
                assert lambda_client.invoke(FunctionName=other, Payload=json.dumps(number))["Payload"].read() == str(number).encode()
            late = deploy_function("def lambda_handler(event, context):\n    return 'late'\n", Timeout=10)
            assert lambda_client.invoke(FunctionName=late)["Payload"].read() == b'"late"'
            assert not any(flood.done() for flood in floods)
        finally:
            database.put_item(TableName=table, Item={"id": {"S": "over"}})
        assert {flood.result() for flood in floods} == {b'"flooded"'}
