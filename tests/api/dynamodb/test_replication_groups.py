"""Global tables of version 2017.11.29, which are made of tables that are there."""

import pytest

from harness.refusals import refused
from harness.streams import records
from harness.wait import eventually

EAST, IRELAND, TOKYO = "us-east-1", "eu-west-1", "ap-northeast-1"
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.fixture
def tables(region, unique_name):
    """tables("us-east-1", "eu-west-1", ...): the name of an empty table in each of them; gone at the test's end."""
    made = []

    def make(*regions, **options):
        name = unique_name("group")
        options = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                   "BillingMode": "PAY_PER_REQUEST", "StreamSpecification": STREAM, **options}
        for each in regions:
            region(each).create_table(TableName=name, **options)
            made.append((each, name))
        return name

    yield make
    for each, name in made:
        try:
            eventually(lambda: region(each).describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")
            region(each).delete_table(TableName=name)
        except region(each).exceptions.ResourceNotFoundException:
            pass


@pytest.fixture
def group(region, tables):
    def make(*regions, **options):
        name = tables(*regions, **options)
        region(regions[0]).create_global_table(GlobalTableName=name, ReplicationGroup=[{"RegionName": each} for each in regions])
        return name

    return make


def key(text):
    return {"id": {"S": text}}


def regions_of(description):
    return [each["RegionName"] for each in description["ReplicationGroup"]]


def test_tables_become_one(region, tables):
    name = tables(EAST, IRELAND)
    made = region(EAST).create_global_table(GlobalTableName=name, ReplicationGroup=[{"RegionName": EAST}, {"RegionName": IRELAND}])["GlobalTableDescription"]
    assert made["GlobalTableStatus"] == "CREATING" and made["GlobalTableArn"] == f"arn:aws:dynamodb::000000000000:global-table/{name}"
    found = region(TOKYO).describe_global_table(GlobalTableName=name)["GlobalTableDescription"]
    assert found["GlobalTableStatus"] == "ACTIVE" and regions_of(found) == [IRELAND, EAST]
    region(EAST).put_item(TableName=name, Item=key("a"))
    assert region(IRELAND).get_item(TableName=name, Key=key("a"))["Item"] == key("a")
    table = region(IRELAND).describe_table(TableName=name)["Table"]
    assert table["GlobalTableVersion"] == "2017.11.29" and "Replicas" not in table
    assert [each["awsRegion"] for each in records(region(IRELAND, "dynamodbstreams"), table["LatestStreamArn"])] == [IRELAND]


def test_what_cannot_become_one_stays_as_it_is(region, tables, unique_name):
    create = region(EAST).create_global_table
    both = [{"RegionName": EAST}, {"RegionName": IRELAND}]
    refused("TableNotFoundException", "Table not found", create, GlobalTableName=unique_name("none"), ReplicationGroup=both)
    refused("TableNotFoundException", IRELAND, create, GlobalTableName=tables(EAST), ReplicationGroup=both)
    refused("ValidationException", "must have a stream", create, GlobalTableName=tables(EAST, IRELAND, StreamSpecification={"StreamEnabled": False}), ReplicationGroup=both)
    full = tables(EAST, IRELAND)
    region(IRELAND).put_item(TableName=full, Item=key("a"))
    refused("ValidationException", "must be empty", create, GlobalTableName=full, ReplicationGroup=both)
    assert region(EAST).scan(TableName=full)["Items"] == [] and region(IRELAND).scan(TableName=full)["Items"] == [key("a")]
    refused("GlobalTableNotFoundException", full, region(EAST).describe_global_table, GlobalTableName=full)
    other = tables(EAST)
    region(IRELAND).create_table(
        TableName=other, BillingMode="PAY_PER_REQUEST", StreamSpecification=STREAM,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    refused("ValidationException", "same keys", create, GlobalTableName=other, ReplicationGroup=both)
    refused("ValidationException", "twice", create, GlobalTableName=other, ReplicationGroup=[{"RegionName": EAST}] * 2)
    region(IRELAND).delete_table(TableName=other)


def test_they_are_listed(region, group):
    first, second = sorted(group(EAST, IRELAND) for _ in range(2))
    alone = group(TOKYO)
    refused("GlobalTableAlreadyExistsException", alone, region(TOKYO).create_global_table, GlobalTableName=alone, ReplicationGroup=[{"RegionName": TOKYO}])

    def listed(**arguments):
        return {each["GlobalTableName"]: [one["RegionName"] for one in each["ReplicationGroup"]] for each in region(EAST).list_global_tables(**arguments)["GlobalTables"]}

    assert listed()[first] == [IRELAND, EAST] and listed()[alone] == [TOKYO]
    assert alone in listed(RegionName=TOKYO) and first not in listed(RegionName=TOKYO)
    assert second in listed(ExclusiveStartGlobalTableName=first) and first not in listed(ExclusiveStartGlobalTableName=first)
    page = region(EAST).list_global_tables(Limit=1, RegionName=IRELAND)
    assert len(page["GlobalTables"]) == 1 and page["LastEvaluatedGlobalTableName"] == page["GlobalTables"][0]["GlobalTableName"]


def test_a_replica_that_leaves_keeps_its_rows(region, group):
    index = {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    name = group(EAST, IRELAND, GlobalSecondaryIndexes=[index],
                 AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}])
    region(EAST).update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    items = [{**key(f"{n:03}"), "g": {"S": "x"}, "ends": {"N": "99999999999"}} for n in range(100)]
    for item in items:
        region(IRELAND).put_item(TableName=name, Item=item)
    # The region that the rows were made in leaves: they are the other's by then.
    left = region(IRELAND).update_global_table(GlobalTableName=name, ReplicaUpdates=[{"Delete": {"RegionName": EAST}}])["GlobalTableDescription"]
    assert regions_of(left) == [IRELAND]
    region(IRELAND).put_item(TableName=name, Item=key("later"))
    eventually(lambda: region(EAST).describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")
    assert sorted(region(EAST).scan(TableName=name)["Items"], key=lambda item: item["id"]["S"]) == items
    query = {"TableName": name, "IndexName": "by-g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}
    assert region(EAST).query(**query)["Count"] == 100
    table = region(EAST).describe_table(TableName=name)["Table"]
    assert "GlobalTableVersion" not in table and "RestoreSummary" not in table and table["StreamSpecification"] == STREAM
    eventually(lambda: region(EAST).describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"})
    region(EAST).put_item(TableName=name, Item=key("mine"))
    assert "Item" not in region(IRELAND).get_item(TableName=name, Key=key("mine"))
    # Neither is held by the copy any more, and the last replica ends the global table.
    region(IRELAND).update_global_table(GlobalTableName=name, ReplicaUpdates=[{"Delete": {"RegionName": IRELAND}}])
    refused("GlobalTableNotFoundException", name, region(EAST).describe_global_table, GlobalTableName=name)
    assert region(IRELAND).get_item(TableName=name, Key=key("later"))["Item"] == key("later")


def test_replicas_come_and_go(region, group, tables):
    name = group(EAST)
    update = region(EAST).update_global_table
    refused("ReplicaAlreadyExistsException", EAST, update, GlobalTableName=name, ReplicaUpdates=[{"Create": {"RegionName": EAST}}])
    refused("ReplicaNotFoundException", IRELAND, update, GlobalTableName=name, ReplicaUpdates=[{"Delete": {"RegionName": IRELAND}}])
    refused("TableNotFoundException", IRELAND, update, GlobalTableName=name, ReplicaUpdates=[{"Create": {"RegionName": IRELAND}}])
    refused("ValidationException", "2017.11.29", region(EAST).update_table, TableName=name, ReplicaUpdates=[{"Create": {"RegionName": IRELAND}}])
    region(EAST).put_item(TableName=name, Item=key("a"))
    region(IRELAND).create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", StreamSpecification=STREAM,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    assert regions_of(update(GlobalTableName=name, ReplicaUpdates=[{"Create": {"RegionName": IRELAND}}])["GlobalTableDescription"]) == [IRELAND, EAST]
    assert region(IRELAND).scan(TableName=name)["Items"] == [key("a")]
    region(IRELAND).delete_table(TableName=name)
    assert regions_of(region(EAST).describe_global_table(GlobalTableName=name)["GlobalTableDescription"]) == [EAST]
    region(EAST).delete_table(TableName=name)
    refused("GlobalTableNotFoundException", name, region(EAST).describe_global_table, GlobalTableName=name)


def test_settings(region, group):
    index = {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
             "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}}
    name = group(EAST, IRELAND, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}, GlobalSecondaryIndexes=[index],
                 AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}])
    policy = {"PolicyName": "track", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0, "ScaleInCooldown": 60}}
    changed = region(EAST).update_global_table_settings(
        GlobalTableName=name, GlobalTableProvisionedWriteCapacityUnits=16,
        GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate={"MinimumUnits": 10, "MaximumUnits": 20, "ScalingPolicyUpdate": policy},
        GlobalTableGlobalSecondaryIndexSettingsUpdate=[{"IndexName": "by-g", "ProvisionedWriteCapacityUnits": 14}],
        ReplicaSettingsUpdate=[{"RegionName": IRELAND, "ReplicaProvisionedReadCapacityUnits": 15,
                                "ReplicaGlobalSecondaryIndexSettingsUpdate": [{"IndexName": "by-g", "ProvisionedReadCapacityUnits": 13}]}])
    assert changed["ReplicaSettings"] == region(EAST).describe_global_table_settings(GlobalTableName=name)["ReplicaSettings"]
    there, here = changed["ReplicaSettings"]
    assert (there["RegionName"], there["ReplicaProvisionedReadCapacityUnits"], here["ReplicaProvisionedReadCapacityUnits"]) == (IRELAND, 15, 5)
    assert there["ReplicaGlobalSecondaryIndexSettings"][0]["ProvisionedReadCapacityUnits"] == 13
    for each in (there, here):
        assert each["ReplicaProvisionedWriteCapacityUnits"] == 16 and each["ReplicaBillingModeSummary"]["BillingMode"] == "PROVISIONED"
        assert each["ReplicaGlobalSecondaryIndexSettings"][0]["ProvisionedWriteCapacityUnits"] == 14
        scaling = each["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
        assert (scaling["MinimumUnits"], scaling["MaximumUnits"], scaling["AutoScalingDisabled"]) == (10, 20, False)
        assert scaling["ScalingPolicies"] == [policy]
        assert each["ReplicaProvisionedReadCapacityAutoScalingSettings"] == {"AutoScalingDisabled": True}
    assert region(IRELAND).describe_table(TableName=name)["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 15
    refused("ReplicaNotFoundException", TOKYO, region(EAST).update_global_table_settings, GlobalTableName=name, ReplicaSettingsUpdate=[{"RegionName": TOKYO}])
    refused("IndexNotFoundException", "none", region(EAST).update_global_table_settings, GlobalTableName=name,
            GlobalTableGlobalSecondaryIndexSettingsUpdate=[{"IndexName": "none", "ProvisionedWriteCapacityUnits": 1}])
    refused("GlobalTableNotFoundException", "none", region(EAST).describe_global_table_settings, GlobalTableName="none")


def test_auto_scaling_of_replicas(region, tables, client):
    name = tables(EAST, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
    region(EAST).update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": IRELAND}}])
    policy = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50.0, "DisableScaleIn": True}}
    region(EAST).update_table_replica_auto_scaling(
        TableName=name, ProvisionedWriteCapacityAutoScalingUpdate={"MinimumUnits": 6, "MaximumUnits": 60, "ScalingPolicyUpdate": policy},
        ReplicaUpdates=[{"RegionName": IRELAND, "ReplicaProvisionedReadCapacityAutoScalingUpdate": {"MinimumUnits": 5, "MaximumUnits": 50}}])
    found = region(EAST).describe_table_replica_auto_scaling(TableName=name)["TableAutoScalingDescription"]
    assert (found["TableName"], found["TableStatus"]) == (name, "ACTIVE")
    there, here = found["Replicas"]
    assert there["ReplicaProvisionedReadCapacityAutoScalingSettings"]["MaximumUnits"] == 50
    assert here["ReplicaProvisionedReadCapacityAutoScalingSettings"] == {"AutoScalingDisabled": True}
    for each in (there, here):
        assert each["ReplicaProvisionedWriteCapacityAutoScalingSettings"]["ScalingPolicies"] == [
            {"PolicyName": f"DynamoDBWriteCapacityUtilization:table/{name}", **policy}]
    # They are those of Application Auto Scaling.
    scaling = client("application-autoscaling", region_name=IRELAND)
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[f"table/{name}"])["ScalableTargets"]
    assert {each["ScalableDimension"] for each in targets} == {"dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"}
    region(EAST).update_table_replica_auto_scaling(TableName=name, ProvisionedWriteCapacityAutoScalingUpdate={"AutoScalingDisabled": True})
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[f"table/{name}"])["ScalableTargets"]
    assert [each["ScalableDimension"] for each in targets] == ["dynamodb:table:ReadCapacityUnits"]
    refused("ResourceNotFoundException", "none", region(EAST).describe_table_replica_auto_scaling, TableName="none")
    refused("ValidationException", TOKYO, region(EAST).update_table_replica_auto_scaling, TableName=name, ReplicaUpdates=[{"RegionName": TOKYO}])
    region(IRELAND).delete_table(TableName=name)
