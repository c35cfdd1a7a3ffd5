"""Provisioned throughput: not enforced by default, enforced where the profile says so."""

import pytest
from botocore.config import Config

from harness.clients import make_client

KEYS = dict(AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
ONE = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


@pytest.fixture
def enforcing(start_daemon):
    """The endpoint of a daemon that enforces throughput."""
    return start_daemon("--table-throughput", "enforced").endpoint


def test_throughput_is_not_enforced_by_default(client, make_table):
    name = make_table(BillingMode="PROVISIONED", ProvisionedThroughput=ONE)
    for number in range(50):
        client("dynamodb").put_item(TableName=name, Item={"id": {"S": str(number)}})


def test_who_does_not_try_again_is_told_why(enforcing):
    database = make_client("dynamodb", enforcing)
    database.create_table(TableName="impatient", ProvisionedThroughput=ONE, **KEYS)
    with pytest.raises(database.exceptions.ProvisionedThroughputExceededException) as refused:
        for number in range(50):
            database.put_item(TableName="impatient", Item={"id": {"S": str(number)}, "text": {"S": "x" * 3000}})
    reasons = refused.value.response.get("ThrottlingReasons")  # an older boto3 does not know the member
    if reasons is not None:
        assert reasons == [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/impatient"}]
    database.get_item(TableName="impatient", Key={"id": {"S": "0"}})  # reads have their own


def test_who_tries_again_gets_through(enforcing):
    database = make_client("dynamodb", enforcing, config=Config(retries={"total_max_attempts": 10, "mode": "standard"}))
    database.create_table(TableName="patient", ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 20}, **KEYS)
    items = {"patient": [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(25)]}
    left = [database.batch_write_item(RequestItems=items)["UnprocessedItems"]]
    while left[-1]:
        left.append(database.batch_write_item(RequestItems=left[-1])["UnprocessedItems"])
    assert len(left) > 1
    assert database.scan(TableName="patient", Select="COUNT")["Count"] == 25
