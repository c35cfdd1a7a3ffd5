// ExecuteTransaction: statements that are all reads or all writes, as TransactGetItems and
// TransactWriteItems.
#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/statement.h"
#include "services/dynamodb/operations/transaction.h"
#include "services/dynamodb/operations/write_item.h"

namespace mayfly::dynamodb {
namespace {

wire::Result<std::vector<partiql::Statement>> parse_all(const base::Scope& scope,
                                                        ExecuteTransactionRequest& request) {
  std::vector<partiql::Statement> statements;
  for (ParameterizedStatement& one : request.statements) {
    auto statement = read_statement(scope, one.statement, one.parameters);
    if (!statement) return std::unexpected(std::move(statement).error());
    if (!statements.empty() && statements.front().reads() != statement->reads()) {
      return refuse(
          "The entire transaction must consist of either read statements or write statements, you "
          "cannot mix both in one transaction.");
    }
    if (statement->returning != partiql::Returning::nothing) {
      return refuse("RETURNING clause is not supported within transactions");
    }
    statements.push_back(std::move(*statement));
  }
  return statements;
}

base::Task<wire::Result<ExecuteTransactionResponse>> execute_reads(
    Dynamodb& dynamodb, const base::Scope& scope, Report report,
    std::vector<partiql::Statement> statements) {
  std::vector<NamedRead> reads;
  std::vector<KeyedRead> details;
  for (partiql::Statement& statement : statements) {
    const std::string name = statement.table;
    auto table = co_await current_table(dynamodb, scope, name);
    if (!table) co_return std::unexpected(std::move(table).error());
    auto read = keyed_read_of(**table, std::move(statement));
    if (!read) co_return std::unexpected(std::move(read).error());
    reads.push_back({name, std::move(read->key)});
    details.push_back(std::move(*read));
  }
  auto outcome = co_await read_transaction(dynamodb, scope, reads);
  if (!outcome) co_return std::unexpected(std::move(outcome).error());
  ExecuteTransactionResponse response;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    ItemResponse& answer = response.responses.emplace_back();
    const std::optional<Item>& item = outcome->items[i];
    const KeyedRead& read = details[i];
    if (!item || (read.filter && !holds(*read.filter, *item))) continue;
    answer.item = document_of(read.projection ? select_columns(*read.projection, *item) : *item);
  }
  response.consumed_capacity = consumed_all(outcome->capacity, report, Split::read);
  co_return response;
}

}  // namespace

base::Task<wire::Result<ExecuteTransactionResponse>> execute_transaction(
    Dynamodb& dynamodb, const api::RequestContext& context, ExecuteTransactionRequest request) {
  auto statements = parse_all(context.scope, request);
  if (!statements) co_return std::unexpected(std::move(statements).error());
  const Report report = report_of(request.return_consumed_capacity);
  if (statements->front().reads()) {
    co_return co_await execute_reads(dynamodb, context.scope, report, std::move(*statements));
  }
  std::vector<NamedWrite> writes;
  for (std::size_t i = 0; i < statements->size(); ++i) {
    partiql::Statement& statement = (*statements)[i];
    const std::string name = statement.table;
    auto table = co_await current_table(dynamodb, context.scope, name);
    if (!table) co_return std::unexpected(std::move(table).error());
    auto write = write_of((*table)->keys, std::move(statement));
    if (!write) co_return std::unexpected(std::move(write).error());
    write->on_failure = on_failure_of(request.statements[i].return_values_on_failure);
    write->report = report;
    writes.push_back({name, std::move(*write)});
  }
  auto outcome =
      co_await write_transaction(dynamodb, context, writes, request.client_request_token);
  if (!outcome) co_return std::unexpected(std::move(outcome).error());
  ExecuteTransactionResponse response;
  response.responses.resize(writes.size());
  response.consumed_capacity = consumed_all(outcome->capacity, report, outcome->split);
  co_return response;
}

}  // namespace mayfly::dynamodb
