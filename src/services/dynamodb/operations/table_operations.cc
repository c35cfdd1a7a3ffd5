// CreateTable, DescribeTable, DeleteTable, ListTables, DescribeLimits, DescribeEndpoints.
#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/backups.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/replicas.h"
#include "services/dynamodb/operations/stream_writer.h"
#include "services/dynamodb/operations/table_definition.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {
base::Task<wire::Result<TableResponse>> create_table(Dynamodb& dynamodb,
                                                     const api::RequestContext& context,
                                                     CreateTableRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  request.table_name = *name;
  auto table = table_from(request);
  if (!table) co_return std::unexpected(std::move(table).error());
  table->scope = table->home = context.scope;
  table->id = dynamodb.ids.uuid();
  table->row_id = new_row_id(dynamodb.ids);
  table->created = context.received;
  if (table->billing == BillingMode::pay_per_request)
    table->pay_per_request_since = context.received;

  std::optional<StreamView> streamed;
  if (request.stream_specification && request.stream_specification->stream_enabled)
    streamed = view_from(*request.stream_specification->stream_view_type);
  const std::uint64_t stream_id = streamed ? new_row_id(dynamodb.ids) : 0;

  auto created = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto present = co_await transaction.get(keys::table(context.scope, *name));
        if (!present) co_return store_failed(present);
        if (*present) co_return wire::fail(kResourceInUse, "Table already exists: " + *name);
        if (streamed) {
          auto begun =
              co_await begin_stream(transaction, *table, *streamed, stream_id, context.received);
          if (!begun) co_return begun;
        }
        put_table(transaction, *table);
        if (request.resource_policy) {
          put_policy(transaction, context.scope, *name, *request.resource_policy, context.received);
        }
        co_return wire::Result<void>{};
      });
  if (!created) co_return std::unexpected(std::move(created).error());
  // The table is there once the transaction committed; the answer says CREATING because clients
  // expect to wait.
  co_return TableResponse{describe(*table, "CREATING")};
}

base::Task<wire::Result<DescribeTableResponse>> describe_table(Dynamodb& dynamodb,
                                                               const api::RequestContext& context,
                                                               DescribeTableRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::named,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  const bool filling = std::ranges::any_of(
      (*table)->indexes, [](const Index& index) { return index.status == IndexStatus::creating; });
  auto description = co_await describe_measured(*transaction, *table,
                                                (*table)->is_creating() ? "CREATING"
                                                : filling               ? "UPDATING"
                                                                        : "ACTIVE");
  if (!description) co_return std::unexpected(std::move(description).error());
  co_return DescribeTableResponse{std::move(*description)};
}

base::Task<wire::Result<TableResponse>> delete_table(Dynamodb& dynamodb,
                                                     const api::RequestContext& context,
                                                     DeleteTableRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::string last_backup = new_backup_id(dynamodb.ids, context.received);
  auto deleted = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<TablePtr>> {
        auto table =
            co_await open_table(dynamodb, transaction, context.scope, *name, Missing::named);
        if (!table) co_return table;
        if (auto unused = check_replica_unused(**table); !unused) {
          co_return std::unexpected(std::move(unused).error());
        }
        if ((*table)->has_replicas()) {  // the rows stay: they are the others'
          Table rest = **table;
          drop_replica(transaction, rest, context.received);
          put_table(transaction, rest);
          co_return table;
        }
        if ((*table)->stream) {
          Table ended = **table;
          end_stream(transaction, ended, context.received);
        }
        // Writers read the definition in their transactions, so none can slip a row in behind this.
        transaction.erase(keys::table(context.scope, *name));
        if ((*table)->global)
          transaction.erase(keys::global_table((*table)->home, (*table)->row_id));
        if ((*table)->in_replication_group())
          transaction.erase(keys::replication_group(context.scope.account, *name));
        for (const std::string& rows :
             {keys::index_entries((*table)->home, (*table)->row_id),
              keys::expiries((*table)->home, (*table)->row_id),
              keys::history((*table)->home, (*table)->row_id), keys::policies(context.scope, *name),
              keys::insights(context.scope, *name)}) {
          transaction.erase_range(rows, store::prefix_end(rows));
        }
        if ((*table)->recovery) {
          auto kept = co_await keep_as_backup(transaction, *table, last_backup, context.received);
          if (!kept) co_return std::unexpected(std::move(kept).error());
        } else {
          const std::string items = keys::items((*table)->home, (*table)->row_id);
          transaction.erase_range(items, store::prefix_end(items));
        }
        co_return table;
      });
  if (!deleted) co_return std::unexpected(std::move(deleted).error());
  co_return TableResponse{describe(**deleted, "DELETING")};
}

base::Task<wire::Result<ListTablesResponse>> list_tables(Dynamodb& dynamodb,
                                                         const api::RequestContext& context,
                                                         ListTablesRequest request) {
  const std::string prefix = keys::tables(context.scope);
  store::RangeQuery range;
  range.begin = prefix;
  range.end = store::prefix_end(prefix);
  range.limit = static_cast<std::size_t>(request.limit);
  range.conflict = store::Conflict::ignore;
  if (request.exclusive_start_table_name) {
    range.begin = keys::table(context.scope, *request.exclusive_start_table_name);
    range.begin.push_back('\0');
  }
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto rows = co_await transaction->range(std::move(range));
  if (!rows) co_return store_failed(rows);
  ListTablesResponse response;
  for (const store::KeyValue& row : rows->rows) {
    auto name = keys::table_name(row.key);
    if (!name) co_return corrupt_row();
    response.table_names.push_back(std::move(*name));
  }
  if (rows->more && !response.table_names.empty()) {
    response.last_evaluated_table_name = response.table_names.back();
  }
  co_return response;
}

// Mayfly sets no such limits; these are the defaults of an AWS account, which tools read before
// they provision.
base::Task<wire::Result<DescribeLimitsResponse>> describe_limits(Dynamodb&,
                                                                 const api::RequestContext&,
                                                                 wire::Empty) {
  co_return DescribeLimitsResponse{80'000, 80'000, 40'000, 40'000};
}

base::Task<wire::Result<DescribeEndpointsResponse>> describe_endpoints(
    Dynamodb&, const api::RequestContext& context, wire::Empty) {
  DescribeEndpointsResponse response;
  const auto host = context.http.headers.get("Host");
  response.endpoints.push_back({std::string(host.value_or("localhost")), 1440});
  co_return response;
}

}  // namespace mayfly::dynamodb
