"""Layers as functions see them: modules, programs, libraries of a language, in every runtime."""

import base64
import hashlib
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

from harness.packages import zip_of


@pytest.fixture
def publish(client, unique_name):
    """publish({file: content}, **options) -> the ARN of a layer version, until the test's end."""
    made = []

    def run(files, name=None, **options):
        name = name or unique_name("layer")
        version = client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(files)}, **options)
        made.append((name, version["Version"]))
        return version["LayerVersionArn"]

    yield run
    for name, version in made:
        client("lambda").delete_layer_version(LayerName=name, VersionNumber=version)


def test_python_finds_modules_of_layers(publish, deploy_function, invoke):
    # Later layers win; a module is found below python/ and below its site-packages.
    first = publish({"python/shared.py": "who = 'first'", "python/only_first.py": "who = 'first'", "data/file.txt": "first"})
    second = publish({"python/shared.py": "who = 'second'", "data/file.txt": "second"})
    name = deploy_function(
        "import shared, only_first\n"
        "def lambda_handler(event, context):\n"
        "    return [shared.who, only_first.who, open('/opt/data/file.txt').read()]\n", Layers=[first, second])
    assert invoke(name).payload == ["second", "first", "second"]


def test_opt_is_read_only_and_its_programs_are_on_the_path(publish, deploy_function, invoke):
    layer = publish({"bootstrap": "#!/bin/sh\necho from the layer\n"})  # the harness makes that one executable
    name = deploy_function(
        "import errno, subprocess\n"
        "def lambda_handler(event, context):\n"
        "    try:\n"
        "        open('/opt/new', 'w')\n"
        "        code = 0\n"
        "    except OSError as error:\n"
        "        code = errno.errorcode[error.errno]\n"
        "    return [code, subprocess.run(['/opt/bootstrap'], capture_output=True, text=True).stdout]\n", Layers=[layer])
    assert invoke(name).payload == ["EROFS", "from the layer\n"]


def test_node_finds_modules_of_layers(publish, deploy_function, invoke):
    layer = publish({
        "nodejs/node_modules/shared/index.js": "module.exports = 'any'",
        "nodejs/node20/node_modules/versioned/index.js": "module.exports = 'twenty'",
    })
    name = deploy_function(
        {"app.cjs": "exports.handler = async () => [require('shared'), require('versioned')];"}, runtime="nodejs20.x", Layers=[layer])
    assert invoke(name).payload == ["any", "twenty"]


def test_a_custom_runtime_may_be_a_layer(publish, deploy_function, invoke):
    layer = publish({"bootstrap": (
        "#!/bin/sh\n"
        "api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation\n"
        "while true; do\n"
        "  event=$(curl -sS -D /tmp/h $api/next)\n"
        "  id=$(grep -i lambda-runtime-aws-request-id /tmp/h | tr -d '\\r' | cut -d: -f2 | tr -d ' ')\n"
        "  curl -sS -X POST -d \"[$event, \\\"layer\\\"]\" $api/$id/response >/dev/null\n"
        "done\n")})
    name = deploy_function({"anything": "x"}, handler="none", runtime="provided.al2023", Layers=[layer])
    assert invoke(name, {"n": 1}).payload == [{"n": 1}, "layer"]


def test_a_layer_is_downloaded_listed_and_deleted_while_a_function_keeps_it(client, publish, deploy_function, invoke, unique_name):
    functions, layer_name = client("lambda"), unique_name("layer")
    package = zip_of({"python/kept.py": "x = 'kept'"})
    made = functions.publish_layer_version(
        LayerName=layer_name, Content={"ZipFile": package}, CompatibleRuntimes=["python3.11"], Description="about", LicenseInfo="MIT")
    arn = made["LayerVersionArn"]
    got = functions.get_layer_version_by_arn(Arn=arn)
    assert got["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert urllib.request.urlopen(got["Content"]["Location"]).read() == package
    pages = functions.get_paginator("list_layers").paginate(CompatibleRuntime="python3.11", PaginationConfig={"PageSize": 1})
    assert arn in [layer["LatestMatchingVersion"]["LayerVersionArn"] for page in pages for layer in page["Layers"]]

    name = deploy_function("import kept\ndef lambda_handler(e, c):\n    return kept.x\n", Layers=[arn])
    functions.delete_layer_version(LayerName=layer_name, VersionNumber=1)
    assert functions.list_layer_versions(LayerName=layer_name)["LayerVersions"] == []
    assert invoke(name).payload == "kept"
    assert functions.get_function_configuration(FunctionName=name)["Layers"] == [{"Arn": arn, "CodeSize": len(package)}]
    with pytest.raises(ClientError) as refused:
        functions.update_function_configuration(FunctionName=name, Layers=[arn])
    assert refused.value.response["Error"]["Message"] == f"Layer version {arn} does not exist."


def test_layers_are_shared_by_their_policy(client, publish, unique_name):
    functions, name = client("lambda"), unique_name("layer")
    arn = publish({"f": "x"}, name=name)
    other = client("lambda", aws_access_key_id="123456789012")
    with pytest.raises(ClientError) as refused:
        other.get_layer_version_by_arn(Arn=arn)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    functions.add_layer_version_permission(
        LayerName=name, VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="123456789012")
    assert other.get_layer_version_by_arn(Arn=arn)["LayerVersionArn"] == arn
    policy = json.loads(functions.get_layer_version_policy(LayerName=name, VersionNumber=1)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    functions.remove_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="s")
    with pytest.raises(ClientError):
        other.get_layer_version_by_arn(Arn=arn)


def test_a_set_of_layers_survives_a_restart(start_daemon):
    import boto3

    own = start_daemon()

    def functions():
        return boto3.client("lambda", endpoint_url=own.endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")

    arns = [functions().publish_layer_version(LayerName=name, Content={"ZipFile": zip_of({f"python/{name}.py": f"x = '{name}'"})})[
        "LayerVersionArn"] for name in ("la", "lb")]
    functions().create_function(
        FunctionName="ff", Runtime="python3.11", Handler="app.lambda_handler", Role="arn:aws:iam::000000000000:role/r", Layers=arns,
        Code={"ZipFile": zip_of({"app.py": "import la, lb\ndef lambda_handler(e, c):\n    return la.x + lb.x\n"})})
    own.restart(kill=True)
    assert functions().invoke(FunctionName="ff")["Payload"].read() == b'"lalb"'


def test_the_cli_publishes_layers(aws_cli, unique_name, tmp_path):
    (tmp_path / "layer.zip").write_bytes(zip_of({"f": "x"}))
    name = unique_name("layer")
    made = aws_cli("lambda", "publish-layer-version", "--layer-name", name, "--zip-file", f"fileb://{tmp_path}/layer.zip")
    assert made["Version"] == 1
    assert aws_cli("lambda", "list-layer-versions", "--layer-name", name)["LayerVersions"][0]["LayerVersionArn"] == made["LayerVersionArn"]
    aws_cli("lambda", "delete-layer-version", "--layer-name", name, "--version-number", 1)
