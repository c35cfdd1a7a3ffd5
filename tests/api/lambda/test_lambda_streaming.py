"""InvokeWithResponseStream: what the function writes is delivered when it is written."""

import json

import pytest

HANDLER = """
const item = (key) => fetch(process.env.AWS_ENDPOINT_URL, {
  method: 'POST',
  headers: {
    'X-Amz-Target': 'DynamoDB_20120810.GetItem', 'Content-Type': 'application/x-amz-json-1.0',
    Authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  },
  body: JSON.stringify({TableName: process.env.TABLE, Key: {id: {S: key}}, ConsistentRead: true}),
}).then((answer) => answer.json());

exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  stream.write('first');
  while (!(await item(event.wait)).Item) await new Promise((wake) => setTimeout(wake, 5));
  stream.write('second');
  if (event.fail) throw new RangeError('midway');
  stream.end();
});
exports.plain = async (event) => ({echo: event});
exports.broken = async () => { throw new RangeError('at once'); };
"""


@pytest.fixture
def invoke(client, deploy_function, table):
    def start(handler="index.handler", event=None, **more):
        name = deploy_function({"index.js": HANDLER}, runtime="nodejs20.x", handler=handler, Timeout=20,
                               Environment={"Variables": {"TABLE": table}})
        return client("lambda").invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event or {}), **more)

    return start


def test_the_first_chunk_arrives_before_the_handler_ends(invoke, client, table):
    answer = invoke(event={"wait": "go"}, LogType="Tail")
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    events = iter(answer["EventStream"])
    assert next(events) == {"PayloadChunk": {"Payload": b"first"}}
    client("dynamodb").put_item(TableName=table, Item={"id": {"S": "go"}})  # what the handler waits for
    assert next(events) == {"PayloadChunk": {"Payload": b"second"}}
    last = next(events)["InvokeComplete"]
    assert "ErrorCode" not in last and last["LogResult"]
    assert next(events, None) is None


def test_an_error_midway_ends_the_stream(invoke, client, table):
    client("dynamodb").put_item(TableName=table, Item={"id": {"S": "now"}})
    *chunks, last = invoke(event={"wait": "now", "fail": True})["EventStream"]
    assert b"".join(each["PayloadChunk"]["Payload"] for each in chunks) == b"firstsecond"
    assert last["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert "midway" in last["InvokeComplete"]["ErrorDetails"]


def test_functions_that_do_not_stream_answer_in_one_chunk(invoke):
    chunk, last = invoke(handler="index.plain", event={"a": 1})["EventStream"]
    assert json.loads(chunk["PayloadChunk"]["Payload"]) == {"echo": {"a": 1}}
    assert last["InvokeComplete"] == {}


def test_an_error_before_anything_was_written(invoke):
    (last,) = invoke(handler="index.broken")["EventStream"]
    details = json.loads(last["InvokeComplete"]["ErrorDetails"])
    assert details["errorType"] == "RangeError" and details["errorMessage"] == "at once"


def test_a_missing_function_is_an_ordinary_error(client):
    functions = client("lambda")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke_with_response_stream(FunctionName="missing")
