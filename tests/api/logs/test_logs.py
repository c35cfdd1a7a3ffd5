"""CloudWatch Logs with boto3: what functions print, and what clients put themselves."""

import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def group(client, unique_name):
    name = unique_name("/test/group")
    client("logs").create_log_group(logGroupName=name)
    yield name
    client("logs").delete_log_group(logGroupName=name)


@pytest.fixture
def stream(client, group):
    client("logs").create_log_stream(logGroupName=group, logStreamName="s")
    return "s"


def now():
    return int(time.time() * 1000)


def test_events_come_back_in_order_and_page(client, group, stream):
    logs, start = client("logs"), now()
    logs.put_log_events(logGroupName=group, logStreamName=stream,
                        logEvents=[{"timestamp": start + i, "message": f"m{i}"} for i in range(5)])
    page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=3)
    assert [e["message"] for e in page["events"]] == ["m0", "m1", "m2"]
    rest = logs.get_log_events(logGroupName=group, logStreamName=stream, nextToken=page["nextForwardToken"], startFromHead=True)
    assert [e["message"] for e in rest["events"]] == ["m3", "m4"]
    end = logs.get_log_events(logGroupName=group, logStreamName=stream, nextToken=rest["nextForwardToken"], startFromHead=True)
    assert end["events"] == [] and end["nextForwardToken"] == rest["nextForwardToken"]


def test_filters(client, group, stream):
    logs, start = client("logs"), now()
    lines = ["ERROR disk full", '{"level":"WARN","ms":12}', "all good"]
    logs.put_log_events(logGroupName=group, logStreamName=stream,
                        logEvents=[{"timestamp": start + i, "message": m} for i, m in enumerate(lines)])

    def found(pattern):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=pattern)
        return [e["message"] for page in pages for e in page["events"]]

    assert found("") == lines
    assert found('"disk full"') == lines[:1]
    assert found("?ERROR ?good") == [lines[0], lines[2]]
    assert found('{ $.level = "WARN" && $.ms > 10 }') == [lines[1]]
    with pytest.raises(ClientError) as refused:
        found("[a, b]")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_what_a_function_prints_is_there_when_it_has_answered(client, deploy_function, invoke):
    name = deploy_function("def lambda_handler(event, context):\n    print('hello from', context.function_name)\n")
    request = invoke(name).request_id
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    messages = [e["message"].rstrip("\n") for e in events]
    assert f"START RequestId: {request} Version: $LATEST" in messages
    assert f"hello from {name}" in messages
    assert f"END RequestId: {request}" in messages
    assert any(m.startswith(f"REPORT RequestId: {request}\tDuration: ") for m in messages)
    client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")


def test_retention_and_tags(client, group):
    logs = client("logs")
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    described = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert described["retentionInDays"] == 7 and described["arn"].endswith(f"log-group:{group}:*")
    logs.tag_log_group(logGroupName=group, tags={"team": "a"})
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"team": "a"}


def test_bad_input(client, group, stream):
    logs = client("logs")
    for events, text in (
        ([{"timestamp": now(), "message": "b"}, {"timestamp": now() - 1000, "message": "a"}], "chronological order"),
        ([{"timestamp": now(), "message": "x" * 1_048_576}], "too large"),
    ):
        with pytest.raises(ClientError) as refused:
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        assert text in str(refused.value)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName=group, logStreamName="none")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
