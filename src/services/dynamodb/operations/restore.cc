// RestoreTableFromBackup and RestoreTableToPointInTime: a new table, made of a copy (copy.h).
#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/backups.h"
#include "services/dynamodb/operations/copy.h"
#include "services/dynamodb/operations/history.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/table_definition.h"

namespace mayfly::dynamodb {
namespace {

// An override names indexes of the source; others are not restored.
wire::Result<Index> chosen_index(const SecondaryIndex& asked, IndexKind kind, const Table& source) {
  const Index* stored = source.find_index(asked.index_name);
  if (stored == nullptr || stored->kind != kind) {
    return invalid_parameter("The source of the restore has no such index: " + asked.index_name);
  }
  Index index = *stored;
  std::vector<std::string> projected = index.included;
  std::vector<std::string> wanted =
      asked.projection.non_key_attributes.value_or(std::vector<std::string>{});
  std::ranges::sort(projected);
  std::ranges::sort(wanted);
  const bool same_keys =
      std::ranges::equal(describe(index.keys), asked.key_schema, [](const auto& a, const auto& b) {
        return a.attribute_name == b.attribute_name && a.key_type == b.key_type;
      });
  const bool same_projection = asked.projection.projection_type ==
                                   kProjectionTypes[static_cast<std::size_t>(index.projection)] &&
                               projected == wanted;
  if (!same_keys || !same_projection) {
    return invalid_parameter(
        "The key schema and the projection of an index cannot change in a restore: " + index.name);
  }
  if (asked.provisioned_throughput)
    index.throughput = throughput_from(*asked.provisioned_throughput);
  if (asked.on_demand_throughput)
    index.on_demand_limit = throughput_from(*asked.on_demand_throughput);
  if (asked.warm_throughput) index.warm = throughput_from(*asked.warm_throughput);
  return index;
}

// The source's indexes of a kind, or those that the request chooses of them.
template <class Asked>
wire::Result<void> choose_indexes(const std::optional<std::vector<Asked>>& asked, IndexKind kind,
                                  const Table& source, std::vector<Index>& chosen) {
  if (!asked) {
    std::ranges::copy_if(source.indexes, std::back_inserter(chosen),
                         [kind](const Index& index) { return index.kind == kind; });
    return {};
  }
  for (const Asked& each : *asked) {
    SecondaryIndex wanted;
    wanted.index_name = each.index_name;
    wanted.key_schema = each.key_schema;
    wanted.projection = each.projection;
    if constexpr (std::is_same_v<Asked, SecondaryIndex>) wanted = each;
    auto index = chosen_index(wanted, kind, source);
    if (!index) return std::unexpected(std::move(index).error());
    chosen.push_back(std::move(*index));
  }
  return {};
}

template <class Request>
wire::Result<void> choose_throughput(const Request& request, base::WallTime now, Table& table) {
  if (request.billing_mode) {
    table.billing = *request.billing_mode == "PROVISIONED" ? BillingMode::provisioned
                                                           : BillingMode::pay_per_request;
  }
  if (table.billing == BillingMode::pay_per_request) {
    if (request.throughput) {
      return invalid_parameter(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
          "PAY_PER_REQUEST");
    }
    table.pay_per_request_since = now;
    table.throughput = {};
    for (Index& index : table.indexes) index.throughput = {};
  } else {
    if (request.throughput) table.throughput = throughput_from(*request.throughput);
    if (table.throughput.read < 1 || table.throughput.write < 1) {
      return invalid_parameter(
          "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
          "PROVISIONED");
    }
    for (Index& index : table.indexes) {
      const bool none = index.throughput.read < 1 || index.throughput.write < 1;
      if (index.kind == IndexKind::global && none) index.throughput = table.throughput;
    }
  }
  if (request.on_demand) table.on_demand_limit = throughput_from(*request.on_demand);
  return {};
}

// Keys, attributes, indexes, throughput and encryption come along. Tags, the stream, Time to Live,
// point-in-time recovery, deletion protection and policies have to be set up again, as in DynamoDB.
template <class Request>
wire::Result<Table> restored_table(const Request& request, const Table& source, Restored from,
                                   base::WallTime now) {
  Table table;
  table.scope = table.home = source.scope;
  table.name = request.target_table_name;
  table.keys = source.keys;
  table.attributes = source.attributes;
  table.next_index_id = source.next_index_id;
  table.billing = source.billing;
  table.throughput = source.throughput;
  table.on_demand_limit = source.on_demand_limit;
  table.warm = source.warm;
  table.created = now;
  table.table_class = source.table_class;
  table.encryption_type = source.encryption_type;
  table.encryption_key = source.encryption_key;
  table.restored = std::move(from);
  auto chosen = choose_indexes(request.local_indexes, IndexKind::local, source, table.indexes);
  if (chosen) {
    chosen = choose_indexes(request.global_indexes, IndexKind::global, source, table.indexes);
  }
  if (!chosen) return std::unexpected(std::move(chosen).error());
  // The copy fills all of them, also one that was being filled in the source.
  for (Index& index : table.indexes) index.status = IndexStatus::active;
  std::erase_if(table.attributes,
                [&](const KeyAttribute& attribute) { return !table.is_any_key(attribute.name); });
  if (auto throughput = choose_throughput(request, now, table); !throughput) {
    return std::unexpected(std::move(throughput).error());
  }
  if (request.encryption) {
    const bool enabled = request.encryption->enabled.value_or(false);
    table.encryption_type = enabled ? request.encryption->sse_type.value_or("KMS") : "";
    table.encryption_key = enabled ? request.encryption->kms_master_key_id.value_or("") : "";
  }
  if (auto checked = check_definition(table); !checked)
    return std::unexpected(std::move(checked).error());
  return table;
}

struct Identity {
  std::string id;
  std::uint64_t row_id = 0;
};

// Stores the new table, still CREATING, unless its name is taken.
base::Task<wire::Result<void>> put_restored(Dynamodb& dynamodb, store::Transaction& transaction,
                                            const Table& table) {
  auto present =
      co_await open_table(dynamodb, transaction, table.scope, table.name, Missing::named);
  if (present && (*present)->is_creating()) {
    co_return wire::fail(kTableInUse, "Table is being created: " + table.name);
  }
  if (present) co_return wire::fail(kTableAlreadyExists, "Table already exists: " + table.name);
  if (present.error().spec != &kResourceNotFound) {
    co_return std::unexpected(std::move(present).error());
  }
  put_table(transaction, table);
  co_return wire::Result<void>{};
}

base::Task<wire::Result<Table>> restore_backup(Dynamodb& dynamodb, store::Transaction& transaction,
                                               const api::RequestContext& context,
                                               const RestoreTableFromBackupRequest& request,
                                               const BackupName& name, const Identity& identity) {
  auto backup = co_await open_backup(transaction, context.scope, name);
  if (!backup) co_return std::unexpected(std::move(backup).error());
  if (backup->status != "AVAILABLE") {
    co_return wire::fail(kBackupInUse,
                         "There is another ongoing conflicting backup control plane operation on "
                         "the table. The backup is either being created, deleted or restored to a "
                         "table.");
  }
  auto source = backed_up_table(context.scope, *backup);
  if (!source) co_return std::unexpected(std::move(source).error());
  auto table = restored_table(
      request, *source,
      Restored{request.backup_arn, source->arn(), base::from_epoch_ms(backup->created_ms), true},
      context.received);
  if (!table) co_return table;
  table->id = identity.id;
  table->row_id = identity.row_id;
  auto put = co_await put_restored(dynamodb, transaction, *table);
  if (!put) co_return std::unexpected(std::move(put).error());
  const Copy copy{.id = identity.id,
                  .from = static_cast<std::uint64_t>(backup->row_id),
                  .from_region = backup->rows_region,
                  .to = identity.row_id,
                  .table = {},
                  .backup = name.id,
                  .target = table->name,
                  .until = std::nullopt};
  backup->copies.push_back(identity.id);
  put_backup(transaction, context.scope, name.id, std::move(*backup));
  enqueue_copy(transaction, context.scope, copy, context.received);
  co_return table;
}

// The moment asked for; nullopt: the latest.
wire::Result<std::optional<base::WallTime>> moment_of(
    const RestoreTableToPointInTimeRequest& request, const Recovery& recovery, base::WallTime now) {
  if (!request.time) return std::optional<base::WallTime>{};
  const base::WallTime time = time_from(*request.time);
  if (time < earliest_time(recovery, now) || time > now) {
    return wire::fail(kInvalidRestoreTime,
                      "An invalid restore time was specified. RestoreDateTime must be between "
                      "EarliestRestorableDateTime and LatestRestorableDateTime.");
  }
  return std::optional(time);
}

base::Task<wire::Result<Table>> restore_moment(Dynamodb& dynamodb, store::Transaction& transaction,
                                               const api::RequestContext& context,
                                               const RestoreTableToPointInTimeRequest& request,
                                               const std::string& name, const Identity& identity) {
  auto opened = co_await open_source(dynamodb, transaction, context.scope, name);
  if (!opened) co_return std::unexpected(std::move(opened).error());
  if (!(*opened)->recovery) {
    co_return wire::fail(kRecoveryUnavailable,
                         "Point in time recovery is not enabled for table '" + name + "'");
  }
  auto until = moment_of(request, *(*opened)->recovery, context.received);
  if (!until) co_return std::unexpected(std::move(until).error());
  auto table = restored_table(
      request, **opened, Restored{{}, (*opened)->arn(), until->value_or(context.received), true},
      context.received);
  if (!table) co_return table;
  table->id = identity.id;
  table->row_id = identity.row_id;
  auto put = co_await put_restored(dynamodb, transaction, *table);
  if (!put) co_return std::unexpected(std::move(put).error());
  Table source = **opened;
  source.copies.push_back(identity.id);
  put_table(transaction, source);
  if (!*until) mark_history(transaction, source, identity.id);
  const Copy copy{.id = identity.id,
                  .from = source.row_id,
                  .from_region = source.home.region,
                  .to = identity.row_id,
                  .table = source.name,
                  .backup = {},
                  .target = table->name,
                  .until = *until};
  enqueue_copy(transaction, context.scope, copy, context.received);
  co_return table;
}

wire::Result<std::string> source_name_of(const base::Scope& scope,
                                         RestoreTableToPointInTimeRequest& request) {
  if (request.source_table_name.has_value() == request.source_table_arn.has_value()) {
    return refuse("Exactly one of SourceTableName and SourceTableArn must be specified");
  }
  if (request.use_latest.value_or(false) == request.time.has_value()) {
    return refuse("Exactly one of UseLatestRestorableTime and RestoreDateTime must be specified");
  }
  return table_name_of(
      scope, request.source_table_name ? *request.source_table_name : *request.source_table_arn);
}

}  // namespace

base::Task<wire::Result<TableResponse>> restore_table_from_backup(
    Dynamodb& dynamodb, const api::RequestContext& context, RestoreTableFromBackupRequest request) {
  auto name = backup_name_of(context.scope, request.backup_arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  const Identity identity{dynamodb.ids.uuid(), new_row_id(dynamodb.ids)};
  auto restored = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        co_return co_await restore_backup(dynamodb, transaction, context, request, *name, identity);
      });
  if (!restored) co_return std::unexpected(std::move(restored).error());
  co_return TableResponse{describe(*restored, "CREATING")};
}

base::Task<wire::Result<TableResponse>> restore_table_to_point_in_time(
    Dynamodb& dynamodb, const api::RequestContext& context,
    RestoreTableToPointInTimeRequest request) {
  auto name = source_name_of(context.scope, request);
  if (!name) co_return std::unexpected(std::move(name).error());
  const Identity identity{dynamodb.ids.uuid(), new_row_id(dynamodb.ids)};
  auto restored = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        co_return co_await restore_moment(dynamodb, transaction, context, request, *name, identity);
      });
  if (!restored) co_return std::unexpected(std::move(restored).error());
  co_return TableResponse{describe(*restored, "CREATING")};
}

}  // namespace mayfly::dynamodb
