// What DynamoDB says of requests that it refuses, one line a case; and which of two faults it
// names.
//
// The texts are those of the service, collected from its documentation and from reports of its
// users.
#include <gtest/gtest.h>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

struct Case {
  std::string_view operation;
  std::string body;  // TableName is put in front
  std::string_view message;
};

// id (S), sk (N); local index by n (N), global index by g (S) with keys only.
constexpr std::string_view kIndexes =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],)"
    R"("LocalSecondaryIndexes":[{"IndexName":"by-n","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],)"
    R"("GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}])";

constexpr std::string_view kKey = R"("Key":{"id":{"S":"a"},"sk":{"N":"1"}})";

class MessagesTest : public testing::Test {
 protected:
  MessagesTest() { world_.make_table("N", kIndexes); }

  void expect(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
      const std::string body = R"({"TableName":"T-1",)" + one.body + "}";
      EXPECT_EQ(world_.error(one.operation, body),
                "ValidationException: " + std::string(one.message))
          << one.operation << " " << body.substr(0, 500);
    }
  }
  static std::string put(std::string_view attributes) {
    return R"("Item":{"id":{"S":"a"},"sk":{"N":"1"})" + std::string(attributes) + "}";
  }
  static std::string update(std::string_view expression, std::string_view more = {}) {
    return std::string(kKey) + R"(,"UpdateExpression":")" + std::string(expression) + "\"" +
           std::string(more);
  }
  static std::string put_if(std::string_view expression, std::string_view more = {}) {
    return put("") + R"(,"ConditionExpression":")" + std::string(expression) + "\"" +
           std::string(more);
  }
  static std::string query(std::string_view condition, std::string_view more = {}) {
    return R"("KeyConditionExpression":")" + std::string(condition) +
           R"(","ExpressionAttributeValues":{":i":{"S":"a"},":s":{"N":"1"}})" + std::string(more);
  }
  World world_;
};

TEST_F(MessagesTest, Numbers) {
  const auto number = [](std::string_view text) {
    return put(R"(,"v":{"N":")" + std::string(text) + "\"}");
  };
  const std::string digits39(39, '1');
  expect({
      {"PutItem", number("abc"), "The parameter cannot be converted to a numeric value: abc"},
      {"PutItem", number(""), "The parameter cannot be converted to a numeric value"},
      {"PutItem", number("1e"), "The parameter cannot be converted to a numeric value: 1e"},
      {"PutItem", number(digits39),
       "Attempting to store more than 38 significant digits in a Number"},
      {"PutItem", number("1E126"),
       "Number overflow. Attempting to store a number with magnitude larger than supported range"},
      {"PutItem", number("-1E-131"),
       "Number underflow. Attempting to store a number with magnitude smaller than supported "
       "range"},
  });
  EXPECT_EQ(world_.error("PutItem", R"({"TableName":"T-1",)" +
                                        number(std::string(38, '9') + std::string(88, '0')) + "}"),
            "");
}

TEST_F(MessagesTest, Keys) {
  const std::string long_partition(2049, 'x');
  expect({
      {"PutItem", R"("Item":{"id":{"S":"a"}})",
       "One or more parameter values were invalid: Missing the key sk in the item"},
      {"PutItem", R"("Item":{"id":{"S":"a"},"sk":{"S":"1"}})",
       "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S"},
      {"GetItem", R"("Key":{"id":{"S":"a"}})",
       "The provided key element does not match the schema"},
      {"DeleteItem", R"("Key":{"id":{"S":""},"sk":{"N":"1"}})",
       "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
       "contain an empty string value. Key: id"},
      {"GetItem", R"("Key":{"id":{"S":")" + long_partition + R"("},"sk":{"N":"1"}})",
       "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size "
       "limit of2048 bytes"},
      {"PutItem", put(R"(,"g":{"N":"1"})"),
       "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
       "Actual: N IndexName: by-g"},
      {"PutItem", put(R"(,"g":{"S":""})"),
       "One or more parameter values are not valid. A value specified for a secondary index key is "
       "not supported. The AttributeValue for a key attribute cannot contain an empty string "
       "value. IndexName: by-g, IndexKey: g"},
      {"UpdateItem", update("SET g = :v", R"(,"ExpressionAttributeValues":{":v":{"N":"1"}})"),
       "The update expression attempted to update the secondary index key to unsupported type"},
      {"UpdateItem",
       update("SET g = :v",
              R"(,"ExpressionAttributeValues":{":v":{"S":")" + long_partition + R"("}})"),
       "The update expression attempted to update the secondary index key beyond allowed size "
       "limits"},
      {"UpdateItem", update("SET sk = :v", R"(,"ExpressionAttributeValues":{":v":{"N":"2"}})"),
       "One or more parameter values were invalid: Cannot update attribute sk. This attribute is "
       "part of the key"},
  });
}

TEST_F(MessagesTest, Sizes) {
  const std::string big(400 * 1024, 'x');
  world_.put(R"({"id":{"S":"a"},"sk":{"N":"1"},"v":{"S":")" + big.substr(100) + R"("}})");
  expect({
      {"PutItem", put(R"(,"v":{"S":")" + big + "\"}"),
       "Item size has exceeded the maximum allowed size"},
      {"UpdateItem",
       update("SET w = :v",
              R"(,"ExpressionAttributeValues":{":v":{"S":")" + big.substr(200) + R"("}})"),
       "Item size to update has exceeded the maximum allowed size"},
      {"PutItem", put_if(std::string(4097, ' ') + "a = a"),
       "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; "
       "expression size: 4102"},
  });
  std::string long_condition = "attribute_exists(a)";
  for (int i = 0; i < 150; ++i) long_condition += " OR a > b";
  expect({{"PutItem", put_if(long_condition),
           "Invalid ConditionExpression: The expression contains too many operators; operator "
           "count: 301"}});
}

TEST_F(MessagesTest, ConditionExpressions) {
  const std::string values = R"(,"ExpressionAttributeValues":{":v":{"N":"1"}})";
  expect({
      {"PutItem", put_if(""), "Invalid ConditionExpression: The expression can not be empty;"},
      {"PutItem", put_if("a = :v AND", values),
       "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"AND\""},
      {"PutItem", put_if("a ! :v", values),
       "Invalid ConditionExpression: Syntax error; token: \"!\", near: \"a ! :v\""},
      {"PutItem", put_if("size = :v", values),
       "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: size"},
      {"PutItem", put_if("#a = :v", values),
       "Invalid ConditionExpression: An expression attribute name used in the document path is not "
       "defined; attribute name: #a"},
      {"PutItem", put_if("a = :w", values),
       "Invalid ConditionExpression: An expression attribute value used in expression is not "
       "defined; attribute value: :w"},
      {"PutItem", put_if("nope(a)"),
       "Invalid ConditionExpression: Invalid function name; function: nope"},
      {"PutItem", put_if("begins_with(a)"),
       "Invalid ConditionExpression: Incorrect number of operands for operator or function; "
       "operator or function: begins_with, number of operands: 1"},
      {"PutItem", put_if("begins_with(a, :v)", values),
       "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or "
       "function: begins_with, operand type: N"},
      {"PutItem", put_if("attribute_exists(:v)", values),
       "Invalid ConditionExpression: Operator or function requires a document path; operator or "
       "function: attribute_exists"},
      {"PutItem", put_if("a = a"),
       "Invalid ConditionExpression: The first operand must be distinct from the remaining "
       "operands for this operator or function; operator: =, first operand: [a]"},
      {"PutItem", put_if("((a = b))"),
       "Invalid ConditionExpression: The expression has redundant parentheses;"},
      {"PutItem",
       put_if("a BETWEEN :v AND :w",
              R"(,"ExpressionAttributeValues":{":v":{"N":"2"},":w":{"N":"1"}})"),
       "Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than "
       "or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: "
       "AttributeValue: {N:1}"},
      {"PutItem",
       put_if("a = :v", R"(,"ExpressionAttributeValues":{":v":{"N":"1"},":x":{"N":"1"}})"),
       "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"},
      {"PutItem",
       put_if(
           "a = :v",
           R"(,"ExpressionAttributeNames":{"#x":"y"},"ExpressionAttributeValues":{":v":{"N":"1"}})"),
       "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"},
      {"PutItem", put_if("a = :v", R"(,"ExpressionAttributeValues":{})"),
       "ExpressionAttributeValues must not be empty"},
      {"PutItem", put_if("a = :v", R"(,"ExpressionAttributeNames":{})"),
       "ExpressionAttributeNames must not be empty"},
      {"PutItem", put_if("a = :v", R"(,"ExpressionAttributeValues":{"v":{"N":"1"}})"),
       "ExpressionAttributeValues contains invalid key: Syntax error; key: \"v\""},
      {"PutItem", put_if("a = :v", R"(,"ExpressionAttributeValues":{":v":{"N":"x"}})"),
       "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a "
       "numeric value: x for key :v"},
  });
}

TEST_F(MessagesTest, UpdateExpressions) {
  const auto with = [](std::string_view value) {
    return R"(,"ExpressionAttributeValues":{":v":)" + std::string(value) + "}";
  };
  world_.put(R"({"id":{"S":"a"},"sk":{"N":"1"},"text":{"S":"x"}})");
  expect({
      {"UpdateItem", update(""), "Invalid UpdateExpression: The expression can not be empty;"},
      {"UpdateItem", update("SET"),
       "Invalid UpdateExpression: Syntax error; token: \"<EOF>\", near: \"SET\""},
      {"UpdateItem", update("SET a = b SET c = d"),
       "Invalid UpdateExpression: The \"SET\" section can only be used once in an update "
       "expression;"},
      {"UpdateItem", update("SET a = :v, a.b = :v", with(R"({"N":"1"})")),
       "Invalid UpdateExpression: Two document paths overlap with each other; must remove or "
       "rewrite one of these paths; path one: [a], path two: [a, b]"},
      {"UpdateItem", update("SET a[1] = :v REMOVE a.b", with(R"({"N":"1"})")),
       "Invalid UpdateExpression: Two document paths conflict with each other; must remove or "
       "rewrite one of these paths; path one: [a, [1]], path two: [a, b]"},
      {"UpdateItem", update("ADD a :v", with(R"({"S":"1"})")),
       "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, "
       "operand type: STRING"},
      {"UpdateItem", update("DELETE a :v", with(R"({"N":"1"})")),
       "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: "
       "DELETE, operand type: NUMBER"},
      {"UpdateItem", update("SET a = size(b)"),
       "Invalid UpdateExpression: The function is not allowed in an update expression; function: "
       "size"},
      {"UpdateItem", update("SET a = list_append(b, :v)", with(R"({"N":"1"})")),
       "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or "
       "function: list_append, operand type: N"},
      {"UpdateItem", update("SET a = nothing"),
       "The provided expression refers to an attribute that does not exist in the item"},
      {"UpdateItem", update("SET a.b = :v", with(R"({"N":"1"})")),
       "The document path provided in the update expression is invalid for update"},
      {"UpdateItem",
       update("ADD #t :v", R"(,"ExpressionAttributeNames":{"#t":"text"})" + with(R"({"N":"1"})")),
       "An operand in the update expression has an incorrect data type"},
  });
}

TEST_F(MessagesTest, Projections) {
  const auto get = [](std::string_view more) {
    return std::string(kKey) + "," + std::string(more);
  };
  expect({
      {"GetItem", get(R"("ProjectionExpression":"")"),
       "Invalid ProjectionExpression: The expression can not be empty;"},
      {"GetItem", get(R"("ProjectionExpression":"a, a.b")"),
       "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or "
       "rewrite one of these paths; path one: [a], path two: [a, b]"},
      {"GetItem", get(R"("ProjectionExpression":"a,")"),
       "Invalid ProjectionExpression: Syntax error; token: \"<EOF>\", near: \",\""},
      {"GetItem", get(R"("AttributesToGet":["a","a"])"),
       "One or more parameter values were invalid: Duplicate value in attribute name: a"},
      {"GetItem", get(R"("AttributesToGet":["a"],"ProjectionExpression":"b")"),
       "Can not use both expression and non-expression parameters in the same request: "
       "Non-expression parameters: {AttributesToGet} Expression parameters: "
       "{ProjectionExpression}"},
      {"GetItem", get(R"("ExpressionAttributeNames":{"#a":"b"})"),
       "ExpressionAttributeNames can only be specified when using expressions"},
  });
}

TEST_F(MessagesTest, KeyConditions) {
  const std::string start = R"(,"ExclusiveStartKey":)";
  expect({
      {"Query", query("id = :i AND sk = :s OR sk = :s"),
       "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: OR"},
      {"Query", query("id = :i AND NOT sk = :s"),
       "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: NOT"},
      {"Query", query("id = :i AND sk <> :s"),
       "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: <>"},
      {"Query", query("id = :i AND begins_with(sk, :s)"),
       "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator "
       "or function: begins_with, operand type: N"},
      {"Query", query("sk = :s AND g = :i"), "Query condition missed key schema element: id"},
      {"Query", query("begins_with(id, :i) AND sk = :s"), "Query key condition not supported"},
      {"Query", query("id = :s AND sk = :i"),
       "One or more parameter values were invalid: Condition parameter type does not match schema "
       "type"},
      {"Query", query("id = :i AND sk > :s", start + R"({"id":{"S":"a"},"sk":{"N":"0"}})"),
       "The provided starting key does not match the range key predicate"},
      {"Query", query("id = :i AND sk > :s", start + R"({"id":{"S":"b"},"sk":{"N":"0"}})"),
       "The provided starting key is outside query boundaries based on provided conditions"},
      {"Query", query("id = :i AND sk > :s", start + R"({"id":{"S":"a"}})"),
       "The provided starting key is invalid"},
      {"Query", query("id = :i AND sk > :s", start + R"({"id":{"S":"a"},"sk":{"N":"x"}})"),
       "The provided starting key is invalid: The parameter cannot be converted to a numeric "
       "value: x"},
      {"Scan", R"("ExclusiveStartKey":{"id":{"S":"a"}})",
       "The provided starting key is invalid: The provided key element does not match the schema"},
      {"Query", query("id = :i AND sk > :s", R"(,"IndexName":"nowhere")"),
       "The table does not have the specified index: nowhere"},
      {"Query", query("id = :i AND sk = :s", R"(,"FilterExpression":"sk > :s")"),
       "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"},
      {"Query", R"("KeyConditions":{})",
       "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
       "request."},
  });
}

TEST_F(MessagesTest, SelectsAndSegments) {
  expect({
      {"Scan", R"("Select":"SPECIFIC_ATTRIBUTES")",
       "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
       "SPECIFIC_ATTRIBUTES"},
      {"Scan", R"("Select":"COUNT","ProjectionExpression":"a")",
       "Cannot specify the ProjectionExpression when choosing to get only the Count"},
      {"Scan", R"("Select":"ALL_ATTRIBUTES","AttributesToGet":["a"])",
       "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"},
      {"Scan", R"("Select":"ALL_PROJECTED_ATTRIBUTES")",
       "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
      {"Scan", R"("IndexName":"by-g","Select":"ALL_ATTRIBUTES")",
       "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for "
       "global secondary index by-g because its projection type is not ALL"},
      {"Scan", R"("IndexName":"by-g","ProjectionExpression":"v, id")",
       "One or more parameter values were invalid: Global secondary index by-g does not project "
       "[v]"},
      {"Scan", R"("IndexName":"by-g","ConsistentRead":true)",
       "Consistent reads are not supported on global secondary indexes"},
      {"Scan", R"("TotalSegments":2)",
       "The Segment parameter is required but was not present in the request when parameter "
       "TotalSegments is present"},
      {"Scan", R"("Segment":0)",
       "The TotalSegments parameter is required but was not present in the request when Segment "
       "parameter is present"},
  });
}

TEST_F(MessagesTest, LegacyParameters) {
  const auto scan = [](std::string_view comparison, std::string_view values) {
    return R"("ScanFilter":{"v":{"ComparisonOperator":")" + std::string(comparison) +
           R"(","AttributeValueList":[)" + std::string(values) + "]}}";
  };
  expect({
      {"Scan", scan("EQ", ""),
       "One or more parameter values were invalid: Invalid number of argument(s) for the EQ "
       "ComparisonOperator"},
      {"Scan", scan("NULL", R"({"N":"1"})"),
       "One or more parameter values were invalid: Invalid number of argument(s) for the NULL "
       "ComparisonOperator"},
      {"Scan", scan("LT", R"({"BOOL":true})"),
       "One or more parameter values were invalid: ComparisonOperator LT is not valid for BOOL "
       "AttributeValue type"},
      {"Scan", scan("IN", R"({"SS":["a"]})"),
       "One or more parameter values were invalid: ComparisonOperator IN is not valid for SS "
       "AttributeValue type"},
      {"Scan", scan("BETWEEN", R"({"N":"2"},{"N":"1"})"),
       "The BETWEEN condition was provided a range where the lower bound is greater than the upper "
       "bound"},
      {"Scan", R"("ConditionalOperator":"OR")",
       "ConditionalOperator cannot be used without Filter or Expected"},
      {"Scan", scan("EQ", R"({"N":"1"})") + R"(,"ConditionalOperator":"OR")",
       "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
      {"PutItem", put("") + R"(,"Expected":{"a":{"Exists":true}})",
       "One or more parameter values were invalid: Value must be provided when Exists is true for "
       "Attribute: a"},
      {"PutItem", put("") + R"(,"Expected":{"a":{"Exists":false,"Value":{"N":"1"}}})",
       "One or more parameter values were invalid: Value cannot be used when Exists is false for "
       "Attribute: a"},
      {"PutItem", put("") + R"(,"Expected":{"a":{}})",
       "One or more parameter values were invalid: Value must be provided when Exists is null for "
       "Attribute: a"},
      {"PutItem", put("") + R"(,"Expected":{"a":{"AttributeValueList":[{"N":"1"}]}})",
       "One or more parameter values were invalid: AttributeValueList can only be used with a "
       "ComparisonOperator for Attribute: a"},
      {"UpdateItem", std::string(kKey) + R"(,"AttributeUpdates":{"a":{"Action":"ADD"}})",
       "One or more parameter values were invalid: Only DELETE action is allowed when no attribute "
       "value is specified"},
      {"UpdateItem",
       std::string(kKey) + R"(,"AttributeUpdates":{"a":{"Action":"ADD","Value":{"S":"x"}}})",
       "One or more parameter values were invalid: ADD action is not supported for the type S"},
      {"UpdateItem",
       std::string(kKey) + R"(,"AttributeUpdates":{"a":{"Action":"DELETE","Value":{"N":"1"}}})",
       "One or more parameter values were invalid: DELETE action with value is not supported for "
       "the type N"},
      {"UpdateItem", std::string(kKey) + R"(,"AttributeUpdates":{"id":{"Value":{"S":"1"}}})",
       "One or more parameter values were invalid: Cannot update attribute id. This attribute is "
       "part of the key"},
      {"UpdateItem",
       update("SET a = :v",
              R"(,"AttributeUpdates":{},"ExpressionAttributeValues":{":v":{"N":"1"}})"),
       "Can not use both expression and non-expression parameters in the same request: "
       "Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}"},
  });
}

// Of several faults the first in DynamoDB's order is named.
TEST_F(MessagesTest, Precedence) {
  expect({
      {"PutItem",
       R"("Item":{"id":{"N":"x"}},"ReturnValues":"ALL_NEW","Expected":{},"ConditionExpression":"")",
       "Can not use both expression and non-expression parameters in the same request: "
       "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"},
      {"PutItem", R"("Item":{"id":{"N":"x"}},"ReturnValues":"ALL_NEW","ConditionExpression":"")",
       "The parameter cannot be converted to a numeric value: x"},
      {"PutItem", R"("Item":{"id":{"N":"1"}},"ReturnValues":"ALL_NEW","ConditionExpression":"")",
       "ReturnValues can only be ALL_OLD or NONE"},
      {"PutItem", R"("Item":{"id":{"N":"1"}},"ConditionExpression":"")",
       "Invalid ConditionExpression: The expression can not be empty;"},
      {"PutItem", R"("Item":{"id":{"N":"1"}})",
       "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"},
      // Syntax anywhere in an expression comes before the meaning of any part.
      {"PutItem", put_if("size = :undefined AND ="),
       "Invalid ConditionExpression: Syntax error; token: \"=\", near: \"AND =\""},
      {"GetItem", R"("Key":{"id":{"N":"x"}},"ProjectionExpression":"")",
       "The parameter cannot be converted to a numeric value: x"},
  });
  // A table that is not there is found after what the request itself has wrong.
  EXPECT_EQ(world_.error("PutItem", R"({"TableName":"nowhere","Item":{"id":{"N":"x"}}})"),
            "ValidationException: The parameter cannot be converted to a numeric value: x");
  EXPECT_EQ(world_.error("PutItem", R"({"TableName":"nowhere","Item":{}})"),
            "ResourceNotFoundException: Requested resource not found");
}

TEST_F(MessagesTest, BatchesAndTransactions) {
  const auto error = [&](std::string_view operation, std::string body) {
    return world_.error(operation, std::move(body));
  };
  const std::string item = R"({"id":{"S":"a"},"sk":{"N":"1"}})";
  const std::string put_request = R"({"PutRequest":{"Item":)" + item + "}}";
  EXPECT_EQ(error("BatchWriteItem",
                  R"({"RequestItems":{"T-1":[)" + put_request + "," + put_request + "]}}"),
            "ValidationException: Provided list of item keys contains duplicates");
  EXPECT_EQ(
      error("BatchGetItem", R"({"RequestItems":{"T-1":{"Keys":[)" + item + "," + item + "]}}}"),
      "ValidationException: Provided list of item keys contains duplicates");
  std::string many;
  for (int i = 0; i < 26; ++i) {
    many += (i > 0 ? "," : "") +
            std::string(R"({"PutRequest":{"Item":{"id":{"S":"a"},"sk":{"N":")") +
            std::to_string(i) + "\"}}}}";
  }
  EXPECT_EQ(error("BatchWriteItem", R"({"RequestItems":{"T-1":[)" + many + "]}}"),
            "ValidationException: Too many items requested for the BatchWriteItem call");
  const std::string put = R"({"Put":{"TableName":"T-1","Item":)" + item + "}}";
  EXPECT_EQ(error("TransactWriteItems", R"({"TransactItems":[)" + put + "," + put + "]}"),
            "ValidationException: Transaction request cannot include multiple operations on one "
            "item");
  EXPECT_EQ(error("TransactWriteItems", R"({"TransactItems":[{}]})"),
            "ValidationException: TransactItems can only contain one of Check, Put, Update or "
            "Delete");
  const std::string get = R"({"Get":{"TableName":"T-1","Key":)" + item + "}}";
  EXPECT_EQ(error("TransactGetItems", R"({"TransactItems":[)" + get + "," + get + "]}"),
            "ValidationException: Transaction request cannot include multiple operations on one "
            "item");
  // One bad item of a batch: nothing is written.
  EXPECT_EQ(
      error("BatchWriteItem",
            R"({"RequestItems":{"T-1":[)" + put_request +
                R"(,{"PutRequest":{"Item":{"id":{"S":"b"},"sk":{"N":"1"},"g":{"N":"1"}}}}]}})"),
      "ValidationException: One or more parameter values were invalid: Type mismatch for "
      "Index Key g Expected: S Actual: N IndexName: by-g");
  EXPECT_EQ(world_.get(item), "");
}

// A request that is repeated with its token answers again, with what reading costs.
TEST_F(MessagesTest, RepeatedTransactions) {
  const auto send = [&](std::string_view value) {
    return world_.send(
        "TransactWriteItems",
        R"({"ClientRequestToken":"t","ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Update":{"TableName":"T-1","Key":{"id":{"S":"a"},"sk":{"N":"1"}},"UpdateExpression":"ADD v :v","ExpressionAttributeValues":{":v":{"N":")" +
            std::string(value) + R"("}}}}]})");
  };
  EXPECT_EQ(send("1").json("ConsumedCapacity"),
            R"([{"TableName":"T-1","CapacityUnits":2.0,"WriteCapacityUnits":2.0}])");
  EXPECT_EQ(send("1").json("ConsumedCapacity"),
            R"([{"TableName":"T-1","CapacityUnits":2.0,"ReadCapacityUnits":2.0}])");
  EXPECT_EQ(
      send("2").error(),
      "IdempotentParameterMismatchException: Transaction was already completed with different "
      "parameters for the same ClientRequestToken");
  world_.clock.advance(std::chrono::minutes(11));
  EXPECT_EQ(send("2").error(), "");
  EXPECT_EQ(world_.get(R"({"id":{"S":"a"},"sk":{"N":"1"}})"),
            R"({"id":{"S":"a"},"sk":{"N":"1"},"v":{"N":"3"}})");
}

}  // namespace
}  // namespace mayfly::dynamodb
