// Single items through the pipeline: put, get, update, delete, their options and their refusals.
#include <gmock/gmock.h>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

using testing::HasSubstr;

TEST(Items, EveryTypeComesBackAsItWasPut) {
  World world;
  world.make_table();
  const std::string item =
      R"({"b":{"B":"AAH/"},"bs":{"BS":["AA==","AQ=="]},"flag":{"BOOL":false},"id":{"S":"a"},)"
      R"("l":{"L":[{"S":""},{"N":"1.5"}]},"m":{"M":{"x":{"NULL":true}}},"n":{"N":"-0.001"},)"
      R"("ns":{"NS":["-1","2"]},"ss":{"SS":["p","q"]}})";
  world.put(item);
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), item);
  EXPECT_EQ(world.get(R"({"id":{"S":"b"}})"), "");
}

TEST(Items, NumbersAreNormalised) {
  World world;
  world.make_table();
  world.put(R"({"id":{"S":"a"},"n":{"N":"+1.20e2"}})");
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"},"n":{"N":"120"}})");
}

TEST(Items, ValuesAreCheckedInDynamosWords) {
  World world;
  world.make_table();
  const auto refused = [&](std::string_view value) {
    return world.error(
        "PutItem", R"({"TableName":"T-1","Item":{"id":{"S":"a"},"v":)" + std::string(value) + "}}");
  };
  const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
  EXPECT_EQ(refused("{}"),
            "ValidationException: Supplied AttributeValue is empty, must contain exactly one of "
            "the supported "
            "datatypes");
  EXPECT_EQ(refused(R"({"S":"x","N":"1"})"),
            "ValidationException: Supplied AttributeValue has more than one datatypes set, must "
            "contain exactly "
            "one of the supported datatypes");
  EXPECT_EQ(refused(R"({"SS":[]})"), invalid + "An string set  may not be empty");
  EXPECT_EQ(refused(R"({"NS":[]})"), invalid + "An number set  may not be empty");
  EXPECT_EQ(refused(R"({"BS":[]})"), invalid + "Binary sets should not be empty");
  EXPECT_EQ(refused(R"({"SS":["a","a"]})"),
            invalid + "Input collection [a, a] contains duplicates.");
  EXPECT_EQ(refused(R"({"NS":["1","1.0"]})"),
            "ValidationException: Input collection contains duplicates");
  EXPECT_EQ(refused(R"({"NULL":false})"),
            invalid + "Null attribute value types must have the value of true");
  EXPECT_EQ(refused(R"({"N":"x"})"),
            "ValidationException: The parameter cannot be converted to a numeric value: x");
  EXPECT_EQ(refused(R"({"S":5})"),
            "SerializationException: NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(refused(R"({"B":"!"})"), "SerializationException: Invalid Base64 content");
  EXPECT_EQ(refused(R"("text")"), "SerializationException: Unexpected value type in payload");
  std::string deep = R"({"S":"leaf"})";
  for (int i = 0; i < 33; ++i) deep = R"({"L":[)" + deep + "]}";
  EXPECT_THAT(refused(deep), HasSubstr("Nesting Levels have exceeded supported limits"));
}

TEST(Items, KeysAreCheckedInDynamosWords) {
  World world;
  world.make_table("N");
  const auto put = [&](std::string_view item) {
    return world.error("PutItem", R"({"TableName":"T-1","Item":)" + std::string(item) + "}");
  };
  const auto get = [&](std::string_view key) {
    return world.error("GetItem", R"({"TableName":"T-1","Key":)" + std::string(key) + "}");
  };
  const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
  EXPECT_EQ(put(R"({"id":{"S":"a"}})"), invalid + "Missing the key sk in the item");
  EXPECT_EQ(put(R"({"id":{"N":"1"},"sk":{"N":"1"}})"),
            invalid + "Type mismatch for key id expected: S actual: N");
  EXPECT_EQ(put(R"({"id":{"S":""},"sk":{"N":"1"}})"),
            "ValidationException: One or more parameter values are not valid. The AttributeValue "
            "for a key "
            "attribute cannot contain an empty string value. Key: id");
  EXPECT_EQ(put(R"({"id":{"S":")" + std::string(2049, 'x') + R"("},"sk":{"N":"1"}})"),
            invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes");
  const std::string mismatch =
      "ValidationException: The provided key element does not match the schema";
  EXPECT_EQ(get(R"({"id":{"S":"a"}})"), mismatch);
  EXPECT_EQ(get(R"({"id":{"S":"a"},"sk":{"S":"1"}})"), mismatch);
  EXPECT_EQ(get(R"({"id":{"S":"a"},"sk":{"N":"1"},"x":{"S":"1"}})"), mismatch);
}

TEST(Items, MayHave400KilobytesAndNoMore) {
  World world;
  world.make_table();
  const auto put = [&](std::size_t size) {
    return world.error("PutItem", R"({"TableName":"T-1","Item":{"id":{"S":"a"},"v":{"S":")" +
                                      std::string(size, 'x') + R"("}}})");
  };
  EXPECT_EQ(put(400 * 1024 - 4), "");  // and 4 bytes for "id", "a", "v"
  EXPECT_EQ(put(400 * 1024 - 3),
            "ValidationException: Item size has exceeded the maximum allowed size");
}

std::uint64_t commit_marker(store::Store& store) {
  auto transaction = store.begin();
  transaction->put("marker", "");
  return base::sync_wait(store.commit(std::move(transaction))).value().sequence;
}

TEST(Items, WhatChangesNothingIsNotWritten) {
  World world;
  world.make_table();
  world.put(R"({"id":{"S":"a"},"n":{"N":"1"}})");
  const std::uint64_t before = commit_marker(world.store);
  const std::uint64_t alone = commit_marker(world.store) - before;

  world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":"absent"}}})");
  world.must(
      "UpdateItem",
      R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"1.0"}}})");
  world.must(
      "PutItem",
      R"json({"TableName":"T-1","Item":{"id":{"S":"a"},"n":{"N":"1"}},"ConditionExpression":"attribute_exists(id)"})json");
  EXPECT_EQ(commit_marker(world.store) - before, 2 * alone);

  world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":"a"}}})");
  EXPECT_GT(commit_marker(world.store) - before, 3 * alone);
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), "");
}

TEST(Items, ConditionsDecide) {
  World world;
  world.make_table();
  const std::string create =
      R"json({"TableName":"T-1","Item":{"id":{"S":"a"},"n":{"N":"1"}},"ConditionExpression":"attribute_not_exists(id)"})json";
  EXPECT_EQ(world.error("PutItem", create), "");
  EXPECT_EQ(world.error("PutItem", create),
            "ConditionalCheckFailedException: The conditional request failed");
  const Reply with_item = world.send(
      "DeleteItem",
      R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"ConditionExpression":"n > :n","ExpressionAttributeValues":{":n":{"N":"1"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"})");
  EXPECT_EQ(with_item.status, 400);
  EXPECT_EQ(with_item.json("Item"), R"({"id":{"S":"a"},"n":{"N":"1"}})");
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"},"n":{"N":"1"}})");
}

TEST(Items, ReturnValues) {
  World world;
  world.make_table();
  world.put(R"({"id":{"S":"a"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"n":{"N":"1"}})");
  const auto update = [&](std::string_view returns) {
    return world
        .must(
            "UpdateItem",
            R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"UpdateExpression":"SET n = n + :one, m.x = :one","ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":")" +
                std::string(returns) + "\"}")
        .json("Attributes");
  };
  EXPECT_EQ(update("NONE"), "");
  EXPECT_EQ(update("UPDATED_OLD"), R"({"m":{"M":{"x":{"N":"1"}}},"n":{"N":"2"}})");
  EXPECT_EQ(update("UPDATED_NEW"), R"({"m":{"M":{"x":{"N":"1"}}},"n":{"N":"4"}})");
  EXPECT_EQ(update("ALL_OLD"),
            R"({"id":{"S":"a"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"n":{"N":"4"}})");
  EXPECT_EQ(update("ALL_NEW"),
            R"({"id":{"S":"a"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"n":{"N":"6"}})");
  EXPECT_EQ(world.error("PutItem",
                        R"({"TableName":"T-1","Item":{"id":{"S":"a"}},"ReturnValues":"ALL_NEW"})"),
            "ValidationException: ReturnValues can only be ALL_OLD or NONE");
  EXPECT_EQ(world
                .must("DeleteItem",
                      R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"ReturnValues":"ALL_OLD"})")
                .json("Attributes"),
            R"({"id":{"S":"a"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"n":{"N":"6"}})");
  EXPECT_EQ(world
                .must("DeleteItem",
                      R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"ReturnValues":"ALL_OLD"})")
                .json("Attributes"),
            "");
}

TEST(Items, UpdatesMakeItemsUnlessTheyOnlyTakeAway) {
  World world;
  world.make_table();
  world.must("UpdateItem", R"({"TableName":"T-1","Key":{"id":{"S":"bare"}}})");
  EXPECT_EQ(world.get(R"({"id":{"S":"bare"}})"), R"({"id":{"S":"bare"}})");
  world.must("UpdateItem",
             R"({"TableName":"T-1","Key":{"id":{"S":"none"}},"UpdateExpression":"REMOVE x"})");
  EXPECT_EQ(world.get(R"({"id":{"S":"none"}})"), "");
  EXPECT_EQ(
      world.error("UpdateItem",
                  R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"UpdateExpression":"REMOVE id"})"),
      "ValidationException: One or more parameter values were invalid: Cannot update attribute id. "
      "This "
      "attribute is part of the key");
}

TEST(Items, LegacyParameters) {
  World world;
  world.make_table();
  world.put(R"({"id":{"S":"a"},"n":{"N":"1"}})");
  EXPECT_EQ(
      world.error(
          "PutItem",
          R"({"TableName":"T-1","Item":{"id":{"S":"a"}},"Expected":{"n":{"Value":{"N":"2"}}}})"),
      "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(world.error(
                "PutItem",
                R"({"TableName":"T-1","Item":{"id":{"S":"a"}},"Expected":{"n":{"Exists":false}}})"),
            "ConditionalCheckFailedException: The conditional request failed");
  world.must(
      "UpdateItem",
      R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"4"}},"t":{"Value":{"S":"new"}},"gone":{"Action":"DELETE"}},"Expected":{"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"0"},{"N":"1"}]},"q":{"ComparisonOperator":"NULL"}}})");
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"},"n":{"N":"5"},"t":{"S":"new"}})");
  EXPECT_EQ(
      world
          .must("GetItem",
                R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"AttributesToGet":["t","missing"]})")
          .json("Item"),
      R"({"t":{"S":"new"}})");
  EXPECT_EQ(
      world.error(
          "PutItem",
          R"({"TableName":"T-1","Item":{"id":{"S":"a"}},"Expected":{"n":{"Exists":false}},"ConditionExpression":"n = n"})"),
      "ValidationException: Can not use both expression and non-expression parameters in the same "
      "request: "
      "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}");
}

TEST(Items, PlaceholdersWithoutUseAreRefused) {
  World world;
  world.make_table();
  const auto put = [&](std::string_view more) {
    return world.error("PutItem",
                       R"({"TableName":"T-1","Item":{"id":{"S":"a"}},)" + std::string(more) + "}");
  };
  EXPECT_EQ(put(R"("ExpressionAttributeValues":{":v":{"N":"1"}})"),
            "ValidationException: ExpressionAttributeValues can only be specified when using "
            "expressions: "
            "ConditionExpression is null");
  EXPECT_EQ(
      put(R"("ExpressionAttributeNames":{"#n":"x"})"),
      "ValidationException: ExpressionAttributeNames can only be specified when using expressions");
  EXPECT_EQ(
      put(R"("ConditionExpression":"x = :v","ExpressionAttributeValues":{":v":{"N":"1"},":w":{"N":"1"}})"),
      "ValidationException: Value provided in ExpressionAttributeValues unused in expressions: "
      "keys: {:w}");
  EXPECT_EQ(put(R"("ConditionExpression":"x = :v","ExpressionAttributeValues":{":v":{"NS":[]}})"),
            "ValidationException: ExpressionAttributeValues contains invalid value: One or more "
            "parameter values "
            "were invalid: An number set  may not be empty for key :v");
}

TEST(Items, CapacityFollowsTheSizes) {
  World world;
  world.make_table();
  const std::string big(3000, 'x');
  const auto capacity = [&](std::string_view operation, std::string body) {
    return world.must(operation, std::move(body)).json("ConsumedCapacity");
  };
  EXPECT_EQ(
      capacity(
          "PutItem",
          R"({"TableName":"T-1","ReturnConsumedCapacity":"TOTAL","Item":{"id":{"S":"a"},"v":{"S":")" +
              big + R"("}}})"),
      R"({"TableName":"T-1","CapacityUnits":3.0})");
  // The larger of the old and the new item counts.
  EXPECT_EQ(
      capacity("PutItem",
               R"({"TableName":"T-1","ReturnConsumedCapacity":"INDEXES","Item":{"id":{"S":"a"}}})"),
      R"({"TableName":"T-1","CapacityUnits":3.0,"Table":{"CapacityUnits":3.0}})");
  EXPECT_EQ(
      capacity("GetItem",
               R"({"TableName":"T-1","ReturnConsumedCapacity":"TOTAL","Key":{"id":{"S":"a"}}})"),
      R"({"TableName":"T-1","CapacityUnits":0.5})");
  EXPECT_EQ(
      capacity(
          "GetItem",
          R"({"TableName":"T-1","ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"Key":{"id":{"S":"none"}}})"),
      R"({"TableName":"T-1","CapacityUnits":1.0})");
}

TEST(Items, AnswersCarryTheirChecksum) {
  World world;
  world.make_table();
  const Reply reply = world.must("GetItem", R"({"TableName":"T-1","Key":{"id":{"S":"a"}}})");
  EXPECT_TRUE(reply.headers.has("x-amz-crc32"));
  EXPECT_EQ(reply.headers.get("Content-Type"), "application/x-amz-json-1.0");
}

TEST(Items, ErrorsAreNamedAsDynamoNamesThem) {
  World world;
  const auto type = [&](std::string_view operation, std::string body) {
    return world.send(operation, std::move(body)).json("__type");
  };
  EXPECT_EQ(type("GetItem", R"({"TableName":"x","Key":{}})"),
            R"("com.amazon.coral.validate#ValidationException")");
  EXPECT_EQ(type("GetItem", R"({"TableName":5})"),
            R"("com.amazon.coral.service#SerializationException")");
  EXPECT_EQ(type("GetItem", R"({"TableName":"nope","Key":{}})"),
            R"("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException")");
}

TEST(Items, MissingTablesAndUnknownOperations) {
  World world;
  EXPECT_EQ(world.error("PutItem", R"({"TableName":"nope","Item":{"id":{"S":"a"}}})"),
            "ResourceNotFoundException: Requested resource not found");
  EXPECT_EQ(
      world.error("GetItem", R"({"TableName":"x","Key":{}})"),
      "ValidationException: Invalid table/index name.  Table/index names must be between 3 and 255 "
      "characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'");
  EXPECT_THAT(world.error("ImportTable", "{}"), HasSubstr("ImportTable"));
  EXPECT_THAT(world.error("ImportTable", "{}"), HasSubstr("not supported"));
  EXPECT_THAT(world.error("MakeCoffee", "{}"), HasSubstr("UnknownOperationException"));
  EXPECT_THAT(world.error("PutItem", "{\"TableName\":"), HasSubstr("SerializationException"));
  EXPECT_THAT(world.error("PutItem", "{}"),
              HasSubstr("Value null at 'tableName' failed to satisfy constraint"));
}

}  // namespace
}  // namespace mayfly::dynamodb
