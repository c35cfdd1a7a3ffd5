"""Settings that stand by themselves: code signing, runtime management."""

import pytest
from botocore.exceptions import ClientError

from harness.packages import zip_of

ECHO = "def lambda_handler(event, context):\n    return event\n"
PUBLISHER = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/mine/abcdefghij"


@pytest.fixture
def lambda_client(client):
    return client("lambda")


@pytest.fixture
def signing(lambda_client):
    made = []

    def make(**settings):
        config = lambda_client.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]}, **settings)["CodeSigningConfig"]
        made.append(config["CodeSigningConfigArn"])
        return config

    yield make
    for arn in made:
        for function in lambda_client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"]:
            lambda_client.delete_function_code_signing_config(FunctionName=function)
        lambda_client.delete_code_signing_config(CodeSigningConfigArn=arn)


def test_a_configuration_and_its_functions(lambda_client, signing, deploy_function):
    config = signing(Description="ours")
    arn = config["CodeSigningConfigArn"]
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"} and arn.endswith(config["CodeSigningConfigId"])
    assert lambda_client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == config
    assert config in lambda_client.list_code_signing_configs()["CodeSigningConfigs"]
    name = deploy_function(ECHO, CodeSigningConfigArn=arn)
    assert lambda_client.get_function_code_signing_config(FunctionName=name).get("CodeSigningConfigArn") == arn
    assert lambda_client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"] == [
        lambda_client.get_function_configuration(FunctionName=name)["FunctionArn"]]
    with pytest.raises(lambda_client.exceptions.ResourceConflictException):
        lambda_client.delete_code_signing_config(CodeSigningConfigArn=arn)
    lambda_client.delete_function_code_signing_config(FunctionName=name)
    assert lambda_client.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == ""
    missing = arn[:-17] + "0" * 17
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
        lambda_client.get_code_signing_config(CodeSigningConfigArn=missing)
    with pytest.raises(lambda_client.exceptions.CodeSigningConfigNotFoundException):
        lambda_client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=missing)


def test_where_it_is_enforced_unsigned_code_is_refused(lambda_client, signing, deploy_function):
    config = signing(CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})
    arn = config["CodeSigningConfigArn"]
    with pytest.raises(lambda_client.exceptions.CodeVerificationFailedException):
        deploy_function(ECHO, CodeSigningConfigArn=arn)
    name = deploy_function(ECHO)
    lambda_client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    with pytest.raises(lambda_client.exceptions.CodeVerificationFailedException):
        lambda_client.update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": ECHO}))
    lambda_client.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"})
    lambda_client.update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": ECHO}))


def test_runtime_management(lambda_client, deploy_function):
    name = deploy_function(ECHO)
    assert lambda_client.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    runtime = "arn:aws:lambda:us-east-1::runtime:8eeff65f6809a3ce81507fe733fe09b835899b99481ba22fd75b5a7338290ec1"
    set_to = lambda_client.put_runtime_management_config(FunctionName=name, Qualifier=version, UpdateRuntimeOn="Manual", RuntimeVersionArn=runtime)
    assert set_to["FunctionArn"].endswith(f":{name}:{version}")
    got = lambda_client.get_runtime_management_config(FunctionName=name, Qualifier=version)
    assert (got["UpdateRuntimeOn"], got["RuntimeVersionArn"]) == ("Manual", runtime)
    assert lambda_client.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"
    for wrong in ({"UpdateRuntimeOn": "Manual"}, {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": runtime}, {"UpdateRuntimeOn": "Never"}):
        with pytest.raises(ClientError):
            lambda_client.put_runtime_management_config(FunctionName=name, **wrong)
