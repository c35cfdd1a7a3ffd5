#!/usr/bin/env python3
"""Writes signatures.json: requests as botocore signs them, for sigv4_test.cc. Needs botocore; run by hand."""
import datetime
import json
import pathlib
from unittest import mock

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 1, 31, 12, 34, 56, tzinfo=datetime.timezone.utc)
LONG_TERM = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SESSION = Credentials("ASIAEXAMPLE", "secret/with+signs", "FwoGZXIvYXdzE//////////wEaDA+=")

HOST = "http://localhost:4566"
JSON = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.PutItem"}
CASES = [
    ("json post", "dynamodb", "POST", "/", JSON, b'{"TableName":"t"}', LONG_TERM, "header"),
    ("session token", "dynamodb", "POST", "/", JSON, b"{}", SESSION, "header"),
    ("empty get", "lambda", "GET", "/2015-03-31/functions/", {}, b"", LONG_TERM, "header"),
    ("arn in the path", "lambda", "GET",
     "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A%24LATEST/policy",
     {}, b"", LONG_TERM, "header"),
    ("double encoding", "lambda", "GET", "/2017-03-31/tags/a%252Fb%20c", {}, b"", LONG_TERM, "header"),
    ("dot segments", "lambda", "GET", "/a/./b/../c//d/", {}, b"", LONG_TERM, "header"),
    ("query order", "lambda", "GET", "/x?b=2&a=2&a=1&empty&e%20f=%2B%2F", {}, b"", LONG_TERM, "header"),
    ("tilde and stars", "lambda", "GET", "/x~y/%2A?q=~%2A", {}, b"", LONG_TERM, "header"),
    ("header spaces", "lambda", "POST", "/x", {"X-Amz-Meta": "  a   b  "}, b"payload", LONG_TERM, "header"),
    ("form", "sts", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
     b"Action=GetCallerIdentity&Version=2011-06-15", LONG_TERM, "header"),
    ("s3 path as sent", "s3", "GET", "/bucket/a%20b/../c//d", {}, b"", LONG_TERM, "s3"),
    ("s3 put", "s3", "PUT", "/bucket/key", {}, b"data", SESSION, "s3"),
    ("presigned", "lambda", "GET", "/2015-03-31/functions?MaxItems=1", {}, b"", LONG_TERM, "query"),
    ("presigned session", "sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"", SESSION, "query"),
    ("presigned s3", "s3", "GET", "/bucket/a%20b", {}, b"", SESSION, "s3query"),
]
SIGNERS = {
    "header": botocore.auth.SigV4Auth,
    "s3": botocore.auth.S3SigV4Auth,
    "query": botocore.auth.SigV4QueryAuth,
    "s3query": botocore.auth.S3SigV4QueryAuth,
}

out = []
for name, service, method, target, headers, body, credentials, kind in CASES:
    request = AWSRequest(method=method, url=HOST + target, headers=dict(headers), data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None), create=True):
        signer = SIGNERS[kind](credentials, service, "eu-central-1")
        signer.add_auth(request)
    prepared_headers = {str(k): str(v) for k, v in request.headers.items()}
    prepared_headers.setdefault("Host", "localhost:4566")
    url = request.url if "query" in kind else HOST + target
    out.append({
        "name": name, "service": service, "method": method, "target": url[len(HOST):], "headers": prepared_headers,
        "body": body.decode(), "secret": credentials.secret_key, "token": credentials.token or "",
    })
data = {"botocore": botocore.__version__, "now": int(NOW.timestamp()), "cases": out}
path = pathlib.Path(__file__).with_name("signatures.json")
path.write_text(json.dumps(data, indent=1) + "\n")
print(f"{len(out)} cases")
