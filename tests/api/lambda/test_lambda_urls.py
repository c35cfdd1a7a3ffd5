"""Function URLs: a function behind an HTTP address of its own."""

import http.client
import json
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from harness.http import address_of, send

ECHO = """
import json
def lambda_handler(event, context):
    answer = event.get("queryStringParameters", {}).get("answer")
    if answer == "raise": raise ValueError("no")
    if answer == "wrong": return {"statusCode": "x"}
    if answer == "id": return context.aws_request_id
    if answer: return json.loads(answer)
    return event
"""

STREAM = """
const item = (key) => fetch(process.env.AWS_ENDPOINT_URL, {
  method: 'POST',
  headers: {
    'X-Amz-Target': 'DynamoDB_20120810.GetItem', 'Content-Type': 'application/x-amz-json-1.0',
    Authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  },
  body: JSON.stringify({TableName: process.env.TABLE, Key: {id: {S: key}}, ConsistentRead: true}),
}).then((answer) => answer.json());

exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const query = event.queryStringParameters || {};
  if (query.head) {
    stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers: {'Content-Type': 'text/html', 'X-Seen': 'yes'}, cookies: ['a=1', 'b=2']});
  }
  stream.write('first');
  if (query.wait) while (!(await item(query.wait)).Item) await new Promise((wake) => setTimeout(wake, 5));
  if (query.fail) throw new RangeError('midway');
  stream.write('second');
  stream.end();
});
"""


@pytest.fixture
def lambda_client(client):
    return client("lambda")


@pytest.fixture
def url_of(lambda_client, deploy_function):
    """Deploys a function and gives it a URL that everybody may call, where its AuthType is NONE."""

    def make(code=ECHO, auth="NONE", allow=True, url=None, **config):
        name = deploy_function(code, **config)
        made = lambda_client.create_function_url_config(FunctionName=name, AuthType=auth, **(url or {}))
        if allow:
            lambda_client.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType=auth)
        return name, made["FunctionUrl"]

    return make


def test_the_request_is_an_event_and_the_result_a_response(url_of):
    _, url = url_of()
    response = send("POST", url + "a%20b/c?x=1&x=2&y=", body='{"n":1}', headers={"Content-Type": "application/json", "Cookie": "k=v; l=w", "X-Mine": "1"})
    assert response.status == 200 and response.headers["content-type"] == "application/json"
    event = response.json()
    assert event["version"] == "2.0" and event["routeKey"] == "$default" and event["rawPath"] == "/a b/c"
    assert event["rawQueryString"] == "x=1&x=2&y=" and event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["cookies"] == ["k=v", "l=w"] and event["headers"]["x-mine"] == "1"
    assert event["body"] == '{"n":1}' and event["isBase64Encoded"] is False
    context = event["requestContext"]
    host = urllib.parse.urlsplit(url).hostname
    assert context["accountId"] == "anonymous" and context["stage"] == "$default" and context["domainName"] == host
    assert context["apiId"] == context["domainPrefix"] == host.split(".")[0]
    assert context["http"]["method"] == "POST" and context["http"]["path"] == "/a b/c" and "authorizer" not in context
    assert response.headers["x-amzn-requestid"] == context["requestId"]

    structured = send("GET", url + "?answer=" + urllib.parse.quote('{"statusCode":418,"headers":{"X-Tea":"pot"},"cookies":["a=1"],"body":"AAE=","isBase64Encoded":true}'))
    assert structured.status == 418 and structured.headers["x-tea"] == "pot" and structured.headers.get_all("set-cookie") == ["a=1"]
    assert structured.body == b"\x00\x01"
    by_id = send("GET", url + "?answer=id")
    assert by_id.text == by_id.headers["x-amzn-requestid"]


def test_by_path_where_names_do_not_resolve(url_of, endpoint):
    _, url = url_of()
    url_id = urllib.parse.urlsplit(url).hostname.split(".")[0]
    assert send("GET", f"{endpoint}/_aws/lambda-url/{url_id}/x?y=1").json()["rawPath"] == "/x"


@pytest.mark.parametrize("answer", ["raise", "wrong"])
def test_a_function_that_fails_is_a_502(url_of, answer):
    _, url = url_of()
    response = send("GET", url + "?answer=" + answer)
    assert response.status == 502 and response.text == "Internal Server Error"


def test_who_may(url_of, lambda_client, endpoint):
    name, url = url_of(allow=False)
    assert send("GET", url).status == 403 and send("GET", url).json() == {"Message": "Forbidden"}
    lambda_client.add_permission(FunctionName=name, StatementId="iam", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="AWS_IAM")
    assert send("GET", url).status == 403
    lambda_client.add_permission(FunctionName=name, StatementId="all", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
    assert send("GET", url).status == 200
    lambda_client.remove_permission(FunctionName=name, StatementId="all")
    assert send("GET", url).status == 403
    assert send("GET", url.replace("://", "://0")).status == 403


def signed(method, url, access_key="test", service="lambda"):
    request = AWSRequest(method, url, headers={"Host": urllib.parse.urlsplit(url).netloc})
    SigV4Auth(Credentials(access_key, "test"), service, "us-east-1").add_auth(request)
    return send(method, url, headers=dict(request.headers))


def test_signed_calls(url_of, lambda_client):
    name, url = url_of(auth="AWS_IAM", allow=False)
    assert send("GET", url).status == 403
    assert signed("GET", url, service="s3").status == 403
    answer = signed("GET", url + "p")
    assert answer.status == 200
    iam = answer.json()["requestContext"]["authorizer"]["iam"]
    assert iam["accessKey"] == "test" and iam["accountId"] == "000000000000" and iam["userArn"].startswith("arn:aws:iam::000000000000:")
    assert answer.json()["requestContext"]["accountId"] == "000000000000"
    # Another account needs the function's own permission.
    assert signed("GET", url, access_key="111122223333").status == 403
    lambda_client.add_permission(FunctionName=name, StatementId="other", Action="lambda:InvokeFunctionUrl", Principal="111122223333", FunctionUrlAuthType="AWS_IAM")
    assert signed("GET", url, access_key="111122223333").status == 200


def test_cors(url_of, lambda_client):
    cors = {"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET", "POST"], "AllowHeaders": ["x-a"], "ExposeHeaders": ["x-b"], "MaxAge": 300, "AllowCredentials": True}
    name, url = url_of(url={"Cors": cors})
    assert lambda_client.get_function_url_config(FunctionName=name)["Cors"] == cors
    preflight = send("OPTIONS", url, headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
    assert preflight.status == 200 and preflight.headers["access-control-allow-methods"] == "GET,POST" and preflight.headers["access-control-max-age"] == "300"
    answer = send("GET", url, headers={"Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example" and answer.headers["access-control-expose-headers"] == "x-b"
    assert "access-control-allow-origin" not in send("GET", url, headers={"Origin": "https://evil.example"}).headers
    with pytest.raises(ClientError, match="Unsupported method: FETCH|FETCH"):
        lambda_client.update_function_url_config(FunctionName=name, Cors={"AllowMethods": ["FETCH"]})


def test_configurations_of_functions_and_aliases(url_of, lambda_client):
    name, url = url_of(allow=False)
    with pytest.raises(lambda_client.exceptions.ResourceConflictException):
        lambda_client.create_function_url_config(FunctionName=name, AuthType="NONE")
    lambda_client.publish_version(FunctionName=name)
    with pytest.raises(ClientError):
        lambda_client.create_function_url_config(FunctionName=name, Qualifier="1", AuthType="NONE")
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
        lambda_client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    made = lambda_client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    assert made["FunctionArn"].endswith(":live") and made["InvokeMode"] == "RESPONSE_STREAM" and made["FunctionUrl"] != url
    listed = lambda_client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert {each["FunctionUrl"] for each in listed} == {url, made["FunctionUrl"]}
    changed = lambda_client.update_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM", InvokeMode="BUFFERED")
    assert (changed["AuthType"], changed["InvokeMode"], changed["FunctionUrl"]) == ("AWS_IAM", "BUFFERED", made["FunctionUrl"])
    assert signed("GET", made["FunctionUrl"]).status == 200
    lambda_client.delete_alias(FunctionName=name, Name="live")
    assert signed("GET", made["FunctionUrl"]).status == 403
    lambda_client.delete_function_url_config(FunctionName=name)
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException, match="The resource you requested does not exist."):
        lambda_client.get_function_url_config(FunctionName=name)
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
        lambda_client.delete_function_url_config(FunctionName=name)


def test_throttled(url_of, lambda_client):
    name, url = url_of()
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    answer = send("GET", url)
    assert answer.status == 429 and answer.json()["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def streamed(url, target):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address_of(parts.hostname), parts.port, timeout=60)
    connection.request("GET", target, headers={"Host": parts.netloc})
    return connection.getresponse()


def test_streams_are_delivered_as_they_are_written(url_of, client, table):
    _, url = url_of({"index.js": STREAM}, url={"InvokeMode": "RESPONSE_STREAM"}, runtime="nodejs20.x", handler="index.handler", Timeout=20,
                    Environment={"Variables": {"TABLE": table}})
    answer = streamed(url, "/?wait=go&head=1")
    assert answer.status == 201 and answer.headers["content-type"] == "text/html" and answer.headers["x-seen"] == "yes"
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert answer.read(5) == b"first"  # before the handler ends: it waits for this item
    client("dynamodb").put_item(TableName=table, Item={"id": {"S": "go"}})
    assert answer.read() == b"second"

    plain = streamed(url, "/")
    assert plain.status == 200 and plain.headers["content-type"] == "application/octet-stream" and plain.read() == b"firstsecond"
    broken = streamed(url, "/?fail=1")
    with pytest.raises(http.client.IncompleteRead):
        broken.read()


def test_functions_that_do_not_stream_are_passed_on_as_they_answer(url_of):
    _, url = url_of(url={"InvokeMode": "RESPONSE_STREAM"})
    answer = send("GET", url + "?answer=" + urllib.parse.quote('{"statusCode":418}'))
    assert answer.status == 200 and json.loads(answer.body) == {"statusCode": 418}
    assert send("GET", url + "?answer=raise").status == 502
