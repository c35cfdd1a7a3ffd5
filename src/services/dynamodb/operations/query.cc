#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/key_condition.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/page.h"
#include "services/dynamodb/operations/page_request.h"

namespace mayfly::dynamodb {
namespace {

struct Query {
  PageRequest page;
  OwnedCondition key_condition;
  KeyConditionSource source = KeyConditionSource::expression;
};

wire::Result<void> read_key_condition(QueryRequest& request, Query& query) {
  if (request.key_condition_expression) {
    auto parsed = parse_condition(ExpressionKind::key_condition, *request.key_condition_expression,
                                  query.page.placeholders);
    if (!parsed) return refuse(std::move(parsed).error());
    query.key_condition.condition = std::move(*parsed);
    return {};
  }
  if (!request.key_conditions || request.key_conditions->empty()) {
    return refuse(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
        "request.");
  }
  if (request.key_conditions->size() > 2) return refuse("Conditions can be of length 1 or 2 only");
  auto owned = filter_condition(*request.key_conditions, ConditionalOperator::all);
  if (!owned) return std::unexpected(std::move(owned).error());
  query.key_condition = std::move(*owned);
  query.source = KeyConditionSource::legacy;
  return {};
}

wire::Result<Query> read_query(QueryRequest& request) {
  Query query;
  const std::vector<Given> value_expressions{
      {"FilterExpression", request.filter_expression.has_value()},
      {"KeyConditionExpression", request.key_condition_expression.has_value()}};
  auto read =
      read_page_request(request, query.page, request.query_filter, "QueryFilter", value_expressions,
                        {{"KeyConditions", request.key_conditions.has_value()}});
  if (!read) return std::unexpected(std::move(read).error());
  if (auto condition = read_key_condition(request, query); !condition) {
    return std::unexpected(std::move(condition).error());
  }
  if (auto used = query.page.placeholders.all_used(); !used) return refuse(std::move(used).error());
  query.page.direction =
      request.scan_index_forward ? store::Direction::forward : store::Direction::reverse;
  return query;
}

wire::Result<keys::Range> query_range(const Table& table, const Index* index,
                                      const KeyCondition& condition, const PageRequest& page) {
  keys::Range range = keys::query(table, index, condition);
  if (!page.start) return range;
  auto row = start_row(table, index, *page.start);
  if (!row) return refuse("The provided starting key is invalid");
  auto rest = resume(std::move(range), *row, page.direction);
  if (rest) return std::move(*rest);
  KeyCondition partition;
  partition.partition = condition.partition;
  if (resume(keys::query(table, index, partition), *row, page.direction)) {
    return refuse("The provided starting key does not match the range key predicate");
  }
  return refuse(
      "The provided starting key is outside query boundaries based on provided conditions");
}

}  // namespace

base::Task<wire::Result<PageResponse>> query(Dynamodb& dynamodb, const api::RequestContext& context,
                                             QueryRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  auto parsed = read_query(request);
  if (!parsed) co_return std::unexpected(std::move(parsed).error());

  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::brief,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  auto index = readable_index(**table, request.index_name, parsed->page);
  if (!index) co_return std::unexpected(std::move(index).error());

  const KeySchema& schema = *index == nullptr ? (*table)->keys : (*index)->keys;
  auto condition = key_condition_of(*parsed->key_condition.condition, schema, parsed->source);
  if (!condition) co_return refuse(std::move(condition).error());
  if (parsed->page.filter.condition) {
    if (const std::string* key = find_key_attribute(*parsed->page.filter.condition, schema)) {
      co_return refuse(
          std::string(request.filter_expression ? "Filter Expression" : "QueryFilter") +
          " can only contain non-primary key attributes: Primary key attribute: " + *key);
    }
  }
  auto range = query_range(**table, *index, *condition, parsed->page);
  if (!range) co_return std::unexpected(std::move(range).error());
  if (auto allowed = dynamodb.throughput.check(**table, Access::read, Capacity::least(*index));
      !allowed) {
    co_return std::unexpected(std::move(allowed).error());
  }
  auto read = co_await read_page(*transaction, *table, *index, std::move(*range), parsed->page);
  if (!read) co_return std::unexpected(std::move(read).error());
  dynamodb.throughput.spend(**table, Access::read, read->capacity);
  read->response.consumed_capacity =
      consumed(*name, read->capacity, report_of(request.return_consumed_capacity));
  co_return std::move(read->response);
}

}  // namespace mayfly::dynamodb
