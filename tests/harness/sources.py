"""Handlers that several tests deploy."""

import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Answers with the event that it got.
ECHO = """
def lambda_handler(event, context):
    print("echo", event)
    return event
"""

ECHO_JS = """
export const handler = async (event, context) => {
  console.log("echo", JSON.stringify(event));
  return event;
};
"""

# Writes an item of the table named in its environment: an effect that can be waited for.
WRITE_ITEM = """
import os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def lambda_handler(event, context):
    table.put_item(Item={"id": event["id"], "by": context.function_name})
    return {"written": event["id"]}
"""

# The event, as the body of an HTTP response.
HTTP_ECHO = """
import json

def lambda_handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""


def orders():
    """The files of examples/orders that go into its package."""
    folder = REPOSITORY / "examples" / "orders"
    return {name: (folder / name).read_text() for name in ("app.py", "catalogue.json")}
