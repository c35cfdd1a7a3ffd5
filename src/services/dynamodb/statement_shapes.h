// Requests and responses of PartiQL's operations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/transaction_shapes.h"

namespace mayfly::dynamodb {

struct ExecuteStatementRequest {
  std::string statement;
  std::optional<std::vector<wire::Document>> parameters;
  bool consistent_read = false;
  std::optional<std::string> next_token;
  std::optional<std::string> return_consumed_capacity;
  std::optional<std::int32_t> limit;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = ExecuteStatementRequest;
    return std::tuple{
        wire::field("Statement", &Self::statement).required().length(1, 8192),
        wire::field("Parameters", &Self::parameters).items(1, 8192),
        wire::field("ConsistentRead", &Self::consistent_read),
        wire::field("NextToken", &Self::next_token).length(1, 32768),
        wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
            .one_of(kReturnConsumedCapacity),
        wire::field("Limit", &Self::limit).at_least(1),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct ExecuteStatementResponse {
  std::vector<wire::Document> items;
  std::optional<std::string> next_token;
  std::optional<ConsumedCapacity> consumed_capacity;
  wire::Document last_evaluated_key;
  static constexpr auto shape() {
    using Self = ExecuteStatementResponse;
    return std::tuple{wire::field("Items", &Self::items),
                      wire::field("NextToken", &Self::next_token),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity),
                      wire::field("LastEvaluatedKey", &Self::last_evaluated_key)};
  }
};

struct BatchStatementRequest {
  std::string statement;
  std::optional<std::vector<wire::Document>> parameters;
  bool consistent_read = false;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = BatchStatementRequest;
    return std::tuple{
        wire::field("Statement", &Self::statement).required().length(1, 8192),
        wire::field("Parameters", &Self::parameters).items(1, 8192),
        wire::field("ConsistentRead", &Self::consistent_read),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct BatchStatementError {
  std::string code;
  std::string message;
  wire::Document item;
  static constexpr auto shape() {
    using Self = BatchStatementError;
    return std::tuple{wire::field("Code", &Self::code), wire::field("Message", &Self::message),
                      wire::field("Item", &Self::item)};
  }
};

struct BatchStatementResponse {
  std::optional<BatchStatementError> error;
  std::optional<std::string> table_name;
  wire::Document item;
  static constexpr auto shape() {
    using Self = BatchStatementResponse;
    return std::tuple{wire::field("Error", &Self::error),
                      wire::field("TableName", &Self::table_name),
                      wire::field("Item", &Self::item)};
  }
};

struct BatchExecuteStatementRequest {
  std::vector<BatchStatementRequest> statements;
  std::optional<std::string> return_consumed_capacity;
  static constexpr auto shape() {
    using Self = BatchExecuteStatementRequest;
    return std::tuple{wire::field("Statements", &Self::statements).required().items(1, 25),
                      wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
                          .one_of(kReturnConsumedCapacity)};
  }
};

struct BatchExecuteStatementResponse {
  std::vector<BatchStatementResponse> responses;
  std::optional<std::vector<ConsumedCapacity>> consumed_capacity;
  static constexpr auto shape() {
    using Self = BatchExecuteStatementResponse;
    return std::tuple{wire::field("Responses", &Self::responses),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity)};
  }
};

struct ParameterizedStatement {
  std::string statement;
  std::optional<std::vector<wire::Document>> parameters;
  std::optional<std::string> return_values_on_failure;
  static constexpr auto shape() {
    using Self = ParameterizedStatement;
    return std::tuple{
        wire::field("Statement", &Self::statement).required().length(1, 8192),
        wire::field("Parameters", &Self::parameters).items(1, 8192),
        wire::field("ReturnValuesOnConditionCheckFailure", &Self::return_values_on_failure)
            .one_of(kReturnValuesOnFailure)};
  }
};

struct ExecuteTransactionRequest {
  std::vector<ParameterizedStatement> statements;
  std::optional<std::string> client_request_token;
  std::optional<std::string> return_consumed_capacity;
  static constexpr auto shape() {
    using Self = ExecuteTransactionRequest;
    return std::tuple{wire::field("TransactStatements", &Self::statements).required().items(1, 100),
                      wire::field("ClientRequestToken", &Self::client_request_token).length(1, 36),
                      wire::field("ReturnConsumedCapacity", &Self::return_consumed_capacity)
                          .one_of(kReturnConsumedCapacity)};
  }
};

struct ExecuteTransactionResponse {
  std::vector<ItemResponse> responses;
  std::optional<std::vector<ConsumedCapacity>> consumed_capacity;
  static constexpr auto shape() {
    using Self = ExecuteTransactionResponse;
    return std::tuple{wire::field("Responses", &Self::responses),
                      wire::field("ConsumedCapacity", &Self::consumed_capacity)};
  }
};

}  // namespace mayfly::dynamodb
