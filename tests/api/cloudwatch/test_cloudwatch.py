"""CloudWatch metrics with clients of three protocols: boto3 of today speaks CBOR, the JavaScript SDK JSON, older ones Query."""

import copy
import datetime
import json
import time

import botocore.session
import pytest
from botocore.exceptions import ClientError

from harness.http import send

HOUR = datetime.timedelta(hours=1)


@pytest.fixture(params=["its own", "json", "query"])
def cloudwatch(request, client, endpoint):
    """boto3 in each protocol that its model lists; an old boto3 has Query only."""
    if request.param == "its own":
        return client("cloudwatch")
    core = botocore.session.Session()
    loader = core.get_component("data_loader")
    model = copy.deepcopy(loader.load_service_model("cloudwatch", "service-2"))
    offered = model["metadata"].get("protocols", ["query"])
    if request.param not in offered:
        pytest.skip(f"this boto3 speaks CloudWatch as {offered} only")
    # botocore takes the first protocol of the list that it knows.
    model["metadata"].update(protocols=[request.param], protocol=request.param)

    def load(service_name, type_name, api_version=None):
        if (service_name, type_name) == ("cloudwatch", "service-2"):
            return model
        return type(loader).load_service_model(loader, service_name, type_name, api_version)

    loader.load_service_model = load
    return core.create_client("cloudwatch", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                              aws_secret_access_key="test")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def test_custom_metrics_come_back(cloudwatch, unique_name):
    space = unique_name("Shop")
    dimensions = [{"Name": "Page", "Value": "cart <&> ü"}]
    cloudwatch.put_metric_data(Namespace=space, MetricData=[
        {"MetricName": "Latency", "Dimensions": dimensions, "Value": 1.5, "Unit": "Milliseconds", "Timestamp": now()},
        {"MetricName": "Latency", "Dimensions": dimensions, "Values": [2.5, 4], "Counts": [2, 1], "Unit": "Milliseconds"}])
    found = cloudwatch.get_metric_statistics(Namespace=space, MetricName="Latency", Dimensions=dimensions, StartTime=now() - HOUR,
                                             EndTime=now() + HOUR, Period=7200, Statistics=["Sum", "SampleCount", "Maximum"],
                                             ExtendedStatistics=["p100"])
    assert found["Label"] == "Latency"
    assert sum(point["Sum"] for point in found["Datapoints"]) == 10.5
    assert sum(point["SampleCount"] for point in found["Datapoints"]) == 4
    assert max(point["ExtendedStatistics"]["p100"] for point in found["Datapoints"]) == 4
    assert {point["Unit"] for point in found["Datapoints"]} == {"Milliseconds"}
    assert all(abs(point["Timestamp"] - now()) < 3 * HOUR for point in found["Datapoints"])
    listed = [m for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace=space) for m in page["Metrics"]]
    assert listed == [{"Namespace": space, "MetricName": "Latency", "Dimensions": dimensions}]


def test_metrics_of_a_function(cloudwatch, client, deploy_function):
    name = deploy_function("def lambda_handler(event, context):\n    return 1 / event['by']\n")
    for by in (1, 1, 0):
        client("lambda").invoke(FunctionName=name, Payload=json.dumps({"by": by}))
    dimensions = [{"Name": "FunctionName", "Value": name}]

    def query(identifier, metric, stat):
        return {"Id": identifier, "Label": metric, "MetricStat": {"Period": 60, "Stat": stat, "Metric": {
            "Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}}}

    found = cloudwatch.get_metric_data(StartTime=now() - HOUR, EndTime=now() + HOUR, ScanBy="TimestampAscending", MetricDataQueries=[
        query("i", "Invocations", "Sum"), query("e", "Errors", "Sum"), query("t", "Throttles", "Sum"),
        query("d", "Duration", "Maximum"), query("c", "ConcurrentExecutions", "Maximum")])
    sums = {result["Label"]: sum(result["Values"]) for result in found["MetricDataResults"]}
    assert (sums["Invocations"], sums["Errors"], sums["Throttles"]) == (3, 1, 0)
    assert 0 < sums["Duration"] < 3000
    assert sums["ConcurrentExecutions"] >= 1
    assert {result["StatusCode"] for result in found["MetricDataResults"]} == {"Complete"}


def test_metrics_of_a_function_url(cloudwatch, client, deploy_function):
    name = deploy_function("def lambda_handler(event, context):\n    return {'statusCode': int(event['rawPath'][1:])}\n")
    url = client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    client("lambda").add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
    assert [send("GET", url + status).status for status in ("200", "404", "404", "500")] == [200, 404, 404, 500]

    def values(metric, statistic):
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": name}], Period=60,
            StartTime=now() - HOUR, EndTime=now() + HOUR, Statistics=[statistic])
        return sum(point[statistic] for point in found["Datapoints"])

    assert [values(metric, "Sum") for metric in ("UrlRequestCount", "Url4xxCount", "Url5xxCount")] == [4, 2, 1]
    assert values("UrlRequestLatency", "SampleCount") == 4 and values("UrlRequestLatency", "Minimum") > 0


def test_errors_have_their_codes(cloudwatch):
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_metric_statistics(Namespace="Shop", MetricName="m", StartTime=now(), EndTime=now() - HOUR, Period=60,
                                         Statistics=["Sum"])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert refused.value.response["Error"]["Message"] == "The parameter StartTime must be less than the parameter EndTime."
    with pytest.raises(ClientError) as missing:
        cloudwatch.describe_alarms()
    assert "DescribeAlarms of Amazon CloudWatch is not supported" in missing.value.response["Error"]["Message"]


def test_a_large_request_comes_compressed(client, unique_name):
    space = unique_name("Large")
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_data(Namespace=space, MetricData=[
        {"MetricName": f"metric-{i}", "Value": i, "Dimensions": [{"Name": "padding", "Value": "x" * 100}]} for i in range(200)])
    listed = [m for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace=space) for m in page["Metrics"]]
    assert len(listed) == 200


def test_function_metrics_survive_a_restart(start_daemon):
    from harness.clients import make_client
    daemon = start_daemon()
    cloudwatch = make_client("cloudwatch", daemon.endpoint)
    cloudwatch.put_metric_data(Namespace="Kept", MetricData=[{"MetricName": "m", "Value": 1}])
    daemon.kill()
    daemon.start()
    again = make_client("cloudwatch", daemon.endpoint)
    assert [m["MetricName"] for m in again.list_metrics(Namespace="Kept")["Metrics"]] == ["m"]


def test_metrics_in_events_that_a_client_writes(client, unique_name):
    logs, group, space = client("logs"), unique_name("group"), unique_name("space")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    event = {"_aws": {"Timestamp": now, "CloudWatchMetrics": [
        {"Namespace": space, "Dimensions": [["service"]], "Metrics": [{"Name": "Orders", "Unit": "Count"}]}]}, "service": "shop", "Orders": 3}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": json.dumps(event)}])
    points = client("cloudwatch").get_metric_statistics(
        Namespace=space, MetricName="Orders", Dimensions=[{"Name": "service", "Value": "shop"}], StartTime=now / 1000 - 300,
        EndTime=now / 1000 + 300, Period=60, Statistics=["Sum"])["Datapoints"]
    assert [point["Sum"] for point in points] == [3]
    logs.delete_log_group(logGroupName=group)
