"""PartiQL as programs use it through boto3: statements, pages, batches and transactions."""

import pytest
from botocore.exceptions import ClientError


def failure(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


# The way through an item's life that the developer guide's "Getting started with PartiQL" shows.
def test_an_item_from_insert_to_delete(client, make_table):
    table, database = make_table(range="S"), client("dynamodb")

    def run(statement, *parameters, **options):
        if parameters:
            options["Parameters"] = list(parameters)
        return database.execute_statement(Statement=statement.replace("Music", table), **options)["Items"]

    key = ({"S": "Acme Band"}, {"S": "PartiQL Rocks"})
    assert run("INSERT INTO \"Music\" VALUE {'id': ?, 'sk': ?}", *key) == []
    assert run('SELECT * FROM "Music" WHERE id=? AND sk=?', *key) == [{"id": key[0], "sk": key[1]}]
    run("UPDATE \"Music\" SET AwardsWon=1 SET AwardDetail={'Grammys':[2020, 2018]} "
        "WHERE id='Acme Band' AND sk='PartiQL Rocks'")
    run("UPDATE \"Music\" SET AwardDetail.Grammys=list_append(AwardDetail.Grammys,[2016]) WHERE id=? AND sk=?", *key)
    run("UPDATE \"Music\" REMOVE AwardDetail.Grammys[1] SET BandMembers=<<'bob', 'ann'>> WHERE id=? AND sk=?", *key)
    run("UPDATE \"Music\" SET BandMembers=set_add(BandMembers, <<'joe'>>) WHERE id=? AND sk=?", *key)
    new = run('UPDATE "Music" SET AwardsWon=AwardsWon+1 WHERE id=? AND sk=? RETURNING MODIFIED NEW *', *key)
    assert new == [{"AwardsWon": {"N": "2"}}]
    row, = run('SELECT AwardDetail, BandMembers FROM "Music" WHERE id=? AND begins_with(sk, ?)', key[0], {"S": "Part"})
    assert row["AwardDetail"] == {"M": {"Grammys": {"L": [{"N": "2020"}, {"N": "2016"}]}}}
    assert set(row["BandMembers"]["SS"]) == {"ann", "bob", "joe"}
    old, = run('DELETE FROM "Music" WHERE id=? AND sk=? RETURNING ALL OLD *', *key)
    assert old["AwardsWon"] == {"N": "2"}
    assert run('SELECT * FROM "Music"') == []


# Errors come as exceptions of the SDK's own classes, and with the item where it was asked for.
def test_conditions_and_duplicates(client, make_table):
    table, database = make_table(), client("dynamodb")
    insert = f"INSERT INTO \"{table}\" VALUE {{'id': 'a', 'n': 1}}"
    database.execute_statement(Statement=insert)
    with pytest.raises(database.exceptions.DuplicateItemException):
        database.execute_statement(Statement=insert)
    response = failure(database.execute_statement, Statement=f"UPDATE \"{table}\" SET n=2 WHERE id='a' AND n=5",
                       ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert response["Item"] == {"id": {"S": "a"}, "n": {"N": "1"}}


# boto3's resource layer sends and takes plain Python values here too.
def test_the_resource_speaks_plain_values(dynamodb, resource):
    table = resource()
    client = dynamodb.meta.client
    client.execute_statement(Statement=f'INSERT INTO "{table.name}" VALUE ?', Parameters=[{"id": "a", "tags": {"x", "y"}}])
    page = client.execute_statement(Statement=f'SELECT tags FROM "{table.name}" WHERE id = ?', Parameters=["a"])
    assert page["Items"] == [{"tags": {"x", "y"}}]


# A token goes on where its page ended, and only for its own statement.
def test_pages(client, make_table):
    table, database = make_table(range="N"), client("dynamodb")
    for i in range(25):
        database.put_item(TableName=table, Item={"id": {"S": f"p{i % 5}"}, "sk": {"N": str(i)}})
    for where in ("", " WHERE id IN ['p0', 'p1', 'p2', 'p3', 'p4']"):
        statement, seen, token = f'SELECT sk FROM "{table}"' + where, [], {}
        while True:
            page = database.execute_statement(Statement=statement, Limit=7, **token)
            assert len(page["Items"]) <= 7
            seen += [int(item["sk"]["N"]) for item in page["Items"]]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        assert sorted(seen) == list(range(25))
    response = failure(database.execute_statement, Statement=f'SELECT id FROM "{table}"', NextToken="bm9uc2Vuc2U=")
    assert response["Error"]["Message"] == "NextToken does not match request"


def test_batches_and_transactions(client, make_table):
    table, database = make_table(), client("dynamodb")
    batch = database.batch_execute_statement(ReturnConsumedCapacity="TOTAL", Statements=[
        {"Statement": f"INSERT INTO \"{table}\" VALUE {{'id': '{i % 3}'}}"} for i in range(4)])
    assert [r.get("Error", {}).get("Code") for r in batch["Responses"]] == [None, None, None, "DuplicateItem"]
    assert batch["ConsumedCapacity"][0]["CapacityUnits"] == 3
    statements = [{"Statement": f'UPDATE "{table}" SET n=? WHERE id=?', "Parameters": [{"N": "7"}, {"S": "0"}]},
                  {"Statement": f"INSERT INTO \"{table}\" VALUE {{'id': '1'}}"}]
    response = failure(database.execute_transaction, TransactStatements=statements)
    assert [r["Code"] for r in response["CancellationReasons"]] == ["None", "DuplicateItem"]
    database.execute_transaction(TransactStatements=statements[:1])
    read = database.execute_transaction(TransactStatements=[
        {"Statement": f"SELECT n FROM \"{table}\" WHERE id='{i}'"} for i in (0, 9)])
    assert read["Responses"] == [{"Item": {"n": {"N": "7"}}}, {}]
