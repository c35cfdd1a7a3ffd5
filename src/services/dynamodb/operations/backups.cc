#include "services/dynamodb/operations/backups.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/table_record.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::days kLastBackupLifetime{35};
constexpr std::string_view kLastBackupSuffix = "$DeletedTableBackup";

std::string shown(const BackupName& name, const base::Scope& scope) {
  return scope.arn("dynamodb", "table/" + name.table + "/backup/" + name.id);
}

}  // namespace

std::string new_backup_id(base::Ids& ids, base::WallTime now) {
  return fmt::format("{:014}-{}", base::epoch_ms(now), ids.hex(8));
}

std::string backup_arn(const base::Scope& scope, const BackupRow& row, std::string_view id) {
  return scope.arn("dynamodb", fmt::format("table/{}/backup/{}", row.table, id));
}

wire::Result<BackupName> backup_name_of(const base::Scope& scope, const std::string& text) {
  const auto arn = base::Arn::parse(text);
  constexpr std::string_view kTable = "table/";
  constexpr std::string_view kBackup = "/backup/";
  const std::size_t at = arn ? arn->resource.find(kBackup) : std::string::npos;
  if (!arn || arn->service != "dynamodb" || !arn->resource.starts_with(kTable) ||
      at == std::string::npos) {
    return refuse("Invalid BackupArn: " + text);
  }
  if (arn->account != scope.account || arn->region != scope.region) {
    return wire::fail(wire::kAccessDenied, "The backup " + text +
                                               " belongs to another account or region than the "
                                               "request.");
  }
  return BackupName{arn->resource.substr(kTable.size(), at - kTable.size()),
                    arn->resource.substr(at + kBackup.size())};
}

void put_backup(store::Transaction& transaction, const base::Scope& scope, std::string_view id,
                BackupRow row) {
  transaction.put(keys::backup(scope, id), wire::to_row(std::move(row)));
}

base::Task<wire::Result<std::optional<BackupRow>>> find_backup(store::Transaction& transaction,
                                                               const base::Scope& scope,
                                                               std::string id,
                                                               store::Conflict conflict) {
  auto stored = co_await transaction.get(keys::backup(scope, id), conflict);
  if (!stored) co_return store_failed(stored);
  if (!*stored) co_return std::optional<BackupRow>{};
  auto row = wire::from_row<BackupRow>(**stored);
  if (!row) co_return std::unexpected(std::move(row).error());
  co_return std::optional(std::move(*row));
}

base::Task<wire::Result<BackupRow>> open_backup(store::Transaction& transaction,
                                                const base::Scope& scope, BackupName name,
                                                store::Conflict conflict) {
  auto row = co_await find_backup(transaction, scope, name.id, conflict);
  if (!row) co_return std::unexpected(std::move(row).error());
  if (!*row || (*row)->table != name.table) {
    co_return wire::fail(kBackupNotFound, "Backup not found: " + shown(name, scope));
  }
  co_return std::move(**row);
}

wire::Result<Table> backed_up_table(const base::Scope& scope, const BackupRow& row) {
  auto table = decode_table(scope, row.definition);
  if (!table)
    return wire::fail(kInternalServer, "Stored data is damaged: a backup of " + row.table);
  return std::move(*table);
}

void erase_backup(store::Transaction& transaction, const base::Scope& scope, std::string_view id,
                  const BackupRow& row) {
  base::Scope home = scope;
  if (!row.rows_region.empty()) home.region = row.rows_region;
  const std::string items = keys::items(home, static_cast<std::uint64_t>(row.row_id));
  transaction.erase_range(items, store::prefix_end(items));
  transaction.erase(keys::backup(scope, id));
}

base::Task<wire::Result<void>> keep_as_backup(store::Transaction& transaction, TablePtr table,
                                              std::string id, base::WallTime now) {
  auto extent = co_await measure(transaction, keys::rows(*table, nullptr));
  if (!extent) co_return std::unexpected(std::move(extent).error());
  BackupRow row;
  row.name = table->name + std::string(kLastBackupSuffix);
  row.table = table->name;
  row.definition = encode_table(*table);
  row.status = "AVAILABLE";
  row.type = "SYSTEM";
  row.created_ms = base::epoch_ms(now);
  row.expires_ms = base::epoch_ms(now + kLastBackupLifetime);
  row.row_id = static_cast<std::int64_t>(table->row_id);
  if (table->home != table->scope) row.rows_region = table->home.region;
  row.items = extent->items;
  row.bytes = extent->bytes;
  put_backup(transaction, table->scope, id, std::move(row));
  co_return wire::Result<void>{};
}

base::Task<wire::Result<TablePtr>> open_source(Dynamodb& dynamodb, store::Transaction& transaction,
                                               const base::Scope& scope, const std::string& name,
                                               store::Conflict conflict) {
  auto table = co_await open_table(dynamodb, transaction, scope, name, Missing::named, conflict);
  if (!table && table.error().spec == &kResourceNotFound) {
    co_return wire::fail(kTableNotFound, "Table not found: " + name);
  }
  co_return table;
}

base::WallTime earliest_time(const Recovery& recovery, base::WallTime now) {
  // Clients name seconds: the second in which it was switched on can be named.
  const auto since = std::chrono::floor<std::chrono::seconds>(recovery.since);
  return std::max<base::WallTime>(since, now - std::chrono::days(recovery.days));
}

}  // namespace mayfly::dynamodb
