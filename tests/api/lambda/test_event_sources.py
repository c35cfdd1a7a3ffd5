"""Event source mappings: functions that run on what happens to a table."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError

from harness import streams
from harness.clients import ASSUME_ROLE, make_client
from harness.functions import Functions
from harness.wait import eventually

HANDLER = """
import boto3, json, os
table = boto3.resource('dynamodb').Table(os.environ['AUDIT'])
def lambda_handler(event, context):
"""
# Keeps what it was given, a row for each event, in the table that AUDIT names.
AUDIT = HANDLER + "    table.put_item(Item={'id': context.aws_request_id, 'event': json.dumps(event)})\n"


@pytest.fixture
def streamed(client, unique_name):
    """streamed(view) -> a table's name and the ARN of its stream."""
    made = []

    def make(view="NEW_AND_OLD_IMAGES"):
        name = unique_name("table")
        description = client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])["TableDescription"]
        made.append(name)
        client("dynamodb").get_waiter("table_exists").wait(TableName=name)
        return name, description["LatestStreamArn"]

    yield make
    for name in made:
        client("dynamodb").delete_table(TableName=name)


@pytest.fixture
def mapped(client):
    """mapped(function, stream, **options) -> the UUID of an enabled mapping; gone at the test's end."""
    made, functions = [], client("lambda")

    def make(function, stream, **options):
        options = {"StartingPosition": "TRIM_HORIZON", **options}
        uuid = functions.create_event_source_mapping(FunctionName=function, EventSourceArn=stream, **options)["UUID"]
        made.append(uuid)
        eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")
        return uuid

    yield make
    for uuid in made:
        try:
            functions.delete_event_source_mapping(UUID=uuid)
        except functions.exceptions.ResourceNotFoundException:
            pass


@pytest.fixture
def auditor(deploy_function, table):
    return deploy_function(AUDIT, Timeout=30, Environment={"Variables": {"AUDIT": table}})


@pytest.fixture
def audited(client, table):
    """The events that the auditor kept."""
    def read():
        pages = client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [json.loads(item["event"]["S"]) for page in pages for item in page["Items"]]
    return read


def put(client, name, key, **attributes):
    client("dynamodb").put_item(TableName=name, Item={"id": {"S": key}, **attributes})


def test_a_change_of_an_item_runs_the_function(client, streamed, mapped, auditor, audited):
    name, stream = streamed()
    mapped(auditor, stream)
    put(client, name, "order-1", total={"N": "12.5"}, photo={"B": b"\x00\xff"}, tags={"SS": ["a", "b"]})
    record, = eventually(audited)[0]["Records"]
    kept, = streams.records(client("dynamodbstreams"), stream)
    # What GetRecords shows, as JSON, and where it comes from.
    assert record["eventID"] == kept["eventID"] and record["eventName"] == "INSERT" and record["eventVersion"] == "1.1"
    assert record["eventSource"] == "aws:dynamodb" and record["awsRegion"] == "us-east-1" and record["eventSourceARN"] == stream
    assert record["dynamodb"]["Keys"] == {"id": {"S": "order-1"}}
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "order-1"}, "total": {"N": "12.5"}, "photo": {"B": "AP8="}, "tags": {"SS": ["a", "b"]}}
    assert record["dynamodb"]["SequenceNumber"] == kept["dynamodb"]["SequenceNumber"]
    assert record["dynamodb"]["SizeBytes"] == kept["dynamodb"]["SizeBytes"]
    assert record["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert record["dynamodb"]["ApproximateCreationDateTime"] == kept["dynamodb"]["ApproximateCreationDateTime"].timestamp()
    assert "userIdentity" not in record


def test_what_a_mapping_says_of_itself(client, streamed, mapped, auditor):
    functions = client("lambda")
    _, stream = streamed()
    made = functions.create_event_source_mapping(FunctionName=auditor, EventSourceArn=stream, StartingPosition="LATEST", Tags={"team": "a"})
    arn = functions.get_function_configuration(FunctionName=auditor)["FunctionArn"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert made["State"] == "Creating" and made["FunctionArn"] == arn and made["EventSourceArn"] == stream
    assert made["EventSourceMappingArn"] == f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{made['UUID']}"
    expected = {"StartingPosition": "LATEST", "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1,
                "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "BisectBatchOnFunctionError": False,
                "TumblingWindowInSeconds": 0, "FunctionResponseTypes": [], "DestinationConfig": {"OnFailure": {}},
                "LastProcessingResult": "No records processed", "StateTransitionReason": "User action"}
    assert {key: made[key] for key in expected} == expected
    functions.tag_resource(Resource=made["EventSourceMappingArn"], Tags={"stage": "b"})
    assert functions.list_tags(Resource=made["EventSourceMappingArn"])["Tags"] == {"team": "a", "stage": "b"}
    with pytest.raises(functions.exceptions.ResourceConflictException, match=made["UUID"]):
        mapped(auditor, stream)
    assert [each["UUID"] for each in functions.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]] == [made["UUID"]]
    assert functions.list_event_source_mappings(FunctionName=auditor)["EventSourceMappings"][0]["UUID"] == made["UUID"]
    assert functions.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"

    def gone():
        try:
            return functions.get_event_source_mapping(UUID=made["UUID"])["State"] != "Deleting"
        except functions.exceptions.ResourceNotFoundException:
            return True
    eventually(gone)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_event_source_mapping(UUID=made["UUID"])


def test_every_change_arrives_and_those_of_an_item_in_order(client, streamed, mapped, deploy_function, table):
    name, stream = streamed()
    function = deploy_function(
        HANDLER +
        "    for record in event['Records']:\n"
        "        image = record['dynamodb']['NewImage']\n"
        "        table.update_item(Key={'id': image['id']['S']}, UpdateExpression='SET seen = list_append(if_not_exists(seen, :none), :one)',\n"
        "                          ExpressionAttributeValues={':none': [], ':one': [int(image['n']['N'])]})\n",
        Timeout=60, Environment={"Variables": {"AUDIT": table}})
    mapped(function, stream, BatchSize=10, ParallelizationFactor=4)
    for number in range(12):
        for key in range(10):
            put(client, name, f"item-{key}", n={"N": str(number)})

    def all_seen():
        items = client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
        seen = {item["id"]["S"]: [int(n["N"]) for n in item["seen"]["L"]] for item in items}
        return len(seen) == 10 and all(len(numbers) == 12 for numbers in seen.values()) and seen
    for numbers in eventually(all_seen, seconds=60).values():
        assert numbers == list(range(12))


def test_filters_choose_what_runs_the_function(client, streamed, mapped, auditor, audited):
    name, stream = streamed()
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"state": {"S": ["paid", {"prefix": "ship"}]}}}}
    uuid = mapped(auditor, stream, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]}, BatchSize=1)
    for key, state in (("1", "new"), ("2", "paid"), ("3", "shipped"), ("1", "paid")):
        put(client, name, key, state={"S": state})
    events = eventually(lambda: len(audited()) >= 2 and audited())
    assert sorted(event["Records"][0]["dynamodb"]["Keys"]["id"]["S"] for event in events) == ["2", "3"]
    assert client("lambda").get_event_source_mapping(UUID=uuid)["FilterCriteria"] == {"Filters": [{"Pattern": json.dumps(pattern)}]}


def test_a_record_that_always_fails_is_found_and_left_behind(client, streamed, mapped, deploy_function, table):
    name, stream = streamed()
    function = deploy_function(
        HANDLER +
        "    keys = [record['dynamodb']['Keys']['id']['S'] for record in event['Records']]\n"
        "    if 'poison' in keys: raise ValueError(keys)\n"
        "    for key in keys: table.put_item(Item={'id': key})\n",
        Timeout=30, Environment={"Variables": {"AUDIT": table}})
    for key in ("a", "b", "poison", "c", "d", "e"):
        put(client, name, key)
    mapped(function, stream, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1)

    def others():
        items = client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
        return {item["id"]["S"] for item in items} == {"a", "b", "c", "d", "e"}
    eventually(others)


def test_only_what_failed_is_tried_again(client, streamed, mapped, deploy_function, table):
    name, stream = streamed()
    function = deploy_function(
        HANDLER +
        "    for record in event['Records']:\n"
        "        count = table.update_item(Key={'id': record['dynamodb']['Keys']['id']['S']}, UpdateExpression='ADD n :one',\n"
        "                                  ExpressionAttributeValues={':one': 1}, ReturnValues='ALL_NEW')['Attributes']\n"
        "        if count['id'] == 'bad' and count['n'] == 1:\n"
        "            return {'batchItemFailures': [{'itemIdentifier': record['dynamodb']['SequenceNumber']}]}\n"
        "    return {'batchItemFailures': []}\n",
        Timeout=30, Environment={"Variables": {"AUDIT": table}})
    for key in ("bad", "good"):
        put(client, name, key)
    mapped(function, stream, FunctionResponseTypes=["ReportBatchItemFailures"])

    def counts():
        items = client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
        return {item["id"]["S"]: int(item["n"]["N"]) for item in items}
    eventually(lambda: counts() == {"bad": 2, "good": 1})


def test_a_disabled_mapping_rests_and_goes_on_where_it_was(client, streamed, mapped, auditor, audited):
    functions = client("lambda")
    name, stream = streamed()
    uuid = mapped(auditor, stream)
    assert functions.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == "Disabled")
    put(client, name, "while-off")
    functions.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=5)
    event = eventually(audited)[0]
    assert event["Records"][0]["dynamodb"]["Keys"]["id"]["S"] == "while-off"
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK")


def test_its_metrics_are_readable(client, streamed, mapped, auditor, audited):
    name, stream = streamed()
    uuid = mapped(auditor, stream, MetricsConfig={"Metrics": ["EventCount"]})
    put(client, name, "1")
    eventually(audited)
    now = datetime.datetime.now(datetime.timezone.utc)

    def points(metric, statistic, **dimensions):
        return client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5), Period=60,
            Statistics=[statistic])["Datapoints"]
    age = eventually(lambda: points("IteratorAge", "Maximum", FunctionName=auditor))
    assert age[0]["Unit"] == "Milliseconds" and 0 <= age[0]["Maximum"] < 60_000
    assert points("PolledEventCount", "Sum", EventSourceMappingUUID=uuid)[0]["Sum"] == 1
    assert points("InvokedEventCount", "Sum", EventSourceMappingUUID=uuid)[0]["Sum"] == 1
    assert not points("PolledEventCount", "Sum", FunctionName=auditor)


def test_an_alias_is_followed(client, streamed, mapped, auditor, audited):
    functions = client("lambda")
    name, stream = streamed()
    version = functions.publish_version(FunctionName=auditor)["Version"]
    functions.create_alias(FunctionName=auditor, Name="live", FunctionVersion=version)
    uuid = mapped(f"{auditor}:live", stream)
    assert functions.get_event_source_mapping(UUID=uuid)["FunctionArn"].endswith(f":{auditor}:live")
    put(client, name, "1")
    assert eventually(audited)


def test_what_is_not_there_is_refused_by_name(client, streamed, auditor):
    functions = client("lambda")
    _, stream = streamed()

    def refusal(**options):
        with pytest.raises(ClientError) as error:
            functions.create_event_source_mapping(**{"FunctionName": auditor, "EventSourceArn": stream, "StartingPosition": "LATEST", **options})
        return error.value.response["Error"]["Message"]
    assert "An event source of sqs" in refusal(EventSourceArn="arn:aws:sqs:us-east-1:000000000000:q")
    assert "An event source of kinesis" in refusal(EventSourceArn="arn:aws:kinesis:us-east-1:000000000000:stream/s")
    assert "A destination of sqs" in refusal(DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}})
    assert refusal(FunctionName="nobody") == "Function does not exist"
    assert refusal(EventSourceArn=stream.replace("/stream/", "/stream/x")) == "Stream not found: " + stream.replace("/stream/", "/stream/x")


def test_the_aws_cli_makes_and_deletes_one(aws_cli, streamed, auditor):
    _, stream = streamed()
    made = aws_cli("lambda", "create-event-source-mapping", "--function-name", auditor, "--event-source-arn", stream,
                   "--starting-position", "LATEST", "--batch-size", "7")
    assert made["BatchSize"] == 7
    assert aws_cli("lambda", "delete-event-source-mapping", "--uuid", made["UUID"])["State"] == "Deleting"


@pytest.mark.own_daemon
def test_no_change_is_lost_when_the_daemon_is_killed(start_daemon):
    daemon = start_daemon()
    role = make_client("iam", daemon.endpoint).create_role(RoleName="r", AssumeRolePolicyDocument=ASSUME_ROLE)["Role"]["Arn"]
    functions = Functions(make_client("lambda", daemon.endpoint), role, lambda prefix: prefix)
    database = make_client("dynamodb", daemon.endpoint)
    for table in ("orders", "Seen"):
        made = database.create_table(
            TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            **({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}} if table == "orders" else {}))
        database.get_waiter("table_exists").wait(TableName=table)
        stream = made["TableDescription"].get("LatestStreamArn", locals().get("stream"))
    name = functions.deploy("import boto3\n"
                            "table = boto3.resource('dynamodb').Table('Seen')\n"
                            "def lambda_handler(event, context):\n"
                            "    for record in event['Records']: table.put_item(Item={'id': record['dynamodb']['Keys']['id']['S']})\n", Timeout=30)
    functions.client.create_event_source_mapping(FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST", BatchSize=7)

    def seen():
        pages = database.get_paginator("scan").paginate(TableName="Seen", ConsistentRead=True)
        return sum(len(page["Items"]) for page in pages)
    for round in range(3):
        for number in range(100):
            database.put_item(TableName="orders", Item={"id": {"S": f"{round}-{number}"}})
        daemon.restart(kill=True)
    eventually(lambda: seen() == 300, seconds=60, what="300 items")
