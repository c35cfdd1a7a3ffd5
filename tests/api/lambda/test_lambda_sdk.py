"""boto3 is there for every Python, as on Lambda, whether that interpreter has one of its own or not."""

import json

import pytest

from harness.wait import eventually

HANDLER = """
import boto3, sys
def lambda_handler(event, context):
    boto3.client('dynamodb').list_tables(Limit=1)
    return {'boto3': boto3.__version__, 'python': list(sys.version_info[:2])}
"""


@pytest.mark.parametrize("runtime", ["python3.9", "python3.10", "python3.11", "python3.12", "python3.13"])
def test_boto3_reaches_mayfly_from_every_python(runtime, deploy_function, client):
    # A version that is not installed runs on the nearest one, so this holds on a machine with one Python too.
    name = deploy_function(HANDLER, runtime=runtime, Timeout=30)
    answer = client("lambda").invoke(FunctionName=name)
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    assert body["boto3"]


@pytest.mark.parametrize("runtime", ["python3.11", "python3.13"])
def test_so_it_does_where_processes_are_forked_from_a_zygote(runtime, deploy_function, client):
    """The first function of an interpreter asks for its zygote, later ones are forked from it."""
    source = HANDLER.replace("import boto3, sys", "import boto3, sys\nforked = 'mayfly_runtime.zygote' in sys.modules").replace(
        "return {", "return {'forked': forked, ")

    def forked():
        answer = client("lambda").invoke(FunctionName=deploy_function(source, runtime=runtime, Timeout=30))
        body = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, body
        return body["forked"]

    eventually(forked, what="a fork from a zygote")
