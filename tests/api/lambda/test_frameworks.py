"""Functions as people write them: with the frameworks that most use, as their guides show, behind a URL and behind an HTTP API."""

import datetime
import hashlib
import shutil
import subprocess

import pytest

from harness.fetched import CACHE, SOURCES, fetch
from harness.http import send
from harness.wait import eventually

LISTS = SOURCES / "frameworks"
JSON = {"Content-Type": "application/json"}


def fetched(kind, lists, marker, command):
    """A folder of packages, another one for each state of the lists of what is in it."""
    digest = hashlib.sha256(b"".join((LISTS / name).read_bytes() for name in lists)).hexdigest()[:12]
    folder = CACHE / f"frameworks-{kind}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in lists:
        shutil.copy(LISTS / name, folder / name)
    fetch(f"frameworks of {kind}", folder / marker, command, cwd=folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def python_packages():
    files = fetched("python", ["requirements.txt"], "mangum", ["/usr/bin/python3", "-m", "pip", "install", "-q", "--target", ".", "-r", "requirements.txt"])
    # The SDK is the runtime's.
    return {name: content for name, content in files.items() if not name.startswith(("boto", "urllib3", "jmespath", "bin/"))}


@pytest.fixture(scope="module")
def python_version():
    """Of what fetched the packages, some of which are compiled."""
    return subprocess.run(["/usr/bin/python3", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], text=True, capture_output=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def node_packages():
    return fetched("node", ["package.json", "package-lock.json"], "node_modules/hono", ["npm", "ci", "--silent", "--no-audit", "--no-fund"])


@pytest.fixture
def served(lambdas, http_api):
    """served(files, runtime): the addresses of a function's URL and of an HTTP API in front of it."""

    def make(files, runtime, mode="BUFFERED"):
        name = lambdas.deploy(files, runtime=runtime, handler="app.handler", MemorySize=1769, Timeout=30)
        url = lambdas.client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode=mode)["FunctionUrl"]
        lambdas.client.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
        return [url.rstrip("/"), http_api(name).url]

    return make


@pytest.fixture
def idempotency(client, unique_name):
    """A table for what was done already."""
    name, database = unique_name("idempotency"), client("dynamodb")
    database.create_table(TableName=name, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    database.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"})
    yield name
    database.delete_table(TableName=name)


POWERTOOLS = """
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function

logger, metrics = Logger(service="orders"), Metrics(namespace="Shop", service="orders")
app = APIGatewayHttpResolver(enable_validation=True)
store = DynamoDBPersistenceLayer(table_name="TABLE")
config = IdempotencyConfig(event_key_jmespath="order")
runs = []


@idempotent_function(data_keyword_argument="body", persistence_store=store, config=config)
def place(body):
    runs.append(body)
    return {"placed": body["order"], "run": len(runs)}


@app.post("/orders")
def post_order():
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=1)
    config.register_lambda_context(app.lambda_context)
    return place(body=app.current_event.json_body)


@app.get("/orders/<order_id>")
def get_order(order_id: int):
    if order_id == 0:
        raise NotFoundError("no such order")
    logger.info("found", extra={"order": order_id})
    return {"order": order_id}


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)
"""


def test_powertools_for_python(served, python_packages, python_version, idempotency, client, unique_name):
    service = unique_name("orders")
    source = POWERTOOLS.replace("TABLE", idempotency).replace('service="orders"', f'service="{service}"')
    for address in served({**python_packages, "app.py": source}, python_version):
        for _ in range(2):
            assert send("POST", address + "/orders", body='{"order": "1"}', headers=JSON).json() == {"placed": "1", "run": 1}
        assert send("GET", address + "/orders/7").json() == {"order": 7}
        assert send("GET", address + "/orders/x").status == 422
        assert send("GET", address + "/orders/0").json() == {"statusCode": 404, "message": "no such order"}
    # Metrics go out as lines of the log, and are CloudWatch's from there.
    now = datetime.datetime.now(datetime.timezone.utc)
    found = eventually(lambda: client("cloudwatch").get_metric_statistics(
        Namespace="Shop", MetricName="Orders", Dimensions=[{"Name": "service", "Value": service}], Statistics=["Sum"], Period=3600,
        StartTime=now - datetime.timedelta(hours=1), EndTime=now + datetime.timedelta(hours=1))["Datapoints"])
    assert sum(point["Sum"] for point in found) == 4


FASTAPI = """
from fastapi import FastAPI, Request
from mangum import Mangum

app = FastAPI()


@app.get("/items/{item}")
async def get_item(item: int, request: Request):
    return {"item": item, "from": request.client.host}


@app.post("/items", status_code=201)
async def make_item(body: dict):
    return {"made": body}


handler = Mangum(app)
"""


def test_fastapi_with_mangum(served, python_packages, python_version):
    for address in served({**python_packages, "app.py": FASTAPI}, python_version):
        assert send("GET", address + "/items/7").json() == {"item": 7, "from": "127.0.0.1"}
        assert send("GET", address + "/items/x").status == 422
        made = send("POST", address + "/items", body='{"a": 1}', headers=JSON)
        assert (made.status, made.json()) == (201, {"made": {"a": 1}})


EXPRESS = """
import express from 'express';
import serverless from 'serverless-http';

const app = express();
app.use(express.json());
app.get('/items/:id', (request, response) => response.json({ id: request.params.id, q: request.query.q }));
app.post('/items', (request, response) => response.status(201).cookie('a', 'b').json({ made: request.body }));
app.get('/image', (request, response) => response.type('png').send(Buffer.from([0, 255, 1, 254])));
export const handler = serverless(app, { binary: ['image/png'] });
"""


def test_express(served, node_packages):
    for address in served({**node_packages, "app.mjs": EXPRESS}, "nodejs20.x"):
        assert send("GET", address + "/items/7?q=1").json() == {"id": "7", "q": "1"}
        made = send("POST", address + "/items", body='{"a": 1}', headers=JSON)
        assert (made.status, made.json(), made.headers["Set-Cookie"]) == (201, {"made": {"a": 1}}, "a=b; Path=/")
        image = send("GET", address + "/image")
        assert (image.body, image.headers["Content-Type"]) == (bytes([0, 255, 1, 254]), "image/png")


MIDDY = """
import middy from '@middy/core';
import jsonBodyParser from '@middy/http-json-body-parser';
import httpErrorHandler from '@middy/http-error-handler';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';

const logger = new Logger({ serviceName: 'orders' });
const metrics = new Metrics({ namespace: 'Shop', serviceName: 'orders' });
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: 'TABLE' });
const config = new IdempotencyConfig({ eventKeyJmesPath: 'body' });
let runs = 0;
export const handler = middy(async (event) => {
  logger.info('order', { order: event.body.order });
  metrics.addMetric('orders', MetricUnit.Count, 1);
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ placed: event.body.order, run: ++runs }) };
}).use(injectLambdaContext(logger)).use(logMetrics(metrics, { captureColdStartMetric: true }))
  .use(jsonBodyParser()).use(makeHandlerIdempotent({ persistenceStore, config })).use(httpErrorHandler());
"""


def test_middy_with_powertools_for_typescript(served, node_packages, idempotency):
    for address in served({**node_packages, "app.mjs": MIDDY.replace("TABLE", idempotency)}, "nodejs20.x"):
        for _ in range(2):
            assert send("POST", address + "/x", body='{"order":"9"}', headers=JSON).json() == {"placed": "9", "run": 1}
        assert send("POST", address + "/x", body="bad", headers=JSON).status == 415


HONO = """
import { Hono } from 'hono';
import { streamHandle } from 'hono/aws-lambda';
import { stream } from 'hono/streaming';

const app = new Hono();
app.get('/parts', (c) => stream(c, async (to) => { for (let i = 0; i < 3; i++) await to.write(`part ${i}\\n`); }));
app.get('/hello', (c) => c.json({ hello: c.req.query('name') }));
export const handler = streamHandle(app);
"""


def test_hono_streams(served, node_packages):
    address, _ = served({**node_packages, "app.mjs": HONO}, "nodejs20.x", mode="RESPONSE_STREAM")
    assert send("GET", address + "/parts").text == "part 0\npart 1\npart 2\n"
    assert send("GET", address + "/hello?name=x").json() == {"hello": "x"}
