#include "services/dynamodb/operations/expiry.h"

#include <chrono>

#include "base/log.h"
#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/tables.h"
#include "services/dynamodb/operations/write.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kRowsPerStep = 200;
constexpr std::size_t kBytesPerStep = 1024 * 1024;
constexpr int kStepsPerRun = 50;  // then the progress is stored
constexpr std::chrono::milliseconds kPause{200};
constexpr std::size_t kDeletedAtOnce = 25;
constexpr std::int64_t kForgottenSeconds = std::int64_t{5} * 365 * 24 * 3600;
constexpr int kMaxMagnitude = 12;  // seconds up to the year 300,000: far more than a clock shows

// The payload of the work, as JSON.
struct Progress {
  std::string table;
  std::int64_t row_id = 0;  // the bits of the unsigned number
  std::int64_t id = 0;      // of the Time to Live that is being enabled
  std::string after;        // the last row done, in hexadecimal; empty at first
  static constexpr auto shape() {
    using Self = Progress;
    return std::tuple{wire::field("table", &Self::table).required(),
                      wire::field("row_id", &Self::row_id).required(),
                      wire::field("id", &Self::id).required(), wire::field("after", &Self::after)};
  }
};

// The row behind a step; nullopt: the index is complete, or nobody wants it any more.
using Behind = std::optional<std::string>;

base::Task<wire::Result<Behind>> fill_step(Dynamodb& dynamodb, store::Transaction& transaction,
                                           const base::Scope& scope, const Progress& progress,
                                           const std::string& after) {
  auto table = co_await open_table(dynamodb, transaction, scope, progress.table, Missing::named);
  if (!table && table.error().spec == &kResourceNotFound) co_return Behind{};
  if (!table) co_return std::unexpected(std::move(table).error());
  const auto& wanted = (*table)->time_to_live;
  if ((*table)->row_id != static_cast<std::uint64_t>(progress.row_id) || !wanted ||
      wanted->id != static_cast<std::uint64_t>(progress.id) ||
      wanted->status != TimeToLiveStatus::enabling) {
    co_return Behind{};
  }
  const std::string rows = keys::rows(**table, nullptr);
  store::RangeQuery range;
  range.begin = after.empty() ? rows : after + '\0';
  range.end = store::prefix_end(rows);
  range.limit = kRowsPerStep;
  range.max_bytes = kBytesPerStep;
  auto page = co_await transaction.range(std::move(range));
  if (!page) co_return store_failed(page);
  for (const store::KeyValue& row : page->rows) {
    const auto item = decode_item(row.value);
    if (!item) co_return corrupt_row();
    update_expiry(transaction, **table, row.key, nullptr, &*item);
  }
  if (page->more) co_return Behind(page->rows.back().key);
  Table complete = **table;
  complete.time_to_live->status = TimeToLiveStatus::enabled;
  put_table(transaction, complete);
  co_return Behind{};
}

// Deletes the item of one entry if it has expired; else drops the entry, which nothing stands for.
base::Task<wire::Result<bool>> delete_expired(store::Transaction& transaction, const Table& table,
                                              const keys::Expiry& entry, const Moment& moment) {
  const std::string row = keys::rows(table, nullptr) + entry.item;
  auto stored = co_await transaction.get(row);
  if (!stored) co_return store_failed(stored);
  std::optional<Item> item;
  if (*stored) {
    item = decode_item(**stored);
    if (!item) {
      // It must not hold up the others.
      base::log_warn("dynamodb: an expired item of {} cannot be read; it stays", table.name);
      co_return false;
    }
  }
  if (!item || expiry_of(table, *item) != entry.seconds) {
    transaction.erase(keys::expiry(table, entry.seconds, row));
    co_return false;
  }
  Write write;
  write.kind = Write::Kind::remove;
  write.item = key_attributes(table, nullptr, *item);
  auto written = co_await apply_write(transaction, table, write, moment);
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return true;
}

// The entries of one page, in one transaction. What is in none of their tables any more goes.
base::Task<wire::Result<std::int64_t>> delete_page(Dynamodb& dynamodb,
                                                   const std::vector<keys::Expiry>& entries,
                                                   const std::string& table_name) {
  co_return co_await store::transact(
      dynamodb.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::int64_t>> {
        const base::Scope& scope = entries.front().scope;
        const std::uint64_t row_id = entries.front().row_id;
        auto table = co_await table_of_rows(dynamodb, transaction, scope, row_id, table_name);
        if (!table) co_return std::unexpected(std::move(table).error());
        if (*table == nullptr || !(*table)->time_to_live) {
          const std::string all = keys::expiries(scope, row_id);
          transaction.erase_range(all, store::prefix_end(all));
          co_return 0;
        }
        std::int64_t deleted = 0;
        Moment moment{dynamodb.clock.now(), 0, Origin::expiry};
        for (const keys::Expiry& entry : entries) {
          auto gone = co_await delete_expired(transaction, **table, entry, moment);
          if (!gone) co_return std::unexpected(std::move(gone).error());
          deleted += *gone ? 1 : 0;
          ++moment.ordinal;
        }
        co_return deleted;
      });
}

// What of one table is due, page after page; a page that fails is left for the next sweep.
base::Task<wire::Result<std::int64_t>> sweep_table(Dynamodb& dynamodb, const base::Scope& scope,
                                                   std::uint64_t row_id, std::int64_t now) {
  std::int64_t deleted = 0;
  store::RangeQuery due;
  due.begin = keys::expiries_from(scope, row_id, now - kForgottenSeconds);
  due.end = keys::expiries_from(scope, row_id, now + 1);
  due.limit = kDeletedAtOnce;
  due.conflict = store::Conflict::ignore;
  for (bool more = true; more;) {
    const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
    auto rows = co_await transaction->range(due);
    if (!rows) co_return store_failed(rows);
    if (rows->rows.empty()) break;
    std::vector<keys::Expiry> entries;
    for (const store::KeyValue& row : rows->rows) {
      auto entry = keys::read_expiry(row.key);
      if (!entry) co_return corrupt_row();
      entries.push_back(std::move(*entry));
    }
    auto page = co_await delete_page(dynamodb, entries, rows->rows.front().value);
    if (page) {
      deleted += *page;
    } else {
      base::log_warn("dynamodb: expired items of {} cannot be deleted now: {}",
                     rows->rows.front().value, page.error().message);
    }
    due.begin = rows->rows.back().key + '\0';
    more = rows->more;
  }
  co_return deleted;
}

base::Task<wire::Result<std::optional<keys::Expiry>>> first_entry(store::Transaction& transaction,
                                                                  std::string begin,
                                                                  std::string end) {
  store::RangeQuery query;
  query.begin = std::move(begin);
  query.end = std::move(end);
  query.limit = 1;
  query.conflict = store::Conflict::ignore;
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return store_failed(rows);
  if (rows->rows.empty()) co_return std::optional<keys::Expiry>{};
  auto entry = keys::read_expiry(rows->rows.front().key);
  if (!entry) co_return corrupt_row();
  co_return entry;
}

}  // namespace

std::optional<std::int64_t> expiry_of(const Table& table, const Item& item) {
  const Value* value = item.find(table.time_to_live->attribute);
  const Number* number = value == nullptr ? nullptr : value->as<Number>();
  if (number == nullptr || number->is_negative() || number->magnitude() > kMaxMagnitude)
    return std::nullopt;
  Coefficient seconds = number->coefficient();
  for (int exponent = number->exponent(); exponent > 0; --exponent) seconds *= 10;
  for (int exponent = number->exponent(); exponent < 0 && seconds > 0; ++exponent) seconds /= 10;
  if (seconds == 0) return std::nullopt;
  return static_cast<std::int64_t>(seconds);
}

void update_expiry(store::Transaction& transaction, const Table& table, const std::string& row,
                   const Item* before, const Item* after) {
  const auto old_expiry = before == nullptr ? std::nullopt : expiry_of(table, *before);
  const auto new_expiry = after == nullptr ? std::nullopt : expiry_of(table, *after);
  if (old_expiry == new_expiry) return;
  if (old_expiry) transaction.erase(keys::expiry(table, *old_expiry, row));
  if (new_expiry) transaction.put(keys::expiry(table, *new_expiry, row), table.name);
}

void enqueue_expiry_work(store::Transaction& transaction, const Table& table, base::WallTime now) {
  const std::uint64_t id = table.time_to_live->id;
  const Progress progress{
      table.name, static_cast<std::int64_t>(table.row_id), static_cast<std::int64_t>(id), {}};
  work::enqueue(transaction, {.kind = std::string(kExpiryWork),
                              .scope = table.scope,
                              .payload = wire::to_row(progress),
                              .not_before = now,
                              .id = table.id + "/" + std::to_string(id)});
}

base::Task<work::WorkOutcome> run_expiry_work(Dynamodb& dynamodb, work::Work work) {
  auto progress = wire::from_row<Progress>(work.payload);
  if (!progress) {
    base::log_error("dynamodb: work {} has a payload that cannot be read; dropped", work.id);
    co_return work::WorkOutcome::done();
  }
  std::string after = base::from_hex(progress->after).value_or("");
  base::WallTime again = dynamodb.clock.now();
  for (int i = 0; i < kStepsPerRun; ++i) {
    auto behind = co_await store::transact(
        dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Behind>> {
          co_return co_await fill_step(dynamodb, transaction, work.scope, *progress, after);
        });
    if (!behind) {
      base::log_warn("dynamodb: Time to Live of {} is held up: {}", progress->table,
                     behind.error().message);
      again = dynamodb.clock.now() + kPause;
      break;
    }
    if (!*behind) co_return work::WorkOutcome::done();
    after = std::move(**behind);
  }
  progress->after = base::to_hex(after);
  co_return work::WorkOutcome::retry_with(again, wire::to_row(*progress));
}

base::Task<wire::Result<Swept>> sweep_expired(Dynamodb& dynamodb) {
  const std::int64_t now = base::epoch_ms(dynamodb.clock.now()) / 1000;
  Swept swept;
  const std::string all = keys::all_expiries();
  const std::string end = store::prefix_end(all);
  std::string begin = all;
  for (;;) {
    const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
    // The first entry of the next table that has any.
    auto first = co_await first_entry(*transaction, begin, end);
    if (!first) co_return std::unexpected(std::move(first).error());
    if (!*first) co_return swept;
    const base::Scope& scope = (*first)->scope;
    const std::uint64_t row_id = (*first)->row_id;
    auto deleted = co_await sweep_table(dynamodb, scope, row_id, now);
    if (!deleted) co_return std::unexpected(std::move(deleted).error());
    swept.deleted += *deleted;
    const std::string behind = store::prefix_end(keys::expiries(scope, row_id));
    auto next =
        co_await first_entry(*transaction, keys::expiries_from(scope, row_id, now + 1), behind);
    if (!next) co_return std::unexpected(std::move(next).error());
    if (*next) {
      const base::WallTime time{std::chrono::seconds{(*next)->seconds}};
      if (!swept.next || time < *swept.next) swept.next = time;
    }
    begin = behind;
  }
}

}  // namespace mayfly::dynamodb
