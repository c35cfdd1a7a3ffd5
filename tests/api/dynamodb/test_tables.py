"""Tables with boto3: their life, their description, indexes that are added to a table with items."""

import time

import pytest
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError


def test_a_table_from_creation_to_deletion(client, unique_name):
    database, name = client("dynamodb"), unique_name("table")
    created = database.create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}, Tags=[{"Key": "team", "Value": "shop"}],
    )["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    database.get_waiter("table_exists").wait(TableName=name)
    described = database.describe_table(TableName=name)["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert described["TableArn"].endswith(":table/" + name)
    assert described["CreationDateTime"].timestamp() == pytest.approx(time.time(), abs=600)
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert name in [n for page in database.get_paginator("list_tables").paginate() for n in page["TableNames"]]
    assert database.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"] == [{"Key": "team", "Value": "shop"}]
    with pytest.raises(database.exceptions.ResourceInUseException):
        database.create_table(
            TableName=name, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    database.delete_table(TableName=name)
    database.get_waiter("table_not_exists").wait(TableName=name)
    with pytest.raises(database.exceptions.ResourceNotFoundException):
        database.describe_table(TableName=name)


# The index is filled in the background; queries wait for ACTIVE as programs do.
def test_an_index_added_later_holds_the_items(client, resource):
    table, database = resource(), client("dynamodb")
    with table.batch_writer() as batch:
        for n in range(500):
            batch.put_item(Item={"id": f"k{n}", "group": f"g{n % 5}", "v": n})
    database.update_table(
        TableName=table.name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-group", "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}}}])
    for _ in range(200):
        index = database.describe_table(TableName=table.name)["Table"]["GlobalSecondaryIndexes"][0]
        if index["IndexStatus"] == "ACTIVE":
            break
        time.sleep(0.05)
    assert index["IndexStatus"] == "ACTIVE"
    answer = table.query(IndexName="by-group", KeyConditionExpression=Key("group").eq("g3"))
    assert sorted(int(i["v"]) for i in answer["Items"]) == list(range(3, 500, 5))


def test_deletion_protection(client, make_table):
    database = client("dynamodb")
    create = database.meta.service_model.operation_model("CreateTable").input_shape
    if "DeletionProtectionEnabled" not in create.members:
        pytest.skip("this boto3 is too old to know deletion protection")
    name = make_table(DeletionProtectionEnabled=True)
    with pytest.raises(ClientError, match="protected against deletion"):
        database.delete_table(TableName=name)
    database.update_table(TableName=name, DeletionProtectionEnabled=False)
    database.delete_table(TableName=name)


# What is not there says so by name, instead of failing somewhere else.
def test_what_is_missing_says_so(client, make_table):
    with pytest.raises(ClientError, match="ListImports.*not supported"):
        client("dynamodb").list_imports()
