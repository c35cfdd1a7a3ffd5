"""Query, Scan, batches and transactions with boto3: conditions, indexes, pages, paginators."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError


@pytest.fixture
def orders(resource):
    table = resource(
        range="N", attributes=[("customer", "S"), ("total", "N")],
        LocalSecondaryIndexes=[{
            "IndexName": "by-total", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "total", "KeyType": "RANGE"}]}],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-customer", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "total", "KeyType": "RANGE"}]}])
    with table.batch_writer() as batch:
        for n in range(30):
            batch.put_item(Item={"id": f"shop{n % 2}", "sk": n, "customer": f"c{n % 3}", "total": Decimal(30 - n), "even": n % 2 == 0})
    return table


def test_query_orders_by_sort_key(orders):
    items = orders.query(KeyConditionExpression=Key("id").eq("shop0") & Key("sk").between(4, 10))["Items"]
    assert [int(i["sk"]) for i in items] == [4, 6, 8, 10]
    items = orders.query(KeyConditionExpression=Key("id").eq("shop0"), ScanIndexForward=False, Limit=2)["Items"]
    assert [int(i["sk"]) for i in items] == [28, 26]


def test_query_a_global_index(orders):
    items = orders.query(IndexName="by-customer", KeyConditionExpression=Key("customer").eq("c1") & Key("total").lt(10))["Items"]
    assert [int(i["total"]) for i in items] == [2, 5, 8]
    assert {"id", "sk", "customer", "total", "even"} == set(items[0])


def test_query_a_local_index(orders):
    items = orders.query(IndexName="by-total", KeyConditionExpression=Key("id").eq("shop1"), Limit=3)["Items"]
    assert [int(i["total"]) for i in items] == [1, 3, 5]
    assert set(items[0]) == {"id", "sk", "total"}


def test_filters_and_counts(orders):
    answer = orders.query(KeyConditionExpression=Key("id").eq("shop0"), FilterExpression=Attr("customer").is_in(["c0"]), Select="COUNT")
    assert (answer["Count"], answer["ScannedCount"]) == (5, 15)
    assert "Items" not in answer


# Paginators follow LastEvaluatedKey; every item comes once.
@pytest.mark.parametrize("operation, arguments", [
    ("scan", {}),
    ("scan", {"IndexName": "by-customer"}),
    ("query", {"KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "shop1"}}}),
])
def test_paginators(client, orders, operation, arguments):
    pages = client("dynamodb").get_paginator(operation).paginate(TableName=orders.name, PaginationConfig={"PageSize": 4}, **arguments)
    seen = [item["sk"]["N"] for page in pages for item in page["Items"]]
    assert len(seen) == len(set(seen)) == (30 if operation == "scan" else 15)


def test_parallel_scan_covers_everything_once(orders):
    seen = [int(item["sk"]) for segment in range(4) for item in orders.scan(TotalSegments=4, Segment=segment)["Items"]]
    assert sorted(seen) == list(range(30))


def test_batch_get(dynamodb, orders):
    answer = dynamodb.batch_get_item(RequestItems={orders.name: {
        "Keys": [{"id": "shop0", "sk": 2}, {"id": "shop0", "sk": 3}, {"id": "shop1", "sk": 3}], "ProjectionExpression": "sk"}})
    assert sorted(int(i["sk"]) for i in answer["Responses"][orders.name]) == [2, 3]
    assert answer["UnprocessedKeys"] == {}


def test_transactions_are_all_or_nothing(client, orders):
    database = client("dynamodb")
    move = [
        {"Put": {"TableName": orders.name, "Item": {"id": {"S": "new"}, "sk": {"N": "1"}}}},
        {"ConditionCheck": {"TableName": orders.name, "Key": {"id": {"S": "shop0"}, "sk": {"N": "0"}},
                            "ConditionExpression": "attribute_not_exists(id)"}},
    ]
    with pytest.raises(database.exceptions.TransactionCanceledException) as cancelled:
        database.transact_write_items(TransactItems=move)
    assert [r["Code"] for r in cancelled.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in orders.get_item(Key={"id": "new", "sk": 1})
    move[1]["ConditionCheck"]["ConditionExpression"] = "attribute_exists(id)"
    database.transact_write_items(TransactItems=move)
    answer = database.transact_get_items(TransactItems=[{"Get": {"TableName": orders.name, "Key": move[0]["Put"]["Item"]}}])
    assert answer["Responses"] == [{"Item": move[0]["Put"]["Item"]}]


@pytest.mark.parametrize("condition, message", [
    ("sk = :i", "Query condition missed key schema element: id"),
    ("id = :i OR sk = :i", "Invalid operator used in KeyConditionExpression: OR"),
    ("id = :i AND", 'Syntax error; token: "<EOF>", near: "AND"'),
])
def test_bad_key_conditions(client, orders, condition, message):
    with pytest.raises(ClientError) as refused:
        client("dynamodb").query(TableName=orders.name, KeyConditionExpression=condition, ExpressionAttributeValues={":i": {"S": "x"}})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert message in refused.value.response["Error"]["Message"]
