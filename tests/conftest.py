"""Fixtures of the black-box tests; tests/README.md says what each is for."""

import itertools
import uuid

import boto3
import pytest

from harness import apis, commands, daemon as daemons, functions, http as plain_http
from harness.clients import ASSUME_ROLE, make_client

def pytest_addoption(parser):
    parser.addoption("--endpoint", help="test the daemon at this URL instead of starting build/mayfly")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--endpoint"):
        return
    skip = pytest.mark.skip(reason="needs a daemon of its own; --endpoint was given")
    for item in items:
        if item.get_closest_marker("own_daemon") or "start_daemon" in getattr(item, "fixturenames", ()):
            item.add_marker(skip)


# --- the daemon ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def daemon(request):
    """The daemon that all tests share, or None with --endpoint. Its end is checked: SIGTERM has to end it with status 0."""
    if request.config.getoption("--endpoint"):
        yield None
        return
    if not daemons.binary().exists():
        pytest.exit(f"{daemons.binary()} is missing: run ./dev build, or give --endpoint", returncode=3)
    shared = daemons.Daemon()
    try:
        yield shared.start()
        assert shared.alive(), f"the daemon died during the tests:\n{shared.log()}"
        status = shared.stop()
        assert status == 0, f"SIGTERM ended the daemon with {status}:\n{shared.log()}"
    finally:
        shared.discard()


@pytest.fixture(scope="session")
def endpoint(request, daemon):
    return daemon.endpoint if daemon else request.config.getoption("--endpoint").rstrip("/")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the daemon said while it ran."""
    report = (yield).get_result()
    shared = item.funcargs.get("daemon") if hasattr(item, "funcargs") else None
    if shared is None:
        return
    if call.when == "setup":
        item.log_start = len(shared.log())
    if report.failed:
        report.sections.append(("daemon's log", shared.log()[getattr(item, "log_start", 0):][-8000:]))


@pytest.fixture
def start_daemon():
    """start_daemon(*arguments) starts a daemon for one test: to restart it, to kill it, to run it with other options."""
    started = []

    def start(*arguments, **options):
        own = daemons.Daemon(*arguments, **options)
        started.append(own)
        return own.start()

    yield start
    for own in started:
        own.discard()


# --- clients ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def client(endpoint):
    """client('dynamodb', **boto3 options)."""
    made = {}

    def get(service, **options):
        if options:
            return make_client(service, endpoint, **options)
        if service not in made:
            made[service] = make_client(service, endpoint)
        return made[service]

    return get


@pytest.fixture(scope="session")
def dynamodb(endpoint):
    """boto3.resource('dynamodb')."""
    return boto3.session.Session().resource(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )


@pytest.fixture(scope="session")
def aws_cli(endpoint, tmp_path_factory):
    return commands.AwsCli(endpoint, tmp_path_factory.mktemp("cli"))


@pytest.fixture(scope="session")
def node(endpoint, tmp_path_factory):
    return commands.Node(endpoint, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def http():
    """http(method, url, body, headers) -> status, headers, text, json(); http.raw(endpoint, bytes)."""

    def send(*arguments, **options):
        return plain_http.send(*arguments, **options)

    send.raw = plain_http.send_raw
    return send


# --- things to test on --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def unique_name():
    """unique_name('table') -> a name that no other test has, in this run or on this endpoint."""
    run, numbers = uuid.uuid4().hex[:6], itertools.count(1)
    return lambda prefix: f"{prefix}-{run}-{next(numbers)}"


@pytest.fixture(scope="session")
def role_arn(client, unique_name):
    name = unique_name("role")
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=ASSUME_ROLE)
    yield role["Role"]["Arn"]
    client("iam").delete_role(RoleName=name)


@pytest.fixture
def lambdas(client, role_arn, unique_name):
    """Functions of this test: lambdas.deploy(...), lambdas.invoke(name, event)."""
    made = functions.Functions(client("lambda"), role_arn, unique_name)
    yield made
    made.delete_all()


@pytest.fixture
def deploy_function(lambdas):
    return lambdas.deploy


@pytest.fixture
def invoke(lambdas):
    return lambdas.invoke


@pytest.fixture
def http_api(client, endpoint, unique_name):
    """http_api(function, *route keys, **options) -> an HTTP API in front of a function; see harness/apis.py."""
    made = apis.Apis(client("apigatewayv2"), client("lambda"), endpoint, unique_name)
    yield made.create
    made.delete_all()


@pytest.fixture
def table(client, unique_name):
    """A DynamoDB table with one string key, `id`, until the test's end."""
    name = unique_name("table")
    database = client("dynamodb")
    database.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    database.get_waiter("table_exists").wait(TableName=name)
    yield name
    database.delete_table(TableName=name)
