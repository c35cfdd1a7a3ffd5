"""What was acknowledged is there after the daemon ended, whichever way it ended."""

import threading

import pytest

from harness.clients import ASSUME_ROLE, make_client
from harness import http as plain_http, sources
from harness.functions import Functions
from harness.wait import eventually

pytestmark = pytest.mark.own_daemon


@pytest.fixture(params=[False, True], ids=["SIGTERM", "kill -9"])
def kill(request):
    return request.param


def make_table(database, name="Things"):
    database.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    database.get_waiter("table_exists").wait(TableName=name)


def make_function(daemon, source, **config):
    iam = make_client("iam", daemon.endpoint)
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=ASSUME_ROLE)["Role"]["Arn"]
    functions = Functions(make_client("lambda", daemon.endpoint), role, lambda prefix: prefix)
    return functions, functions.deploy(source, **config)


def test_everything_is_there_again(start_daemon, kill):
    daemon = start_daemon()
    database, gateway = make_client("dynamodb", daemon.endpoint), make_client("apigatewayv2", daemon.endpoint)
    make_table(database)
    database.put_item(TableName="Things", Item={"id": {"S": "a"}})
    functions, name = make_function(daemon, sources.HTTP_ECHO)
    arn = functions.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    api = gateway.create_api(Name="a", ProtocolType="HTTP", Target=arn)
    functions.client.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com")
    assert plain_http.send("GET", api["ApiEndpoint"] + "/x").status == 200

    daemon.restart(kill=kill)
    assert database.get_item(TableName="Things", Key={"id": {"S": "a"}}, ConsistentRead=True)["Item"] == {"id": {"S": "a"}}
    assert plain_http.send("GET", api["ApiEndpoint"] + "/x").json()["rawPath"] == "/x"
    assert gateway.get_api(ApiId=api["ApiId"])["ApiEndpoint"] == api["ApiEndpoint"]
    assert daemon.stop() == 0


def test_no_acknowledged_write_is_lost_under_load(start_daemon):
    """Writers write as fast as they can; the daemon is killed among them; every write that was answered is there."""
    daemon = start_daemon()
    make_table(make_client("dynamodb", daemon.endpoint))
    acknowledged, stop = [], threading.Event()

    def write(writer):
        database, number = make_client("dynamodb", daemon.endpoint), 0
        while not stop.is_set():
            try:
                database.put_item(TableName="Things", Item={"id": {"S": f"{writer}-{number}"}})
            except Exception:
                return  # killed
            acknowledged.append(f"{writer}-{number}")
            number += 1

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    eventually(lambda: len(acknowledged) > 200, what="200 writes")
    daemon.kill()
    stop.set()
    for writer in writers:
        writer.join()
    daemon.start()
    pages = make_client("dynamodb", daemon.endpoint).get_paginator("scan").paginate(TableName="Things", ConsistentRead=True)
    found = {item["id"]["S"] for page in pages for item in page["Items"]}
    assert not set(acknowledged) - found


def test_accepted_asynchronous_invocations_run_after_a_crash(start_daemon):
    """202 means that it will run: also when the daemon is killed right after."""
    daemon = start_daemon()
    database = make_client("dynamodb", daemon.endpoint)
    make_table(database)
    functions, name = make_function(daemon, sources.WRITE_ITEM, Environment={"Variables": {"TABLE": "Things"}}, Timeout=20)
    for number in range(20):
        assert functions.invoke(name, {"id": str(number)}, InvocationType="Event").status == 202
    daemon.restart(kill=True)
    eventually(lambda: database.scan(TableName="Things", ConsistentRead=True)["Count"] == 20, seconds=60, what="20 invocations")


def test_a_second_daemon_on_the_same_data_is_refused(start_daemon):
    """Two writers would not see each other's transactions."""
    from harness.daemon import Daemon

    daemon = start_daemon()
    second = Daemon()
    data, second.data = second.data, daemon.data
    try:
        with pytest.raises(RuntimeError, match="ended at once"):
            second.start()
    finally:
        second.data = data
        second.discard()
    assert daemon.healthy()
