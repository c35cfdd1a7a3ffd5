"""The secured profile: only known keys, with right signatures, in time."""

import json
import os
import shutil
import subprocess

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from harness import daemon as daemons, http as plain_http

pytestmark = pytest.mark.own_daemon


def client(daemon, service, key, secret, token=None):
    return boto3.session.Session().client(service, endpoint_url=daemon.endpoint, region_name="us-east-1", aws_access_key_id=key,
                                          aws_secret_access_key=secret, aws_session_token=token)


@pytest.fixture
def secured(start_daemon):
    """A secured daemon, and a key of a user that was made before, in the development profile, on the same data."""
    daemon = start_daemon()
    iam = client(daemon, "iam", "test", "test")
    iam.create_user(UserName="operator")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    daemon.arguments = ("--profile", "secured")
    daemon.restart()
    return daemon, key["AccessKeyId"], key["SecretAccessKey"]


def test_only_known_keys_with_right_signatures(secured):
    daemon, key, secret = secured
    me = client(daemon, "sts", key, secret).get_caller_identity()
    assert me["Arn"].endswith(":user/operator")
    for service, call, codes in (("sts", "get_caller_identity", ("SignatureDoesNotMatch",)),
                                 ("dynamodb", "list_tables", ("InvalidSignatureException",)),
                                 ("lambda", "list_functions", ("InvalidSignatureException",))):
        with pytest.raises(ClientError) as refused:
            getattr(client(daemon, service, key, "wrong secret"), call)()
        assert refused.value.response["Error"]["Code"] in codes
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
        with pytest.raises(ClientError) as refused:
            getattr(client(daemon, service, "AKIAUNKNOWN", "secret"), call)()
        assert refused.value.response["Error"]["Code"] in ("UnrecognizedClientException", "InvalidClientTokenId")


def test_unsigned_requests_are_refused(secured):
    daemon, _, _ = secured
    answer = plain_http.send("POST", daemon.endpoint, "{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables",
                                                            "Content-Type": "application/x-amz-json-1.0"})
    assert answer.status in (400, 403) and "MissingAuthenticationToken" in answer.json()["__type"], answer


def signed(daemon, key, secret, body, date=None):
    request = AWSRequest("POST", daemon.endpoint + "/", data=body, headers={
        "X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"})
    auth = SigV4Auth(Credentials(key, secret), "dynamodb", "us-east-1")
    if date is None:
        auth.add_auth(request)
        return dict(request.headers)
    request.context["timestamp"] = date
    request.headers["X-Amz-Date"] = date
    text = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(text, request))
    return dict(request.headers)


def test_what_was_changed_after_signing_is_refused(secured):
    daemon, key, secret = secured
    headers = signed(daemon, key, secret, "{}")
    assert plain_http.send("POST", daemon.endpoint + "/", "{}", headers).status == 200
    answer = plain_http.send("POST", daemon.endpoint + "/", '{"Limit":1}', headers)
    assert "InvalidSignatureException" in answer.json()["__type"], answer
    answer = plain_http.send("POST", daemon.endpoint + "/?a=b", "{}", headers)
    assert "InvalidSignatureException" in answer.json()["__type"], answer


def test_old_signatures_are_refused(secured):
    daemon, key, secret = secured
    answer = plain_http.send("POST", daemon.endpoint + "/", "{}", signed(daemon, key, secret, "{}", "20200101T000000Z"))
    assert answer.status in (400, 403) and "Signature" in answer.json()["__type"], answer


def test_listening_beyond_this_machine_needs_the_profile(start_daemon):
    from harness.daemon import Daemon, binary
    import subprocess

    own = Daemon()
    try:
        ran = subprocess.run([str(binary()), "serve", "--listen", f"0.0.0.0:{own.port}", "--data-dir", str(own.data)],
                             capture_output=True, text=True, timeout=30)
        assert ran.returncode != 0 and "--profile secured" in ran.stderr + ran.stdout
    finally:
        own.discard()


def serve(*arguments, **options):
    """Runs `mayfly serve`, which is expected to refuse."""
    return subprocess.run([daemons.binary(), "serve", *arguments], capture_output=True, text=True, timeout=60, **options)


def test_other_addresses_need_the_secured_profile(tmp_path):
    done = serve("--listen", "0.0.0.0:0", "--data-dir", tmp_path / "data")
    assert done.returncode == 2 and "--profile secured" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user, which only root can")
def test_secured_does_not_start_without_its_isolation(tmp_path):
    """An ordinary user cannot give each function a user of its own, so the daemon says so and ends."""
    build = daemons.binary().parent
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(path, 0o755)
    shutil.copy(build / "mayfly", tmp_path)
    for folder in ("runtimes", "data"):
        shutil.copytree(build / folder, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("CMakeFiles"))
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 65534, 65534)
    done = subprocess.run([tmp_path / "mayfly", "serve", "--listen", "127.0.0.1:0", "--profile", "secured", "--data-dir",
                           tmp_path / "state/data"], capture_output=True, text=True, timeout=60, user=65534, group=65534,
                          extra_groups=[])
    assert done.returncode == 2, done
    assert "own user for each function" in done.stderr
