// PartiQL through the pipeline: each kind of statement, what it reads, what it refuses.
#include <gmock/gmock.h>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

using testing::HasSubstr;

constexpr std::string_view kIndexes =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}])";

class PartiqlTest : public testing::Test {
 protected:
  PartiqlTest() { world.make_table("N", kIndexes); }

  static std::string body(std::string_view statement, std::string_view more = {}) {
    wire::Document text{std::string(statement)};
    return R"({"Statement":)" + wire::to_json(text) + std::string(more) + "}";
  }
  Reply run(std::string_view statement, std::string_view more = {}) {
    return world.must("ExecuteStatement", body(statement, more));
  }
  std::string items(std::string_view statement, std::string_view more = {}) {
    return run(statement, more).json("Items");
  }
  std::string error(std::string_view statement, std::string_view more = {}) {
    return world.error("ExecuteStatement", body(statement, more));
  }
  // Items 1 to 5 of partition "a" and 1 of "b".
  void fill() {
    for (int i = 1; i <= 5; ++i) {
      run("INSERT INTO \"T-1\" VALUE {'id':'a','sk':" + std::to_string(i) + ",'g':'" +
          (i % 2 == 0 ? "even" : "odd") + "'}");
    }
    run("INSERT INTO \"T-1\" VALUE {'id':'b','sk':1}");
  }
  World world;
};

TEST_F(PartiqlTest, InsertMakesAnItemOnce) {
  EXPECT_EQ(
      items(
          R"(INSERT INTO "T-1" VALUE {'id':'it''s','sk':1,'l':[1,'x',{'m':true}],'n':NULL,'s':<<'p','q'>>,'v':?})",
          R"(,"Parameters":[{"BS":["AA=="]}])"),
      "[]");
  EXPECT_EQ(
      world.get(R"({"id":{"S":"it's"},"sk":{"N":"1"}})"),
      R"({"id":{"S":"it's"},"l":{"L":[{"N":"1"},{"S":"x"},{"M":{"m":{"BOOL":true}}}]},"n":{"NULL":true},"s":{"SS":["p","q"]},"sk":{"N":"1"},"v":{"BS":["AA=="]}})");
  EXPECT_EQ(error(R"(INSERT INTO "T-1" VALUE {'id':'it''s','sk':1})"),
            "DuplicateItemException: Duplicate primary key exists in table");
  EXPECT_THAT(error(R"(INSERT INTO "T-1" VALUE {'id':'x'})"), HasSubstr("Missing the key sk"));
}

TEST_F(PartiqlTest, SelectReadsWhatItsKeysSay) {
  fill();
  const auto capacity = [&](std::string_view where) {
    return run("SELECT sk FROM \"T-1\" WHERE " + std::string(where),
               R"(,"ReturnConsumedCapacity":"TOTAL")")
        .json("ConsumedCapacity");
  };
  EXPECT_EQ(items(R"(SELECT * FROM "T-1" WHERE id = 'a' AND sk = 2)"),
            R"([{"g":{"S":"even"},"id":{"S":"a"},"sk":{"N":"2"}}])");
  EXPECT_EQ(items(R"(SELECT sk FROM "T-1" WHERE "id" = 'a' AND sk > 3)"),
            R"([{"sk":{"N":"4"}},{"sk":{"N":"5"}}])");
  EXPECT_EQ(items(R"(SELECT sk FROM "T-1" WHERE id = ? AND sk BETWEEN ? AND 3)",
                  R"(,"Parameters":[{"S":"a"},{"N":"2"}])"),
            R"([{"sk":{"N":"2"}},{"sk":{"N":"3"}}])");
  EXPECT_EQ(items(R"(SELECT sk FROM "T-1" WHERE id = 'a' AND g = 'even' ORDER BY sk DESC)"),
            R"([{"sk":{"N":"4"}},{"sk":{"N":"2"}}])");
  EXPECT_EQ(items(R"(SELECT id, sk FROM "T-1" WHERE id IN ['b', 'a'] AND sk < 2 ORDER BY id)"),
            R"([{"id":{"S":"a"},"sk":{"N":"1"}},{"id":{"S":"b"},"sk":{"N":"1"}}])");
  EXPECT_EQ(items(R"(SELECT id FROM "T-1" WHERE sk = 1 AND (id = 'b' OR id = 'nobody'))"),
            R"([{"id":{"S":"b"}}])");
  EXPECT_EQ(items(R"(SELECT sk FROM "T-1"."by-g" WHERE g = 'even')"),
            R"([{"sk":{"N":"2"}},{"sk":{"N":"4"}}])");
  EXPECT_EQ(items(R"(SELECT id FROM "T-1" WHERE g IS MISSING)"), R"([{"id":{"S":"b"}}])");
  EXPECT_EQ(capacity("id = 'a'"), R"({"TableName":"T-1","CapacityUnits":0.5})");
}

TEST_F(PartiqlTest, OperatorsAndFunctions) {
  run(R"(INSERT INTO "T-1" VALUE {'id':'x','sk':1,'t':'hello','s':<<1,2>>,'m':{'l':[10,20]},'nul':NULL})");
  const auto holds = [&](std::string_view where) {
    return items("SELECT sk FROM \"T-1\" WHERE id = 'x' AND (" + std::string(where) + ")") != "[]";
  };
  for (const std::string_view where : {"t = 'hello'",
                                       "t <> 'x'",
                                       "t != 'x'",
                                       "begins_with(t, 'he')",
                                       "contains(t, 'll')",
                                       "contains(s, 2)",
                                       "size(s) = 2",
                                       "size(m.l) >= 2",
                                       "m.l[1] = 20",
                                       "m['l'][0] < 11",
                                       "attribute_type(s, 'NS')",
                                       "nul IS NULL",
                                       "t IS NOT NULL",
                                       "gone IS MISSING",
                                       "t IS NOT MISSING",
                                       "NOT t = 'x'",
                                       "t IN ('a', 'hello')",
                                       "t NOT IN ['a']",
                                       "sk NOT BETWEEN 2 AND 3",
                                       "s = <<2, 1>>",
                                       "m = {'l': [10, 20]}",
                                       "t = 'x' OR sk = 1",
                                       "t IS STRING",
                                       "TRUE = TRUE"}) {
    EXPECT_TRUE(holds(where)) << where;
  }
  for (const std::string_view where :
       {"t = 'x'", "gone = 1", "gone IS NULL", "t IS MISSING", "size(sk) = 1", "m.l[2] = 20",
        "contains(s, '2')", "sk > 1", "NOT sk = 1", "nul IS NOT NULL"}) {
    EXPECT_FALSE(holds(where)) << where;
  }
}

TEST_F(PartiqlTest, NestedPathsAreNamedByTheirLastName) {
  run(R"(INSERT INTO "T-1" VALUE {'id':'x','sk':1,'m':{'a':{'b':1},'l':['p','q']}})");
  EXPECT_EQ(items(R"(SELECT m.a.b, sk, m.l[1] FROM "T-1" WHERE id = 'x')"),
            R"([{"_3":{"S":"q"},"b":{"N":"1"},"sk":{"N":"1"}}])");
}

TEST_F(PartiqlTest, UpdateChangesOneItemThatIsThere) {
  run(R"(INSERT INTO "T-1" VALUE {'id':'x','sk':1,'n':1,'l':[1],'s':<<'a','b'>>,'old':true})");
  EXPECT_EQ(
      items(
          R"(UPDATE "T-1" SET n = n + 4, l = list_append(l, [2]) SET s = set_add(s, <<'c'>>) REMOVE old WHERE id = 'x' AND sk = 1 AND n = 1 RETURNING ALL NEW *)"),
      R"([{"id":{"S":"x"},"l":{"L":[{"N":"1"},{"N":"2"}]},"n":{"N":"5"},"s":{"SS":["a","b","c"]},"sk":{"N":"1"}}])");
  EXPECT_EQ(
      items(
          R"(UPDATE "T-1" SET n = 6 SET s = set_delete(s, <<'a'>>) WHERE id='x' AND sk=1 RETURNING MODIFIED OLD *)"),
      R"([{"n":{"N":"5"},"s":{"SS":["a","b","c"]}}])");
  EXPECT_EQ(error(R"(UPDATE "T-1" SET n = 7 WHERE id='x' AND sk=1 AND n = 1)"),
            "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(error(R"(UPDATE "T-1" SET n = 7 WHERE id='nobody' AND sk=1)"),
            "ConditionalCheckFailedException: The conditional request failed");
  const Reply failed = world.send("ExecuteStatement",
                                  body(R"(UPDATE "T-1" SET n = 7 WHERE id='x' AND sk=1 AND n = 1)",
                                       R"(,"ReturnValuesOnConditionCheckFailure":"ALL_OLD")"));
  EXPECT_THAT(failed.json("Item"), HasSubstr(R"("n":{"N":"6"})"));
  EXPECT_EQ(error(R"(UPDATE "T-1" SET n = 7 WHERE id='x')"),
            "ValidationException: Where clause does not contain a mandatory equality on all key "
            "attributes");
}

TEST_F(PartiqlTest, DeleteOfNothingSucceeds) {
  run(R"(INSERT INTO "T-1" VALUE {'id':'x','sk':1,'n':1})");
  EXPECT_EQ(error(R"(DELETE FROM "T-1" WHERE id='x' AND sk=1 AND n = 2)"),
            "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(items(R"(DELETE FROM "T-1" WHERE id='x' AND sk=1 AND n = 1 RETURNING ALL OLD *)"),
            R"([{"id":{"S":"x"},"n":{"N":"1"},"sk":{"N":"1"}}])");
  EXPECT_EQ(items(R"(DELETE FROM "T-1" WHERE id='x' AND sk=1 AND n = 1 RETURNING ALL OLD *)"),
            "[]");
}

TEST_F(PartiqlTest, PagesGoOnWhereTheyEnded) {
  fill();
  for (const std::string_view statement :
       {R"(SELECT sk, id FROM "T-1")", R"(SELECT sk, id FROM "T-1" WHERE id IN ['a','b'])",
        R"(SELECT sk, id FROM "T-1" WHERE id = 'a' OR id = 'b' ORDER BY id DESC, sk DESC)"}) {
    std::string more = R"(,"Limit":2)";
    std::string all;
    int pages = 0;
    for (; pages < 20; ++pages) {
      const Reply page = run(statement, more);
      all += page.json("Items");
      const std::string token = page.json("NextToken");
      if (token.empty()) break;
      EXPECT_EQ(error(R"(SELECT id FROM "T-1")", R"(,"NextToken":)" + token),
                "ValidationException: NextToken does not match request");
      more = R"(,"Limit":2,"NextToken":)" + token;
    }
    for (const char* sk : {"2", "3", "4", "5"}) {
      EXPECT_THAT(all, HasSubstr(R"({"id":{"S":"a"},"sk":{"N":")" + std::string(sk) + R"("}})"))
          << statement;
    }
    EXPECT_THAT(all, HasSubstr(R"("id":{"S":"b"})"));
    EXPECT_GE(pages, 2) << statement;
  }
}

TEST_F(PartiqlTest, RefusesWhatItCannotRead) {
  const std::string start =
      "ValidationException: Statement wasn't well formed, can't be processed: ";
  EXPECT_EQ(error("MAKE coffee"), start + "Expected data manipulation");
  EXPECT_EQ(error("SELECT FROM x"), start + "Unexpected keyword");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" WHERE id = 'a)"), start + "Unexpected token");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" WHERE id)"), start + "Unexpected term");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" WHERE)"), start + "Unexpected end of statement");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" WHERE id = ?)"),
            "ValidationException: Number of parameters in request and statement don't match.");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1")", R"(,"Parameters":[{"S":"a"}])"),
            "ValidationException: Number of parameters in request and statement don't match.");
  EXPECT_THAT(error(R"(SELECT count(*) FROM "T-1")"), HasSubstr("not supported"));
  EXPECT_EQ(error(R"(SELECT * FROM "nowhere")"),
            "ResourceNotFoundException: Requested resource not found");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" ORDER BY sk)"),
            "ValidationException: Must have WHERE clause in the statement when using ORDER BY "
            "clause.");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" WHERE sk = 1 ORDER BY sk)"),
            "ValidationException: Must have at least one non-optional hash key condition in WHERE "
            "clause when using ORDER BY clause.");
  EXPECT_EQ(error(R"(SELECT * FROM "T-1" WHERE id = 'a' ORDER BY g)"),
            "ValidationException: Variable reference g in ORDER BY clause must be part of the "
            "primary key");
  EXPECT_THAT(error(R"(EXISTS(SELECT * FROM "T-1" WHERE id='a' AND sk=1))"),
              HasSubstr("only supported within transactions"));
  EXPECT_THAT(error(R"(SELECT * FROM "T-1" WHERE id = 5)"),
              HasSubstr("does not match schema type"));
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = "[" + deep + "]";
  EXPECT_THAT(error("INSERT INTO \"T-1\" VALUE {'id':'d','sk':1,'v':" + deep + "}"),
              HasSubstr("Nesting Levels have exceeded supported limits"));
}

TEST_F(PartiqlTest, BatchesAnswerEachStatement) {
  const auto batch = [&](std::string_view statements) {
    return world
        .must("BatchExecuteStatement", R"({"Statements":[)" + std::string(statements) + "]}")
        .json("Responses");
  };
  EXPECT_EQ(
      batch(
          R"({"Statement":"INSERT INTO \"T-1\" VALUE {'id':'a','sk':1}"},{"Statement":"INSERT INTO \"T-1\" VALUE {'id':'a','sk':1}"},{"Statement":"UPDATE \"T-1\" SET n=1 WHERE id='z' AND sk=1"},{"Statement":"INSERT INTO nowhere VALUE {'id':'a'}"})"),
      R"([{"TableName":"T-1"},{"Error":{"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"},"TableName":"T-1"},{"Error":{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"},"TableName":"T-1"},{"Error":{"Code":"ResourceNotFound","Message":"Requested resource not found"},"TableName":"nowhere"}])");
  EXPECT_EQ(
      batch(
          R"({"Statement":"SELECT * FROM \"T-1\" WHERE id='a' AND sk=1"},{"Statement":"SELECT * FROM \"T-1\" WHERE id='a'"},{"Statement":"SELECT * FROM \"T-1\" WHERE id=? AND sk=?","Parameters":[{"S":"q"},{"N":"1"}]})"),
      R"([{"TableName":"T-1","Item":{"id":{"S":"a"},"sk":{"N":"1"}}},{"Error":{"Code":"ValidationError","Message":"Select statements within BatchExecuteStatement must specify the primary key in the where clause."},"TableName":"T-1"},{"TableName":"T-1"}])");
  EXPECT_THAT(
      world.error(
          "BatchExecuteStatement",
          R"({"Statements":[{"Statement":"SELECT * FROM \"T-1\" WHERE id='a' AND sk=1"},{"Statement":"DELETE FROM \"T-1\" WHERE id='a' AND sk=1"}]})"),
      HasSubstr("either read statements or write statements"));
}

TEST_F(PartiqlTest, TransactionsAreAllOrNothing) {
  const auto transact = [&](std::string_view statements, std::string_view more = {}) {
    return world.send("ExecuteTransaction", R"({"TransactStatements":[)" + std::string(statements) +
                                                "]" + std::string(more) + "}");
  };
  const std::string insert_a =
      R"({"Statement":"INSERT INTO \"T-1\" VALUE {'id':'a','sk':1,'n':1}"})";
  const std::string insert_b = R"({"Statement":"INSERT INTO \"T-1\" VALUE {'id':'b','sk':1}"})";
  EXPECT_EQ(transact(insert_a, R"(,"ReturnConsumedCapacity":"TOTAL")").json("ConsumedCapacity"),
            R"([{"TableName":"T-1","CapacityUnits":2.0,"WriteCapacityUnits":2.0}])");
  const Reply cancelled = transact(insert_b + "," + insert_a);
  EXPECT_THAT(cancelled.error(), HasSubstr("TransactionCanceledException"));
  EXPECT_THAT(cancelled.error(), HasSubstr("[None, DuplicateItem]"));
  EXPECT_EQ(world.get(R"({"id":{"S":"b"},"sk":{"N":"1"}})"), "");
  const std::string check =
      R"json({"Statement":"EXISTS(SELECT * FROM \"T-1\" WHERE id='a' AND sk=1 AND n = ?)","Parameters":[{"N":"1"}]})json";
  EXPECT_EQ(transact(check + "," + insert_b).error(), "");
  EXPECT_EQ(
      transact(
          R"({"Statement":"SELECT n FROM \"T-1\" WHERE id='a' AND sk=1"},{"Statement":"SELECT * FROM \"T-1\" WHERE id='c' AND sk=1"})")
          .json("Responses"),
      R"([{"Item":{"n":{"N":"1"}}},{}])");
  EXPECT_THAT(
      transact(check + R"(,{"Statement":"SELECT * FROM \"T-1\" WHERE id='a' AND sk=1"})").error(),
      HasSubstr("either read statements or write statements"));
  const std::string update = R"({"Statement":"UPDATE \"T-1\" SET n=n+1 WHERE id='a' AND sk=1"})";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(transact(update, R"(,"ClientRequestToken":"once")").error(), "");
  }
  EXPECT_EQ(world.get(R"({"id":{"S":"a"},"sk":{"N":"1"}})"),
            R"({"id":{"S":"a"},"n":{"N":"2"},"sk":{"N":"1"}})");
}

}  // namespace
}  // namespace mayfly::dynamodb
