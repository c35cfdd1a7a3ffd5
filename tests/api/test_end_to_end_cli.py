"""The AWS CLI creates, invokes and reads everything that the platform's spine has, as a person at a terminal would."""

import datetime
import json
import subprocess

import pytest

from harness import commands, sources
from harness.packages import zip_of
from harness.wait import eventually

ORDERS = sources.REPOSITORY / "examples" / "orders"


def test_sts_and_iam(aws_cli, unique_name):
    assert len(aws_cli("sts", "get-caller-identity")["Account"]) == 12
    role = unique_name("role")
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
    arn = aws_cli("iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust)["Role"]["Arn"]
    assert aws_cli("iam", "get-role", "--role-name", role)["Role"]["AssumeRolePolicyDocument"] == json.loads(trust)
    aws_cli("iam", "put-role-policy", "--role-name", role, "--policy-name", "p", "--policy-document", '{"Version":"2012-10-17","Statement":[]}')
    assert aws_cli("iam", "list-role-policies", "--role-name", role)["PolicyNames"] == ["p"]
    session = aws_cli("sts", "assume-role", "--role-arn", arn, "--role-session-name", "cli")
    assert session["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/{role}/cli")
    aws_cli("iam", "delete-role-policy", "--role-name", role, "--policy-name", "p")
    aws_cli("iam", "delete-role", "--role-name", role)
    with pytest.raises(commands.CommandFailed, match="NoSuchEntity"):
        aws_cli("iam", "get-role", "--role-name", role)


def test_dynamodb(aws_cli, unique_name):
    name = unique_name("table")
    aws_cli("dynamodb", "create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST",
            "--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH")
    aws_cli("dynamodb", "wait", "table-exists", "--table-name", name)
    assert name in aws_cli("dynamodb", "list-tables")["TableNames"]
    aws_cli("dynamodb", "put-item", "--table-name", name, "--item", '{"id":{"S":"1"},"n":{"N":"5"}}')
    aws_cli("dynamodb", "update-item", "--table-name", name, "--key", '{"id":{"S":"1"}}', "--update-expression", "ADD n :one",
            "--expression-attribute-values", '{":one":{"N":"1"}}')
    assert aws_cli("dynamodb", "get-item", "--table-name", name, "--key", '{"id":{"S":"1"}}')["Item"] == {"id": {"S": "1"}, "n": {"N": "6"}}
    found = aws_cli("dynamodb", "query", "--table-name", name, "--key-condition-expression", "id = :i",
                    "--expression-attribute-values", '{":i":{"S":"1"}}')
    assert found["Count"] == 1
    assert aws_cli("dynamodb", "scan", "--table-name", name)["Count"] == 1
    aws_cli("dynamodb", "delete-item", "--table-name", name, "--key", '{"id":{"S":"1"}}')
    assert aws_cli("dynamodb", "scan", "--table-name", name)["Count"] == 0
    aws_cli("dynamodb", "delete-table", "--table-name", name)
    aws_cli("dynamodb", "wait", "table-not-exists", "--table-name", name)


def test_lambda_and_logs(aws_cli, role_arn, tmp_path, unique_name):
    name, package, out = unique_name("fn"), tmp_path / "code.zip", tmp_path / "out.json"
    package.write_bytes(zip_of({"app.py": sources.ECHO}))
    aws_cli("lambda", "create-function", "--function-name", name, "--runtime", "python3.11", "--handler", "app.lambda_handler",
            "--role", role_arn, "--zip-file", f"fileb://{package}", "--environment", "Variables={COLOUR=red}")
    try:
        aws_cli("lambda", "wait", "function-active", "--function-name", name)
        sent = aws_cli("lambda", "invoke", "--function-name", name, "--payload", '{"x": 1}', "--log-type", "Tail", out)
        assert sent["StatusCode"] == 200 and "FunctionError" not in sent and sent["LogResult"]
        assert json.loads(out.read_text()) == {"x": 1}
        assert aws_cli("lambda", "invoke", "--function-name", name, "--invocation-type", "Event", out)["StatusCode"] == 202
        assert aws_cli("lambda", "invoke", "--function-name", name, "--invocation-type", "DryRun", out)["StatusCode"] == 204

        aws_cli("lambda", "update-function-configuration", "--function-name", name, "--timeout", 9)
        aws_cli("lambda", "wait", "function-updated", "--function-name", name)
        assert aws_cli("lambda", "get-function", "--function-name", name)["Configuration"]["Timeout"] == 9
        version = aws_cli("lambda", "publish-version", "--function-name", name)["Version"]
        aws_cli("lambda", "create-alias", "--function-name", name, "--name", "live", "--function-version", version)
        aws_cli("lambda", "invoke", "--function-name", name, "--qualifier", "live", "--payload", '"v"', out)
        assert json.loads(out.read_text()) == "v"
        aws_cli("lambda", "add-permission", "--function-name", name, "--statement-id", "s", "--action", "lambda:InvokeFunction",
                "--principal", "s3.amazonaws.com")
        assert "s3.amazonaws.com" in aws_cli("lambda", "get-policy", "--function-name", name)["Policy"]
        assert name in [f["FunctionName"] for f in aws_cli("lambda", "list-functions")["Functions"]]

        group = f"/aws/lambda/{name}"
        assert [g["logGroupName"] for g in aws_cli("logs", "describe-log-groups", "--log-group-name-prefix", group)["logGroups"]] == [group]
        # Of every environment; one that was started ahead and had no event yet has a stream without START.
        streams = aws_cli("logs", "describe-log-streams", "--log-group-name", group)["logStreams"]
        events = [event for stream in streams for event in aws_cli(
            "logs", "get-log-events", "--log-group-name", group, "--log-stream-name", stream["logStreamName"],
            "--start-from-head")["events"]]
        assert any(e["message"].startswith("START RequestId: ") for e in events)
        eventually(lambda: len(aws_cli("logs", "filter-log-events", "--log-group-name", group,
                                       "--filter-pattern", "REPORT")["events"]) >= 3, what="the REPORT of the asynchronous invocation")
    finally:
        aws_cli("lambda", "delete-function", "--function-name", name)
    with pytest.raises(commands.CommandFailed, match="ResourceNotFoundException"):
        aws_cli("lambda", "get-function", "--function-name", name)


def test_cloudwatch(aws_cli, unique_name):
    space = unique_name("Shop")
    aws_cli("cloudwatch", "put-metric-data", "--namespace", space, "--metric-name", "Orders", "--value", "3", "--unit", "Count")
    assert [each["MetricName"] for each in aws_cli("cloudwatch", "list-metrics", "--namespace", space)["Metrics"]] == ["Orders"]
    now = datetime.datetime.now(datetime.timezone.utc)
    found = aws_cli("cloudwatch", "get-metric-statistics", "--namespace", space, "--metric-name", "Orders", "--period", "60",
                    "--start-time", (now - datetime.timedelta(hours=1)).isoformat(), "--end-time", (now + datetime.timedelta(hours=1)).isoformat(),
                    "--statistics", "Sum")
    assert [(point["Sum"], point["Unit"]) for point in found["Datapoints"]] == [(3.0, "Count")]


def test_api_gateway(aws_cli, http, deploy_function, aws_cli_permission, unique_name):
    function = deploy_function(sources.HTTP_ECHO)
    arn = aws_cli("lambda", "get-function-configuration", "--function-name", function)["FunctionArn"]
    api = aws_cli("apigatewayv2", "create-api", "--name", unique_name("api"), "--protocol-type", "HTTP", "--target", arn)
    api_id = api["ApiId"]
    try:
        aws_cli_permission(function, api_id)
        assert http("GET", f"{api['ApiEndpoint']}/anything").json()["routeKey"] == "$default"
        integration = aws_cli("apigatewayv2", "get-integrations", "--api-id", api_id)["Items"][0]["IntegrationId"]
        route = aws_cli("apigatewayv2", "create-route", "--api-id", api_id, "--route-key", "GET /things/{id}",
                        "--target", f"integrations/{integration}")["RouteId"]
        assert http("GET", f"{api['ApiEndpoint']}/things/7").json()["pathParameters"] == {"id": "7"}
        assert {r["RouteKey"] for r in aws_cli("apigatewayv2", "get-routes", "--api-id", api_id)["Items"]} == {"$default", "GET /things/{id}"}
        aws_cli("apigatewayv2", "update-api", "--api-id", api_id, "--cors-configuration", "AllowOrigins=*,AllowMethods=GET")
        answer = http("OPTIONS", f"{api['ApiEndpoint']}/things/7", headers={"Origin": "http://a", "Access-Control-Request-Method": "GET"})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")
        aws_cli("apigatewayv2", "delete-route", "--api-id", api_id, "--route-id", route)
        assert [s["StageName"] for s in aws_cli("apigatewayv2", "get-stages", "--api-id", api_id)["Items"]] == ["$default"]
    finally:
        aws_cli("apigatewayv2", "delete-api", "--api-id", api_id)


@pytest.fixture
def aws_cli_permission(aws_cli):
    def permit(function, api_id):
        aws_cli("lambda", "add-permission", "--function-name", function, "--statement-id", f"api-{api_id}", "--action",
                "lambda:InvokeFunction", "--principal", "apigateway.amazonaws.com")
    return permit


def test_the_example_deploys_and_takes_orders(aws_cli, endpoint, unique_name):
    """deploy.sh, twice (what is there is updated), then place_orders.py."""
    name, table = unique_name("orders"), unique_name("Orders")
    environment = {**aws_cli.environment, "AWS": aws_cli.program, "NAME": name, "TABLE": table}
    urls = [subprocess.run([str(ORDERS / "deploy.sh")], env=environment, text=True, check=True, capture_output=True, timeout=300).stdout.strip()
            for _ in range(2)]
    try:
        assert urls[0] == urls[1] and ".execute-api." in urls[0]
        ran = subprocess.run(["/usr/bin/python3", str(ORDERS / "place_orders.py"), urls[0], "--orders", "20", "--at-once", "4"],
                             text=True, capture_output=True, timeout=300)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "all read back and equal" in ran.stdout
        assert aws_cli("dynamodb", "scan", "--table-name", table, "--select", "COUNT")["Count"] == 41
    finally:
        api_id = urls[0].split("//")[1].split(".")[0]
        aws_cli("apigatewayv2", "delete-api", "--api-id", api_id)
        aws_cli("lambda", "delete-function", "--function-name", name)
        aws_cli("dynamodb", "delete-table", "--table-name", table)
