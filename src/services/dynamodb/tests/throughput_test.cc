// Throttling by provisioned throughput and by the maximum of an on-demand table, where the profile
// enforces it.
#include <gtest/gtest.h>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

using std::chrono::seconds;

constexpr std::string_view kTableExceeded =
    "ProvisionedThroughputExceededException: The level of configured provisioned throughput for "
    "the table was exceeded. Consider increasing your provisioning level with the UpdateTable "
    "API.";

class ThroughputTest : public testing::Test {
 protected:
  // Two writes and three reads a second; one of each for the index by g.
  void make(std::string_view throughput = R"({"ReadCapacityUnits":3,"WriteCapacityUnits":2})") {
    world_.must(
        "CreateTable",
        R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},)"
        R"({"AttributeName":"g","AttributeType":"S"}],)"
        R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"ProvisionedThroughput":)" +
            std::string(throughput) +
            R"(,"GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],)"
            R"("Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}]})");
  }
  std::string put(std::string_view id, std::string_view more = "") {
    return world_.error("PutItem", R"({"TableName":"T-1","Item":{"id":{"S":")" + std::string(id) +
                                       "\"}" + std::string(more) + "}}");
  }
  std::string get(std::string_view consistent = "true") {
    return world_.error("GetItem",
                        R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"ConsistentRead":)" +
                            std::string(consistent) + "}");
  }
  World world_{Throughputs::enforced};
};

TEST_F(ThroughputTest, WritesBeyondTheTablesAreRefusedUntilTheSecondBrings) {
  make();
  EXPECT_EQ(put("a"), "");
  EXPECT_EQ(put("b"), "");
  EXPECT_EQ(put("c"), kTableExceeded);
  world_.clock.advance(seconds{1});
  EXPECT_EQ(put("c"), "");
  EXPECT_EQ(put("d"), "");
  EXPECT_EQ(put("e"), kTableExceeded);
  // What was refused was not written.
  world_.clock.advance(seconds{10});
  EXPECT_EQ(world_.must("Scan", R"({"TableName":"T-1"})").json("Count"), "4");
}

TEST_F(ThroughputTest, WhatIsNotUsedIsKeptForFiveMinutes) {
  make();
  world_.clock.advance(seconds{100'000});
  int written = 0;
  while (written < 1000 && put("a").empty()) ++written;
  EXPECT_EQ(written, 600);
}

TEST_F(ThroughputTest, ABigRequestOverdrawsWhatIsLeft) {
  make();
  const std::string big = R"(,"text":{"S":")" + std::string(5000, 'x') + "\"}";
  EXPECT_EQ(put("a", big), "");  // five units of two
  world_.clock.advance(seconds{1});
  EXPECT_EQ(put("b"), kTableExceeded);
  world_.clock.advance(seconds{1});
  EXPECT_EQ(put("b"), "");
}

// Also where nothing else asks what a put replaces: no index, condition or stream.
TEST_F(ThroughputTest, APutCountsByTheItemThatItReplacesWhereThatIsBigger) {
  world_.must(
      "CreateTable",
      R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
      R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],)"
      R"("ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":2}})");
  EXPECT_EQ(put("a", R"(,"text":{"S":")" + std::string(5000, 'x') + "\"}"), "");  // five units
  world_.clock.advance(seconds{2});
  EXPECT_EQ(put("a"), "");  // five again
  world_.clock.advance(seconds{1});
  EXPECT_EQ(put("a"), kTableExceeded);
  world_.clock.advance(seconds{2});
  EXPECT_EQ(put("a"), "");
}

TEST_F(ThroughputTest, ReadsCountByTheirConsistency) {
  make();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(), "");
  EXPECT_EQ(get(), kTableExceeded);
  world_.clock.advance(seconds{1});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(get("false"), "");
  EXPECT_EQ(get("false"), kTableExceeded);
}

TEST_F(ThroughputTest, TheReasonAndTheResourceAreNamed) {
  make();
  put("a");
  put("b");
  const Reply reply = world_.send("PutItem", R"({"TableName":"T-1","Item":{"id":{"S":"c"}}})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json("ThrottlingReasons"),
            R"([{"reason":"TableWriteProvisionedThroughputExceeded",)"
            R"("resource":"arn:aws:dynamodb:us-east-1:000000000000:table/T-1"}])");
}

TEST_F(ThroughputTest, AnIndexHasItsOwn) {
  make(R"({"ReadCapacityUnits":100,"WriteCapacityUnits":100})");
  EXPECT_EQ(put("a", R"(,"g":{"S":"x"})"), "");
  const Reply refused =
      world_.send("PutItem", R"({"TableName":"T-1","Item":{"id":{"S":"b"},"g":{"S":"x"}}})");
  EXPECT_EQ(refused.error(),
            "ProvisionedThroughputExceededException: The level of configured provisioned "
            "throughput for one or more global secondary indexes of the table was exceeded. "
            "Consider increasing your provisioning level for the under-provisioned global "
            "secondary indexes with the UpdateTable API");
  EXPECT_NE(refused.json("ThrottlingReasons").find("IndexWriteProvisionedThroughputExceeded"),
            std::string::npos);
  // What the index does not hold is no matter of it.
  EXPECT_EQ(put("b"), "");
  const std::string query =
      R"({"TableName":"T-1","IndexName":"by-g","KeyConditionExpression":"g = :g",)"
      R"("ExpressionAttributeValues":{":g":{"S":"x"}}})";
  EXPECT_EQ(world_.error("Query", query), "");
  EXPECT_EQ(world_.error("Query", query), "");
  EXPECT_NE(world_.error("Query", query).find("provisioned throughput for the index"),
            std::string::npos);
  EXPECT_EQ(get(), "");
}

TEST_F(ThroughputTest, BatchesGiveBackWhatDoesNotFit) {
  make();
  const std::string batch =
      R"({"RequestItems":{"T-1":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},)"
      R"({"PutRequest":{"Item":{"id":{"S":"b"}}}},{"DeleteRequest":{"Key":{"id":{"S":"c"}}}}]}})";
  EXPECT_EQ(world_.must("BatchWriteItem", batch).json("UnprocessedItems"),
            R"({"T-1":[{"DeleteRequest":{"Key":{"id":{"S":"c"}}}}]})");
  EXPECT_EQ(world_.error("BatchWriteItem", batch), kTableExceeded);
  const std::string keys =
      R"({"RequestItems":{"T-1":{"ConsistentRead":true,"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}},)"
      R"({"id":{"S":"c"}},{"id":{"S":"d"}}]}}})";
  EXPECT_EQ(world_.must("BatchGetItem", keys).json("UnprocessedKeys"),
            R"({"T-1":{"Keys":[{"id":{"S":"d"}}],"ConsistentRead":true}})");
  EXPECT_EQ(world_.error("BatchGetItem", keys), kTableExceeded);
}

TEST_F(ThroughputTest, ATransactionIsCancelledAsAWhole) {
  make();
  const std::string two =
      R"({"TransactItems":[{"Put":{"TableName":"T-1","Item":{"id":{"S":"a"}}}},)"
      R"({"Put":{"TableName":"T-1","Item":{"id":{"S":"b"}}}}]})";
  const Reply reply = world_.send("TransactWriteItems", two);
  EXPECT_EQ(reply.error(),
            "TransactionCanceledException: Transaction cancelled, please refer cancellation "
            "reasons for specific reasons [None, ProvisionedThroughputExceeded]");
  EXPECT_EQ(world_.must("Scan", R"({"TableName":"T-1"})").json("Count"), "0");
}

TEST_F(ThroughputTest, StatementsAreThrottledToo) {
  make();
  const auto insert = [&](std::string_view id) {
    return world_.error("ExecuteStatement", R"({"Statement":"INSERT INTO \"T-1\" VALUE {'id':')" +
                                                std::string(id) + R"('}"})");
  };
  EXPECT_EQ(insert("a"), "");
  EXPECT_EQ(insert("b"), "");
  EXPECT_EQ(insert("c"), kTableExceeded);
}

TEST_F(ThroughputTest, ARefusedConditionCostsToo) {
  make();
  const std::string conditional =
      R"j({"TableName":"T-1","Item":{"id":{"S":"a"}},"ConditionExpression":"attribute_exists(id)"})j";
  EXPECT_EQ(world_.error("PutItem", conditional),
            "ConditionalCheckFailedException: The conditional request failed");
  world_.error("PutItem", conditional);
  EXPECT_EQ(world_.error("PutItem", conditional), kTableExceeded);
}

// Not by the key that the request brings.
TEST_F(ThroughputTest, ARefusedConditionCostsByTheItemThatIsThere) {
  make();
  EXPECT_EQ(put("a", R"(,"text":{"S":")" + std::string(5000, 'x') + "\"}"), "");  // five units
  world_.clock.advance(seconds{10});
  EXPECT_EQ(
      world_.error(
          "DeleteItem",
          R"j({"TableName":"T-1","Key":{"id":{"S":"a"}},"ConditionExpression":"attribute_not_exists(id)"})j"),
      "ConditionalCheckFailedException: The conditional request failed");
  int written = 0;
  while (written < 100 && put("b").empty()) ++written;
  EXPECT_EQ(written, 2 - 5 + 20 - 5);
}

TEST_F(ThroughputTest, AnOnDemandTableHasTheMaximumItWasGiven) {
  world_.make_table("", R"(,"OnDemandThroughput":{"MaxWriteRequestUnits":1})");
  EXPECT_EQ(put("a"), "");
  const Reply reply = world_.send("PutItem", R"({"TableName":"T-1","Item":{"id":{"S":"c"}}})");
  EXPECT_TRUE(reply.error().starts_with("ThrottlingException: Throughput exceeds the maximum"))
      << reply.error();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(), "");
}

TEST_F(ThroughputTest, MoreThroughputHoldsAtOnce) {
  make();
  put("a");
  put("b");
  EXPECT_EQ(put("c"), kTableExceeded);
  world_.must(
      "UpdateTable",
      R"({"TableName":"T-1","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":20}})");
  world_.clock.advance(seconds{1});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(put("c"), "");
  EXPECT_EQ(put("c"), kTableExceeded);
}

}  // namespace
}  // namespace mayfly::dynamodb
