"""boto3 clients of a daemon, and what they are given again and again."""

import boto3
import botocore.config

ASSUME_ROLE = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    '"Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)


def make_client(service, endpoint, **options):
    """A boto3 client; works with those too old to know AWS_ENDPOINT_URL. Tries once: a retry would hide a fault."""
    settings = {
        "endpoint_url": endpoint, "region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test",
        "config": botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=64),
        **options,
    }
    # Not boto3.client(): the default session would look at the user's own profile.
    return boto3.session.Session().client(service, **settings)
