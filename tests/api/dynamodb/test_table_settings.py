"""What is kept about tables and changes nothing of their items: resource policies, contributor insights."""

import json

import pytest

from harness.refusals import refused

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "dynamodb:GetItem", "Resource": "*"}]})


@pytest.fixture
def database(client):
    return client("dynamodb")


@pytest.mark.parametrize("of", ["table", "stream"])
def test_resource_policies(database, table, of):
    arn = database.describe_table(TableName=table)["Table"]["TableArn"]
    if of == "stream":
        database.update_table(TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        arn = database.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    refused("PolicyNotFoundException", "", database.get_resource_policy, ResourceArn=arn)
    assert "RevisionId" not in database.delete_resource_policy(ResourceArn=arn)
    first = database.put_resource_policy(ResourceArn=arn, Policy=POLICY, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    got = database.get_resource_policy(ResourceArn=arn)
    assert (got["Policy"], got["RevisionId"]) == (POLICY, first)
    assert database.put_resource_policy(ResourceArn=arn, Policy=POLICY)["RevisionId"] == first
    other = POLICY.replace("111122223333", "444455556666")
    refused("PolicyNotFoundException", "", database.put_resource_policy, ResourceArn=arn, Policy=other, ExpectedRevisionId="NO_POLICY")
    second = database.put_resource_policy(ResourceArn=arn, Policy=other, ExpectedRevisionId=first)["RevisionId"]
    assert second != first
    refused("PolicyNotFoundException", "", database.delete_resource_policy, ResourceArn=arn, ExpectedRevisionId=first)
    assert database.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)["RevisionId"] == second
    refused("PolicyNotFoundException", "", database.get_resource_policy, ResourceArn=arn)
    for wrong in ("no", "[]", "{}", json.dumps({"Statement": "x" * 20_481})):
        refused("ValidationException", "", database.put_resource_policy, ResourceArn=arn, Policy=wrong)
    refused("ResourceNotFoundException", "", database.put_resource_policy, ResourceArn=arn.replace(table, table + "x"), Policy=POLICY)


def test_a_policy_that_comes_and_goes_with_its_table(database, unique_name):
    name = unique_name("policy")
    definition = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                  "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
    refused("ValidationException", "", database.create_table, ResourcePolicy="no", **definition)
    arn = database.create_table(ResourcePolicy=POLICY, **definition)["TableDescription"]["TableArn"]
    assert database.get_resource_policy(ResourceArn=arn)["Policy"] == POLICY
    database.delete_table(TableName=name)
    database.create_table(**definition)
    refused("PolicyNotFoundException", "", database.get_resource_policy, ResourceArn=arn)
    database.delete_table(TableName=name)


def test_contributor_insights(database, table):
    assert database.describe_contributor_insights(TableName=table)["ContributorInsightsStatus"] == "DISABLED"
    assert database.update_contributor_insights(TableName=table, ContributorInsightsAction="ENABLE")["ContributorInsightsStatus"] == "ENABLING"
    described = database.describe_contributor_insights(TableName=table)
    assert described["ContributorInsightsStatus"] == "ENABLED" and described["LastUpdateDateTime"] and len(described["ContributorInsightsRuleList"]) == 4
    refused("ResourceNotFoundException", "", database.update_contributor_insights, TableName=table, IndexName="none", ContributorInsightsAction="ENABLE")
    refused("ResourceNotFoundException", "", database.describe_contributor_insights, TableName=table + "x")
    listed = [summary for page in database.get_paginator("list_contributor_insights").paginate() for summary in page["ContributorInsightsSummaries"]] \
        if database.can_paginate("list_contributor_insights") else database.list_contributor_insights()["ContributorInsightsSummaries"]
    assert table in {summary["TableName"] for summary in listed}
    assert database.update_contributor_insights(TableName=table, ContributorInsightsAction="DISABLE")["ContributorInsightsStatus"] == "DISABLING"
    assert database.list_contributor_insights(TableName=table)["ContributorInsightsSummaries"] == []
