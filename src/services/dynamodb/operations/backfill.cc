#include "services/dynamodb/operations/backfill.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/tables.h"
#include "services/dynamodb/operations/write.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kRowsPerStep = 200;
constexpr std::size_t kBytesPerStep = 1024 * 1024;
constexpr int kStepsPerRun = 50;  // then its progress is stored
constexpr std::chrono::milliseconds kPause{200};

// The payload, as JSON.
struct Progress {
  std::string table;
  std::int64_t row_id = 0;
  std::int64_t index_id = 0;
  std::string after;  // the last row done, in hexadecimal; empty at first
  static constexpr auto shape() {
    using Self = Progress;
    return std::tuple{wire::field("table", &Self::table).required(),
                      wire::field("row_id", &Self::row_id).required(),
                      wire::field("index_id", &Self::index_id).required(),
                      wire::field("after", &Self::after)};
  }
};

std::string encode(const Progress& progress) {
  return wire::to_json(wire::encode(Progress(progress)));
}

std::optional<Progress> decode(std::string_view payload) {
  auto document = wire::parse_json(payload);
  if (!document) return std::nullopt;
  auto progress = wire::decode<Progress>(std::move(*document));
  if (!progress) return std::nullopt;
  return std::move(*progress);
}

// The position behind a step; nullopt: the index is complete, or nobody wants it any more.
using Position = std::optional<std::string>;

base::Task<wire::Result<Position>> step(Dynamodb& dynamodb, store::Transaction& transaction,
                                        const base::Scope& scope, const Progress& progress,
                                        const std::string& after) {
  auto table = co_await open_table(dynamodb, transaction, scope, progress.table, Missing::named);
  if (!table && table.error().spec == &kResourceNotFound) co_return Position{};
  if (!table) co_return std::unexpected(std::move(table).error());
  const auto row_id = static_cast<std::uint64_t>(progress.row_id);
  const auto index_id = static_cast<std::uint64_t>(progress.index_id);
  const auto index = std::ranges::find((*table)->indexes, index_id, &Index::id);
  if ((*table)->row_id != row_id || index == (*table)->indexes.end() ||
      index->status != IndexStatus::creating) {
    co_return Position{};
  }
  store::RangeQuery range;
  range.reread = store::Reread::unlikely;
  const std::string rows = keys::rows(**table, nullptr);
  range.begin = after.empty() ? rows : after + '\0';
  range.end = store::prefix_end(rows);
  range.limit = kRowsPerStep;
  range.max_bytes = kBytesPerStep;
  auto page = co_await transaction.range(std::move(range));
  if (!page) co_return store_failed(page);
  for (const store::KeyValue& row : page->rows) {
    const auto item = decode_item(row.value);
    if (!item) co_return corrupt_row();
    put_index_entry(transaction, **table, *index, *item);
  }
  if (page->more) co_return Position(page->rows.back().key);
  Table complete = **table;
  for (Index& each : complete.indexes) {
    if (each.id == index_id) each.status = IndexStatus::active;
  }
  put_table(transaction, complete);
  co_return Position{};
}

}  // namespace

void enqueue_backfill(store::Transaction& transaction, const Table& table, const Index& index,
                      base::WallTime now) {
  const Progress progress{
      table.name, static_cast<std::int64_t>(table.row_id), static_cast<std::int64_t>(index.id), {}};
  work::enqueue(transaction, {.kind = std::string(kBackfillWork),
                              .scope = table.scope,
                              .payload = encode(progress),
                              .not_before = now,
                              .id = table.id + "/" + std::to_string(index.id)});
}

base::Task<work::WorkOutcome> run_backfill(Dynamodb& dynamodb, work::Work work) {
  auto progress = decode(work.payload);
  if (!progress) {
    base::log_error("dynamodb: work {} has a payload that cannot be read; dropped", work.id);
    co_return work::WorkOutcome::done();
  }
  std::string after = base::from_hex(progress->after).value_or("");
  for (int i = 0; i < kStepsPerRun; ++i) {
    auto position = co_await store::transact(
        dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Position>> {
          co_return co_await step(dynamodb, transaction, work.scope, *progress, after);
        });
    if (!position) {
      base::log_warn("dynamodb: filling an index of {} is held up: {}", progress->table,
                     position.error().message);
      progress->after = base::to_hex(after);
      co_return work::WorkOutcome::retry_with(dynamodb.clock.now() + kPause, encode(*progress));
    }
    if (!*position) co_return work::WorkOutcome::done();
    after = std::move(**position);
  }
  progress->after = base::to_hex(after);
  co_return work::WorkOutcome::retry_with(dynamodb.clock.now(), encode(*progress));
}

}  // namespace mayfly::dynamodb
