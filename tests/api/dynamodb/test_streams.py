"""DynamoDB Streams as consumers read them: boto3, the AWS CLI, the AWS SDK for JavaScript."""

import datetime

import pytest
from botocore.exceptions import ClientError

from harness import commands


@pytest.fixture
def streams(client):
    return client("dynamodbstreams")


@pytest.fixture
def streamed(client, make_table):
    """streamed(view) -> a table's name and its stream's ARN."""
    def make(view="NEW_AND_OLD_IMAGES", **options):
        name = make_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": view}, **options)
        return name, client("dynamodb").describe_table(TableName=name)["Table"]["LatestStreamArn"]
    return make


def shards_of(streams, arn, **options):
    return streams.describe_stream(StreamArn=arn, **options)["StreamDescription"]["Shards"]


def read_all(streams, arn):
    """Every record that is there, shard by shard."""
    records = []
    for shard in shards_of(streams, arn):
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return records


def test_changes_of_an_item_in_order(client, streams, streamed):
    name, arn = streamed()
    database = client("dynamodb")
    database.put_item(TableName=name, Item={"id": {"S": "a"}, "data": {"B": b"\x00\xff"}, "set": {"NS": ["1", "2"]}})
    database.update_item(TableName=name, Key={"id": {"S": "a"}}, UpdateExpression="SET n = :n REMOVE #d",
                         ExpressionAttributeNames={"#d": "data"}, ExpressionAttributeValues={":n": {"N": "1"}})
    database.delete_item(TableName=name, Key={"id": {"S": "a"}})
    database.delete_item(TableName=name, Key={"id": {"S": "a"}})
    first, second, third = read_all(streams, arn)
    assert [record["eventName"] for record in (first, second, third)] == ["INSERT", "MODIFY", "REMOVE"]
    before = {"id": {"S": "a"}, "data": {"B": b"\x00\xff"}, "set": {"NS": ["1", "2"]}}
    after = {"id": {"S": "a"}, "set": {"NS": ["1", "2"]}, "n": {"N": "1"}}
    assert first["dynamodb"]["NewImage"] == before and "OldImage" not in first["dynamodb"]
    assert second["dynamodb"]["OldImage"] == before and second["dynamodb"]["NewImage"] == after
    assert third["dynamodb"]["OldImage"] == after and "NewImage" not in third["dynamodb"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in (first, second, third)]
    assert numbers == sorted(set(numbers))
    assert first["eventSource"] == "aws:dynamodb" and first["eventVersion"] == "1.1" and "userIdentity" not in first
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(now - first["dynamodb"]["ApproximateCreationDateTime"]) < datetime.timedelta(minutes=2)


# An on-demand table has four shards: an item's changes are all in one of them, as many items fill them all.
def test_shards_keep_an_item_together(client, resource, streams, streamed):
    name, arn = streamed("KEYS_ONLY")
    database = client("dynamodb")
    for _ in range(2):
        for start in range(0, 50, 25):
            database.batch_write_item(RequestItems={name: [
                {"PutRequest": {"Item": {"id": {"S": f"k{n}"}, "round": {"N": str(_)}}}} for n in range(start, start + 25)]})
    shards = shards_of(streams, arn)
    assert len(shards) == 4
    seen = {}
    for shard in shards:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        assert records
        for record in records:
            seen.setdefault(record["dynamodb"]["Keys"]["id"]["S"], []).append((shard["ShardId"], record["eventName"]))
    assert len(seen) == 50
    for changes in seen.values():
        assert len({shard for shard, _ in changes}) == 1 and [event for _, event in changes] == ["INSERT", "MODIFY"]


# A consumer that is told that nothing follows goes on with the children, or is done where the stream was disabled.
def test_a_disabled_stream_is_read_to_its_end(client, streams, streamed):
    name, arn = streamed("NEW_IMAGE", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    database = client("dynamodb")
    database.put_item(TableName=name, Item={"id": {"S": "a"}})
    shard, = shards_of(streams, arn)
    latest = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="LATEST")["ShardIterator"]
    page = streams.get_records(ShardIterator=latest)
    assert page["Records"] == []
    database.put_item(TableName=name, Item={"id": {"S": "b"}})
    database.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    database.put_item(TableName=name, Item={"id": {"S": "c"}})
    page = streams.get_records(ShardIterator=page["NextShardIterator"])
    assert [record["dynamodb"]["NewImage"]["id"]["S"] for record in page["Records"]] == ["b"]
    assert page.get("NextShardIterator") is None
    assert "EndingSequenceNumber" in shards_of(streams, arn)[0]["SequenceNumberRange"]
    table = database.describe_table(TableName=name)["Table"]
    assert "StreamSpecification" not in table and table["LatestStreamArn"] == arn
    assert [stream["StreamArn"] for stream in streams.list_streams(TableName=name)["Streams"]] == [arn]


def test_errors(client, streams, streamed, make_table):
    name, arn = streamed()
    database = client("dynamodb")
    with pytest.raises(ClientError, match="ValidationException.*already has an enabled stream: TableName: " + name):
        database.update_table(TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    with pytest.raises(ClientError, match="ValidationException.*has no stream to disable"):
        database.update_table(TableName=make_table(), StreamSpecification={"StreamEnabled": False})
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=arn + "0")
    shard = shards_of(streams, arn)[0]["ShardId"]
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.get_shard_iterator(StreamArn=arn, ShardId=shard[:-1] + "f", ShardIteratorType="LATEST")
    with pytest.raises(ClientError, match="ValidationException"):
        streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber="1" * 26)
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    with pytest.raises(ClientError, match="ValidationException.*less than or equal to 1000"):
        streams.get_records(ShardIterator=iterator, Limit=1001)


# What was answered is in the stream, and the stream goes on where it was, also after kill -9.
def test_survives_kill(start_daemon):
    from harness.clients import make_client
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    database.create_table(TableName="T-1", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    arn = database.describe_table(TableName="T-1")["Table"]["LatestStreamArn"]
    streams = make_client("dynamodbstreams", daemon.endpoint)
    shard = shards_of(streams, arn)[0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    for n in range(20):
        database.put_item(TableName="T-1", Item={"id": {"S": "a"}, "n": {"N": str(n)}})
    daemon.restart(kill=True)
    database.put_item(TableName="T-1", Item={"id": {"S": "a"}, "n": {"N": "20"}})
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in records] == list(range(21))
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))


def test_aws_cli(aws_cli, client, streamed):
    name, arn = streamed("NEW_IMAGE", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    client("dynamodb").put_item(TableName=name, Item={"id": {"S": "a"}})
    assert arn in [stream["StreamArn"] for stream in aws_cli("dynamodbstreams", "list-streams", "--table-name", name)["Streams"]]
    described = aws_cli("dynamodbstreams", "describe-stream", "--stream-arn", arn)["StreamDescription"]
    assert described["StreamStatus"] == "ENABLED" and described["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    iterator = aws_cli("dynamodbstreams", "get-shard-iterator", "--stream-arn", arn, "--shard-id", described["Shards"][0]["ShardId"],
                       "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    record, = aws_cli("dynamodbstreams", "get-records", "--shard-iterator", iterator)["Records"]
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}}
    with pytest.raises(commands.CommandFailed, match="ResourceNotFoundException"):
        aws_cli("dynamodbstreams", "describe-stream", "--stream-arn", arn + "0")


def test_js(node, client, streamed):
    name, arn = streamed()
    client("dynamodb").put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "1"}})
    result = node("""
        import {DynamoDBStreamsClient, DescribeStreamCommand, GetShardIteratorCommand, GetRecordsCommand, ListStreamsCommand}
            from '@aws-sdk/client-dynamodb-streams';
        const streams = new DynamoDBStreamsClient(config), StreamArn = args.arn, records = [];
        const {StreamDescription} = await streams.send(new DescribeStreamCommand({StreamArn}));
        for (const {ShardId} of StreamDescription.Shards) {
            const {ShardIterator} = await streams.send(new GetShardIteratorCommand({StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON'}));
            records.push(...(await streams.send(new GetRecordsCommand({ShardIterator}))).Records);
        }
        const listed = (await streams.send(new ListStreamsCommand({TableName: args.name}))).Streams;
        const invalid = await streams.send(new GetRecordsCommand({ShardIterator: 'none'})).catch((error) => error.name);
        console.log(JSON.stringify({status: StreamDescription.StreamStatus, created: StreamDescription.CreationRequestDateTime instanceof Date,
                                    records, listed: listed.length, invalid}));
    """, arn=arn, name=name)
    assert result["status"] == "ENABLED" and result["created"] and result["listed"] == 1
    assert [record["dynamodb"]["NewImage"] for record in result["records"]] == [{"id": {"S": "a"}, "n": {"N": "1"}}]
    assert result["invalid"] == "ValidationException"
