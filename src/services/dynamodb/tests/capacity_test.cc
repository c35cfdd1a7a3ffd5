// ConsumedCapacity in DynamoDB's arithmetic: by operation, by index, doubled in transactions.
#include <gtest/gtest.h>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

// Local index by n with keys only; global index by g that holds g, the keys and small.
constexpr std::string_view kIndexes =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],)"
    R"("LocalSecondaryIndexes":[{"IndexName":"by-n","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],)"
    R"("GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["small"]}}])";

class CapacityTest : public testing::Test {
 protected:
  CapacityTest() { world_.make_table("N", kIndexes); }

  // What an operation on the table used, by index.
  std::string used(std::string_view operation, std::string_view parameters) {
    return world_
        .must(operation, R"({"TableName":"T-1","ReturnConsumedCapacity":"INDEXES",)" +
                             std::string(parameters) + "}")
        .json("ConsumedCapacity");
  }
  std::string update(std::string_view expression, std::string_view value) {
    return used("UpdateItem", R"("Key":{"id":{"S":"a"},"sk":{"N":"1"}},"UpdateExpression":")" +
                                  std::string(expression) +
                                  R"(","ExpressionAttributeValues":{":v":)" + std::string(value) +
                                  "}");
  }
  static std::string table_only(std::string_view units) {
    return R"({"TableName":"T-1","CapacityUnits":)" + std::string(units) +
           R"(,"Table":{"CapacityUnits":)" + std::string(units) + "}}";
  }
  // An item of about 2.5 KB that is in both indexes.
  static std::string item() {
    return R"({"id":{"S":"a"},"sk":{"N":"1"},"g":{"S":"x"},"n":{"N":"1"},"big":{"S":")" +
           std::string(2500, 'x') + R"("}})";
  }
  World world_;
};

TEST_F(CapacityTest, WritesCountTheTableAndEachIndexThatChanges) {
  EXPECT_EQ(used("PutItem", R"("Item":)" + item()),
            R"({"TableName":"T-1","CapacityUnits":5.0,"Table":{"CapacityUnits":3.0},)"
            R"("LocalSecondaryIndexes":{"by-n":{"CapacityUnits":1.0}},)"
            R"("GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0}}})");
  // Nothing that an index holds changes.
  EXPECT_EQ(update("SET extra = :v", R"({"N":"1"})"), table_only("3.0"));
  // An attribute that the global index holds.
  EXPECT_EQ(update("SET small = :v", R"({"N":"1"})"),
            R"({"TableName":"T-1","CapacityUnits":4.0,"Table":{"CapacityUnits":3.0},)"
            R"("GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0}}})");
  // A key of an index: the old entry goes, a new one comes.
  EXPECT_EQ(update("SET n = :v", R"({"N":"2"})"),
            R"({"TableName":"T-1","CapacityUnits":5.0,"Table":{"CapacityUnits":3.0},)"
            R"("LocalSecondaryIndexes":{"by-n":{"CapacityUnits":2.0}}})");
  // The larger of the item before and after counts.
  EXPECT_EQ(update("SET big = :v", R"({"N":"1"})"), table_only("3.0"));
  EXPECT_EQ(update("SET extra = :v", R"({"N":"2"})"), table_only("1.0"));
  EXPECT_EQ(used("DeleteItem", R"("Key":{"id":{"S":"a"},"sk":{"N":"1"}})"),
            R"({"TableName":"T-1","CapacityUnits":3.0,"Table":{"CapacityUnits":1.0},)"
            R"("LocalSecondaryIndexes":{"by-n":{"CapacityUnits":1.0}},)"
            R"("GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0}}})");
  EXPECT_EQ(used("DeleteItem", R"("Key":{"id":{"S":"a"},"sk":{"N":"1"}})"), table_only("1.0"));
}

TEST_F(CapacityTest, ReadsCountBytesOfWhatTheyRead) {
  for (int i = 0; i < 4; ++i) {
    std::string text = item();
    text.replace(text.find(R"("N":"1")"), 7, R"("N":")" + std::to_string(i) + "\"");
    world_.put(text);
  }
  const std::string all =
      R"("KeyConditionExpression":"id = :v","ExpressionAttributeValues":{":v":{"S":"a"}})";
  const std::string group =
      R"("IndexName":"by-g","KeyConditionExpression":"g = :v","ExpressionAttributeValues":{":v":{"S":"x"}})";
  // Four times 2.5 KB is 10 KB: three blocks of 4 KB, half of that when eventually consistent.
  EXPECT_EQ(used("Query", all), table_only("1.5"));
  EXPECT_EQ(used("Query", all + R"(,"ConsistentRead":true)"), table_only("3.0"));
  EXPECT_EQ(used("Query", all + R"(,"Select":"COUNT")"), table_only("1.5"));
  EXPECT_EQ(used("Scan", R"("FilterExpression":"nothing = id")"), table_only("1.5"));
  EXPECT_EQ(used("Query", group),
            R"({"TableName":"T-1","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},)"
            R"("GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":0.5}}})");
  // A local index fetches each item that it does not hold whole.
  EXPECT_EQ(used("Query", all + R"(,"IndexName":"by-n","Select":"ALL_ATTRIBUTES")"),
            R"({"TableName":"T-1","CapacityUnits":2.5,"Table":{"CapacityUnits":2.0},)"
            R"("LocalSecondaryIndexes":{"by-n":{"CapacityUnits":0.5}}})");
  EXPECT_EQ(used("GetItem", R"("Key":{"id":{"S":"a"},"sk":{"N":"9"}})"), table_only("0.5"));
}

TEST_F(CapacityTest, TransactionsCostTwice) {
  const Reply written = world_.must(
      "TransactWriteItems",
      R"({"ReturnConsumedCapacity":"INDEXES","TransactItems":[{"Put":{"TableName":"T-1","Item":)" +
          item() +
          R"json(}},{"ConditionCheck":{"TableName":"T-1","Key":{"id":{"S":"b"},"sk":{"N":"1"}},"ConditionExpression":"attribute_not_exists(id)"}}]})json");
  EXPECT_EQ(
      written.json("ConsumedCapacity"),
      R"([{"TableName":"T-1","CapacityUnits":12.0,"WriteCapacityUnits":12.0,)"
      R"("Table":{"WriteCapacityUnits":8.0,"CapacityUnits":8.0},)"
      R"("LocalSecondaryIndexes":{"by-n":{"WriteCapacityUnits":2.0,"CapacityUnits":2.0}},)"
      R"("GlobalSecondaryIndexes":{"by-g":{"WriteCapacityUnits":2.0,"CapacityUnits":2.0}}}])");
  const Reply read = world_.must(
      "TransactGetItems",
      R"({"ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Get":{"TableName":"T-1","Key":{"id":{"S":"a"},"sk":{"N":"1"}}}},{"Get":{"TableName":"T-1","Key":{"id":{"S":"b"},"sk":{"N":"1"}}}}]})");
  EXPECT_EQ(read.json("ConsumedCapacity"),
            R"([{"TableName":"T-1","CapacityUnits":4.0,"ReadCapacityUnits":4.0}])");
}

TEST_F(CapacityTest, StatementsCostWhatTheirOperationsCost) {
  const auto statement = [&](std::string_view text) {
    return world_
        .must("ExecuteStatement", R"({"ReturnConsumedCapacity":"INDEXES","Statement":)" +
                                      wire::to_json(wire::Document(std::string(text))) + "}")
        .json("ConsumedCapacity");
  };
  EXPECT_EQ(statement("INSERT INTO \"T-1\" VALUE {'id':'a','sk':1,'g':'x'}"),
            R"({"TableName":"T-1","CapacityUnits":2.0,"Table":{"CapacityUnits":1.0},)"
            R"("GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0}}})");
  EXPECT_EQ(statement("SELECT * FROM \"T-1\".\"by-g\" WHERE g = 'x'"),
            R"({"TableName":"T-1","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},)"
            R"("GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":0.5}}})");
  EXPECT_EQ(statement("SELECT * FROM \"T-1\" WHERE id IN ['a','b','c']"), table_only("1.5"));
  EXPECT_EQ(statement("DELETE FROM \"T-1\" WHERE id = 'z' AND sk = 1"), table_only("1.0"));
}

// A batch answers 16 MB and gives the other keys back.
TEST_F(CapacityTest, BatchesOfReadsAreBounded) {
  std::string keys;
  for (int i = 0; i < 45; ++i) {
    const std::string key = R"({"id":{"S":"a"},"sk":{"N":")" + std::to_string(i) + "\"}";
    world_.put(key + R"(,"v":{"S":")" + std::string(380'000, 'x') + R"("}})");
    keys += (i > 0 ? "," : "") + key + "}";
  }
  const Reply reply = world_.must(
      "BatchGetItem",
      R"({"RequestItems":{"T-1":{"ProjectionExpression":"sk","Keys":[)" + keys + "]}}}");
  EXPECT_EQ(reply.body.find("Responses")->find("T-1")->as_list()->size(), 44U);
  EXPECT_EQ(reply.json("UnprocessedKeys"),
            R"({"T-1":{"Keys":[{"id":{"S":"a"},"sk":{"N":"44"}}],"ProjectionExpression":"sk"}})");
}

}  // namespace
}  // namespace mayfly::dynamodb
