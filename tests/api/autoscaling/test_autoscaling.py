"""Application Auto Scaling: what deploy tools ask for is kept and shown."""

import datetime

import pytest

from harness.refusals import refused

TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
    "ScaleInCooldown": 60,
    "ScaleOutCooldown": 30,
}


@pytest.fixture
def scaling(client):
    return client("application-autoscaling")


@pytest.fixture
def target(scaling, unique_name):
    """A registered target: the members that name it."""
    named = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{unique_name('table')}", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    scaling.register_scalable_target(**named, MinCapacity=5, MaxCapacity=100)
    yield named
    try:
        scaling.deregister_scalable_target(**named)
    except scaling.exceptions.ObjectNotFoundException:
        pass  # the test did


def described(scaling, target):
    return scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[target["ResourceId"]])["ScalableTargets"]


def test_a_target_is_registered_and_changed(scaling, target):
    (found,) = described(scaling, target)
    assert (found["MinCapacity"], found["MaxCapacity"]) == (5, 100)
    assert found["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")
    assert found["SuspendedState"] == {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}
    assert abs(found["CreationTime"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=1)
    scaling.register_scalable_target(**target, MaxCapacity=50, SuspendedState={"DynamicScalingInSuspended": True})
    (changed,) = described(scaling, target)
    assert (changed["MinCapacity"], changed["MaxCapacity"]) == (5, 50)
    assert changed["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert changed["ScalableTargetARN"] == found["ScalableTargetARN"]
    scaling.deregister_scalable_target(**target)
    assert described(scaling, target) == []
    refused("ObjectNotFoundException", "No scalable target registered", scaling.deregister_scalable_target, **target)


def test_policies(scaling, target):
    policy = dict(**target, PolicyName="scale", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=TRACKING)
    made = scaling.put_scaling_policy(**policy)
    assert f":resource/dynamodb/{target['ResourceId']}:policyName/scale" in made["PolicyARN"]
    assert made["Alarms"] == []
    (found,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId=target["ResourceId"])["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    assert (found["PolicyARN"], found["PolicyName"], found["PolicyType"]) == (made["PolicyARN"], "scale", "TargetTrackingScaling")
    policy["TargetTrackingScalingPolicyConfiguration"] = {**TRACKING, "TargetValue": 50.0}
    assert scaling.put_scaling_policy(**policy)["PolicyARN"] == made["PolicyARN"]
    (found,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", PolicyNames=["scale"], ResourceId=target["ResourceId"])["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50
    scaling.delete_scaling_policy(**target, PolicyName="scale")
    refused("ObjectNotFoundException", "No scaling policy found", scaling.delete_scaling_policy, **target, PolicyName="scale")


def test_what_belongs_to_a_target_goes_with_it(scaling, target):
    scaling.put_scaling_policy(**target, PolicyName="scale", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=TRACKING)
    scaling.put_scheduled_action(**target, ScheduledActionName="night", Schedule="cron(0 22 * * ? *)", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2})
    scaling.deregister_scalable_target(**target)
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId=target["ResourceId"])["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb", ResourceId=target["ResourceId"])["ScheduledActions"] == []


def test_scheduled_actions(scaling, target):
    action = dict(**target, ScheduledActionName="night")
    scaling.put_scheduled_action(**action, Schedule="cron(0 22 * * ? *)", Timezone="Europe/Berlin", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2})
    scaling.put_scheduled_action(**action, Schedule="rate(1 hour)")
    (found,) = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb", ResourceId=target["ResourceId"])["ScheduledActions"]
    assert (found["Schedule"], found["Timezone"], found["ScalableTargetAction"]) == ("rate(1 hour)", "Europe/Berlin", {"MinCapacity": 1, "MaxCapacity": 2})
    refused("ValidationException", "Schedule expression is not valid", scaling.put_scheduled_action, **action, Schedule="sometimes")
    scaling.delete_scheduled_action(**action)
    refused("ObjectNotFoundException", "No scheduled action found", scaling.delete_scheduled_action, **action)
    assert scaling.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"] == []


def test_tags(scaling, target):
    arn = described(scaling, target)[0]["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"team": "shop", "stage": "test"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["stage"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "shop"}
    refused("ResourceNotFoundException", "no scalable target", scaling.list_tags_for_resource, ResourceARN=arn[:-5] + "00000")


def test_pages(scaling, unique_name):
    prefix = unique_name("function")
    named = [{"ServiceNamespace": "lambda", "ResourceId": f"function:{prefix}-{i}:live", "ScalableDimension": "lambda:function:ProvisionedConcurrency"} for i in range(5)]
    for each in named:
        scaling.register_scalable_target(**each, MinCapacity=0, MaxCapacity=10)
    pages = list(scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="lambda", ResourceIds=[each["ResourceId"] for each in named], PaginationConfig={"PageSize": 2}))
    assert [len(page["ScalableTargets"]) for page in pages] == [2, 2, 1]
    assert [found["ResourceId"] for page in pages for found in page["ScalableTargets"]] == [each["ResourceId"] for each in named]
    for each in named:
        scaling.deregister_scalable_target(**each)


@pytest.mark.parametrize(
    "change, text",
    [
        ({"ScalableDimension": "dynamodb:index:ReadCapacityUnits"}, "Unsupported service namespace"),
        ({"ScalableDimension": "lambda:function:ProvisionedConcurrency"}, "Unsupported service namespace"),
        ({"ResourceId": "orders"}, "Unsupported service namespace"),
        ({"MaxCapacity": 1}, "cannot be less than minimum"),
        ({"MinCapacity": -1}, "at least 0"),
        ({"ServiceNamespace": "moon"}, "failed to satisfy constraint"),
    ],
)
def test_refused_targets(scaling, unique_name, change, text):
    named = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{unique_name('table')}", "ScalableDimension": "dynamodb:table:ReadCapacityUnits", "MinCapacity": 5, "MaxCapacity": 100}
    refused("ValidationException", text, scaling.register_scalable_target, **{**named, **change})


def test_other_refusals(scaling, target):
    refused("NotSupportedException", "Scaling in the namespace ecs", scaling.register_scalable_target, ServiceNamespace="ecs", ResourceId="service/a/b", ScalableDimension="ecs:service:DesiredCount", MinCapacity=1, MaxCapacity=2)
    unknown = {**target, "ResourceId": target["ResourceId"] + "-other"}
    refused("ValidationException", "MinCapacity and MaxCapacity must be specified", scaling.register_scalable_target, **unknown, MinCapacity=1)
    refused(
        "ObjectNotFoundException", "No scalable target registered", scaling.put_scaling_policy, **unknown, PolicyName="a", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=TRACKING
    )
    refused("ValidationException", "step scaling is not supported", scaling.put_scaling_policy, **target, PolicyName="a", PolicyType="StepScaling", StepScalingPolicyConfiguration={})
    both = {**TRACKING, "CustomizedMetricSpecification": {"MetricName": "m", "Namespace": "n", "Statistic": "Average"}}
    refused("ValidationException", "Exactly one of", scaling.put_scaling_policy, **target, PolicyName="a", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=both)
    refused("InvalidNextTokenException", "Invalid token", scaling.describe_scalable_targets, ServiceNamespace="dynamodb", NextToken="?")
