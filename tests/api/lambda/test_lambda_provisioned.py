"""Provisioned concurrency: environments that run before their events."""

import json

import pytest

from harness.clients import make_client
from harness.functions import Functions
from harness.wait import eventually

HANDLER = """
import os, pathlib, time
began = time.time()
def lambda_handler(event, context):
    if event.get("wait"): time.sleep(event["wait"])
    return {"how": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "stream": context.log_stream_name, "began": began}
"""
ROLE = "arn:aws:iam::000000000000:role/provisioned"


@pytest.fixture
def published(client, deploy_function):
    def make(code=HANDLER, **config):
        name = deploy_function(code, **config)
        return name, client("lambda").publish_version(FunctionName=name)["Version"]

    return make


def ready(lambda_client, name, qualifier):
    def look():
        found = lambda_client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        assert found["Status"] != "FAILED", found
        return found["Status"] == "READY" and found

    return eventually(look)


def invoke(lambda_client, name, qualifier, event=None):
    answer = lambda_client.invoke(FunctionName=name, Qualifier=qualifier, Payload=json.dumps(event or {}), LogType="Tail")
    return json.loads(answer["Payload"].read()), answer["LogResult"]


def test_an_event_finds_an_environment_that_was_there(client, published):
    lambda_client = client("lambda")
    name, version = published()
    put = lambda_client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2)
    assert put["Status"] == "IN_PROGRESS" and put["RequestedProvisionedConcurrentExecutions"] == 2
    found = ready(lambda_client, name, version)
    assert found["AvailableProvisionedConcurrentExecutions"] == found["AllocatedProvisionedConcurrentExecutions"] == 2
    seen, tail = invoke(lambda_client, name, version)
    assert seen["how"] == "provisioned-concurrency" and "Init Duration" not in tail
    lambda_client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
    eventually(lambda: invoke(lambda_client, name, version)[0]["how"] == "on-demand")


def test_an_init_that_fails(client, published):
    lambda_client = client("lambda")
    name, version = published("raise RuntimeError('never')\ndef lambda_handler(event, context): pass\n")
    lambda_client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    failed = eventually(lambda: (lambda found: found["Status"] == "FAILED" and found)(
        lambda_client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)))
    assert failed["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"


def test_they_are_there_again_after_a_restart(start_daemon, unique_name):
    daemon = start_daemon()
    lambda_client = make_client("lambda", daemon.endpoint)
    functions = Functions(lambda_client, ROLE, unique_name)
    name = functions.deploy(HANDLER)
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    lambda_client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=2)
    ready(lambda_client, name, "live")
    for kill in (False, True):
        daemon.restart(kill=kill)
        ready(lambda_client, name, "live")
        assert invoke(lambda_client, name, "live")[0]["how"] == "provisioned-concurrency"


def test_metrics_tell_what_spilled_over(client, published):
    """Three at once with one provisioned: the others are started on demand, and counted."""
    import concurrent.futures
    import datetime

    lambda_client = client("lambda")
    name, version = published(Timeout=10)
    lambda_client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    ready(lambda_client, name, version)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        seen = list(pool.map(lambda _: invoke(lambda_client, name, version, {"wait": 0.5})[0]["how"], range(3)))
    assert sorted(seen) == ["on-demand", "on-demand", "provisioned-concurrency"]
    now = datetime.datetime.now(datetime.timezone.utc)

    def total(metric):
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": name}], Statistics=["Sum"], Period=60,
            StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5))["Datapoints"]
        return sum(point["Sum"] for point in points)

    assert eventually(lambda: total("ProvisionedConcurrencySpilloverInvocations")) == 2
    assert total("ProvisionedConcurrencyInvocations") == 1
