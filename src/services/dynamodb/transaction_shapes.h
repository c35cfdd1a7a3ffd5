// Requests and responses of TransactWriteItems and TransactGetItems.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/item_shapes.h"
#include "wire/shape.h"

namespace mayfly::dynamodb {

struct TransactConditionCheck {
  wire::Document key;
  std::string table_name;
  std::string condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = TransactConditionCheck;
    return std::tuple{
        wire::field("Key", &Self::key).required(),
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("ConditionExpression", &Self::condition_expression).required(),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct TransactPut {
  wire::Document item;
  std::string table_name;
  std::optional<std::string> condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = TransactPut;
    return std::tuple{
        wire::field("Item", &Self::item).required(),
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("ConditionExpression", &Self::condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct TransactDelete {
  wire::Document key;
  std::string table_name;
  std::optional<std::string> condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = TransactDelete;
    return std::tuple{
        wire::field("Key", &Self::key).required(),
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("ConditionExpression", &Self::condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct TransactUpdate {
  wire::Document key;
  std::string update_expression;
  std::string table_name;
  std::optional<std::string> condition_expression;
  std::optional<std::map<std::string, std::string>> names;
  wire::Document values;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = TransactUpdate;
    return std::tuple{
        wire::field("Key", &Self::key).required(),
        wire::field("UpdateExpression", &Self::update_expression).required(),
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("ConditionExpression", &Self::condition_expression),
        wire::field("ExpressionAttributeNames", &Self::names),
        wire::field("ExpressionAttributeValues", &Self::values),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct TransactWriteItem {
  std::optional<TransactConditionCheck> condition_check;
  std::optional<TransactPut> put;
  std::optional<TransactDelete> remove;
  std::optional<TransactUpdate> update;
  static constexpr auto shape() {
    using Self = TransactWriteItem;
    return std::tuple{wire::field("ConditionCheck", &Self::condition_check),
                      wire::field("Put", &Self::put), wire::field("Delete", &Self::remove),
                      wire::field("Update", &Self::update)};
  }
};

struct TransactWriteItemsRequest {
  std::vector<TransactWriteItem> items;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::string> return_item_collection_metrics;
  std::optional<std::string> client_request_token;
  static constexpr auto shape() {
    using Self = TransactWriteItemsRequest;
    return std::tuple{
        wire::field("TransactItems", &Self::items).required().items(1, 100),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("ReturnItemCollectionMetrics", &Self::return_item_collection_metrics)
            .one_of(kReturnItemCollectionMetrics),
        wire::field("ClientRequestToken", &Self::client_request_token).length(1, 36)};
  }
};

struct TransactWriteItemsResponse {
  std::optional<std::vector<ConsumedCapacity>> consumed_capacity;
  std::optional<std::map<std::string, std::vector<ItemCollectionMetrics>>> item_collection_metrics;
  static constexpr auto shape() {
    using Self = TransactWriteItemsResponse;
    return std::tuple{wire::field("ConsumedCapacity", &Self::consumed_capacity),
                      wire::field("ItemCollectionMetrics", &Self::item_collection_metrics)};
  }
};

struct TransactGet {
  wire::Document key;
  std::string table_name;
  std::optional<std::string> projection_expression;
  std::optional<std::map<std::string, std::string>> names;
  static constexpr auto shape() {
    using Self = TransactGet;
    return std::tuple{wire::field("Key", &Self::key).required(),
                      wire::field("TableName", &Self::table_name).required().length(1, 1024),
                      wire::field("ProjectionExpression", &Self::projection_expression),
                      wire::field("ExpressionAttributeNames", &Self::names)};
  }
};

struct TransactGetItem {
  TransactGet get;
  static constexpr auto shape() {
    using Self = TransactGetItem;
    return std::tuple{wire::field("Get", &Self::get).required()};
  }
};

struct TransactGetItemsRequest {
  std::vector<TransactGetItem> items;
  std::optional<std::string> return_consumed_capacity;
  static constexpr auto shape() {
    using Self = TransactGetItemsRequest;
    return std::tuple{wire::field("TransactItems", &Self::items).required().items(1, 100),
                      wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
                          .one_of(kReturnConsumedCapacity)};
  }
};

struct ItemResponse {
  wire::Document item;
  static constexpr auto shape() {
    using Self = ItemResponse;
    return std::tuple{wire::field("Item", &Self::item)};
  }
};

struct TransactGetItemsResponse {
  std::optional<std::vector<ConsumedCapacity>> consumed_capacity;
  std::vector<ItemResponse> responses;
  static constexpr auto shape() {
    using Self = TransactGetItemsResponse;
    return std::tuple{wire::field("ConsumedCapacity", &Self::consumed_capacity),
                      wire::field("Responses", &Self::responses)};
  }
};
}  // namespace mayfly::dynamodb
