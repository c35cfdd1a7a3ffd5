"""What AWS's own guides do with boto3 and the CLI, and what NoSQL Workbench does when it commits a model."""

import base64
import decimal
import json

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

D = decimal.Decimal


# The movie table of the boto3 guide: batch writer, get, update, query, scan, conditional delete.
def test_movies(resource):
    movies = resource(hash="N", range="S")
    with movies.batch_writer(overwrite_by_pkeys=["id", "sk"]) as batch:
        for i in range(60):
            batch.put_item(Item={"id": 1990 + i % 3, "sk": f"Movie {i:02}", "info": {
                "rating": D(i) / 10, "actors": [f"Actor {i}"], "plot": "…", "genres": {"drama", "comedy"}}})
        batch.put_item(Item={"id": 1990, "sk": "Movie 00", "info": {"rating": D("9.9")}})
    assert movies.get_item(Key={"id": 1990, "sk": "Movie 00"})["Item"]["info"] == {"rating": D("9.9")}
    updated = movies.update_item(
        Key={"id": 1991, "sk": "Movie 01"}, UpdateExpression="set info.rating=:r, info.plot=:p remove info.actors[0]",
        ExpressionAttributeValues={":r": D("5.5"), ":p": "None."}, ReturnValues="UPDATED_NEW")["Attributes"]
    assert updated == {"info": {"rating": D("5.5"), "plot": "None."}}
    page = movies.query(KeyConditionExpression=Key("id").eq(1991) & Key("sk").between("Movie 10", "Movie 30"),
                        ProjectionExpression="#y, sk, info.genres", ExpressionAttributeNames={"#y": "id"})
    assert [item["sk"] for item in page["Items"]] == [f"Movie {i}" for i in range(10, 31) if i % 3 == 1]
    assert page["Items"][0]["info"] == {"genres": {"drama", "comedy"}}
    scanned = movies.scan(FilterExpression=Attr("info.rating").gte(5) & Attr("info.actors").exists())["Items"]
    assert sorted(item["sk"] for item in scanned) == ["Movie 01", *(f"Movie {i}" for i in range(50, 60))]
    with pytest.raises(ClientError) as refused:
        movies.delete_item(Key={"id": 1992, "sk": "Movie 02"}, ConditionExpression="info.rating > :v",
                           ExpressionAttributeValues={":v": 5})
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"


# Every operator of boto3's condition builder.
def test_the_condition_builder(resource):
    table = resource()
    table.put_item(Item={"id": "a", "n": 5, "s": "hello", "l": [1, {"x": 2}], "t": {"p", "q"}, "b": b"\x00\x01", "m": {"k": None}})
    true = [Attr("n").eq(5), Attr("n").ne(6), Attr("n").lt(6), Attr("n").lte(5), Attr("n").gt(4), Attr("n").gte(5),
            Attr("n").between(5, 5), Attr("n").is_in([1, 5]), Attr("s").begins_with("he"), Attr("s").contains("ell"),
            Attr("t").contains("p"), Attr("l").contains(1), Attr("l[1].x").eq(2), Attr("m.k").attribute_type("NULL"),
            Attr("gone").not_exists(), Attr("s").size().eq(5), Attr("b").begins_with(b"\x00"), Attr("m").eq({"k": None}),
            ~Attr("n").eq(6), Attr("n").eq(1) | Attr("s").eq("hello")]
    for condition in true:
        assert table.scan(FilterExpression=condition)["Count"] == 1, condition.get_expression()
        assert table.scan(FilterExpression=~condition)["Count"] == 0, condition.get_expression()


def test_paginators_and_waiters(client, make_table):
    table, database = make_table(range="N"), client("dynamodb")
    for i in range(12):
        database.put_item(TableName=table, Item={"id": {"S": "p"}, "sk": {"N": str(i)}})
    query = dict(TableName=table, KeyConditionExpression="id = :p", ExpressionAttributeValues={":p": {"S": "p"}})
    pages = list(database.get_paginator("query").paginate(**query, PaginationConfig={"PageSize": 5}))
    assert [page["Count"] for page in pages] == [5, 5, 2]
    first = database.get_paginator("query").paginate(**query, PaginationConfig={"MaxItems": 7}).build_full_result()
    rest = database.get_paginator("query").paginate(
        **query, PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
    assert [i["sk"]["N"] for i in first["Items"] + rest["Items"]] == [str(i) for i in range(12)]
    assert database.get_paginator("scan").paginate(TableName=table, Limit=1).build_full_result()["Count"] == 12
    assert table in database.get_paginator("list_tables").paginate().build_full_result()["TableNames"]


# The forum tables of the developer guide, by the CLI with JSON on the command line.
def test_the_cli(aws_cli, unique_name):
    name = unique_name("MusicCollection")
    aws_cli("dynamodb", "create-table", "--table-name", name, "--attribute-definitions", "AttributeName=Artist,AttributeType=S",
            "AttributeName=SongTitle,AttributeType=S", "--key-schema", "AttributeName=Artist,KeyType=HASH",
            "AttributeName=SongTitle,KeyType=RANGE", "--billing-mode", "PAY_PER_REQUEST")
    aws_cli("dynamodb", "wait", "table-exists", "--table-name", name)
    key = '{"Artist": {"S": "Acme Band"}, "SongTitle": {"S": "Happy Day"}}'
    put = aws_cli("dynamodb", "put-item", "--table-name", name, "--item",
                  '{"Artist": {"S": "Acme Band"}, "SongTitle": {"S": "Happy Day"}, "Year": {"N": "2010"}}',
                  "--return-consumed-capacity", "TOTAL", "--return-item-collection-metrics", "SIZE")
    assert put["ConsumedCapacity"] == {"TableName": name, "CapacityUnits": 1.0}
    updated = aws_cli("dynamodb", "update-item", "--table-name", name, "--key", key, "--update-expression", "SET #Y = :y, #AT = :t",
                      "--expression-attribute-names", '{"#Y": "Year", "#AT": "AlbumTitle"}',
                      "--expression-attribute-values", '{":y": {"N": "2011"}, ":t": {"S": "Louder"}}', "--return-values", "ALL_NEW")
    assert updated["Attributes"]["Year"] == {"N": "2011"}
    query = aws_cli("dynamodb", "query", "--table-name", name, "--key-condition-expression", "Artist = :v1",
                    "--projection-expression", "SongTitle", "--expression-attribute-values", '{":v1": {"S": "Acme Band"}}')
    assert query["Items"] == [{"SongTitle": {"S": "Happy Day"}}]
    aws_cli("dynamodb", "batch-write-item", "--request-items", json.dumps({name: [
        {"PutRequest": {"Item": {"Artist": {"S": "No One"}, "SongTitle": {"S": str(i)}}}} for i in range(3)]}))
    aws_cli("dynamodb", "transact-write-items", "--transact-items", json.dumps([
        {"Delete": {"TableName": name, "Key": {"Artist": {"S": "No One"}, "SongTitle": {"S": "0"}}}}]))
    rows = aws_cli("dynamodb", "execute-statement", "--statement", f"SELECT SongTitle FROM \"{name}\" WHERE Artist='No One'")
    assert [row["SongTitle"]["S"] for row in rows["Items"]] == ["1", "2"]
    scan = aws_cli("dynamodb", "scan", "--table-name", name, "--page-size", "1", "--max-items", "3")
    assert len(scan["Items"]) == 3 and scan["NextToken"]
    aws_cli("dynamodb", "delete-table", "--table-name", name)
    aws_cli("dynamodb", "wait", "table-not-exists", "--table-name", name)


# A model in the form that NoSQL Workbench exports: it creates the tables with their indexes, then writes TableData in batches.
MODEL = {
    "ModelName": "Bookmarks", "ModelMetadata": {"Version": "3.0"},
    "DataModel": [{
        "TableName": "CustomerBookmark",
        "KeyAttributes": {"PartitionKey": {"AttributeName": "customerId", "AttributeType": "S"},
                          "SortKey": {"AttributeName": "sk", "AttributeType": "S"}},
        "NonKeyAttributes": [{"AttributeName": "email", "AttributeType": "S"}, {"AttributeName": "visits", "AttributeType": "N"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "ByEmail", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["visits"]},
            "KeyAttributes": {"PartitionKey": {"AttributeName": "email", "AttributeType": "S"}}}],
        "TableData": [
            {"customerId": {"S": f"{i:03}"}, "sk": {"S": f"CUST#{i:03}"}, "email": {"S": f"c{i % 7}@example.com"},
             "visits": {"N": str(i)}, "photo": {"B": base64.b64encode(bytes([i])).decode()}} for i in range(60)],
        "DataAccess": {"MySql": {}}, "BillingMode": "PROVISIONED",
        "ProvisionedCapacitySettings": {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}},
    }],
}


def with_bytes(item):
    """The client takes bytes where the model has base64."""
    return {name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in item.items()}


def commit_model(database, model, rename):
    for table in model["DataModel"]:
        throughput = table["ProvisionedCapacitySettings"]["ProvisionedThroughput"]

        def schema(keys):
            parts = [(keys["PartitionKey"], "HASH")] + ([(keys["SortKey"], "RANGE")] if "SortKey" in keys else [])
            return [{"AttributeName": key["AttributeName"], "KeyType": kind} for key, kind in parts]

        all_keys = [table["KeyAttributes"], *(index["KeyAttributes"] for index in table["GlobalSecondaryIndexes"])]
        attributes = {key["AttributeName"]: key["AttributeType"] for keys in all_keys for key in keys.values()}
        name = rename(table["TableName"])
        database.create_table(
            TableName=name, KeySchema=schema(table["KeyAttributes"]), BillingMode=table["BillingMode"],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in attributes.items()],
            ProvisionedThroughput=throughput,
            GlobalSecondaryIndexes=[{"IndexName": i["IndexName"], "KeySchema": schema(i["KeyAttributes"]),
                                     "Projection": i["Projection"], "ProvisionedThroughput": throughput}
                                    for i in table["GlobalSecondaryIndexes"]])
        database.get_waiter("table_exists").wait(TableName=name)
        for begin in range(0, len(table["TableData"]), 25):
            rows = [with_bytes(row) for row in table["TableData"][begin:begin + 25]]
            answer = database.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": row}} for row in rows]})
            assert answer["UnprocessedItems"] == {}


def test_a_workbench_model(client, unique_name):
    name, database = unique_name("workbench"), client("dynamodb")
    commit_model(database, MODEL, lambda _: name)
    rows = database.query(TableName=name, IndexName="ByEmail", KeyConditionExpression="email = :e",
                          ExpressionAttributeValues={":e": {"S": "c3@example.com"}})["Items"]
    assert sorted(int(row["visits"]["N"]) for row in rows) == [i for i in range(60) if i % 7 == 3]
    assert set(rows[0]) == {"customerId", "sk", "email", "visits"}
    assert database.get_item(TableName=name, Key={"customerId": {"S": "005"}, "sk": {"S": "CUST#005"}})["Item"]["photo"] == {"B": b"\x05"}
    database.delete_table(TableName=name)
