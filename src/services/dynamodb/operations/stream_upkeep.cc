// What time does to streams: records past 24 hours are trimmed, shards give way to new ones every
// few hours, a stream that was disabled goes a day later.
//
// Each step is one transaction and can be cut off; the next run goes on. Nothing is read of what is
// erased: a shard's first record that stays is found by bisection.
#include <algorithm>
#include <chrono>

#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/stream_writer.h"
#include "services/dynamodb/operations/streams.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::hours kRetention{24};
constexpr std::chrono::hours kShardLifetime{4};

struct Found {
  base::Scope scope;
  StreamRow row;
};

void erase_all(store::Transaction& transaction, const std::string& prefix) {
  transaction.erase_range(prefix, store::prefix_end(prefix));
}

base::Task<wire::Result<void>> erase_stream(Dynamodb& dynamodb, const Found& stream) {
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::uint64_t id = stream.row.stream();
        transaction.erase(keys::stream(stream.scope, stream.row.table, stream.row.label));
        erase_all(transaction, keys::generations(stream.scope, id));
        erase_all(transaction, keys::records(stream.scope, id));
        erase_all(transaction, keys::trims(stream.scope, id));
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<void>> erase_generation(Dynamodb& dynamodb, const Found& stream,
                                                const Generation& generation) {
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::uint64_t id = stream.row.stream();
        transaction.erase(keys::generations(stream.scope, id) +
                          store::encode_sequence(generation.sequence));
        for (std::int64_t i = 0; i < generation.row.shards; ++i) {
          const auto shard = static_cast<std::uint32_t>(generation.row.first_shard + i);
          erase_all(transaction, keys::records(stream.scope, id, shard));
          transaction.erase(keys::trim(stream.scope, id, shard));
        }
        co_return wire::Result<void>{};
      });
}

// The record at `begin` or the first one behind it; nullopt where the shard ends.
struct Dated {
  StreamPosition position;
  std::int64_t epoch_ms = 0;
};
base::Task<wire::Result<std::optional<Dated>>> record_from(store::Transaction& transaction,
                                                           const Found& stream, std::uint32_t shard,
                                                           StreamPosition begin) {
  auto page = co_await read_shard(transaction, stream.scope, stream.row.stream(), shard, begin, 1);
  if (!page) co_return std::unexpected(std::move(page).error());
  if (page->records.empty()) co_return std::optional<Dated>{};
  const StreamRecord& record = page->records.front();
  co_return std::optional<Dated>(Dated{record.position, record.change()->epoch_ms});
}

// The first record that was made at `cutoff` or later; all before it can go. nullopt: nothing can.
base::Task<wire::Result<std::optional<StreamPosition>>> trim_point(Dynamodb& dynamodb,
                                                                   const Found& stream,
                                                                   std::uint32_t shard,
                                                                   std::int64_t cutoff) {
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto oldest = co_await record_from(*transaction, stream, shard, {});
  if (!oldest) co_return std::unexpected(std::move(oldest).error());
  if (!*oldest || (*oldest)->epoch_ms >= cutoff) co_return std::optional<StreamPosition>{};
  auto end = co_await end_of_shard(*transaction, stream.scope, stream.row.stream(), shard);
  if (!end) co_return std::unexpected(std::move(end).error());
  // Everything before `low` is old; what is at `high` is not, or is the end.
  StreamPosition low = (*oldest)->position.next();
  const StreamPosition high_end = end->value_or(low);
  std::uint64_t high = high_end.sequence + 1;
  while (low.sequence < high) {
    const std::uint64_t middle = low.sequence + (high - low.sequence) / 2;
    const StreamPosition from = std::max(low, StreamPosition{middle, 0});
    auto record = co_await record_from(*transaction, stream, shard, from);
    if (!record) co_return std::unexpected(std::move(record).error());
    if (*record && (*record)->epoch_ms < cutoff) {
      low = (*record)->position.next();
    } else {
      high = middle;
    }
  }
  co_return std::optional(std::min(low, high_end));
}

base::Task<wire::Result<void>> trim_shard(Dynamodb& dynamodb, const Found& stream,
                                          std::uint32_t shard, std::int64_t cutoff) {
  auto point = co_await trim_point(dynamodb, stream, shard, cutoff);
  if (!point) co_return std::unexpected(std::move(point).error());
  if (!*point) co_return wire::Result<void>{};
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::uint64_t id = stream.row.stream();
        const std::string records = keys::records(stream.scope, id, shard);
        transaction.erase_range(records, records + (*point)->bytes());
        transaction.put(keys::trim(stream.scope, id, shard), (*point)->bytes());
        co_return wire::Result<void>{};
      });
}

// A shard without records is as good as a new one.
base::Task<wire::Result<bool>> has_records(Dynamodb& dynamodb, const Found& stream,
                                           const GenerationRow& generation) {
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  for (std::int64_t i = 0; i < generation.shards; ++i) {
    auto end = co_await end_of_shard(*transaction, stream.scope, stream.row.stream(),
                                     static_cast<std::uint32_t>(generation.first_shard + i));
    if (!end) co_return std::unexpected(std::move(end).error());
    if (*end) co_return true;
  }
  co_return false;
}

base::Task<wire::Result<void>> roll(Dynamodb& dynamodb, const Found& stream) {
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto table = co_await open_table(dynamodb, transaction, stream.scope, stream.row.table,
                                         Missing::named);
        if (!table && table.error().spec == &kResourceNotFound) co_return wire::Result<void>{};
        if (!table) co_return std::unexpected(std::move(table).error());
        // Disabled meanwhile, or another stream by now.
        if (!(*table)->stream || (*table)->stream->id != stream.row.stream())
          co_return wire::Result<void>{};
        Table rolled = **table;
        roll_shards(transaction, rolled, dynamodb.clock.now());
        put_table(transaction, rolled);
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<void>> keep_up(Dynamodb& dynamodb, Found stream) {
  const base::WallTime now = dynamodb.clock.now();
  const std::int64_t cutoff = base::epoch_ms(now - kRetention);
  if (stream.row.disabled_ms != 0 && stream.row.disabled_ms < cutoff) {
    co_return co_await erase_stream(dynamodb, stream);
  }
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto generations = co_await read_generations(*transaction, stream.scope, stream.row.stream());
  if (!generations) co_return std::unexpected(std::move(generations).error());
  for (std::size_t g = 0; g < generations->size(); ++g) {
    const Generation& generation = (*generations)[g];
    const bool last = g + 1 == generations->size();
    if (!last && (*generations)[g + 1].row.created_ms < cutoff) {
      if (auto gone = co_await erase_generation(dynamodb, stream, generation); !gone)
        co_return std::unexpected(std::move(gone).error());
      continue;
    }
    for (std::int64_t i = 0; generation.row.created_ms < cutoff && i < generation.row.shards; ++i) {
      const auto shard = static_cast<std::uint32_t>(generation.row.first_shard + i);
      if (auto trimmed = co_await trim_shard(dynamodb, stream, shard, cutoff); !trimmed)
        co_return std::unexpected(std::move(trimmed).error());
    }
    const bool aged = generation.row.created_ms < base::epoch_ms(now - kShardLifetime);
    if (!last || generation.row.shards == 0 || !aged) continue;
    auto used = co_await has_records(dynamodb, stream, generation.row);
    if (!used) co_return std::unexpected(std::move(used).error());
    if (*used) co_return co_await roll(dynamodb, stream);
  }
  co_return wire::Result<void>{};
}

// The streams of all accounts and regions; those of one lie before everything else of it.
base::Task<wire::Result<std::vector<Found>>> find_streams(Dynamodb& dynamodb) {
  std::vector<Found> out;
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  const std::string all = keys::all_streams();
  std::string begin = all;
  for (;;) {
    store::RangeQuery query;
    query.begin = begin;
    query.end = store::prefix_end(all);
    query.limit = 1;
    query.conflict = store::Conflict::ignore;
    auto first = co_await transaction->range(query);
    if (!first) co_return store_failed(first);
    if (first->rows.empty()) co_return out;
    const auto scope = keys::stream_scope(first->rows.front().key);
    if (!scope) co_return corrupt_row();
    store::RangeQuery streams = store::prefix_query(keys::streams(*scope));
    streams.conflict = store::Conflict::ignore;
    for (bool more = true; more;) {
      auto rows = co_await transaction->range(streams);
      if (!rows) co_return store_failed(rows);
      more = rows->more;
      for (const store::KeyValue& row : rows->rows) {
        auto stream = wire::from_row<StreamRow>(row.value);
        if (!stream) co_return std::unexpected(std::move(stream).error());
        out.push_back({*scope, std::move(*stream)});
        streams.begin = row.key + '\0';
      }
    }
    begin = keys::streams_of_scope_end(*scope);
  }
}

}  // namespace

base::Task<wire::Result<void>> keep_up_streams(Dynamodb& dynamodb) {
  auto streams = co_await find_streams(dynamodb);
  if (!streams) co_return std::unexpected(std::move(streams).error());
  for (Found& stream : *streams) {
    if (auto done = co_await keep_up(dynamodb, std::move(stream)); !done)
      co_return std::unexpected(std::move(done).error());
  }
  co_return wire::Result<void>{};
}

}  // namespace mayfly::dynamodb
