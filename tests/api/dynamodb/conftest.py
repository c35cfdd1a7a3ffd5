"""Tables for the DynamoDB tests."""

import functools

import pytest


@pytest.fixture
def make_table(client, unique_name):
    """make_table(hash='S', range='N', **create_table options) -> its name; gone at the test's end."""
    database, made = client("dynamodb"), []

    def make(hash="S", range=None, attributes=(), **options):
        name = unique_name("table")
        definitions = [{"AttributeName": "id", "AttributeType": hash}]
        keys = [{"AttributeName": "id", "KeyType": "HASH"}]
        if range:
            definitions.append({"AttributeName": "sk", "AttributeType": range})
            keys.append({"AttributeName": "sk", "KeyType": "RANGE"})
        definitions += [{"AttributeName": a, "AttributeType": t} for a, t in attributes]
        options = {"BillingMode": "PAY_PER_REQUEST", **options}
        database.create_table(TableName=name, AttributeDefinitions=definitions, KeySchema=keys, **options)
        made.append(name)
        database.get_waiter("table_exists").wait(TableName=name)
        return name

    yield make
    for name in made:
        try:
            database.delete_table(TableName=name)
        except database.exceptions.ResourceNotFoundException:
            pass  # the test deleted it


@pytest.fixture
def resource(dynamodb, make_table):
    """resource(...) -> a boto3 Table: what most programs use."""
    return lambda *arguments, **options: dynamodb.Table(make_table(*arguments, **options))


@pytest.fixture
def region(client):
    """region("eu-west-1"): a client of DynamoDB there; region("eu-west-1", "dynamodbstreams"): of another API."""
    return functools.cache(lambda name, service="dynamodb": client(service, region_name=name))
