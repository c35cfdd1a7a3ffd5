// Query, Scan, batches and transactions through the pipeline.
#include <gmock/gmock.h>

#include <set>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The values of one attribute over all items of an answer, in order.
std::vector<std::string> column(const Reply& reply, std::string_view attribute) {
  std::vector<std::string> out;
  const wire::Document* items = reply.body.find("Items");
  if (items == nullptr) return out;
  for (const wire::Document& item : *items->as_list()) {
    const wire::Document* value = item.find(attribute);
    out.push_back(value == nullptr ? "-" : *value->as_map()->front().second.as_string());
  }
  return out;
}

constexpr std::string_view kIndexes =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],)"
    R"("LocalSecondaryIndexes":[{"IndexName":"local-n","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],)"
    R"("GlobalSecondaryIndexes":[{"IndexName":"global-gn","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["extra"]}}])";

class QueryTest : public testing::Test {
 protected:
  std::vector<std::string> query(std::string_view condition, std::string_view values,
                                 std::string_view more = {}) {
    return column(
        world.must("Query", R"({"TableName":"T-1","KeyConditionExpression":")" +
                                std::string(condition) + R"(","ExpressionAttributeValues":)" +
                                std::string(values) + std::string(more) + "}"),
        "sk");
  }
  std::string query_error(std::string_view condition, std::string_view values,
                          std::string_view more = {}) {
    return world.error("Query", R"({"TableName":"T-1","KeyConditionExpression":")" +
                                    std::string(condition) + R"(","ExpressionAttributeValues":)" +
                                    std::string(values) + std::string(more) + "}");
  }
  World world;
};

TEST_F(QueryTest, SortKeysOrderAndBound) {
  world.make_table("S");
  for (const char* sk : {"b", "a", "ab", "c", "B"}) {
    world.put(R"({"id":{"S":"p"},"sk":{"S":")" + std::string(sk) + R"("}})");
  }
  world.put(R"({"id":{"S":"q"},"sk":{"S":"a"}})");
  const std::string p = R"({":p":{"S":"p"}})";
  const auto with = [](std::string_view a, std::string_view b = {}) {
    std::string out = R"({":p":{"S":"p"},":a":{"S":")" + std::string(a) + "\"}";
    if (!b.empty()) out += R"(,":b":{"S":")" + std::string(b) + "\"}";
    return out + "}";
  };
  EXPECT_THAT(query("id = :p", p), ElementsAre("B", "a", "ab", "b", "c"));
  EXPECT_THAT(query("id = :p", p, R"(,"ScanIndexForward":false)"),
              ElementsAre("c", "b", "ab", "a", "B"));
  EXPECT_THAT(query("id = :p AND sk = :a", with("a")), ElementsAre("a"));
  EXPECT_THAT(query("id = :p AND sk > :a", with("a")), ElementsAre("ab", "b", "c"));
  EXPECT_THAT(query("id = :p AND sk >= :a", with("ab")), ElementsAre("ab", "b", "c"));
  EXPECT_THAT(query("sk < :a AND id = :p", with("ab")), ElementsAre("B", "a"));
  EXPECT_THAT(query("id = :p AND sk <= :a", with("ab")), ElementsAre("B", "a", "ab"));
  EXPECT_THAT(query("id = :p AND sk BETWEEN :a AND :b", with("a", "b")),
              ElementsAre("a", "ab", "b"));
  EXPECT_THAT(query("id = :p AND begins_with(sk, :a)", with("a")), ElementsAre("a", "ab"));
  EXPECT_THAT(query(":p = id AND :a < sk", with("a")), ElementsAre("ab", "b", "c"));
}

TEST_F(QueryTest, NumbersOrderNumerically) {
  world.make_table("N");
  for (const char* sk : {"10", "9", "-1", "-10", "0", "0.5", "100"}) {
    world.put(R"({"id":{"S":"p"},"sk":{"N":")" + std::string(sk) + R"("}})");
  }
  EXPECT_THAT(query("id = :p", R"({":p":{"S":"p"}})"),
              ElementsAre("-10", "-1", "0", "0.5", "9", "10", "100"));
  EXPECT_THAT(query("id = :p AND sk BETWEEN :a AND :b",
                    R"({":p":{"S":"p"},":a":{"N":"-1"},":b":{"N":"9.0"}})"),
              ElementsAre("-1", "0", "0.5", "9"));
}

TEST_F(QueryTest, PagesGoOn) {
  world.make_table("S");
  for (char c = 'a'; c <= 'e'; ++c)
    world.put(R"({"id":{"S":"p"},"sk":{"S":")" + std::string(1, c) + R"("}})");
  for (const std::string_view forward : {"true", "false"}) {
    std::string start;
    std::vector<std::string> seen;
    for (int pages = 0; pages < 10; ++pages) {
      const Reply page = world.must(
          "Query",
          R"({"TableName":"T-1","Limit":2,"KeyConditionExpression":"id = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"ScanIndexForward":)" +
              std::string(forward) + start + "}");
      for (const std::string& sk : column(page, "sk")) seen.push_back(sk);
      const std::string last = page.json("LastEvaluatedKey");
      if (last.empty()) break;
      start = R"(,"ExclusiveStartKey":)" + last;
    }
    if (forward == "true") {
      EXPECT_THAT(seen, ElementsAre("a", "b", "c", "d", "e"));
    } else {
      EXPECT_THAT(seen, ElementsAre("e", "d", "c", "b", "a"));
    }
  }
  EXPECT_EQ(query_error("id = :p", R"({":p":{"S":"p"}})",
                        R"(,"ExclusiveStartKey":{"id":{"S":"q"},"sk":{"S":"a"}})"),
            "ValidationException: The provided starting key is outside query boundaries based on "
            "provided "
            "conditions");
  EXPECT_THAT(
      query_error("id = :p", R"({":p":{"S":"p"}})", R"(,"ExclusiveStartKey":{"id":{"S":"p"}})"),
      HasSubstr("The provided starting key is invalid"));
}

TEST_F(QueryTest, APageIsOneMegabyte) {
  world.make_table("N");
  const std::string big(100'000, 'x');
  for (int i = 0; i < 15; ++i) {
    world.put(R"({"id":{"S":"p"},"sk":{"N":")" + std::to_string(i) + R"("},"v":{"S":")" + big +
              R"("}})");
  }
  const Reply page = world.must(
      "Query",
      R"({"TableName":"T-1","Select":"COUNT","ReturnConsumedCapacity":"TOTAL","KeyConditionExpression":"id = :p","ExpressionAttributeValues":{":p":{"S":"p"}}})");
  EXPECT_EQ(page.json("Count"), "11");
  EXPECT_EQ(page.json("LastEvaluatedKey"), R"({"id":{"S":"p"},"sk":{"N":"10"}})");
  EXPECT_EQ(page.json("Items"), "");
  EXPECT_EQ(page.json("ConsumedCapacity"), R"({"TableName":"T-1","CapacityUnits":134.5})");
}

TEST_F(QueryTest, FiltersCountButDoNotShow) {
  world.make_table("N");
  for (int i = 0; i < 6; ++i) {
    world.put(R"({"id":{"S":"p"},"sk":{"N":")" + std::to_string(i) + R"("},"even":{"BOOL":)" +
              (i % 2 == 0 ? "true" : "false") + "}}");
  }
  const Reply page = world.must(
      "Query",
      R"({"TableName":"T-1","KeyConditionExpression":"id = :p","FilterExpression":"even = :t","ProjectionExpression":"sk","ExpressionAttributeValues":{":p":{"S":"p"},":t":{"BOOL":true}}})");
  EXPECT_EQ(page.json("Items"), R"([{"sk":{"N":"0"}},{"sk":{"N":"2"}},{"sk":{"N":"4"}}])");
  EXPECT_EQ(page.json("Count"), "3");
  EXPECT_EQ(page.json("ScannedCount"), "6");
  EXPECT_EQ(query_error("id = :p", R"({":p":{"S":"p"},":n":{"N":"1"}})",
                        R"(,"FilterExpression":"sk > :n")"),
            "ValidationException: Filter Expression can only contain non-primary key attributes: "
            "Primary key "
            "attribute: sk");
}

TEST_F(QueryTest, KeyConditionsAreChecked) {
  world.make_table("S");
  const std::string one = R"({":p":{"S":"p"}})";
  const std::string two = R"({":p":{"S":"p"},":q":{"S":"q"}})";
  const std::string start = "ValidationException: Invalid KeyConditionExpression: ";
  EXPECT_EQ(query_error("sk = :p", one),
            "ValidationException: Query condition missed key schema element: id");
  EXPECT_EQ(query_error("id > :p", one), "ValidationException: Query key condition not supported");
  EXPECT_EQ(query_error("id = :p OR sk = :q", two),
            start + "Invalid operator used in KeyConditionExpression: OR");
  EXPECT_EQ(query_error("id = :p AND id = :q", two),
            start + "KeyConditionExpressions must only contain one condition per key");
  EXPECT_EQ(query_error("id = :p AND elsewhere = :q", two),
            "ValidationException: Query condition missed key schema element: sk");
  EXPECT_EQ(query_error("id = :p AND sk.x = :q", two),
            start + "KeyConditionExpressions cannot have conditions on nested attributes");
  EXPECT_EQ(query_error("id = :p", R"({":p":{"N":"1"}})"),
            "ValidationException: One or more parameter values were invalid: Condition parameter "
            "type does not "
            "match schema type");
  EXPECT_EQ(query_error("id = ", one), start + "Syntax error; token: \"<EOF>\", near: \"=\"");
  EXPECT_EQ(world.error("Query", R"({"TableName":"T-1"})"),
            "ValidationException: Either the KeyConditions or KeyConditionExpression parameter "
            "must be specified "
            "in the request.");
}

TEST_F(QueryTest, IndexesHoldWhatTheyProject) {
  world.make_table("S", kIndexes);
  world.put(
      R"({"id":{"S":"p"},"sk":{"S":"1"},"g":{"S":"G"},"n":{"N":"2"},"extra":{"S":"e"},"rest":{"S":"r"}})");
  world.put(R"({"id":{"S":"p"},"sk":{"S":"2"},"g":{"S":"G"},"n":{"N":"1"}})");
  world.put(R"({"id":{"S":"p"},"sk":{"S":"3"},"n":{"N":"3"}})");  // not in the global index: no g
  world.put(R"({"id":{"S":"p"},"sk":{"S":"4"},"g":{"S":"G"}})");  // in neither: no n
  const Reply global = world.must(
      "Query",
      R"({"TableName":"T-1","IndexName":"global-gn","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"G"}}})");
  EXPECT_EQ(global.json("Items"),
            R"([{"g":{"S":"G"},"id":{"S":"p"},"n":{"N":"1"},"sk":{"S":"2"}},)"
            R"({"extra":{"S":"e"},"g":{"S":"G"},"id":{"S":"p"},"n":{"N":"2"},"sk":{"S":"1"}}])");
  const std::string p = R"({":p":{"S":"p"}})";
  EXPECT_THAT(query("id = :p", p, R"(,"IndexName":"local-n")"), ElementsAre("2", "1", "3"));
  // A local index fetches from the table what it does not hold.
  const Reply whole = world.must(
      "Query",
      R"({"TableName":"T-1","IndexName":"local-n","Select":"ALL_ATTRIBUTES","KeyConditionExpression":"id = :p AND n = :n","ExpressionAttributeValues":{":p":{"S":"p"},":n":{"N":"2"}}})");
  EXPECT_THAT(whole.json("Items"), HasSubstr(R"("rest":{"S":"r"})"));
  EXPECT_THAT(
      world.error(
          "Query",
          R"({"TableName":"T-1","IndexName":"global-gn","Select":"ALL_ATTRIBUTES","KeyConditionExpression":"g = :p","ExpressionAttributeValues":{":p":{"S":"p"}}})"),
      HasSubstr(
          "Select type ALL_ATTRIBUTES is not supported for global secondary index global-gn"));
  EXPECT_EQ(
      world.error(
          "Query",
          R"({"TableName":"T-1","IndexName":"global-gn","ConsistentRead":true,"KeyConditionExpression":"g = :p","ExpressionAttributeValues":{":p":{"S":"p"}}})"),
      "ValidationException: Consistent reads are not supported on global secondary indexes");
}

TEST_F(QueryTest, IndexesFollowTheirItems) {
  world.make_table("S", kIndexes);
  const auto in_index = [&](std::string_view g) {
    return column(
        world.must(
            "Query",
            R"({"TableName":"T-1","IndexName":"global-gn","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":")" +
                std::string(g) + R"("}}})"),
        "sk");
  };
  world.put(R"({"id":{"S":"p"},"sk":{"S":"1"},"g":{"S":"G"},"n":{"N":"2"}})");
  EXPECT_THAT(in_index("G"), ElementsAre("1"));
  const Reply moved = world.must(
      "UpdateItem",
      R"({"TableName":"T-1","Key":{"id":{"S":"p"},"sk":{"S":"1"}},"UpdateExpression":"SET g = :h","ExpressionAttributeValues":{":h":{"S":"H"}},"ReturnConsumedCapacity":"INDEXES"})");
  EXPECT_EQ(moved.json("ConsumedCapacity"),
            R"({"TableName":"T-1","CapacityUnits":3.0,"Table":{"CapacityUnits":1.0},)"
            R"("GlobalSecondaryIndexes":{"global-gn":{"CapacityUnits":2.0}}})");
  EXPECT_THAT(in_index("G"), ElementsAre());
  EXPECT_THAT(in_index("H"), ElementsAre("1"));
  EXPECT_THAT(
      world.error("PutItem",
                  R"({"TableName":"T-1","Item":{"id":{"S":"p"},"sk":{"S":"1"},"n":{"S":"x"}}})"),
      HasSubstr("Type mismatch for Index Key n Expected: N Actual: S IndexName: local-n"));
  const Reply gone = world.must(
      "DeleteItem",
      R"({"TableName":"T-1","Key":{"id":{"S":"p"},"sk":{"S":"1"}},"ReturnItemCollectionMetrics":"SIZE"})");
  EXPECT_EQ(gone.json("ItemCollectionMetrics"),
            R"({"ItemCollectionKey":{"id":{"S":"p"}},"SizeEstimateRangeGB":[0.0,1.0]})");
  EXPECT_THAT(in_index("H"), ElementsAre());
  EXPECT_EQ(world.must("Scan", R"({"TableName":"T-1","IndexName":"local-n"})").json("Count"), "0");
}

TEST_F(QueryTest, ScansSeeEachItemOnceInSegmentsAndPages) {
  world.make_table();
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string id = "key-" + std::to_string(i);
    world.put(R"({"id":{"S":")" + id + R"("}})");
    expected.insert(id);
  }
  std::vector<std::string> seen;
  for (int segment = 0; segment < 3; ++segment) {
    std::string start;
    do {
      const Reply page =
          world.must("Scan", R"({"TableName":"T-1","Limit":40,"TotalSegments":3,"Segment":)" +
                                 std::to_string(segment) + start + "}");
      for (const std::string& id : column(page, "id")) seen.push_back(id);
      const std::string last = page.json("LastEvaluatedKey");
      start = last.empty() ? "" : R"(,"ExclusiveStartKey":)" + last;
    } while (!start.empty());
  }
  EXPECT_EQ(seen.size(), 300U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), expected);
  EXPECT_EQ(
      world.error("Scan", R"({"TableName":"T-1","TotalSegments":2,"Segment":2})"),
      "ValidationException: The Segment parameter is zero-based and must be less than parameter "
      "TotalSegments: Segment: 2 is not less than TotalSegments: 2");
}

TEST_F(QueryTest, LegacyConditionsAndFilters) {
  world.make_table("N");
  for (int i = 0; i < 5; ++i) {
    world.put(R"({"id":{"S":"p"},"sk":{"N":")" + std::to_string(i) + R"("},"t":{"S":"v)" +
              std::to_string(i) + R"("}})");
  }
  const Reply page = world.must(
      "Query",
      R"({"TableName":"T-1","KeyConditions":{"id":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"p"}]},"sk":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"2"}]}},"QueryFilter":{"t":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"v3"}]}}})");
  EXPECT_THAT(column(page, "sk"), ElementsAre("2", "4"));
  const Reply scanned = world.must(
      "Scan",
      R"({"TableName":"T-1","ConditionalOperator":"OR","ScanFilter":{"t":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"v1"}]},"sk":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"1"}]}}})");
  EXPECT_THAT(column(scanned, "sk"), ElementsAre("0", "1"));
}

TEST_F(QueryTest, Batches) {
  world.make_table();
  const Reply written = world.must(
      "BatchWriteItem",
      R"({"RequestItems":{"T-1":[{"PutRequest":{"Item":{"id":{"S":"a"},"v":{"N":"1"}}}},{"PutRequest":{"Item":{"id":{"S":"b"}}}},{"DeleteRequest":{"Key":{"id":{"S":"c"}}}}]},"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(written.json("UnprocessedItems"), "{}");
  EXPECT_EQ(written.json("ConsumedCapacity"), R"([{"TableName":"T-1","CapacityUnits":3.0}])");
  const Reply read = world.must(
      "BatchGetItem",
      R"({"RequestItems":{"T-1":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"x"}},{"id":{"S":"b"}}],"ProjectionExpression":"#v, id","ExpressionAttributeNames":{"#v":"v"}}}})");
  EXPECT_EQ(read.json("Responses"), R"({"T-1":[{"id":{"S":"a"},"v":{"N":"1"}},{"id":{"S":"b"}}]})");
  EXPECT_EQ(read.json("UnprocessedKeys"), "{}");
  EXPECT_EQ(
      world.error(
          "BatchWriteItem",
          R"({"RequestItems":{"T-1":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}})"),
      "ValidationException: Provided list of item keys contains duplicates");
  EXPECT_EQ(world.error("BatchGetItem",
                        R"({"RequestItems":{"T-1":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"a"}}]}}})"),
            "ValidationException: Provided list of item keys contains duplicates");
  EXPECT_EQ(
      world.error("BatchWriteItem",
                  R"({"RequestItems":{"nope":[{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}})"),
      "ResourceNotFoundException: Requested resource not found");
}

// A bad write in a batch leaves nothing of the batch behind.
TEST_F(QueryTest, ABatchWithABadKeyWritesNothing) {
  world.make_table();
  EXPECT_THAT(
      world.error(
          "BatchWriteItem",
          R"({"RequestItems":{"T-1":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},{"PutRequest":{"Item":{"id":{"N":"1"}}}}]}})"),
      HasSubstr("Type mismatch for key id"));
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), "");
}

TEST_F(QueryTest, TransactionsHappenWholeOrNotAtAll) {
  world.make_table();
  world.put(R"({"id":{"S":"stock"},"n":{"N":"1"}})");
  const std::string order =
      R"({"TransactItems":[{"Update":{"TableName":"T-1","Key":{"id":{"S":"stock"}},"UpdateExpression":"SET n = n - :one","ConditionExpression":"n >= :one","ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},{"Put":{"TableName":"T-1","Item":{"id":{"S":"order"}}}}]})";
  world.must("TransactWriteItems", order);
  EXPECT_EQ(world.get(R"({"id":{"S":"stock"}})"), R"({"id":{"S":"stock"},"n":{"N":"0"}})");
  world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":"order"}}})");
  const Reply refused = world.send("TransactWriteItems", order);
  EXPECT_EQ(refused.error(),
            "TransactionCanceledException: Transaction cancelled, please refer cancellation "
            "reasons for specific "
            "reasons [ConditionalCheckFailed, None]");
  EXPECT_EQ(refused.json("CancellationReasons"),
            R"([{"Code":"ConditionalCheckFailed","Message":"The conditional request failed",)"
            R"("Item":{"id":{"S":"stock"},"n":{"N":"0"}}},{"Code":"None"}])");
  EXPECT_EQ(world.get(R"({"id":{"S":"order"}})"), "");
  EXPECT_EQ(
      world.error(
          "TransactWriteItems",
          R"({"TransactItems":[{"Put":{"TableName":"T-1","Item":{"id":{"S":"a"}}}},{"Delete":{"TableName":"T-1","Key":{"id":{"S":"a"}}}}]})"),
      "ValidationException: Transaction request cannot include multiple operations on one item");
  const Reply read = world.must(
      "TransactGetItems",
      R"({"TransactItems":[{"Get":{"TableName":"T-1","Key":{"id":{"S":"stock"}}}},{"Get":{"TableName":"T-1","Key":{"id":{"S":"order"}}}}],"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(read.json("Responses"), R"([{"Item":{"id":{"S":"stock"},"n":{"N":"0"}}},{}])");
  EXPECT_EQ(read.json("ConsumedCapacity"),
            R"([{"TableName":"T-1","CapacityUnits":4.0,"ReadCapacityUnits":4.0}])");
}

TEST_F(QueryTest, ATokenMakesATransactionHappenOnce) {
  world.make_table();
  const auto add = [&](std::string_view by) {
    return R"({"ClientRequestToken":"token-1","TransactItems":[{"Update":{"TableName":"T-1","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":")" +
           std::string(by) + R"("}}}}]})";
  };
  world.must("TransactWriteItems", add("1"));
  world.must("TransactWriteItems", add("1"));
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"},"n":{"N":"1"}})");
  EXPECT_THAT(world.error("TransactWriteItems", add("2")),
              HasSubstr("IdempotentParameterMismatchException"));
  world.clock.advance(std::chrono::minutes(11));
  world.must("TransactWriteItems", add("1"));
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"},"n":{"N":"2"}})");
}

}  // namespace
}  // namespace mayfly::dynamodb
