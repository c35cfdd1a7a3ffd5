"""mayfly table: what people use to look into tables, over the public API."""

import json
import os
import subprocess

import pytest

from harness import daemon as daemons


@pytest.fixture
def mayfly(endpoint):
    def run(*arguments, text=None, status=0):
        done = subprocess.run([daemons.binary(), "table", *map(str, arguments)], input=text, text=True, capture_output=True, timeout=120,
                              env=dict(os.environ, MAYFLY_ENDPOINT=endpoint, AWS_REGION="us-east-1"))
        assert done.returncode == status, done
        return done
    return run


@pytest.fixture
def orders(client, unique_name):
    """A table with a number as its sort key, whose type the command has to know."""
    name, database = unique_name("orders"), client("dynamodb")
    database.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "line", "AttributeType": "N"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "line", "KeyType": "RANGE"}])
    yield name
    database.delete_table(TableName=name)


def test_put_get_scan_delete(mayfly, orders, client):
    mayfly("put", orders, "id=42", "line=1", "total=9.50", "open=true", 'tags=["a", "b"]', "name=Ada = Lovelace")
    stored = client("dynamodb").get_item(TableName=orders, Key={"id": {"S": "42"}, "line": {"N": "1"}})["Item"]
    assert stored == {"id": {"S": "42"}, "line": {"N": "1"}, "total": {"N": "9.5"}, "open": {"BOOL": True},
                      "tags": {"L": [{"S": "a"}, {"S": "b"}]}, "name": {"S": "Ada = Lovelace"}}
    shown = mayfly("get", orders, "id=42", "line=1").stdout.splitlines()
    assert shown[0].split() == ["ATTRIBUTE", "TYPE", "VALUE"]
    assert [line.split()[:2] for line in shown[1:3]] == [["id", "S"], ["line", "N"]]  # the key first
    assert json.loads(mayfly("get", orders, "id=42", "line=1", "--json").stdout) == {
        "id": "42", "line": 1, "total": 9.5, "open": True, "tags": ["a", "b"], "name": "Ada = Lovelace"}
    assert "In place of" in mayfly("put", orders, "--item", '{"id": "42", "line": 1}').stderr
    mayfly("put", orders, "--item", "-", text='{"Item": {"id": {"S": "42"}, "line": {"N": "2"}, "s": {"SS": ["x"]}}}')
    scanned = mayfly("scan", orders)
    assert scanned.stdout.split("\n")[0].split() == ["id", "line", "s"] and "2 items" in scanned.stderr
    assert [json.loads(line)["line"] for line in mayfly("scan", orders, "--json").stdout.splitlines()] == [1, 2]
    found = mayfly("scan", orders, "--filter", "#l > :l", "--name", "#l=line", "--value", ":l=1", "--json").stdout
    assert json.loads(found)["line"] == 2
    limited = mayfly("scan", orders, "--limit", 1)
    assert "1 item; there are more" in limited.stderr
    mayfly("delete", orders, "id=42", "line=1")
    mayfly("get", orders, "id=42", "line=1", status=1)
    mayfly("delete", orders, "id=42", "line=1", status=1)


def test_list(mayfly, orders):
    line = next(line for line in mayfly("list").stdout.splitlines() if line.startswith(orders))
    assert "ACTIVE" in line and "id (S), line (N)" in line
    assert any(json.loads(each)["TableName"] == orders for each in mayfly("list", "--json").stdout.splitlines())


# Every type; a number of 38 digits, which no float keeps; what CSV has to quote.
ITEMS = [
    {"id": {"S": "a"}, "line": {"N": "1"}, "big": {"N": "12345678901234567890123456789012345678"}, "tiny": {"N": "0.0000000001"},
     "text": {"S": 'a "quoted", comma\nand line'}, "yes": {"BOOL": True}, "no": {"BOOL": False}, "nothing": {"NULL": True},
     "bytes": {"B": b"\x00\xff"}, "list": {"L": [{"N": "1"}, {"M": {"x": {"S": "y"}}}]}, "map": {"M": {"S": {"S": "looks like a type"}}},
     "ss": {"SS": ["p", "q"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": [b"1"]}},
    {"id": {"S": "b"}, "line": {"N": "-2.5"}},
]


def all_items(client, table):
    return sorted(client("dynamodb").scan(TableName=table)["Items"], key=lambda item: item["id"]["S"])


def test_dynamodb_json_keeps_everything(mayfly, orders, client, tmp_path):
    for item in ITEMS:
        client("dynamodb").put_item(TableName=orders, Item=item)
    mayfly("export", orders, tmp_path / "all.jsonl")
    before = all_items(client, orders)
    for item in ITEMS:
        client("dynamodb").delete_item(TableName=orders, Key={"id": item["id"], "line": item["line"]})
    assert "2 items imported" in mayfly("import", orders, tmp_path / "all.jsonl").stderr
    assert all_items(client, orders) == before
    # As AWS's own exports have it.
    assert set(json.loads((tmp_path / "all.jsonl").read_text().splitlines()[0])) == {"Item"}


def test_plain_json_keeps_digits(mayfly, orders, client):
    client("dynamodb").put_item(TableName=orders, Item=ITEMS[0])
    text = mayfly("export", orders, "--format", "plain").stdout
    assert '"big": 12345678901234567890123456789012345678' in text
    plain = json.loads(text)
    assert plain["ss"] == ["p", "q"] and plain["nothing"] is None and plain["map"] == {"S": "looks like a type"}
    mayfly("delete", orders, "id=a", "line=1")
    mayfly("import", orders, text=text)
    item = all_items(client, orders)[0]
    assert item["big"] == ITEMS[0]["big"] and item["list"] == ITEMS[0]["list"] and item["map"] == ITEMS[0]["map"]


def test_csv_there_and_back(mayfly, orders, client, tmp_path):
    client("dynamodb").put_item(TableName=orders, Item=ITEMS[0])
    client("dynamodb").put_item(TableName=orders, Item=ITEMS[1])
    mayfly("export", orders, tmp_path / "all.csv", "--format", "csv")
    for key in (("id=a", "line=1"), ("id=b", "line=-2.5")):
        mayfly("delete", orders, *key)
    mayfly("import", orders, tmp_path / "all.csv")
    items = all_items(client, orders)
    assert items[0]["text"] == ITEMS[0]["text"] and items[0]["big"] == ITEMS[0]["big"] and items[0]["list"] == ITEMS[0]["list"]
    assert items[1] == ITEMS[1]  # what is empty is not there


def test_many_items_in_order_of_the_file(mayfly, orders, client, tmp_path):
    """Over several connections and batches the last line of a key wins."""
    lines = [json.dumps({"id": f"i{n % 500}", "line": n % 7, "n": n}) for n in range(9000)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines) + "\n\n")
    mayfly("import", orders, tmp_path / "many.jsonl")
    expected = {(f"i{n % 500}", n % 7): n for n in range(9000)}
    found = [json.loads(line) for line in mayfly("scan", orders, "--all", "--json").stdout.splitlines()]
    assert {(item["id"], item["line"]): item["n"] for item in found} == expected
    assert len(found) == len(expected)


def test_what_is_wrong_is_said_where(mayfly, orders, tmp_path):
    good = '{"id": "x", "line": 1}\n'
    for bad, words in (("{broken", "not JSON"), ("[1]", "an item is an object"), ('{"id": "x"}', "has no line of type N"),
                       ('{"id": 1, "line": 1}', "has no id of type S")):
        (tmp_path / "bad.jsonl").write_text(good + bad + "\n" + good)
        done = mayfly("import", orders, tmp_path / "bad.jsonl", status=2)
        assert f"{tmp_path / 'bad.jsonl'}, line 2: " in done.stderr and words in done.stderr, done
        assert "1 items imported" in done.stderr  # what came before it stays
    assert "There is no table nope. Those that exist: mayfly table list" in mayfly("scan", "nope", status=2).stderr
    assert "The key of" in mayfly("get", orders, "id=1", status=2).stderr
    assert "is not NAME=VALUE" in mayfly("get", orders, "42", status=2).stderr
    assert "ValidationException" in mayfly("get", orders, "id=1", "line=x", status=2).stderr
    assert "Cannot read" in mayfly("import", orders, tmp_path / "none", status=2).stderr
    assert "Cannot write" in mayfly("export", orders, tmp_path / "none" / "x", status=2).stderr
    (tmp_path / "bad.csv").write_text("id,line\na,1\nb,2,3\n")
    assert "line 3: 3 fields" in mayfly("import", orders, tmp_path / "bad.csv", status=2).stderr
