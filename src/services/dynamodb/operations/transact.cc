// TransactWriteItems and TransactGetItems: one transaction of the store each.
#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/read.h"
#include "services/dynamodb/operations/transaction.h"
#include "services/dynamodb/operations/write_item.h"

namespace mayfly::dynamodb {
namespace {

template <class Operation>
wire::Result<NamedWrite> named_write(const base::Scope& scope, Write::Kind kind,
                                     Operation& operation, wire::Document& item,
                                     const std::optional<std::string>& condition,
                                     const std::string* update) {
  NamedWrite named;
  auto name = table_name_of(scope, operation.table_name);
  if (!name) return std::unexpected(std::move(name).error());
  named.table = std::move(*name);
  Write& write = named.write;
  write.kind = kind;
  write.on_failure = on_failure_of(operation.return_values_on_failure);
  ParameterUse use;
  use.value_expressions = {{"ConditionExpression", condition.has_value()}};
  if (kind == Write::Kind::update) use.value_expressions.push_back({"UpdateExpression", true});
  if (auto checked = check_use(use, operation.names, operation.values); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  auto content = item_from(item);
  if (!content) return std::unexpected(std::move(content).error());
  write.item = std::move(*content);
  if (auto checked = check_item_size(write); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  auto placeholders = placeholders_of(operation.names, operation.values);
  if (!placeholders) return std::unexpected(std::move(placeholders).error());
  write.placeholders = std::move(*placeholders);
  if (update != nullptr) {
    if (auto parsed = parse_write_update(*update, write); !parsed) {
      return std::unexpected(std::move(parsed).error());
    }
  }
  if (condition) {
    if (auto parsed = parse_write_condition(*condition, write); !parsed) {
      return std::unexpected(std::move(parsed).error());
    }
  }
  if (auto used = write.placeholders.all_used(); !used) return refuse(std::move(used).error());
  return named;
}

wire::Result<NamedWrite> read_write(const base::Scope& scope, TransactWriteItem& item) {
  const int given = (item.condition_check ? 1 : 0) + (item.put ? 1 : 0) + (item.remove ? 1 : 0) +
                    (item.update ? 1 : 0);
  if (given != 1)
    return refuse("TransactItems can only contain one of Check, Put, Update or Delete");
  if (auto& check = item.condition_check) {
    return named_write(scope, Write::Kind::check, *check, check->key, check->condition_expression,
                       nullptr);
  }
  if (auto& put = item.put) {
    return named_write(scope, Write::Kind::put, *put, put->item, put->condition_expression,
                       nullptr);
  }
  if (auto& update = item.update) {
    return named_write(scope, Write::Kind::update, *update, update->key,
                       update->condition_expression, &update->update_expression);
  }
  return named_write(scope, Write::Kind::remove, *item.remove, item.remove->key,
                     item.remove->condition_expression, nullptr);
}

wire::Result<std::vector<NamedWrite>> read_writes(const base::Scope& scope,
                                                  TransactWriteItemsRequest& request) {
  std::vector<NamedWrite> writes;
  for (TransactWriteItem& item : request.items) {
    auto write = read_write(scope, item);
    if (!write) return std::unexpected(std::move(write).error());
    write->write.report = report_of(request.return_consumed_capacity);
    write->write.metrics =
        request.return_item_collection_metrics == "SIZE" ? Metrics::size : Metrics::none;
    writes.push_back(std::move(*write));
  }
  return writes;
}

}  // namespace

base::Task<wire::Result<TransactWriteItemsResponse>> transact_write_items(
    Dynamodb& dynamodb, const api::RequestContext& context, TransactWriteItemsRequest request) {
  auto writes = read_writes(context.scope, request);
  if (!writes) co_return std::unexpected(std::move(writes).error());
  auto outcome =
      co_await write_transaction(dynamodb, context, *writes, request.client_request_token);
  if (!outcome) co_return std::unexpected(std::move(outcome).error());
  TransactWriteItemsResponse response;
  response.consumed_capacity =
      consumed_all(outcome->capacity, report_of(request.return_consumed_capacity), outcome->split);
  if (!outcome->metrics.empty()) response.item_collection_metrics = std::move(outcome->metrics);
  co_return response;
}

base::Task<wire::Result<TransactGetItemsResponse>> transact_get_items(
    Dynamodb& dynamodb, const api::RequestContext& context, TransactGetItemsRequest request) {
  std::vector<NamedRead> reads;
  std::vector<std::optional<Projection>> projections;
  for (TransactGetItem& item : request.items) {
    TransactGet& get = item.get;
    auto name = table_name_of(context.scope, get.table_name);
    if (!name) co_return std::unexpected(std::move(name).error());
    std::optional<std::vector<std::string>> no_attributes;
    if (auto checked = check_projection_use(get.projection_expression, no_attributes, get.names);
        !checked) {
      co_return std::unexpected(std::move(checked).error());
    }
    auto key = item_from(get.key);
    if (!key) co_return std::unexpected(std::move(key).error());
    auto projection = read_projection(get.projection_expression, no_attributes, get.names);
    if (!projection) co_return std::unexpected(std::move(projection).error());
    reads.push_back({std::move(*name), std::move(*key)});
    projections.push_back(std::move(*projection));
  }
  auto outcome = co_await read_transaction(dynamodb, context.scope, reads);
  if (!outcome) co_return std::unexpected(std::move(outcome).error());
  TransactGetItemsResponse response;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    ItemResponse& answer = response.responses.emplace_back();
    const std::optional<Item>& item = outcome->items[i];
    if (!item) continue;
    answer.item = document_of(projections[i] ? project(*projections[i], *item) : *item);
  }
  response.consumed_capacity =
      consumed_all(outcome->capacity, report_of(request.return_consumed_capacity), Split::read);
  co_return response;
}

}  // namespace mayfly::dynamodb
