"""Global tables: replicas in other regions of the installation (version 2019.11.21)."""

import time

import pytest

from harness.refusals import refused
from harness.streams import records

EAST, IRELAND, TOKYO = "us-east-1", "eu-west-1", "ap-northeast-1"
NUMBER = {"n": {"N": "1"}}


@pytest.fixture
def replicated(region, make_table):
    """replicated("eu-west-1", ...): a table of us-east-1 with replicas there; gone at the test's end."""
    made = []

    def make(*regions, **options):
        name = make_table(**options)
        made.append((name, regions))
        for each in regions:
            region(EAST).update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": each}}])
        return name

    yield make
    for name, regions in made:
        for each in regions:
            try:
                region(each).delete_table(TableName=name)
            except region(each).exceptions.ResourceNotFoundException:
                pass


def key(text):
    return {"id": {"S": text}}


def test_what_is_written_in_one_region_is_in_all(region, replicated):
    name = replicated(IRELAND)
    region(EAST).put_item(TableName=name, Item={**key("a"), **NUMBER})
    assert region(IRELAND).get_item(TableName=name, Key=key("a"), ConsistentRead=True)["Item"] == {**key("a"), **NUMBER}
    region(IRELAND).update_item(TableName=name, Key=key("a"), UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}})
    assert region(EAST).get_item(TableName=name, Key=key("a"))["Item"]["n"] == {"N": "2"}
    with pytest.raises(region(IRELAND).exceptions.ConditionalCheckFailedException):
        region(IRELAND).put_item(TableName=name, Item=key("a"), ConditionExpression="attribute_not_exists(id)")
    region(IRELAND).delete_item(TableName=name, Key=key("a"))
    assert region(EAST).scan(TableName=name)["Items"] == []


def test_what_was_there_before_is_there(region, replicated, make_table):
    name = make_table()
    region(EAST).put_item(TableName=name, Item=key("old"))
    region(EAST).update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": IRELAND}}])
    assert region(IRELAND).scan(TableName=name)["Items"] == [key("old")]
    region(IRELAND).delete_table(TableName=name)
    assert region(EAST).scan(TableName=name)["Items"] == [key("old")]


def test_describe_table_tells_the_other_replicas(region, replicated):
    name = replicated(IRELAND, TOKYO)
    here = region(EAST).describe_table(TableName=name)["Table"]
    assert here["GlobalTableVersion"] == "2019.11.21"
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in here["Replicas"]] == [(TOKYO, "ACTIVE"), (IRELAND, "ACTIVE")]
    there = region(IRELAND).describe_table(TableName=name)["Table"]
    assert {each["RegionName"] for each in there["Replicas"]} == {EAST, TOKYO}
    assert there["TableArn"] == f"arn:aws:dynamodb:{IRELAND}:000000000000:table/{name}"
    assert there["TableId"] != here["TableId"]
    assert there["KeySchema"] == here["KeySchema"]
    assert name in region(TOKYO).list_tables()["TableNames"]


def test_each_replica_has_a_stream_of_its_own(region, replicated):
    name = replicated(IRELAND)
    arns = {each: region(each).describe_table(TableName=name)["Table"]["LatestStreamArn"] for each in (EAST, IRELAND)}
    assert region(EAST).describe_table(TableName=name)["Table"]["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    region(IRELAND).put_item(TableName=name, Item=key("a"))
    region(EAST).put_item(TableName=name, Item=key("b"))
    for each, arn in arns.items():
        assert f":{each}:" in arn
        seen = records(region(each, "dynamodbstreams"), arn)
        assert [(one["eventName"], one["awsRegion"]) for one in seen] == [("INSERT", each)] * 2
        assert {one["dynamodb"]["Keys"]["id"]["S"] for one in seen} == {"a", "b"}
    refused("ValidationException", "Disabling Stream is not allowed for a Global Table replica", region(EAST).update_table, TableName=name, StreamSpecification={"StreamEnabled": False})


def test_indexes_and_time_to_live_are_shared_tags_and_protection_are_not(region, replicated):
    name = replicated(IRELAND)
    region(IRELAND).put_item(TableName=name, Item={**key("a"), "g": {"S": "x"}})
    region(IRELAND).update_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}],
    )
    for _ in range(400):
        table = region(EAST).describe_table(TableName=name)["Table"]
        if table["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE":
            break
        time.sleep(0.01)
    found = region(EAST).query(TableName=name, IndexName="by-g", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "x"}})
    assert found["Count"] == 1
    region(EAST).update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    assert region(IRELAND).describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "ends"
    arn = table["TableArn"]
    region(EAST).tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "shop"}])
    assert region(IRELAND).list_tags_of_resource(ResourceArn=arn.replace(EAST, IRELAND))["Tags"] == []
    region(IRELAND).update_table(TableName=name, DeletionProtectionEnabled=True)
    refused("ValidationException", "protected against deletion", region(EAST).update_table, TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": IRELAND}}])
    region(IRELAND).update_table(TableName=name, DeletionProtectionEnabled=False)


def test_the_table_outlives_the_region_that_it_was_made_in(region, replicated, client):
    name = replicated(IRELAND)
    region(EAST).put_item(TableName=name, Item=key("a"))
    region(EAST).delete_table(TableName=name)
    with pytest.raises(region(EAST).exceptions.ResourceNotFoundException):
        region(EAST).describe_table(TableName=name)
    assert name not in region(EAST).list_tables()["TableNames"]
    there = region(IRELAND).describe_table(TableName=name)["Table"]
    assert "Replicas" not in there
    assert region(IRELAND).scan(TableName=name)["Items"] == [key("a")]
    region(IRELAND).put_item(TableName=name, Item=key("b"))
    # And can come back there.
    region(IRELAND).update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": EAST}}])
    assert region(EAST).scan(TableName=name)["Count"] == 2
    # A table of that name made after it ended is another one.
    region(IRELAND).delete_table(TableName=name)
    region(EAST).delete_table(TableName=name)
    refused("ResourceNotFoundException", "not found", region(IRELAND).describe_table, TableName=name)


def test_expired_items_go_where_the_first_region_is_gone(region, replicated):
    name = replicated(IRELAND)
    region(EAST).update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    for _ in range(400):
        if region(EAST).describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED":
            break
        time.sleep(0.01)
    region(EAST).delete_table(TableName=name)
    region(IRELAND).put_item(TableName=name, Item={**key("a"), "ends": {"N": str(int(time.time()) - 1)}})
    for _ in range(500):
        if region(IRELAND).scan(TableName=name)["Count"] == 0:
            break
        time.sleep(0.01)
    assert region(IRELAND).scan(TableName=name)["Count"] == 0


def test_a_backup_of_a_replica(region, replicated, unique_name):
    name = replicated(IRELAND)
    region(EAST).put_item(TableName=name, Item=key("a"))
    arn = region(IRELAND).create_backup(TableName=name, BackupName="backup")["BackupDetails"]["BackupArn"]
    for _ in range(500):
        if region(IRELAND).describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE":
            break
        time.sleep(0.01)
    region(EAST).delete_item(TableName=name, Key=key("a"))
    restored = unique_name("restored")
    region(IRELAND).restore_table_from_backup(TargetTableName=restored, BackupArn=arn)
    region(IRELAND).get_waiter("table_exists").wait(TableName=restored, WaiterConfig={"Delay": 1})
    assert region(IRELAND).scan(TableName=restored)["Items"] == [key("a")]
    region(IRELAND).delete_table(TableName=restored)
    region(IRELAND).delete_backup(BackupArn=arn)


def test_settings_of_one_replica(region, replicated):
    name = replicated(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
    create = {"RegionName": IRELAND, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 9}, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}
    region(EAST).update_table(TableName=name, ReplicaUpdates=[{"Create": create}])
    there = region(IRELAND).describe_table(TableName=name)["Table"]
    assert (there["ProvisionedThroughput"]["ReadCapacityUnits"], there["ProvisionedThroughput"]["WriteCapacityUnits"]) == (9, 6)
    assert there["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    (replica,) = region(EAST).describe_table(TableName=name)["Table"]["Replicas"]
    assert replica["ProvisionedThroughputOverride"] == {"ReadCapacityUnits": 9}
    region(EAST).update_table(TableName=name, ReplicaUpdates=[{"Update": {"RegionName": IRELAND, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7}}}])
    assert region(IRELAND).describe_table(TableName=name)["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    region(EAST).update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": IRELAND}}])
    refused("ResourceNotFoundException", "not found", region(IRELAND).describe_table, TableName=name)
    assert "Replicas" not in region(EAST).describe_table(TableName=name)["Table"]


def test_strong_consistency_takes_three_regions(region, replicated):
    name = replicated()
    two = [{"Create": {"RegionName": IRELAND}}]
    refused("ValidationException", "exactly three regions", region(EAST).update_table, TableName=name, ReplicaUpdates=two, MultiRegionConsistency="STRONG")
    region(EAST).update_table(
        TableName=name, ReplicaUpdates=two, MultiRegionConsistency="STRONG", GlobalTableWitnessUpdates=[{"Create": {"RegionName": TOKYO}}]
    )
    table = region(EAST).describe_table(TableName=name)["Table"]
    assert table["MultiRegionConsistency"] == "STRONG"
    assert table["GlobalTableWitnesses"] == [{"RegionName": TOKYO, "WitnessStatus": "ACTIVE"}]
    region(IRELAND).delete_table(TableName=name)


def test_refusals(region, replicated, make_table):
    name = replicated(IRELAND)
    update = region(EAST).update_table
    refused("ValidationException", "already has a replica", update, TableName=name, ReplicaUpdates=[{"Create": {"RegionName": IRELAND}}])
    refused("ValidationException", "no replica in the region", update, TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": TOKYO}}])
    refused("ValidationException", "Invalid region", update, TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "Mars"}}])
    refused("ValidationException", "Exactly one of", update, TableName=name, ReplicaUpdates=[{}])
    other = make_table()
    region(TOKYO).create_table(
        TableName=other, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]
    )
    refused("ValidationException", "already existed as tables", update, TableName=other, ReplicaUpdates=[{"Create": {"RegionName": TOKYO}}])
    region(TOKYO).delete_table(TableName=other)
    # What is refused changes nothing.
    assert "Replicas" not in region(EAST).describe_table(TableName=other)["Table"]
