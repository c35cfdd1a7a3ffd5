"""Temporary credentials, and those of functions."""

from botocore.exceptions import ClientError
import pytest

WHO = """
import boto3
def lambda_handler(event, context):
    return boto3.client('sts').get_caller_identity()['Arn']
"""


def test_a_function_is_its_role(deploy_function, invoke, role_arn):
    name = deploy_function(WHO, Timeout=30)
    assert invoke(name).payload.endswith(f":assumed-role/{role_arn.split('/')[-1]}/{name}")


def test_what_would_narrow_a_session_is_not_ignored(client, role_arn):
    with pytest.raises(ClientError) as refused:
        client("sts").assume_role(RoleArn=role_arn, RoleSessionName="me", Policy='{"Version":"2012-10-17","Statement":[]}')
    assert "session policies" in str(refused.value)
