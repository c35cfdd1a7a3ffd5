// UpdateContinuousBackups and DescribeContinuousBackups, and what time does to backups: history
// that is older than its table can go back is trimmed, backups of deleted tables go.
#include <algorithm>
#include <chrono>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/backups.h"
#include "services/dynamodb/operations/history.h"
#include "services/dynamodb/operations/operations.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::int32_t kMaxDays = 35;

ContinuousBackupsResponse description_of(const Table& table, base::WallTime now) {
  ContinuousBackupsResponse out;
  out.description.status = "ENABLED";
  RecoveryDescription& recovery = out.description.recovery;
  recovery.status = table.recovery ? "ENABLED" : "DISABLED";
  if (table.recovery) {
    recovery.days = table.recovery->days;
    recovery.earliest = timestamp(earliest_time(*table.recovery, now));
    recovery.latest = timestamp(now);
  }
  return out;
}

void change_recovery(store::Transaction& transaction, const RecoverySpecification& asked,
                     base::WallTime now, Table& table) {
  if (!asked.enabled) {
    table.recovery.reset();
    if (table.keeps_history()) return;
    const std::string history = keys::history(table.home, table.row_id);
    transaction.erase_range(history, store::prefix_end(history));
    return;
  }
  // A longer period does not bring back what was trimmed.
  const base::WallTime since =
      table.recovery
          ? std::max(table.recovery->since, now - std::chrono::days(table.recovery->days))
          : now;
  table.recovery = Recovery{since, asked.days.value_or(kMaxDays)};
}

// The position behind all changes before `time`.
base::Task<wire::Result<std::string>> end_before(store::Transaction& transaction,
                                                 std::string history, base::WallTime time) {
  store::RangeQuery range;
  range.begin = history;
  range.end = store::prefix_end(history);
  range.conflict = store::Conflict::ignore;
  for (bool more = true; more;) {
    auto page = co_await transaction.range(range);
    if (!page) co_return store_failed(page);
    for (const store::KeyValue& row : page->rows) {
      const auto old = read_old_image(row.value);
      if (!old) co_return corrupt_row();
      if (!old->is_mark && old->time >= time) co_return range.begin;
      range.begin = row.key + '\0';
    }
    more = page->more;
  }
  co_return range.begin;
}

base::Task<wire::Result<void>> trim_history(Dynamodb& dynamodb, TablePtr seen) {
  const std::string history = keys::history(seen->home, seen->row_id);
  const std::unique_ptr<store::Transaction> snapshot = dynamodb.store.begin();
  auto end = co_await end_before(
      *snapshot, history, dynamodb.clock.now() - std::chrono::days(seen->longest_recovery()));
  if (!end) co_return std::unexpected(std::move(end).error());
  if (*end == history) co_return wire::Result<void>{};
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto table =
            co_await open_table(dynamodb, transaction, seen->scope, seen->name, Missing::named);
        if (!table && table.error().spec == &kResourceNotFound) co_return wire::Result<void>{};
        if (!table) co_return std::unexpected(std::move(table).error());
        const bool same = (*table)->row_id == seen->row_id && (*table)->recovery &&
                          (*table)->longest_recovery() <= seen->longest_recovery();
        // A copy may still need what it was promised.
        if (same && (*table)->copies.empty()) transaction.erase_range(history, *end);
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<void>> trim_tables(Dynamodb& dynamodb, store::Transaction& snapshot,
                                           const base::Scope& scope) {
  store::RangeQuery range = store::prefix_query(keys::tables(scope));
  range.conflict = store::Conflict::ignore;
  for (bool more = true; more;) {
    auto page = co_await snapshot.range(range);
    if (!page) co_return store_failed(page);
    for (const store::KeyValue& row : page->rows) {
      range.begin = row.key + '\0';
      auto table = co_await table_of_row(dynamodb, snapshot, scope, row.key, row.value,
                                         store::Conflict::ignore);
      if (!table) co_return std::unexpected(std::move(table).error());
      if (*table == nullptr || !(*table)->recovery) continue;
      auto trimmed = co_await trim_history(dynamodb, std::move(*table));
      if (!trimmed) co_return trimmed;
    }
    more = page->more;
  }
  co_return wire::Result<void>{};
}

base::Task<wire::Result<void>> expire_backup(Dynamodb& dynamodb, const base::Scope& scope,
                                             std::string id) {
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await find_backup(transaction, scope, id);
        if (!row) co_return std::unexpected(std::move(row).error());
        if (*row && (*row)->copies.empty()) erase_backup(transaction, scope, id, **row);
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<void>> expire_backups(Dynamodb& dynamodb, store::Transaction& snapshot,
                                              const base::Scope& scope) {
  const std::int64_t now = base::epoch_ms(dynamodb.clock.now());
  store::RangeQuery range = store::prefix_query(keys::backups(scope));
  range.conflict = store::Conflict::ignore;
  for (bool more = true; more;) {
    auto page = co_await snapshot.range(range);
    if (!page) co_return store_failed(page);
    for (const store::KeyValue& entry : page->rows) {
      range.begin = entry.key + '\0';
      auto id = keys::backup_id(scope, entry.key);
      const auto row = wire::from_row<BackupRow>(entry.value);
      if (!id || !row || !row->expires_ms || *row->expires_ms > now) continue;
      auto expired = co_await expire_backup(dynamodb, scope, std::move(*id));
      if (!expired) co_return expired;
    }
    more = page->more;
  }
  co_return wire::Result<void>{};
}

}  // namespace

base::Task<wire::Result<ContinuousBackupsResponse>> update_continuous_backups(
    Dynamodb& dynamodb, const api::RequestContext& context,
    UpdateContinuousBackupsRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  auto changed = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        auto table = co_await open_source(dynamodb, transaction, context.scope, *name);
        if (!table) co_return std::unexpected(std::move(table).error());
        if ((*table)->is_creating()) {
          co_return wire::fail(
              kContinuousBackupsUnavailable,
              "Backups are being enabled for the table: " + *name + ". Please retry later");
        }
        Table change = **table;
        // Of the moment of the commit, not of the request: an earlier one would promise history
        // that nobody kept.
        change_recovery(transaction, request.specification, dynamodb.clock.now(), change);
        put_table(transaction, change);
        co_return change;
      });
  if (!changed) co_return std::unexpected(std::move(changed).error());
  co_return description_of(*changed, dynamodb.clock.now());
}

base::Task<wire::Result<ContinuousBackupsResponse>> describe_continuous_backups(
    Dynamodb& dynamodb, const api::RequestContext& context, DescribeTableRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table =
      co_await open_source(dynamodb, *transaction, context.scope, *name, store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  co_return description_of(**table, dynamodb.clock.now());
}

base::Task<wire::Result<void>> keep_up_backups(Dynamodb& dynamodb) {
  const std::unique_ptr<store::Transaction> snapshot = dynamodb.store.begin();
  store::RangeQuery range = store::prefix_query(keys::all_scopes());
  range.limit = 1;
  range.conflict = store::Conflict::ignore;
  for (;;) {
    auto first = co_await snapshot->range(range);
    if (!first) co_return store_failed(first);
    if (first->rows.empty()) co_return wire::Result<void>{};
    const auto scope = keys::scope_of(first->rows.front().key);
    if (!scope) co_return corrupt_row();
    auto trimmed = co_await trim_tables(dynamodb, *snapshot, *scope);
    if (!trimmed) co_return trimmed;
    auto expired = co_await expire_backups(dynamodb, *snapshot, *scope);
    if (!expired) co_return expired;
    range.begin = keys::behind_scope(*scope);
  }
}

}  // namespace mayfly::dynamodb
