// Tables through the pipeline: what CreateTable accepts, what DescribeTable answers, indexes that
// come and go.
#include <gmock/gmock.h>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

using testing::HasSubstr;

std::string status_of(const Reply& reply, std::string_view member = "Table") {
  return *reply.body.find(member)->find("TableStatus")->as_string();
}

TEST(Tables, AreCreatedDescribedListedAndDeleted) {
  World world;
  const Reply created = world.must(
      "CreateTable",
      R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6},"Tags":[{"Key":"k","Value":"v"}],"DeletionProtectionEnabled":true})");
  EXPECT_EQ(status_of(created, "TableDescription"), "CREATING");
  EXPECT_EQ(
      world.error(
          "CreateTable",
          R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})"),
      "ResourceInUseException: Table already exists: T-1");
  const Reply described = world.must("DescribeTable", R"({"TableName":"T-1"})");
  const wire::Document& table = *described.body.find("Table");
  EXPECT_EQ(status_of(described), "ACTIVE");
  EXPECT_EQ(wire::to_json(*table.find("KeySchema")),
            R"([{"AttributeName":"id","KeyType":"HASH"}])");
  EXPECT_EQ(wire::to_json(*table.find("ProvisionedThroughput")),
            R"({"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":6})");
  EXPECT_EQ(*table.find("TableArn")->as_string(),
            "arn:aws:dynamodb:us-east-1:000000000000:table/T-1");
  EXPECT_EQ(table.find("DeletionProtectionEnabled")->as_bool(), true);
  EXPECT_EQ(world.must("ListTables", "{}").json("TableNames"), R"(["T-1"])");
  EXPECT_EQ(world
                .must("ListTagsOfResource",
                      R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/T-1"})")
                .json("Tags"),
            R"([{"Key":"k","Value":"v"}])");

  EXPECT_THAT(world.error("DeleteTable", R"({"TableName":"T-1"})"),
              HasSubstr("protected against deletion"));
  world.must("UpdateTable", R"({"TableName":"T-1","DeletionProtectionEnabled":false})");
  EXPECT_EQ(status_of(world.must("DeleteTable", R"({"TableName":"T-1"})"), "TableDescription"),
            "DELETING");
  EXPECT_EQ(world.error("DescribeTable", R"({"TableName":"T-1"})"),
            "ResourceNotFoundException: Requested resource not found: Table: T-1 not found");
}

TEST(Tables, AnArnNamesATableToo) {
  World world;
  world.make_table();
  const std::string arn = "arn:aws:dynamodb:us-east-1:000000000000:table/T-1";
  world.must("PutItem", R"({"TableName":")" + arn + R"(","Item":{"id":{"S":"a"}}})");
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"}})");
  EXPECT_THAT(world.error("DescribeTable",
                          R"({"TableName":"arn:aws:dynamodb:eu-west-1:000000000000:table/T-1"})"),
              HasSubstr("AccessDeniedException"));
}

TEST(Tables, DefinitionsAreChecked) {
  World world;
  const auto create = [&](std::string_view attributes, std::string_view keys,
                          std::string_view more) {
    return world.error("CreateTable", R"({"TableName":"T-1","AttributeDefinitions":)" +
                                          std::string(attributes) + R"(,"KeySchema":)" +
                                          std::string(keys) + std::string(more) + "}");
  };
  const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
  const std::string_view id = R"([{"AttributeName":"id","AttributeType":"S"}])";
  const std::string_view hash = R"([{"AttributeName":"id","KeyType":"HASH"}])";
  const std::string_view on_demand = R"(,"BillingMode":"PAY_PER_REQUEST")";
  EXPECT_EQ(
      create(id, hash, ""),
      invalid +
          "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
          "PROVISIONED");
  EXPECT_EQ(create(id, R"([{"AttributeName":"x","KeyType":"HASH"}])", on_demand),
            invalid +
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], "
                "AttributeDefinitions: [id]");
  EXPECT_EQ(
      create(
          R"([{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"x","AttributeType":"S"}])",
          hash, on_demand),
      invalid +
          "Number of attributes in KeySchema does not exactly match number of attributes defined "
          "in "
          "AttributeDefinitions");
  EXPECT_EQ(
      create(id, R"([{"AttributeName":"id","KeyType":"RANGE"}])", on_demand),
      "ValidationException: Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  EXPECT_THAT(create(R"([{"AttributeName":"id","AttributeType":"BOOL"}])", hash, on_demand),
              HasSubstr("Member must satisfy enum value set: "));
  EXPECT_EQ(
      create(
          id, hash,
          R"(,"BillingMode":"PAY_PER_REQUEST","LocalSecondaryIndexes":[{"IndexName":"lsi","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}])"),
      invalid +
          "Table KeySchema does not have a range key, which is required when specifying a "
          "LocalSecondaryIndex");
}

// Deleting a table takes its rows along, so a table of the same name begins empty.
TEST(Tables, ANewTableOfTheSameNameIsEmpty) {
  World world;
  world.make_table();
  world.put(R"({"id":{"S":"a"}})");
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  world.make_table();
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), "");
  EXPECT_EQ(world.must("Scan", R"({"TableName":"T-1"})").json("Count"), "0");
}

TEST(Tables, KnowTheirExtent) {
  World world;
  world.make_table();
  for (int i = 0; i < 20; ++i) {
    world.put(R"({"id":{"S":"k)" + std::to_string(10 + i) + R"("}})");  // 2 + 3 bytes each
  }
  const Reply reply = world.must("DescribeTable", R"({"TableName":"T-1"})");
  EXPECT_EQ(reply.body.find("Table")->find("ItemCount")->as_int(), 20);
  EXPECT_EQ(reply.body.find("Table")->find("TableSizeBytes")->as_int(), 100);
}

// Beyond what is counted exactly, hashes say how much of the table was seen.
TEST(Tables, EstimateTheExtentOfLargeOnes) {
  World world;
  world.make_table();
  for (int i = 0; i < 8000; ++i) world.put(R"({"id":{"S":"key-)" + std::to_string(i) + R"("}})");
  const auto count = world.must("DescribeTable", R"({"TableName":"T-1"})")
                         .body.find("Table")
                         ->find("ItemCount")
                         ->as_int();
  ASSERT_TRUE(count.has_value());
  EXPECT_GT(*count, 7200);
  EXPECT_LT(*count, 8800);
}

TEST(Tables, ListGoesOnWhereItEnded) {
  World world;
  for (const std::string name : {"aaa", "bbb", "ccc"}) {
    world.must(
        "CreateTable",
        R"({"TableName":")" + name +
            R"(","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})");
  }
  const Reply first = world.must("ListTables", R"({"Limit":2})");
  EXPECT_EQ(first.json("TableNames"), R"(["aaa","bbb"])");
  EXPECT_EQ(first.json("LastEvaluatedTableName"), R"("bbb")");
  const Reply second = world.must("ListTables", R"({"ExclusiveStartTableName":"bbb"})");
  EXPECT_EQ(second.json("TableNames"), R"(["ccc"])");
  EXPECT_EQ(second.json("LastEvaluatedTableName"), "");
}

constexpr std::string_view kAddIndex =
    R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]})";
constexpr std::string_view kQueryIndex =
    R"({"TableName":"T-1","IndexName":"by-g","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}})";

TEST(Tables, NewIndexesAreFilledFromTheItems) {
  World world;
  world.make_table();
  for (int i = 0; i < 450; ++i) {
    world.put(R"({"id":{"S":"k)" + std::to_string(i) + R"("},"g":{"S":")" +
              (i % 3 == 0 ? "x" : "y") + R"("},"v":{"N":"1"}})");
  }
  world.put(
      R"({"id":{"S":"other"},"g":{"N":"5"}})");  // cannot be indexed, and does not stop the rest
  // The queue of this world does its work inside the call that asks for it.
  const Reply changed = world.must("UpdateTable", std::string(kAddIndex));
  EXPECT_EQ(status_of(changed, "TableDescription"), "UPDATING");
  EXPECT_THAT(changed.json("TableDescription"), HasSubstr(R"("IndexStatus":"CREATING")"));
  const Reply described = world.must("DescribeTable", R"({"TableName":"T-1"})");
  EXPECT_EQ(status_of(described), "ACTIVE");
  EXPECT_THAT(described.json("Table"), HasSubstr(R"("IndexStatus":"ACTIVE")"));
  const Reply queried = world.must("Query", std::string(kQueryIndex));
  EXPECT_EQ(queried.json("Count"), "150");
  EXPECT_EQ(wire::to_json(queried.body.find("Items")->as_list()->front()).find("\"v\""),
            std::string::npos);

  world.must(
      "UpdateTable",
      R"({"TableName":"T-1","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-g"}}]})");
  EXPECT_EQ(world.error("Query", std::string(kQueryIndex)),
            "ValidationException: The table does not have the specified index: by-g");
  EXPECT_EQ(
      world.error(
          "UpdateTable",
          R"({"TableName":"T-1","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-g"}}]})"),
      "ResourceNotFoundException: Requested resource not found");
}

TEST(Tables, UpdateChangesSettings) {
  World world;
  world.make_table();
  EXPECT_THAT(world.error("UpdateTable", R"({"TableName":"T-1"})"), HasSubstr("At least one of"));
  world.must(
      "UpdateTable",
      R"({"TableName":"T-1","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}})");
  const Reply described = world.must("DescribeTable", R"({"TableName":"T-1"})");
  EXPECT_THAT(described.json("Table"),
              HasSubstr(R"("ReadCapacityUnits":3,"WriteCapacityUnits":4)"));
  EXPECT_THAT(described.json("Table"), HasSubstr(R"("BillingMode":"PROVISIONED")"));
  EXPECT_THAT(
      world.error(
          "UpdateTable",
          R"({"TableName":"T-1","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}})"),
      HasSubstr("The provisioned throughput for the table will not change"));
}

TEST(Tables, TagsComeAndGo) {
  World world;
  world.make_table();
  const std::string arn = R"("ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/T-1")";
  world.must("TagResource",
             "{" + arn + R"(,"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]})");
  world.must("TagResource", "{" + arn + R"(,"Tags":[{"Key":"a","Value":"3"}]})");
  world.must("UntagResource", "{" + arn + R"(,"TagKeys":["b"]})");
  EXPECT_EQ(world.must("ListTagsOfResource", "{" + arn + "}").json("Tags"),
            R"([{"Key":"a","Value":"3"}])");
}

}  // namespace
}  // namespace mayfly::dynamodb
