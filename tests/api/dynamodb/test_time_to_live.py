"""Time to Live as programs use it: enabled after the table is made, items that go by themselves, the stream that says so."""

import time

import pytest
from botocore.exceptions import ClientError

from harness.clients import make_client
from harness.wait import eventually


def enable(database, table, attribute="ttl"):
    database.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute})
    eventually(lambda: status(database, table) == "ENABLED", what="ENABLED")


def status(database, table):
    return database.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]


def put(database, table, name, seconds):
    database.put_item(TableName=table, Item={"id": {"S": name}, "ttl": {"N": str(int(time.time()) + seconds)}})


def names(database, table):
    return sorted(item["id"]["S"] for item in database.scan(TableName=table, ConsistentRead=True)["Items"])


def test_states_and_refusals(client, make_table):
    database, table = client("dynamodb"), make_table()
    assert status(database, table) == "DISABLED"
    answer = database.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    assert answer["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "ttl"}
    eventually(lambda: status(database, table) == "ENABLED", what="ENABLED")
    with pytest.raises(ClientError, match="ValidationException.*TimeToLive is already enabled"):
        database.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    with pytest.raises(ClientError, match="current AttributeName is ttl"):
        database.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "other"})
    database.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ttl"})
    assert status(database, table) == "DISABLED"


# Items from before and after it is enabled; the stream tells a program's own deletes from these.
def test_expired_items_go(client, make_table):
    database, streams = client("dynamodb"), client("dynamodbstreams")
    table = make_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
                       BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    put(database, table, "before", -10)
    put(database, table, "later", 3600)
    enable(database, table)
    put(database, table, "after", 1)
    put(database, table, "old", -6 * 365 * 24 * 3600)
    eventually(lambda: names(database, table) == ["later", "old"], seconds=60, what="the deletion of what expired")
    arn = database.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shard, = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    removed = [record for record in streams.get_records(ShardIterator=iterator)["Records"] if record["eventName"] == "REMOVE"]
    assert sorted(record["dynamodb"]["OldImage"]["id"]["S"] for record in removed) == ["after", "before"]
    assert all(record["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"} for record in removed)


# What expires while nothing runs goes soon after the start.
def test_survives_kill(start_daemon):
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    database.create_table(TableName="T-1", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    enable(database, "T-1")
    put(database, "T-1", "later", 3600)
    for n in range(100):
        put(database, "T-1", f"k{n}", 2)
    daemon.restart(kill=True)
    eventually(lambda: names(database, "T-1") == ["later"], seconds=60, what="the deletion of what expired")


def test_aws_cli(aws_cli, make_table):
    table = make_table()
    aws_cli("dynamodb", "update-time-to-live", "--table-name", table, "--time-to-live-specification", "Enabled=true,AttributeName=ttl")
    eventually(lambda: aws_cli("dynamodb", "describe-time-to-live", "--table-name", table)["TimeToLiveDescription"] ==
               {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}, what="ENABLED")


def test_js(node, make_table):
    result = node("""
        import {DynamoDBClient, UpdateTimeToLiveCommand, DescribeTimeToLiveCommand} from '@aws-sdk/client-dynamodb';
        const db = new DynamoDBClient(config), TableName = args.name, AttributeName = 'ttl';
        const answer = await db.send(new UpdateTimeToLiveCommand({TableName, TimeToLiveSpecification: {Enabled: true, AttributeName}}));
        const described = (await db.send(new DescribeTimeToLiveCommand({TableName}))).TimeToLiveDescription;
        console.log(JSON.stringify({answer: answer.TimeToLiveSpecification, described}));
    """, name=make_table())
    assert result["answer"] == {"Enabled": True, "AttributeName": "ttl"} and result["described"]["AttributeName"] == "ttl"
