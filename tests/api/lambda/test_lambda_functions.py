"""The life of a function as boto3 sees it: states, revisions, names, packages, paging."""

import base64
import hashlib
import urllib.request

import pytest
from botocore.exceptions import ClientError

from harness.packages import SymLink, zip_of
from harness.wait import eventually

ECHO = "def lambda_handler(event, context):\n    return event\n"
WHO = "def lambda_handler(event, context):\n    return {0!r}\n"


def code_of(info):
    return info.value.response["Error"]["Code"]


def settled(functions, name):
    return eventually(lambda: functions.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")


def test_waiters_of_boto3_see_the_states(client, role_arn, unique_name):
    # function_active and function_updated are what deploy tools wait with.
    functions, name = client("lambda"), unique_name("fn")
    created = functions.create_function(
        FunctionName=name, Runtime="python3.11", Handler="app.lambda_handler", Role=role_arn, Code={"ZipFile": zip_of({"app.py": ECHO})})
    try:
        assert created["State"] == "Pending" and created["StateReasonCode"] == "Creating"
        functions.get_waiter("function_active").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        updated = functions.update_function_configuration(FunctionName=name, Timeout=9)
        assert updated["LastUpdateStatus"] == "InProgress"
        functions.get_waiter("function_updated").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        assert functions.get_function_configuration(FunctionName=name)["Timeout"] == 9
    finally:
        functions.delete_function(FunctionName=name)
    with pytest.raises(ClientError) as gone:
        functions.get_function(FunctionName=name)
    assert code_of(gone) == "ResourceNotFoundException"


def test_the_package_can_be_downloaded_again(client, deploy_function):
    # GetFunction's Code.Location is how tools fetch what is deployed.
    package = zip_of({"app.py": ECHO})
    name = deploy_function(package)
    got = client("lambda").get_function(FunctionName=name)
    assert got["Configuration"]["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert urllib.request.urlopen(got["Code"]["Location"]).read() == package


def test_new_code_answers_the_next_event(client, deploy_function, invoke):
    functions = client("lambda")
    name = deploy_function(WHO.format("old"))
    assert invoke(name).payload == "old"
    functions.update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": WHO.format("new")}))
    assert invoke(name).payload == "new"
    settled(functions, name)


def test_an_old_revision_id_is_refused(client, deploy_function):
    functions = client("lambda")
    name = deploy_function(ECHO)
    old = functions.get_function_configuration(FunctionName=name)["RevisionId"]
    functions.update_function_configuration(FunctionName=name, Timeout=5)
    settled(functions, name)
    with pytest.raises(ClientError) as refused:
        functions.update_function_configuration(FunctionName=name, Timeout=6, RevisionId=old)
    assert code_of(refused) == "PreconditionFailedException"


def test_dry_run_changes_nothing(client, deploy_function, invoke):
    name = deploy_function(WHO.format("old"))
    client("lambda").update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": WHO.format("new")}), DryRun=True)
    assert invoke(name).payload == "old"


def test_versions_are_frozen_and_aliases_move(client, deploy_function):
    functions = client("lambda")
    name = deploy_function(WHO.format("one"))

    def answer(qualifier):
        return functions.invoke(FunctionName=name, Qualifier=qualifier)["Payload"].read()

    assert functions.publish_version(FunctionName=name)["Version"] == "1"
    assert functions.publish_version(FunctionName=name)["Version"] == "1"  # nothing changed
    functions.update_function_code(FunctionName=name, ZipFile=zip_of({"app.py": WHO.format("two")}))
    settled(functions, name)
    assert functions.publish_version(FunctionName=name)["Version"] == "2"
    assert (answer("1"), answer("2")) == (b'"one"', b'"two"')

    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert answer("live") == b'"one"'
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert answer("live") == b'"two"'
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    assert {answer("live") for _ in range(40)} == {b'"one"', b'"two"'}
    with pytest.raises(ClientError) as refused:
        functions.delete_function(FunctionName=name, Qualifier="1")
    assert code_of(refused) == "ResourceConflictException"
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_function(FunctionName=name, Qualifier="1")
    assert [v["Version"] for v in functions.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST", "2"]


def test_lists_are_paged(client, deploy_function):
    names = {deploy_function(ECHO, wait=False) for _ in range(3)}
    pages = client("lambda").get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert names <= {f["FunctionName"] for page in pages for f in page["Functions"]}


def test_a_permission_is_written_as_on_aws(client, deploy_function):
    import json

    functions = client("lambda")
    name = deploy_function(ECHO, wait=False)
    functions.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="123456789012",
                             SourceAccount="123456789012")
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceAccount": "123456789012"}}
    functions.remove_permission(FunctionName=name, StatementId="s")
    with pytest.raises(ClientError) as gone:
        functions.get_policy(FunctionName=name)
    assert code_of(gone) == "ResourceNotFoundException"


@pytest.mark.parametrize("package", [
    b"no zip at all",
    zip_of({"../evil.py": "x"}),
    zip_of({"/evil.py": "x"}),
    zip_of({"app.py": SymLink("/etc/passwd")}),
    zip_of({"lib": SymLink("../../.."), "app.py": "x"}),
    zip_of({"app.py": ECHO})[:-30],
], ids=["garbage", "climbing", "absolute", "link", "climbing-link", "cut"])
def test_bad_packages_are_refused_and_leave_nothing(client, role_arn, unique_name, package):
    functions, name = client("lambda"), unique_name("fn")
    with pytest.raises(ClientError) as refused:
        functions.create_function(FunctionName=name, Runtime="python3.11", Handler="a.b", Role=role_arn, Code={"ZipFile": package})
    assert code_of(refused) == "InvalidParameterValueException"
    assert "Could not unzip uploaded file" in str(refused.value)
    with pytest.raises(ClientError):
        functions.get_function(FunctionName=name)


def test_modes_of_files_are_kept(deploy_function, invoke):
    # An executable in the package must be executable in /var/task, and everything readable.
    source = "import os\ndef lambda_handler(e, c):\n    return [oct(os.stat(f).st_mode & 0o777) for f in ('bootstrap', 'app.py')]\n"
    assert invoke(deploy_function({"app.py": source, "bootstrap": "#!/bin/sh\n"})).payload == ["0o755", "0o644"]


def test_what_is_missing_says_so(client, role_arn, unique_name):
    with pytest.raises(ClientError) as refused:
        client("lambda").create_function(
            FunctionName=unique_name("fn"), Runtime="python3.11", Handler="a.b", Role=role_arn, Code={"S3Bucket": "bucket", "S3Key": "key"})
    assert "not supported" in str(refused.value) and "S3" in str(refused.value)
