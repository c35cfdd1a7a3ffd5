// Backups: what is stored of them, and what operations on them share.
//
// A backup has rows of its own, laid out as a table's are, below a row id of its own: nothing that
// happens to the table concerns it. The backup of a table deleted with point-in-time recovery on
// takes the table's rows over. A new backup is CREATING while durable work (copy.h) copies the
// rows, and is of the moment at which it was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/backup_shapes.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {

// As JSON. Members may be added, optional; what is there may not change its meaning.
struct BackupRow {
  std::string name;
  std::string table;
  std::string definition;  // of the table, in its stored form
  std::string status;      // "CREATING", "AVAILABLE"
  std::string type;        // "USER", "SYSTEM"
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> expires_ms;
  std::int64_t row_id = 0;  // the bits of the unsigned number
  std::string rows_region;  // in the keys of its rows; empty: its own
  std::int64_t items = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> copies;  // ids of the restores that read it now
  static constexpr auto shape() {
    using Self = BackupRow;
    return std::tuple{wire::field("name", &Self::name).required(),
                      wire::field("table", &Self::table).required(),
                      wire::field("definition", &Self::definition).required(),
                      wire::field("status", &Self::status).required(),
                      wire::field("type", &Self::type).required(),
                      wire::field("created_ms", &Self::created_ms).required(),
                      wire::field("expires_ms", &Self::expires_ms),
                      wire::field("row_id", &Self::row_id).required(),
                      wire::field("rows_region", &Self::rows_region),
                      wire::field("items", &Self::items),
                      wire::field("bytes", &Self::bytes),
                      wire::field("copies", &Self::copies)};
  }
};

// Ids order backups by their time: "01489602797149-73d8d5bc".
std::string new_backup_id(base::Ids& ids, base::WallTime now);
std::string backup_arn(const base::Scope& scope, const BackupRow& row, std::string_view id);

struct BackupName {
  std::string table;
  std::string id;
};
wire::Result<BackupName> backup_name_of(const base::Scope& scope, const std::string& arn);

void put_backup(store::Transaction& transaction, const base::Scope& scope, std::string_view id,
                BackupRow row);
// nullopt where there is none.
base::Task<wire::Result<std::optional<BackupRow>>> find_backup(
    store::Transaction& transaction, const base::Scope& scope, std::string id,
    store::Conflict conflict = store::Conflict::detect);
// What an operation names; kBackupNotFound where there is none.
base::Task<wire::Result<BackupRow>> open_backup(store::Transaction& transaction,
                                                const base::Scope& scope, BackupName name,
                                                store::Conflict conflict = store::Conflict::detect);
wire::Result<Table> backed_up_table(const base::Scope& scope, const BackupRow& row);
void erase_backup(store::Transaction& transaction, const base::Scope& scope, std::string_view id,
                  const BackupRow& row);

// In the transaction that deletes the table: its rows become a backup that lives for 35 days.
base::Task<wire::Result<void>> keep_as_backup(store::Transaction& transaction, TablePtr table,
                                              std::string id, base::WallTime now);

// A table as the operations on backups know it: missing, it is kTableNotFound.
base::Task<wire::Result<TablePtr>> open_source(Dynamodb& dynamodb, store::Transaction& transaction,
                                               const base::Scope& scope, const std::string& name,
                                               store::Conflict conflict = store::Conflict::detect);

// When point-in-time recovery can go back to at the earliest.
base::WallTime earliest_time(const Recovery& recovery, base::WallTime now);

}  // namespace mayfly::dynamodb
