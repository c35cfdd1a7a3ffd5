"""boto3 creates, invokes and reads everything that the platform's spine has: one test a service, then all of it together."""

import base64
import json

import pytest
from botocore.exceptions import ClientError

from harness import sources
from harness.packages import zip_of
from harness.wait import eventually


def error_code(info):
    return info.value.response["Error"]["Code"]


def test_sts(client, role_arn):
    me = client("sts").get_caller_identity()
    assert me["Account"].isdigit() and len(me["Account"]) == 12
    assumed = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="tester")
    keys = assumed["Credentials"]
    session = client(
        "sts", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    role_name = role_arn.split("/")[-1]
    assert session.get_caller_identity()["Arn"].endswith(f":assumed-role/{role_name}/tester")
    assert assumed["AssumedRoleUser"]["Arn"] == session.get_caller_identity()["Arn"]


def test_iam(client, unique_name):
    iam = client("iam")
    name, policy = unique_name("role"), unique_name("policy")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    permissions = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}
    created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Description="for a test")["Role"]
    assert iam.get_role(RoleName=name)["Role"]["Arn"] == created["Arn"]
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == trust
    assert name in [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]

    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(permissions))
    assert iam.get_role_policy(RoleName=name, PolicyName="inline")["PolicyDocument"] == permissions
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["inline"]

    arn = iam.create_policy(PolicyName=policy, PolicyDocument=json.dumps(permissions))["Policy"]["Arn"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == policy
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    assert [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]] == [arn]

    # A role with policies is not deleted, as on AWS: what depends on it has to go first.
    with pytest.raises(ClientError) as refused:
        iam.delete_role(RoleName=name)
    assert error_code(refused) == "DeleteConflict"
    iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    iam.delete_role_policy(RoleName=name, PolicyName="inline")
    iam.delete_role(RoleName=name)
    with pytest.raises(ClientError) as gone:
        iam.get_role(RoleName=name)
    assert error_code(gone) == "NoSuchEntity"


def test_dynamodb(client, unique_name):
    database, name = client("dynamodb"), unique_name("table")
    database.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": t} for a, t in (("pk", "S"), ("sk", "N"), ("colour", "S"))],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-colour", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}]}],
    )
    database.get_waiter("table_exists").wait(TableName=name)
    assert database.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
    assert name in database.list_tables()["TableNames"]

    def key(number):
        return {"pk": {"S": "a"}, "sk": {"N": str(number)}}

    for number in range(1, 6):
        database.put_item(TableName=name, Item={**key(number), "colour": {"S": "red" if number % 2 else "blue"}})
    item = {**key(9), "s": {"S": "é"}, "n": {"N": "12345678901234567890123456789012345678"}, "b": {"B": b"\0\xff"},
            "l": {"L": [{"BOOL": True}, {"NULL": True}]}, "m": {"M": {"x": {"SS": ["p", "q"]}}}}
    database.put_item(TableName=name, Item=item)
    assert database.get_item(TableName=name, Key=key(9), ConsistentRead=True)["Item"] == item

    updated = database.update_item(
        TableName=name, Key=key(1), ReturnValues="ALL_NEW", UpdateExpression="SET #c = :c, hits = if_not_exists(hits, :z) + :one",
        ExpressionAttributeNames={"#c": "colour"}, ExpressionAttributeValues={":c": {"S": "green"}, ":z": {"N": "0"}, ":one": {"N": "1"}})
    assert updated["Attributes"]["hits"] == {"N": "1"} and updated["Attributes"]["colour"] == {"S": "green"}
    with pytest.raises(ClientError) as refused:
        database.put_item(TableName=name, Item=key(1), ConditionExpression="attribute_not_exists(pk)")
    assert error_code(refused) == "ConditionalCheckFailedException"

    between = database.query(
        TableName=name, KeyConditionExpression="pk = :p AND sk BETWEEN :a AND :b", ScanIndexForward=False,
        ExpressionAttributeValues={":p": {"S": "a"}, ":a": {"N": "2"}, ":b": {"N": "4"}})
    assert [row["sk"]["N"] for row in between["Items"]] == ["4", "3", "2"]
    blue = database.query(TableName=name, IndexName="by-colour", KeyConditionExpression="colour = :c",
                          ExpressionAttributeValues={":c": {"S": "blue"}})
    assert blue["Count"] == 2
    pages = list(database.get_paginator("scan").paginate(TableName=name, PaginationConfig={"PageSize": 2}))
    assert sum(page["Count"] for page in pages) == 6

    database.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": key(20)}}, {"DeleteRequest": {"Key": key(9)}}]})
    got = database.batch_get_item(RequestItems={name: {"Keys": [key(20), key(9)]}})["Responses"][name]
    assert got == [key(20)]
    database.delete_item(TableName=name, Key=key(20))
    database.delete_table(TableName=name)
    database.get_waiter("table_not_exists").wait(TableName=name)


def test_lambda(client, lambdas, table):
    functions = client("lambda")
    name = lambdas.deploy(sources.ECHO, Environment={"Variables": {"COLOUR": "red"}}, Tags={"team": "a"})
    found = functions.get_function(FunctionName=name)
    assert found["Configuration"]["Runtime"] == "python3.11" and found["Tags"] == {"team": "a"}
    assert name in [f["FunctionName"] for page in functions.get_paginator("list_functions").paginate() for f in page["Functions"]]

    outcome = lambdas.invoke(name, {"x": 1}, LogType="Tail")
    assert (outcome.status, outcome.error, outcome.payload) == (200, None, {"x": 1})
    tail = base64.b64decode(outcome.log_tail).decode()
    assert f"START RequestId: {outcome.request_id}" in tail and "REPORT RequestId" in tail and "echo" in tail
    assert lambdas.invoke(name, {}, InvocationType="DryRun").status == 204

    functions.update_function_configuration(FunctionName=name, Timeout=7, MemorySize=256)
    functions.get_waiter("function_updated").wait(FunctionName=name)
    config = functions.get_function_configuration(FunctionName=name)
    assert (config["Timeout"], config["MemorySize"]) == (7, 256)

    one = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": "def lambda_handler(e, c): return 'second'"}))
    functions.get_waiter("function_updated").wait(FunctionName=name)
    assert lambdas.invoke(name).payload == "second"
    assert lambdas.invoke(f"{name}:{one}", {"x": 2}).payload == {"x": 2}
    alias = functions.create_alias(FunctionName=name, Name="live", FunctionVersion=one)["AliasArn"]
    assert functions.get_alias(FunctionName=name, Name="live")["AliasArn"] == alias
    assert lambdas.invoke(alias, {"x": 3}).payload == {"x": 3}
    assert {v["Version"] for v in functions.list_versions_by_function(FunctionName=name)["Versions"]} == {"$LATEST", one}

    functions.add_permission(FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "s3.amazonaws.com"}
    functions.remove_permission(FunctionName=name, StatementId="s3")
    arn = config["FunctionArn"]
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["team"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}

    functions.delete_function(FunctionName=name)
    with pytest.raises(ClientError) as gone:
        functions.get_function(FunctionName=name)
    assert error_code(gone) == "ResourceNotFoundException"


def test_asynchronous_invocation(client, lambdas, table):
    name = lambdas.deploy(sources.WRITE_ITEM, Environment={"Variables": {"TABLE": table}}, Timeout=20)
    assert lambdas.invoke(name, {"id": "later"}, InvocationType="Event").status == 202
    item = eventually(lambda: client("dynamodb").get_item(
        TableName=table, Key={"id": {"S": "later"}}, ConsistentRead=True).get("Item"), what="the asynchronous write")
    assert item["by"]["S"] == name


def test_logs(client, lambdas):
    logs = client("logs")
    name = lambdas.deploy("def lambda_handler(event, context):\n    print('first line')\n    print('second line')\n")
    request_id = lambdas.invoke(name).request_id
    group = f"/aws/lambda/{name}"
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]] == [group]
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert len(streams) == 1 and "[$LATEST]" in streams[0]["logStreamName"]
    events = logs.get_log_events(logGroupName=group, logStreamName=streams[0]["logStreamName"], startFromHead=True)["events"]
    lines = [event["message"].rstrip("\n") for event in events]
    start = lines.index(f"START RequestId: {request_id} Version: $LATEST")
    assert lines[start + 1:start + 4] == ["first line", "second line", f"END RequestId: {request_id}"]
    assert lines[start + 4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    found = logs.filter_log_events(logGroupName=group, filterPattern="second")["events"]
    assert [event["message"].strip() for event in found] == ["second line"]


def test_api_gateway(client, endpoint, http, lambdas, unique_name):
    gateway = client("apigatewayv2")
    name = lambdas.deploy(sources.HTTP_ECHO)
    arn = client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    api = gateway.create_api(Name=unique_name("api"), ProtocolType="HTTP", Tags={"team": "a"},
                             CorsConfiguration={"AllowOrigins": ["https://shop.test"], "AllowMethods": ["GET"]})
    api_id = api["ApiId"]
    try:
        integration = gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn,
                                                 PayloadFormatVersion="2.0")["IntegrationId"]
        route = gateway.create_route(ApiId=api_id, RouteKey="GET /things/{id}", Target=f"integrations/{integration}")["RouteId"]
        gateway.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True, StageVariables={"colour": "red"})
        client("lambda").add_permission(
            FunctionName=name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:{arn.split(':')[4]}:{api_id}/*")

        assert gateway.get_api(ApiId=api_id)["ApiEndpoint"] == api["ApiEndpoint"]
        assert api_id in [a["ApiId"] for page in gateway.get_paginator("get_apis").paginate() for a in page["Items"]]
        assert gateway.get_integration(ApiId=api_id, IntegrationId=integration)["IntegrationUri"] == arn
        assert [r["RouteId"] for r in gateway.get_routes(ApiId=api_id)["Items"]] == [route]
        stage = gateway.get_stage(ApiId=api_id, StageName="dev")
        assert gateway.get_deployment(ApiId=api_id, DeploymentId=stage["DeploymentId"])["AutoDeployed"]
        assert gateway.get_tags(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api_id}")["Tags"] == {"team": "a"}

        for url in (f"{api['ApiEndpoint']}/dev", f"{endpoint}/_aws/execute-api/{api_id}/dev"):
            response = http("GET", f"{url}/things/a%20b?q=1&q=2", headers={"Cookie": "c=1", "Origin": "https://shop.test"})
            assert response.status == 200, response
            assert response.headers["access-control-allow-origin"] == "https://shop.test"
            event = response.json()
            assert (event["routeKey"], event["rawPath"]) == ("GET /things/{id}", "/dev/things/a b")
            assert event["pathParameters"] == {"id": "a b"} and event["queryStringParameters"] == {"q": "1,2"}
            assert event["cookies"] == ["c=1"] and event["stageVariables"] == {"colour": "red"}
            assert event["requestContext"]["requestId"] == response.headers["apigw-requestid"]
            assert http("POST", f"{url}/things/1").status == 404
        gateway.update_route(ApiId=api_id, RouteId=route, RouteKey="ANY /other/{rest+}")
        assert http("POST", f"{api['ApiEndpoint']}/dev/other/x/y").json()["pathParameters"] == {"rest": "x/y"}
        gateway.delete_route(ApiId=api_id, RouteId=route)
        gateway.delete_integration(ApiId=api_id, IntegrationId=integration)
        gateway.delete_stage(ApiId=api_id, StageName="dev")
    finally:
        gateway.delete_api(ApiId=api_id)
    with pytest.raises(ClientError) as gone:
        gateway.get_api(ApiId=api_id)
    assert error_code(gone) == "NotFoundException"


def test_an_order_from_end_to_end(client, http, http_api, lambdas, table):
    """HTTP -> API Gateway -> a Python function -> boto3 -> DynamoDB, and the log of it."""
    name = lambdas.deploy(sources.orders(), Environment={"Variables": {"TABLE": table}}, Timeout=20, MemorySize=256)
    api = http_api(name, "POST /orders", "GET /orders/{id}")
    body = json.dumps({"customer": "ada@example.com", "items": [{"sku": "cup-blue", "quantity": 3}, {"sku": "beans-250", "quantity": 2}]})
    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    placed = http("POST", f"{api.url}/orders", body, headers)
    assert placed.status == 201, placed
    order = placed.json()
    assert order["total"] == "59.20" and placed.headers["location"] == f"/orders/{order['id']}"
    assert http("GET", f"{api.url}/orders/{order['id']}").json() == order
    again = http("POST", f"{api.url}/orders", body, headers)
    assert (again.status, again.json()) == (200, order)

    row = client("dynamodb").get_item(TableName=table, Key={"id": {"S": order["id"]}}, ConsistentRead=True)["Item"]
    assert row["total"] == {"N": "59.2"} and row["customer"] == {"S": "ada@example.com"}
    assert http("GET", f"{api.url}/orders/unknown").status == 404
    for wrong in ("not json", "[]", '{"customer":"x","items":[]}', '{"customer":"a@b","items":[{"sku":"none","quantity":1}]}',
                  '{"customer":"a@b","items":[{"sku":"grinder","quantity":1.5}]}'):
        assert http("POST", f"{api.url}/orders", wrong, {"Content-Type": "application/json"}).status == 400, wrong
    lines = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="placed")["events"]
    assert any(order["id"] in event["message"] for event in lines)
