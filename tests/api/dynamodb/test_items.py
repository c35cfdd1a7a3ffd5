"""Single items with boto3: types, conditions, updates, errors as botocore sees them."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError


def code_and_message(error):
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# boto3's own (de)serializer must get back what it sent, of every type.
def test_every_type_round_trips(resource):
    table = resource()
    item = {
        "id": "a", "text": "grüße\u2028\"\\\n", "empty": "", "number": Decimal("-12.50"), "big": Decimal("9" * 38),
        "bytes": Binary(bytes(range(256))), "yes": True, "no": False, "nothing": None,
        "list": [1, "two", [Decimal("3")], {}], "map": {"a": {"b": [None]}},
        "strings": {"x", "y"}, "numbers": {Decimal(1), Decimal("2.5")}, "blobs": {Binary(b"\0"), Binary(b"\1")},
    }
    table.put_item(Item=item)
    assert table.get_item(Key={"id": "a"}, ConsistentRead=True)["Item"] == item


def test_a_missing_item_is_no_item(resource):
    assert "Item" not in resource().get_item(Key={"id": "nope"})


# The idiom for "create, do not replace", with the exception class that programs catch.
def test_conditional_put(resource):
    table = resource()
    table.put_item(Item={"id": "a"}, ConditionExpression=Attr("id").not_exists())
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException) as failed:
        table.put_item(Item={"id": "a"}, ConditionExpression=Attr("id").not_exists())
    assert code_and_message(failed) == ("ConditionalCheckFailedException", "The conditional request failed")


def test_update_expression_with_all_sections(resource):
    table = resource()
    table.put_item(Item={"id": "a", "n": 1, "gone": "x", "tags": {"p", "q"}, "list": [1, 2, 3], "m": {"k": 1}})
    answer = table.update_item(
        Key={"id": "a"}, ReturnValues="ALL_NEW",
        UpdateExpression="SET n = n + :two, m.k2 = if_not_exists(m.k2, :two) REMOVE gone, #l[0] "
                         "ADD hits :two DELETE tags :p",
        ExpressionAttributeNames={"#l": "list"}, ExpressionAttributeValues={":two": 2, ":p": {"p"}})
    assert answer["Attributes"] == {
        "id": "a", "n": 3, "tags": {"q"}, "list": [2, 3], "m": {"k": 1, "k2": 2}, "hits": 2,
    }


# A counter that many increment loses none: each update is one transaction.
def test_concurrent_increments_are_all_counted(client, make_table):
    from concurrent.futures import ThreadPoolExecutor
    name, database = make_table(), client("dynamodb")

    def increment(_):
        database.update_item(TableName=name, Key={"id": {"S": "counter"}}, UpdateExpression="ADD n :one",
                             ExpressionAttributeValues={":one": {"N": "1"}})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(80)))
    assert database.get_item(TableName=name, Key={"id": {"S": "counter"}})["Item"]["n"] == {"N": "80"}


@pytest.mark.parametrize("arguments, message", [
    (dict(UpdateExpression="SET name = :v"), "Attribute name is a reserved keyword; reserved keyword: name"),
    (dict(UpdateExpression="SET a = :v b"), 'Syntax error; token: "b", near: ":v b"'),
    (dict(UpdateExpression="SET a = :v, a.b = :v"), "Two document paths overlap with each other"),
    (dict(UpdateExpression="SET a = :w"), "An expression attribute value used in expression is not defined; attribute value: :w"),
    (dict(UpdateExpression="SET id = :v"), "Cannot update attribute id. This attribute is part of the key"),
])
def test_update_errors_are_worded_as_dynamodb_words_them(resource, arguments, message):
    with pytest.raises(ClientError) as refused:
        resource().update_item(Key={"id": "a"}, ExpressionAttributeValues={":v": 1}, **arguments)
    code, text = code_and_message(refused)
    assert code == "ValidationException"
    assert message in text


def test_an_item_of_400_kilobytes_and_one_byte_more(resource):
    table = resource()
    table.put_item(Item={"id": "a", "v": "x" * (400 * 1024 - 4)})
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        table.put_item(Item={"id": "a", "v": "x" * (400 * 1024 - 3)})


# Programs written years ago still send these.
def test_legacy_parameters(client, make_table):
    name, database = make_table(), client("dynamodb")
    database.put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "1"}}, Expected={"id": {"Exists": False}})
    answer = database.update_item(
        TableName=name, Key={"id": {"S": "a"}}, ReturnValues="UPDATED_NEW",
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "4"}}, "t": {"Action": "PUT", "Value": {"S": "x"}}},
        Expected={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "2"}]}})
    assert answer["Attributes"] == {"n": {"N": "5"}, "t": {"S": "x"}}
    item = database.get_item(TableName=name, Key={"id": {"S": "a"}}, AttributesToGet=["t"])["Item"]
    assert item == {"t": {"S": "x"}}
