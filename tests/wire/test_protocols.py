"""Requests that no SDK would send, on the wire: each is answered with an error that SDKs can read, never with silence or a 500."""

import json

import pytest
import requests


def post(endpoint, headers, body, path="/"):
    return requests.post(endpoint + path, headers=headers, data=body, timeout=10)


JSON = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"nul", b'{"Limit":"1"}', b'{"Limit":1.5}', b"\xff", b"[" * 100_000, b'{"a":1}x'])
def test_bad_json_is_a_serialization_exception(endpoint, body):
    answer = post(endpoint, JSON, body)
    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("#SerializationException")


def test_violated_rules_are_all_named(endpoint):
    answer = post(endpoint, {**JSON, "X-Amz-Target": "Logs_20140328.CreateLogGroup"}, b"{}")
    assert answer.status_code == 400
    body = answer.json()
    assert "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint" in body["message"]


@pytest.mark.parametrize("target", ["DynamoDB_20120810.Fly", "DynamoDB_20120810", "Nobody.ListTables", ".", ""])
def test_unknown_targets(endpoint, target):
    answer = post(endpoint, {**JSON, "X-Amz-Target": target}, b"{}")
    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("UnknownOperationException")


def test_what_is_missing_says_so(endpoint):
    answer = post(endpoint, {**JSON, "X-Amz-Target": "DynamoDB_20120810.ExportTableToPointInTime"}, b"{}")
    assert answer.status_code == 501
    assert "ExportTableToPointInTime" in answer.json()["message"]


@pytest.mark.parametrize(
    "body, code",
    [
        (b"Action=Fly&Version=2011-06-15", "InvalidAction"),
        (b"Action=GetCallerIdentity&Version=1999-01-01", "InvalidAction"),
        (b"Action=GetCallerIdentity&Version=2011-06-15&x=%zz", "MalformedInput"),
        (b"Action=AssumeRole&Version=2011-06-15", "ValidationError"),
    ],
)
def test_bad_forms_are_answered_in_xml(endpoint, body, code):
    answer = post(endpoint, FORM, body)
    assert answer.status_code == 400
    assert f"<Code>{code}</Code>" in answer.text


@pytest.mark.parametrize("path", ["/2015-03-31/functions/%zz", "/2015-03-31/functions/%ff"])
def test_broken_escapes_in_paths(endpoint, path):
    answer = requests.Request("GET", endpoint).prepare()
    answer.url = endpoint + path  # as it is: requests would repair it
    assert requests.Session().send(answer, timeout=10).status_code == 400


def test_unknown_paths_are_404(endpoint):
    answer = requests.get(endpoint + "/2015-03-31/nowhere", timeout=10)
    assert answer.status_code == 404
    assert answer.headers["x-amzn-ErrorType"] == "UnknownOperationException"


def test_every_answer_has_its_request_id(endpoint):
    ids = {post(endpoint, JSON, b"{}").headers["x-amzn-RequestId"] for _ in range(3)}
    assert len(ids) == 3


def test_unreadable_authorization(endpoint):
    answer = post(endpoint, {**JSON, "Authorization": "AWS4-HMAC-SHA256 nonsense"}, b"{}")
    assert answer.status_code == 403
    assert json.loads(answer.text)["__type"].endswith("IncompleteSignatureException")
