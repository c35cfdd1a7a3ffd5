// CreateBackup, DescribeBackup, ListBackups, DeleteBackup.
#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/backups.h"
#include "services/dynamodb/operations/copy.h"
#include "services/dynamodb/operations/history.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/table_record.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

std::optional<wire::Timestamp> expiry_of(const BackupRow& row) {
  if (!row.expires_ms) return std::nullopt;
  return timestamp(base::from_epoch_ms(*row.expires_ms));
}

BackupDetails details_of(const base::Scope& scope, const BackupRow& row, std::string_view id) {
  BackupDetails out;
  out.arn = backup_arn(scope, row, id);
  out.name = row.name;
  out.size_bytes = row.bytes;
  out.status = row.status;
  out.type = row.type;
  out.created = timestamp(base::from_epoch_ms(row.created_ms));
  out.expires = expiry_of(row);
  return out;
}

BackupSummary summary_of(const base::Scope& scope, const BackupRow& row, std::string_view id,
                         const Table& table) {
  BackupSummary out;
  out.table_name = table.name;
  out.table_id = table.id;
  out.table_arn = table.arn();
  out.arn = backup_arn(scope, row, id);
  out.name = row.name;
  out.created = timestamp(base::from_epoch_ms(row.created_ms));
  out.expires = expiry_of(row);
  out.status = row.status;
  out.type = row.type;
  out.size_bytes = row.bytes;
  return out;
}

BackedUpThroughput throughput_of(const Throughput& throughput) {
  return {throughput.read, throughput.write};
}

SourceTableDetails source_of(const BackupRow& row, const Table& table,
                             const TableDescription& described) {
  SourceTableDetails out;
  out.table_name = table.name;
  out.table_id = table.id;
  out.table_arn = described.table_arn;
  out.size_bytes = row.bytes;
  out.key_schema = described.key_schema;
  out.created = described.creation;
  out.throughput = throughput_of(table.throughput);
  out.on_demand_throughput = described.on_demand_throughput;
  out.item_count = row.items;
  out.billing_mode = table.billing == BillingMode::provisioned ? "PROVISIONED" : "PAY_PER_REQUEST";
  return out;
}

SourceTableFeatureDetails features_of(const Table& table, TableDescription& described) {
  SourceTableFeatureDetails out;
  if (described.local_secondary_indexes) {
    out.local_secondary_indexes.emplace();
    for (LocalIndexDescription& index : *described.local_secondary_indexes) {
      out.local_secondary_indexes->push_back({std::move(index.index_name),
                                              std::move(index.key_schema),
                                              std::move(index.projection),
                                              std::nullopt,
                                              {}});
    }
  }
  if (described.global_secondary_indexes) {
    out.global_secondary_indexes.emplace();
    for (IndexDescription& index : *described.global_secondary_indexes) {
      const Index* stored = table.find_index(index.index_name);
      out.global_secondary_indexes->push_back(
          {std::move(index.index_name), std::move(index.key_schema), std::move(index.projection),
           throughput_of(stored->throughput), std::move(index.on_demand_throughput)});
    }
  }
  out.stream_description = std::move(described.stream_specification);
  if (table.time_to_live) {
    out.time_to_live_description = TimeToLiveDescription{"ENABLED", table.time_to_live->attribute};
  }
  out.sse_description = std::move(described.sse_description);
  return out;
}

wire::Result<BackupDescription> description_of(const base::Scope& scope, const BackupRow& row,
                                               std::string_view id) {
  auto table = backed_up_table(scope, row);
  if (!table) return std::unexpected(std::move(table).error());
  TableDescription described = describe(*table, "ACTIVE");
  BackupDescription out;
  out.details = details_of(scope, row, id);
  out.source = source_of(row, *table, described);
  out.features = features_of(*table, described);
  return out;
}

BackupRow new_backup(const Table& table, std::string name, std::uint64_t row_id,
                     base::WallTime now) {
  BackupRow row;
  row.name = std::move(name);
  row.table = table.name;
  row.definition = encode_table(table);
  row.status = "CREATING";
  row.type = "USER";
  row.created_ms = base::epoch_ms(now);
  row.row_id = static_cast<std::int64_t>(row_id);
  return row;
}

// Which backups a listing shows, from which row on.
struct Listing {
  std::optional<std::string> table;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> before_ms;
  std::string type;
  std::string begin;

  bool shows(const BackupRow& row) const {
    return (!table || row.table == *table) && (type == "ALL" || row.type == type) &&
           (!from_ms || row.created_ms >= *from_ms) && (!before_ms || row.created_ms < *before_ms);
  }
};

std::optional<std::int64_t> ms_of(const std::optional<wire::Timestamp>& time) {
  if (!time) return std::nullopt;
  return base::epoch_ms(time_from(*time));
}

wire::Result<Listing> listing_of(const base::Scope& scope, ListBackupsRequest request) {
  Listing out;
  if (request.table_name) {
    auto name = table_name_of(scope, std::move(*request.table_name));
    if (!name) return std::unexpected(std::move(name).error());
    out.table = std::move(*name);
  }
  out.from_ms = ms_of(request.lower_bound);
  out.before_ms = ms_of(request.upper_bound);
  out.type = request.type.value_or("USER");
  out.begin = keys::backups(scope);
  if (request.exclusive_start) {
    auto start = backup_name_of(scope, *request.exclusive_start);
    if (!start) return std::unexpected(std::move(start).error());
    out.begin = keys::backup(scope, start->id) + '\0';
  }
  return out;
}

}  // namespace

base::Task<wire::Result<CreateBackupResponse>> create_backup(Dynamodb& dynamodb,
                                                             const api::RequestContext& context,
                                                             CreateBackupRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::string id = new_backup_id(dynamodb.ids, context.received);
  const std::uint64_t row_id = new_row_id(dynamodb.ids);
  auto created = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<BackupRow>> {
        auto table = co_await open_source(dynamodb, transaction, context.scope, *name);
        if (!table) co_return std::unexpected(std::move(table).error());
        if ((*table)->is_creating()) {
          co_return wire::fail(kTableInUse, "Table is being created: " + *name);
        }
        BackupRow row = new_backup(**table, request.backup_name, row_id, context.received);
        // From this commit on, every change leaves its old image behind.
        Table copied = **table;
        copied.copies.push_back(id);
        put_table(transaction, copied);
        mark_history(transaction, copied, id);
        put_backup(transaction, context.scope, id, row);
        enqueue_copy(transaction, context.scope,
                     {.id = id,
                      .from = copied.row_id,
                      .from_region = copied.home.region,
                      .to = row_id,
                      .table = copied.name,
                      .backup = id,
                      .target = {},
                      .until = std::nullopt},
                     context.received);
        co_return row;
      });
  if (!created) co_return std::unexpected(std::move(created).error());
  co_return CreateBackupResponse{details_of(context.scope, *created, id)};
}

base::Task<wire::Result<BackupResponse>> describe_backup(Dynamodb& dynamodb,
                                                         const api::RequestContext& context,
                                                         BackupArnRequest request) {
  auto name = backup_name_of(context.scope, request.arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto row = co_await open_backup(*transaction, context.scope, *name, store::Conflict::ignore);
  if (!row) co_return std::unexpected(std::move(row).error());
  auto description = description_of(context.scope, *row, name->id);
  if (!description) co_return std::unexpected(std::move(description).error());
  co_return BackupResponse{std::move(*description)};
}

base::Task<wire::Result<BackupResponse>> delete_backup(Dynamodb& dynamodb,
                                                       const api::RequestContext& context,
                                                       BackupArnRequest request) {
  auto name = backup_name_of(context.scope, request.arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  co_return co_await store::transact(
      dynamodb.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<BackupResponse>> {
        auto row = co_await open_backup(transaction, context.scope, *name);
        if (!row) co_return std::unexpected(std::move(row).error());
        if (row->status != "AVAILABLE" || !row->copies.empty()) {
          co_return wire::fail(kBackupInUse,
                               "There is another ongoing conflicting backup control plane "
                               "operation on the table. The backup is either being created, "
                               "deleted or restored to a table.");
        }
        erase_backup(transaction, context.scope, name->id, *row);
        row->status = "DELETED";
        auto description = description_of(context.scope, *row, name->id);
        if (!description) co_return std::unexpected(std::move(description).error());
        co_return BackupResponse{std::move(*description)};
      });
}

base::Task<wire::Result<ListBackupsResponse>> list_backups(Dynamodb& dynamodb,
                                                           const api::RequestContext& context,
                                                           ListBackupsRequest request) {
  const auto limit = static_cast<std::size_t>(request.limit);
  auto listing = listing_of(context.scope, std::move(request));
  if (!listing) co_return std::unexpected(std::move(listing).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  store::RangeQuery range;
  range.begin = listing->begin;
  range.end = store::prefix_end(keys::backups(context.scope));
  range.conflict = store::Conflict::ignore;
  ListBackupsResponse response;
  for (bool more = true; more;) {
    auto rows = co_await transaction->range(range);
    if (!rows) co_return store_failed(rows);
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      range.begin = entry.key + '\0';
      const auto id = keys::backup_id(context.scope, entry.key);
      auto row = wire::from_row<BackupRow>(entry.value);
      if (!id || !row) co_return corrupt_row();
      if (!listing->shows(*row)) continue;
      if (response.summaries.size() == limit) {
        response.last_evaluated = response.summaries.back().arn;
        co_return response;
      }
      auto table = backed_up_table(context.scope, *row);
      if (!table) co_return std::unexpected(std::move(table).error());
      response.summaries.push_back(summary_of(context.scope, *row, *id, *table));
    }
  }
  co_return response;
}

}  // namespace mayfly::dynamodb
