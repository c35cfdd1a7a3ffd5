"""Users and their access keys; roles and policies are in test_end_to_end_boto3.py."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def user(client, unique_name):
    name = unique_name("user")
    client("iam").create_user(UserName=name)
    yield name
    for key in client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]:
        client("iam").delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    client("iam").delete_user(UserName=name)


def test_a_key_is_its_user(client, user):
    key = client("iam").create_access_key(UserName=user)["AccessKey"]
    own = client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert own.get_caller_identity()["Arn"].endswith(f":user/{user}")
    listed = client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert [k["AccessKeyId"] for k in listed] == [key["AccessKeyId"]]
    assert "SecretAccessKey" not in listed[0]


def test_two_keys_at_most(client, user):
    for _ in range(2):
        client("iam").create_access_key(UserName=user)
    with pytest.raises(ClientError) as refused:
        client("iam").create_access_key(UserName=user)
    assert refused.value.response["Error"]["Code"] == "LimitExceeded"


def test_a_bad_policy_is_refused(client, unique_name):
    with pytest.raises(ClientError) as refused:
        client("iam").create_policy(PolicyName=unique_name("policy"), PolicyDocument="{")
    assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"
