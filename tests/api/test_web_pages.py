"""What web pages may do. In the development profile any credentials are accepted, so pages of strangers must not get through."""

import subprocess

import pytest

from harness import daemon as daemons, http
from harness.clients import make_client

pytestmark = pytest.mark.own_daemon

LIST_TABLES = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}


def create_user(endpoint, **headers):
    """As a form does it, which a browser sends for any page without asking."""
    return http.send("POST", endpoint + "/", body=b"Action=CreateUser&Version=2010-05-08&UserName=intruder",
                        headers={"Content-Type": "application/x-www-form-urlencoded", **headers})


def users(daemon):
    return [user["UserName"] for user in make_client("iam", daemon.endpoint).list_users()["Users"]]


def test_a_page_of_a_stranger_changes_nothing(start_daemon):
    daemon = start_daemon()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Host": "evil.example:4566", "Origin": "http://evil.example:4566"}, {"Host": "evil.example"}):
        answer = create_user(daemon.endpoint, **headers)
        assert answer.status == 403, headers
        assert "--allow-origin" in answer.text
    assert users(daemon) == []
    # The daemon's own pages, read under a name that means 127.0.0.1 today, and a branch made by a page.
    assert http.send("GET", daemon.endpoint + "/_mayfly/status", headers={"Host": "evil.example"}).status == 403
    assert http.send("POST", daemon.endpoint + "/_mayfly/branches", body=b"{}", headers={"Origin": "https://evil.example"}).status == 403


def test_a_page_of_this_machine_uses_services_as_on_aws(start_daemon):
    daemon = start_daemon()
    page = {"Origin": "http://localhost:3000"}
    asked = http.send("OPTIONS", daemon.endpoint + "/", headers={
        **page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-amz-target"})
    assert asked.status == 200
    assert asked.headers["access-control-allow-headers"] == "authorization,x-amz-target"
    listed = http.send("POST", daemon.endpoint + "/", body=b"{}", headers={**page, **LIST_TABLES})
    assert (listed.status, listed.json()) == (200, {"TableNames": []})
    assert listed.headers["access-control-allow-origin"] == "*"
    assert create_user(daemon.endpoint, **page).status == 200
    assert users(daemon) == ["intruder"]


def test_a_trusted_origin_is_given_at_the_start(start_daemon):
    daemon = start_daemon("--allow-origin", "https://shop.example,http://mayfly.shop.example")
    assert create_user(daemon.endpoint, Origin="https://shop.example").status == 200
    assert create_user(daemon.endpoint, Origin="http://shop.example").status == 403
    named = http.send("POST", daemon.endpoint + "/", body=b"{}", headers={**LIST_TABLES, "Host": "mayfly.shop.example:4566"})
    assert named.status == 200


def test_an_origin_with_a_path_is_explained(tmp_path):
    ended = subprocess.run([daemons.binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path, "--allow-origin",
                            "https://shop.example/cart"], text=True, capture_output=True, timeout=60)
    assert ended.returncode != 0
    assert "--allow-origin: https://shop.example/cart is no origin; write it as browsers do" in ended.stderr
