"""A small shop's back end: POST /orders places an order, GET /orders/{id} reads it.

An ordinary AWS Lambda handler behind an API Gateway HTTP API (payload format 2.0). Nothing in here knows where it runs.
"""

import base64
import hashlib
import json
import os
import re
import uuid
from datetime import datetime, timezone
from decimal import Decimal

import boto3
from botocore.exceptions import ClientError

TABLE = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "Orders"))
CURRENCY = "EUR"
MAX_LINES = 50
MAX_QUANTITY = 100
# Orders that were sent with an idempotency key get an id that follows from the key, so the same key is the same order.
ORDER_NAMESPACE = uuid.UUID("5f1b7a52-6d0e-4a3c-9a54-0c4f9d8a7b21")

with open(os.path.join(os.path.dirname(__file__), "catalogue.json"), encoding="utf-8") as file:
    CATALOGUE = json.load(file)


class BadRequest(Exception):
    """What is wrong with the request, in words for whoever sent it."""


def lambda_handler(event, context):
    route = event["routeKey"]
    try:
        if route == "POST /orders":
            return place_order(event)
        if route == "GET /orders/{id}":
            return read_order(event["pathParameters"]["id"])
    except BadRequest as problem:
        print(f"refused: {problem}")
        return answer(400, {"message": str(problem)})
    return answer(404, {"message": f"There is no {route}."})


def place_order(event):
    order = parse_order(body_of(event))
    key = event["headers"].get("idempotency-key")
    order["id"] = str(uuid.uuid5(ORDER_NAMESPACE, key) if key else uuid.uuid4())
    try:
        TABLE.put_item(Item=order, ConditionExpression="attribute_not_exists(id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return answer_repeated(order)
    print(f"order {order['id']} placed: {len(order['lines'])} lines, {order['total']} {CURRENCY}")
    return answer(201, public(order), {"location": f"/orders/{order['id']}"})


def answer_repeated(order):
    """The key was used before: the same order is answered again, another one is refused."""
    stored = TABLE.get_item(Key={"id": order["id"]}, ConsistentRead=True)["Item"]
    if stored["fingerprint"] != order["fingerprint"]:
        print(f"refused: the key of order {order['id']} came again with other content")
        return answer(409, {"message": "This idempotency key belongs to an order with other content."})
    print(f"order {order['id']} was there already")
    return answer(200, public(stored))


def read_order(order_id):
    stored = TABLE.get_item(Key={"id": order_id}).get("Item")
    if stored is None:
        print(f"order {order_id} not found")
        return answer(404, {"message": f"There is no order {order_id}."})
    print(f"order {order_id} read")
    return answer(200, public(stored))


def body_of(event):
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        return json.loads(body)
    except ValueError:
        raise BadRequest("The body is not JSON.") from None


def parse_order(body):
    if not isinstance(body, dict):
        raise BadRequest("The body must be an object with 'customer' and 'items'.")
    customer = body.get("customer")
    if not isinstance(customer, str) or not re.fullmatch(r"[^@\s]+@[^@\s]+", customer) or len(customer) > 254:
        raise BadRequest("'customer' must be an e-mail address.")
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_LINES:
        raise BadRequest(f"'items' must be a list of 1 to {MAX_LINES} items.")
    lines = [parse_line(number, item) for number, item in enumerate(items, start=1)]
    return {
        "customer": customer,
        "lines": lines,
        "total": sum((line["amount"] for line in lines), Decimal("0.00")),
        "currency": CURRENCY,
        "status": "placed",
        "placed_at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "fingerprint": hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
    }


def parse_line(number, item):
    if not isinstance(item, dict):
        raise BadRequest(f"Item {number} must be an object with 'sku' and 'quantity'.")
    sku, quantity = item.get("sku"), item.get("quantity")
    if not isinstance(sku, str) or sku not in CATALOGUE:
        raise BadRequest(f"Item {number}: there is no article {sku!r}.")
    if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
        raise BadRequest(f"Item {number}: 'quantity' must be a whole number from 1 to {MAX_QUANTITY}.")
    price = Decimal(CATALOGUE[sku]["price"])
    return {"sku": sku, "name": CATALOGUE[sku]["name"], "quantity": quantity, "price": price, "amount": price * quantity}


MONEY = {"price", "amount", "total"}


def public(order):
    return {name: shown(name, value) for name, value in order.items() if name != "fingerprint"}


def shown(name, value):
    """As JSON shows it. DynamoDB keeps 89.00 as 89: an amount of money is text with two digits, a count is a number."""
    if isinstance(value, Decimal):
        return f"{value:.2f}" if name in MONEY else int(value)
    if isinstance(value, list):
        return [shown(name, item) for item in value]
    if isinstance(value, dict):
        return {key: shown(key, item) for key, item in value.items()}
    return value


def answer(status, body, headers=None):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body),
    }
