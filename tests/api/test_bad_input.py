"""Bad input: everywhere a clear answer in AWS's form, nothing half-written, and a daemon that goes on."""

import json

import pytest
from botocore.exceptions import ClientError

from harness.packages import SymLink, zip_of

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/{}/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
)


def aws_headers(service, **more):
    return {"Authorization": SIGNED.format(service), "X-Amz-Date": "20250101T000000Z", **more}


def dynamodb(http, endpoint, operation, body, content_type="application/x-amz-json-1.0"):
    headers = aws_headers("dynamodb", **{"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": content_type})
    return http("POST", endpoint, body, headers)


@pytest.fixture(autouse=True)
def the_daemon_goes_on(http, endpoint):
    yield
    assert http("GET", endpoint + "/_mayfly/health").status == 200


# --- HTTP -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [
    b"", b"G", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Cut: of", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
], ids=["nothing", "a byte", "request line", "header", "body", "chunk"])
def test_truncated_requests_are_dropped(http, endpoint, data):
    """A client that goes away in the middle: no success may be answered, and nothing may hang."""
    answer = http.raw(endpoint, data, close_after=True)
    assert b" 200 " not in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), b"NONSENSE\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
], ids=["TLS", "no request", "version", "header", "length", "length and chunks", "chunk size"])
def test_what_is_not_http_is_refused(http, endpoint, data):
    answer = http.raw(endpoint, data, close_after=True)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"HTTP/1.0 4")), answer[:200]


def test_a_request_line_without_end(http, endpoint):
    answer = http.raw(endpoint, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 414", b"HTTP/1.1 431")), answer[:200]


def test_headers_without_end(http, endpoint):
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(2000))
    answer = http.raw(endpoint, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431"), answer[:200]


def test_a_body_that_says_it_is_too_large(http, endpoint):
    """Refused by its announced length, before it is read."""
    answer = http.raw(endpoint, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]


# --- protocols ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["{", "[]", '{"TableName": }', '{"TableName": "a"} x', "\xff", '{"TableName": 5}',
                                  '{"TableName": {"S": "a"}}', "[" * 100_000, '{"Limit": "many"}'])
def test_json_that_is_broken_or_of_wrong_types(http, endpoint, body):
    answer = dynamodb(http, endpoint, "Scan" if "Limit" in body else "DescribeTable", body.encode("latin-1"))
    assert answer.status == 400, answer
    assert answer.json()["__type"].split("#")[-1] in ("SerializationException", "ValidationException"), answer
    assert answer.headers["x-amzn-requestid"]


def test_unknown_operations_say_so(http, endpoint):
    answer = dynamodb(http, endpoint, "MakeCoffee", "{}")
    assert (answer.status, answer.json()["__type"].split("#")[-1]) == (400, "UnknownOperationException")
    answer = http("POST", endpoint, "Action=MakeCoffee&Version=2011-06-15",
                  aws_headers("sts", **{"Content-Type": "application/x-www-form-urlencoded"}))
    assert answer.status == 400 and "<Code>InvalidAction</Code>" in answer.text, answer
    answer = http("GET", endpoint + "/2015-03-31/coffee", headers=aws_headers("lambda"))
    assert answer.status in (403, 404) and answer.headers.get("x-amzn-errortype"), answer


def test_operations_that_aws_has_and_mayfly_lacks_name_themselves(http, endpoint, client):
    answer = dynamodb(http, endpoint, "ExportTableToPointInTime", "{}")
    assert answer.status in (400, 501) and "ExportTableToPointInTime" in answer.text, answer
    with pytest.raises(ClientError) as refused:
        client("apigatewayv2").get_domain_names()
    assert "GetDomainNames" in refused.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as refused:
        client("apigatewayv2").create_api(Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    assert "WEBSOCKET" in refused.value.response["Error"]["Message"]


def test_validation_lists_what_is_wrong(client):
    with pytest.raises(ClientError) as refused:
        client("lambda").invoke(FunctionName="no/such name")
    error = refused.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] in (400, 404), error


def test_items_and_payloads_that_are_too_large(client, table, deploy_function):
    with pytest.raises(ClientError) as refused:
        client("dynamodb").put_item(TableName=table, Item={"id": {"S": "x"}, "big": {"S": "a" * (400 * 1024)}})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert client("dynamodb").scan(TableName=table)["Count"] == 0
    name = deploy_function("def lambda_handler(event, context): return 'a' * (7 * 1024 * 1024)")
    with pytest.raises(ClientError) as refused:
        client("lambda").invoke(FunctionName=name, Payload=json.dumps("a" * (6 * 1024 * 1024 + 10)))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    outcome = client("lambda").invoke(FunctionName=name)
    assert outcome["FunctionError"] and json.loads(outcome["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


def test_api_payload_that_is_too_large(http, http_api, deploy_function):
    api = http_api(deploy_function("def lambda_handler(event, context): return len(event.get('body', ''))"))
    answer = http("POST", api.url + "/", b"a" * (10 * 1024 * 1024 + 1), {"Content-Type": "text/plain"})
    assert (answer.status, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_a_function_that_does_not_allow_the_api(http, http_api, deploy_function):
    """AWS tells clients of an API nothing but 500 where the function's policy does not allow the gateway."""
    api = http_api(deploy_function("def lambda_handler(event, context): return 1"), permit=False)
    answer = http("GET", api.url + "/")
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


# --- packages -------------------------------------------------------------------------------------------------------

GOOD = {"app.py": "def lambda_handler(event, context): return 1"}


def corrupted():
    package = bytearray(zip_of(GOOD))
    package[40] ^= 0xFF  # a byte of the compressed data
    return bytes(package)


def bomb():
    """Some hundred KB that unpack to more than the 250 MB which AWS allows."""
    return zip_of({**GOOD, "zeros": bytes(270_000_000)})


@pytest.mark.parametrize("package", [
    b"", b"not a zip", zip_of(GOOD)[:60], corrupted(), zip_of({**GOOD, "../evil.py": "x"}), zip_of({**GOOD, "a/../../evil.py": "x"}),
    zip_of({**GOOD, "/etc/evil": "x"}), zip_of({**GOOD, "link": SymLink("/etc/passwd")}), zip_of({**GOOD, "link": SymLink("../../../etc")}),
    zip_of({"d": SymLink("/tmp"), "d/evil.py": "x"}), bomb(),
], ids=["empty", "no zip", "cut off", "corrupt", "..", "inner ..", "absolute", "absolute link", "link upwards", "through a link", "bomb"])
def test_packages_that_are_refused(client, role_arn, unique_name, package):
    name = unique_name("fn")
    with pytest.raises(ClientError) as refused:
        client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="app.lambda_handler", Role=role_arn,
                                         Code={"ZipFile": package})
    error = refused.value.response
    assert error["Error"]["Code"] in ("InvalidParameterValueException", "InvalidZipFileException", "ValidationException"), error
    with pytest.raises(ClientError) as gone:
        client("lambda").get_function(FunctionName=name)
    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_refused_update_leaves_the_code_that_was(client, lambdas):
    name = lambdas.deploy(GOOD)
    with pytest.raises(ClientError):
        client("lambda").update_function_code(FunctionName=name, ZipFile=b"not a zip")
    assert lambdas.invoke(name).payload == 1


# --- handlers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("files, handler, error_type", [
    ({"app.py": "def other(event, context): pass"}, "app.lambda_handler", "Runtime.HandlerNotFound"),
    ({"other.py": ""}, "app.lambda_handler", "Runtime.ImportModuleError"),
    ({"app.py": "def lambda_handler(:"}, "app.lambda_handler", "Runtime.UserCodeSyntaxError"),
    ({"app.py": "import no_such_module"}, "app.lambda_handler", "Runtime.ImportModuleError"),
    ({"app.py": "raise ValueError('at import')"}, "app.lambda_handler", "ValueError"),
    ({"app.py": "def lambda_handler(event, context): return {1, 2}"}, "app.lambda_handler", "Runtime.MarshalError"),
    ({"app.py": "def lambda_handler(event, context): raise KeyError('x')"}, "app.lambda_handler", "KeyError"),
    ({"app.py": "import sys\ndef lambda_handler(event, context): sys.exit(3)"}, "app.lambda_handler", "Runtime.ExitError"),
    ({"app.py": "import os\ndef lambda_handler(event, context): os._exit(3)"}, "app.lambda_handler", "Runtime.ExitError"),
    ({"app.py": "import os\nos._exit(3)"}, "app.lambda_handler", "Runtime.ExitError"),
    ({"app.py": "import os, signal\ndef lambda_handler(event, context): os.kill(os.getpid(), signal.SIGSEGV)"}, "app.lambda_handler",
     "Runtime.ExitError"),
], ids=["no handler", "no module", "syntax", "missing import", "raises at import", "no JSON", "raises", "sys.exit", "os._exit",
        "exits at import", "crashes"])
def test_handlers_that_fail(lambdas, files, handler, error_type):
    name = lambdas.deploy(files, handler=handler)
    for _ in range(2):  # the second time too: no broken environment is kept
        outcome = lambdas.invoke(name)
        assert (outcome.status, outcome.error) == (200, "Unhandled"), outcome
        assert outcome.payload["errorType"] == error_type, outcome


def test_a_handler_that_hangs(lambdas):
    name = lambdas.deploy("import time\ndef lambda_handler(event, context):\n    if event: time.sleep(60)\n    return 'ok'", Timeout=1)
    outcome = lambdas.invoke(name, {"hang": True})
    assert outcome.error == "Unhandled"
    assert outcome.payload["errorType"] == "Sandbox.Timedout"
    assert outcome.payload["errorMessage"] == f"RequestId: {outcome.request_id} Error: Task timed out after 1.00 seconds"
    assert lambdas.invoke(name).payload == "ok"


def test_an_import_that_hangs(lambdas):
    name = lambdas.deploy("while True: pass\ndef lambda_handler(event, context): pass", Timeout=1, wait=False)
    outcome = lambdas.invoke(name)
    assert outcome.error == "Unhandled", outcome


def test_a_handler_that_forks(lambdas):
    """A child that outlives its handler must not answer in its place, nor keep the environment from serving."""
    name = lambdas.deploy(
        "import os, time\n"
        "def lambda_handler(event, context):\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(30)\n"
        "        os._exit(0)\n"
        "    return os.getpid()")
    for _ in range(3):
        outcome = lambdas.invoke(name)
        assert outcome.error is None and isinstance(outcome.payload, int), outcome


def test_a_handler_that_floods_its_log(client, lambdas):
    name = lambdas.deploy("def lambda_handler(event, context):\n    for i in range(200_000): print('line', i, 'x' * 100)\n    return 'done'",
                          Timeout=60)
    outcome = lambdas.invoke(name)
    assert outcome.payload == "done", outcome
    pages = client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}", filterPattern="REPORT")
    assert [event for page in pages for event in page["events"]]


def test_a_line_without_end_in_the_log(lambdas):
    name = lambdas.deploy("import sys\ndef lambda_handler(event, context):\n    sys.stdout.write('x' * 20_000_000)\n    return 'done'",
                          Timeout=60, MemorySize=512)
    assert lambdas.invoke(name).payload == "done"


def test_a_handler_that_eats_memory(client, lambdas):
    name = lambdas.deploy("def lambda_handler(event, context):\n    if event: return len(bytearray(600 * 1024 * 1024))\n    return 'ok'",
                          MemorySize=128, Timeout=30)
    outcome = lambdas.invoke(name, {"eat": True})
    assert outcome.error == "Unhandled"
    assert outcome.payload["errorType"] in ("Runtime.ExitError", "Runtime.OutOfMemory", "MemoryError"), outcome
    assert lambdas.invoke(name).payload == "ok"
