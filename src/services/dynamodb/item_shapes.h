// Requests and responses of the operations on items. Attribute values stay documents here:
// convert.h reads them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/table_shapes.h"
#include "wire/shape.h"

namespace mayfly::dynamodb {

inline constexpr std::array<std::string_view, 3> kReturnConsumedCapacity{"INDEXES", "TOTAL",
                                                                         "NONE"};
inline constexpr std::array<std::string_view, 2> kReturnItemCollectionMetrics{"SIZE", "NONE"};
inline constexpr std::array<std::string_view, 5> kReturnValues{"NONE", "ALL_OLD", "UPDATED_OLD",
                                                               "ALL_NEW", "UPDATED_NEW"};
inline constexpr std::array<std::string_view, 2> kReturnValuesOnFailure{"ALL_OLD", "NONE"};
inline constexpr std::array<std::string_view, 2> kConditionalOperators{"AND", "OR"};
inline constexpr std::array<std::string_view, 13> kComparisonOperators{
    "EQ",      "NE",       "IN",   "LE",       "LT",           "GE",         "GT",
    "BETWEEN", "NOT_NULL", "NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"};
inline constexpr std::array<std::string_view, 3> kAttributeActions{"ADD", "PUT", "DELETE"};
inline constexpr std::array<std::string_view, 4> kSelects{
    "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"};

struct ExpectedValue {
  wire::Document value;
  std::optional<bool> exists;
  std::optional<std::string> comparison;
  std::optional<std::vector<wire::Document>> values;
  static constexpr auto shape() {
    using Self = ExpectedValue;
    return std::tuple{
        wire::field("Value", &Self::value), wire::field("Exists", &Self::exists),
        wire::field("ComparisonOperator", &Self::comparison).one_of(kComparisonOperators),
        wire::field("AttributeValueList", &Self::values)};
  }
};

// Condition, in the model.
struct LegacyFilter {
  std::optional<std::vector<wire::Document>> values;
  std::string comparison;
  static constexpr auto shape() {
    using Self = LegacyFilter;
    return std::tuple{wire::field("AttributeValueList", &Self::values),
                      wire::field("ComparisonOperator", &Self::comparison)
                          .required()
                          .one_of(kComparisonOperators)};
  }
};

struct AttributeUpdate {
  wire::Document value;
  std::optional<std::string> action;
  static constexpr auto shape() {
    using Self = AttributeUpdate;
    return std::tuple{wire::field("Value", &Self::value),
                      wire::field("Action", &Self::action).one_of(kAttributeActions)};
  }
};

struct CapacityShape {
  std::optional<double> read;
  std::optional<double> write;
  std::optional<double> total;
  static constexpr auto shape() {
    using Self = CapacityShape;
    return std::tuple{wire::field("ReadCapacityUnits", &Self::read),
                      wire::field("WriteCapacityUnits", &Self::write),
                      wire::field("CapacityUnits", &Self::total)};
  }
};

struct ConsumedCapacity {
  std::string table_name;
  std::optional<double> total;
  std::optional<double> read;
  std::optional<double> write;
  std::optional<CapacityShape> table;
  std::optional<std::map<std::string, CapacityShape>> local_indexes;
  std::optional<std::map<std::string, CapacityShape>> global_indexes;
  static constexpr auto shape() {
    using Self = ConsumedCapacity;
    return std::tuple{wire::field("TableName", &Self::table_name),
                      wire::field("CapacityUnits", &Self::total),
                      wire::field("ReadCapacityUnits", &Self::read),
                      wire::field("WriteCapacityUnits", &Self::write),
                      wire::field("Table", &Self::table),
                      wire::field("LocalSecondaryIndexes", &Self::local_indexes),
                      wire::field("GlobalSecondaryIndexes", &Self::global_indexes)};
  }
};

struct ItemCollectionMetrics {
  wire::Document key;
  std::vector<double> size_range;
  static constexpr auto shape() {
    using Self = ItemCollectionMetrics;
    return std::tuple{wire::field("ItemCollectionKey", &Self::key),
                      wire::field("SizeEstimateRangeGB", &Self::size_range)};
  }
};

struct PutItemRequest {
  std::string table_name;
  wire::Document item;
  std::optional<std::map<std::string, ExpectedValue>> expected;
  std::optional<std::string> return_values;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> return_item_collection_metrics;
  std::optional<std::string> conditional_operator;
  std::optional<std::string> condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = PutItemRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("Item", &Self::item).required(),
        wire::field("Expected", &Self::expected),
        wire::field("ReturnValues", &Self::return_values).one_of(kReturnValues),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("ReturnItemCollectionMetrics", &Self::return_item_collection_metrics)
            .one_of(kReturnItemCollectionMetrics),
        wire::field("ConditionalOperator", &Self::conditional_operator)
            .one_of(kConditionalOperators),
        wire::field("ConditionExpression", &Self::condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct DeleteItemRequest {
  std::string table_name;
  wire::Document key;
  std::optional<std::map<std::string, ExpectedValue>> expected;
  std::optional<std::string> conditional_operator;
  std::optional<std::string> return_values;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> return_item_collection_metrics;
  std::optional<std::string> condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = DeleteItemRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("Key", &Self::key).required(),
        wire::field("Expected", &Self::expected),
        wire::field("ConditionalOperator", &Self::conditional_operator)
            .one_of(kConditionalOperators),
        wire::field("ReturnValues", &Self::return_values).one_of(kReturnValues),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("ReturnItemCollectionMetrics", &Self::return_item_collection_metrics)
            .one_of(kReturnItemCollectionMetrics),
        wire::field("ConditionExpression", &Self::condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct UpdateItemRequest {
  std::string table_name;
  wire::Document key;
  std::optional<std::map<std::string, AttributeUpdate>> attribute_updates;
  std::optional<std::map<std::string, ExpectedValue>> expected;
  std::optional<std::string> conditional_operator;
  std::optional<std::string> return_values;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> return_item_collection_metrics;
  std::optional<std::string> update_expression;
  std::optional<std::string> condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = UpdateItemRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("Key", &Self::key).required(),
        wire::field("AttributeUpdates", &Self::attribute_updates),
        wire::field("Expected", &Self::expected),
        wire::field("ConditionalOperator", &Self::conditional_operator)
            .one_of(kConditionalOperators),
        wire::field("ReturnValues", &Self::return_values).one_of(kReturnValues),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("ReturnItemCollectionMetrics", &Self::return_item_collection_metrics)
            .one_of(kReturnItemCollectionMetrics),
        wire::field("UpdateExpression", &Self::update_expression),
        wire::field("ConditionExpression", &Self::condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

// PutItem, UpdateItem and DeleteItem answer this.
struct WriteResponse {
  wire::Document attributes;
  std::optional<ConsumedCapacity> consumed_capacity;
  std::optional<ItemCollectionMetrics> item_collection_metrics;
  static constexpr auto shape() {
    using Self = WriteResponse;
    return std::tuple{wire::field("Attributes", &Self::attributes),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity),
                      wire::field("ItemCollectionMetrics", &Self::item_collection_metrics)};
  }
};

struct GetItemRequest {
  std::string table_name;
  wire::Document key;
  std::optional<std::vector<std::string>> attributes_to_get;
  bool consistent_read = false;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> projection_expression;
  std::optional<std::map<std::string, std::string>> names;
  static constexpr auto shape() {
    using Self = GetItemRequest;
    return std::tuple{wire::field("TableName", &Self::table_name).required().length(1, 1024),
                      wire::field("Key", &Self::key).required(),
                      wire::field("AttributesToGet", &Self::attributes_to_get).items(1, 255),
                      wire::field("ConsistentRead", &Self::consistent_read),
                      wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
                          .one_of(kReturnConsumedCapacity),
                      wire::field("ProjectionExpression", &Self::projection_expression),
                      wire::field("ExpressionAttributeNames", &Self::names)};
  }
};

struct GetItemResponse {
  wire::Document item;
  std::optional<ConsumedCapacity> consumed_capacity;
  static constexpr auto shape() {
    using Self = GetItemResponse;
    return std::tuple{wire::field("Item", &Self::item),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity)};
  }
};

struct QueryRequest {
  std::string table_name;
  std::optional<std::string> index_name;
  std::optional<std::string> select;
  std::optional<std::vector<std::string>> attributes_to_get;
  std::optional<std::int32_t> limit;
  bool consistent_read = false;
  std::optional<std::map<std::string, LegacyFilter>> key_conditions;
  std::optional<std::map<std::string, LegacyFilter>> query_filter;
  std::optional<std::string> conditional_operator;
  bool scan_index_forward = true;
  wire::Document exclusive_start_key;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> projection_expression;
  std::optional<std::string> filter_expression;
  std::optional<std::string> key_condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  static constexpr auto shape() {
    using Self = QueryRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("IndexName", &Self::index_name).length(3, 255).pattern(kNamePattern),
        wire::field("Select", &Self::select).one_of(kSelects),
        wire::field("AttributesToGet", &Self::attributes_to_get).items(1, 255),
        wire::field("Limit", &Self::limit).at_least(1),
        wire::field("ConsistentRead", &Self::consistent_read),
        wire::field("KeyConditions", &Self::key_conditions),
        wire::field("QueryFilter", &Self::query_filter),
        wire::field("ConditionalOperator", &Self::conditional_operator)
            .one_of(kConditionalOperators),
        wire::field("ScanIndexForward", &Self::scan_index_forward),
        wire::field("ExclusiveStartKey", &Self::exclusive_start_key),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("ProjectionExpression", &Self::projection_expression),
        wire::field("FilterExpression", &Self::filter_expression),
        wire::field("KeyConditionExpression", &Self::key_condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values)};
  }
};

struct ScanRequest {
  std::string table_name;
  std::optional<std::string> index_name;
  std::optional<std::vector<std::string>> attributes_to_get;
  std::optional<std::int32_t> limit;
  std::optional<std::string> select;
  std::optional<std::map<std::string, LegacyFilter>> scan_filter;
  std::optional<std::string> conditional_operator;
  wire::Document exclusive_start_key;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::int32_t> total_segments;
  std::optional<std::int32_t> segment;
  std::optional<std::string> projection_expression;
  std::optional<std::string> filter_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  bool consistent_read = false;
  static constexpr auto shape() {
    using Self = ScanRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("IndexName", &Self::index_name).length(3, 255).pattern(kNamePattern),
        wire::field("AttributesToGet", &Self::attributes_to_get).items(1, 255),
        wire::field("Limit", &Self::limit).at_least(1),
        wire::field("Select", &Self::select).one_of(kSelects),
        wire::field("ScanFilter", &Self::scan_filter),
        wire::field("ConditionalOperator", &Self::conditional_operator)
            .one_of(kConditionalOperators),
        wire::field("ExclusiveStartKey", &Self::exclusive_start_key),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("TotalSegments", &Self::total_segments).range(1, 1'000'000),
        wire::field("Segment", &Self::segment).range(0, 999'999),
        wire::field("ProjectionExpression", &Self::projection_expression),
        wire::field("FilterExpression", &Self::filter_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ConsistentRead", &Self::consistent_read)};
  }
};

// Query and Scan answer this.
struct PageResponse {
  std::optional<std::vector<wire::Document>> items;
  std::int32_t count = 0;
  std::int32_t scanned_count = 0;
  wire::Document last_evaluated_key;
  std::optional<ConsumedCapacity> consumed_capacity;
  static constexpr auto shape() {
    using Self = PageResponse;
    return std::tuple{wire::field("Items", &Self::items), wire::field("Count", &Self::count),
                      wire::field("ScannedCount", &Self::scanned_count),
                      wire::field("LastEvaluatedKey", &Self::last_evaluated_key),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity)};
  }
};

struct KeysAndAttributes {
  std::vector<wire::Document> keys;
  std::optional<std::vector<std::string>> attributes_to_get;
  std::optional<bool> consistent_read;
  std::optional<std::string> projection_expression;
  std::optional<std::map<std::string, std::string>> names;
  static constexpr auto shape() {
    using Self = KeysAndAttributes;
    return std::tuple{wire::field("Keys", &Self::keys).required().items(1, 100),
                      wire::field("AttributesToGet", &Self::attributes_to_get).items(1, 255),
                      wire::field("ConsistentRead", &Self::consistent_read),
                      wire::field("ProjectionExpression", &Self::projection_expression),
                      wire::field("ExpressionAttributeNames", &Self::names)};
  }
};

struct BatchGetItemRequest {
  std::map<std::string, KeysAndAttributes> request_items;
  std::optional<std::string> return_consumed_capacity;
  static constexpr auto shape() {
    using Self = BatchGetItemRequest;
    return std::tuple{wire::field("RequestItems", &Self::request_items).required().items(1, 100),
                      wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
                          .one_of(kReturnConsumedCapacity)};
  }
};

struct BatchGetItemResponse {
  std::map<std::string, std::vector<wire::Document>> responses;
  std::map<std::string, KeysAndAttributes> unprocessed_keys;
  std::optional<std::vector<ConsumedCapacity>> consumed_capacity;
  static constexpr auto shape() {
    using Self = BatchGetItemResponse;
    return std::tuple{wire::field("Responses", &Self::responses),
                      wire::field("UnprocessedKeys", &Self::unprocessed_keys),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity)};
  }
};

struct PutRequest {
  wire::Document item;
  static constexpr auto shape() {
    using Self = PutRequest;
    return std::tuple{wire::field("Item", &Self::item).required()};
  }
};

struct DeleteRequest {
  wire::Document key;
  static constexpr auto shape() {
    using Self = DeleteRequest;
    return std::tuple{wire::field("Key", &Self::key).required()};
  }
};

struct WriteRequest {
  std::optional<PutRequest> put;
  std::optional<DeleteRequest> remove;
  static constexpr auto shape() {
    using Self = WriteRequest;
    return std::tuple{wire::field("PutRequest", &Self::put),
                      wire::field("DeleteRequest", &Self::remove)};
  }
};

struct BatchWriteItemRequest {
  std::map<std::string, std::vector<WriteRequest>> request_items;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> return_item_collection_metrics;
  static constexpr auto shape() {
    using Self = BatchWriteItemRequest;
    return std::tuple{
        wire::field("RequestItems", &Self::request_items).required().items(1, 25),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("ReturnItemCollectionMetrics", &Self::return_item_collection_metrics)
            .one_of(kReturnItemCollectionMetrics)};
  }
};

struct BatchWriteItemResponse {
  std::map<std::string, std::vector<WriteRequest>> unprocessed_items;
  std::optional<std::map<std::string, std::vector<ItemCollectionMetrics>>> item_collection_metrics;
  std::optional<std::vector<ConsumedCapacity>> consumed_capacity;
  static constexpr auto shape() {
    using Self = BatchWriteItemResponse;
    return std::tuple{wire::field("UnprocessedItems", &Self::unprocessed_items),
                      wire::field("ItemCollectionMetrics", &Self::item_collection_metrics),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity)};
  }
};
}  // namespace mayfly::dynamodb
