#include "services/dynamodb/operations/stream_writer.h"

#include <algorithm>
#include <bit>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::uint32_t kMaxShards = 64;
constexpr std::int64_t kWritesPerShard = 1000;
constexpr std::int64_t kReadsPerShard = 3000;
constexpr Throughput kOnDemand{12'000, 4'000};  // what a new on-demand table can take at once

// As many as DynamoDB has partitions for such a throughput, rounded up to a power of two: so a
// generation's parts of the hashes lie inside those of the one before.
std::uint32_t wanted_shards(const Table& table) {
  Throughput expected = table.billing == BillingMode::provisioned ? table.throughput : kOnDemand;
  if (table.warm) {
    expected.read = std::max(expected.read, table.warm->read);
    expected.write = std::max(expected.write, table.warm->write);
  }
  const auto parts = [](std::int64_t units, std::int64_t each) {
    return (units + each - 1) / each;
  };
  const std::int64_t wanted = std::max({std::int64_t{1}, parts(expected.write, kWritesPerShard),
                                        parts(expected.read, kReadsPerShard)});
  return std::bit_ceil(static_cast<std::uint32_t>(std::min<std::int64_t>(wanted, kMaxShards)));
}

// "2026-01-31T12:34:56.789"
std::string label_at(base::WallTime time) {
  std::string text = base::iso8601_ms(time);
  text.pop_back();
  return text;
}

StreamRow row_of(const Table& table) {
  StreamRow row;
  row.table = table.name;
  row.label = table.stream->label;
  row.id = static_cast<std::int64_t>(table.stream->id);
  row.view = view_name(table.stream->view);
  row.keys = {{table.keys.partition.name, "HASH"}};
  if (table.keys.sort) row.keys.push_back({table.keys.sort->name, "RANGE"});
  row.created_ms = table.stream->created_ms;
  return row;
}

void put_generation(store::Transaction& transaction, const Table& table, const GenerationRow& row) {
  transaction.put_sequenced(keys::generations(table.scope, table.stream->id), {},
                            wire::to_row(row));
}

// The last record of each open shard: it wakes who waits there and tells them that no more follows.
void end_shards(store::Transaction& transaction, const Table& table, base::WallTime now) {
  const TableStream& stream = *table.stream;
  const std::string end =
      write_change({.kind = ChangeKind::shard_end, .epoch_ms = base::epoch_ms(now)});
  for (std::uint32_t i = 0; i < stream.shards; ++i) {
    transaction.put_sequenced(keys::records(table.scope, stream.id, stream.first_shard + i),
                              std::string(2, '\0'), end);
  }
}

}  // namespace

namespace {

// A change as it goes into a stream.
struct Changed {
  const Value& partition;
  std::string_view key;
  std::string_view before;
  std::string_view after;
};

void record_in(store::Transaction& transaction, const base::Scope& scope, const TableStream& stream,
               const Changed& changed, const Moment& moment) {
  const bool with_new =
      stream.view == StreamView::new_image || stream.view == StreamView::both_images;
  const bool with_old =
      stream.view == StreamView::old_image || stream.view == StreamView::both_images;
  ItemChange change;
  change.kind = changed.before.empty()  ? ChangeKind::insert
                : changed.after.empty() ? ChangeKind::remove
                                        : ChangeKind::modify;
  change.origin = moment.origin;
  change.epoch_ms = base::epoch_ms(moment.now);
  change.keys = changed.key;
  if (with_new) change.new_image = changed.after;
  if (with_old) change.old_image = changed.before;
  const std::uint32_t shard = stream.first_shard + keys::shard_of(changed.partition, stream.shards);
  const std::string suffix{static_cast<char>(moment.ordinal >> 8),
                           static_cast<char>(moment.ordinal)};
  transaction.put_sequenced(keys::records(scope, stream.id, shard), suffix, write_change(change));
}

}  // namespace

void record_change(store::Transaction& transaction, const Table& table, const Item& key,
                   std::string_view before, std::string_view after, const Moment& moment) {
  if (before == after) return;
  const std::string key_bytes = encode_item(key);
  const Changed changed{*key.find(table.keys.partition.name), key_bytes, before, after};
  if (table.stream) record_in(transaction, table.scope, *table.stream, changed, moment);
  if (!table.global) return;
  // Who deleted it is told in the region where that was; to the others it is a change like others.
  Moment replicated = moment;
  replicated.origin = Origin::client;
  for (const Replica& other : table.global->others) {
    if (!other.settings.stream) continue;
    record_in(transaction, {table.scope.account, other.region}, *other.settings.stream, changed,
              replicated);
  }
}

wire::Result<void> check_new_stream(const StreamSpecification& asked) {
  if (!asked.stream_enabled && asked.stream_view_type) {
    return refuse(
        "One or more parameter values were invalid: Table is being created with a stream disabled, "
        "UpdateViewType should not be specified");
  }
  if (asked.stream_enabled && !asked.stream_view_type) {
    return refuse(
        "One or more parameter values were invalid: Table is being created with a stream enabled, "
        "UpdateViewType must be specified");
  }
  return {};
}

wire::Result<void> check_stream_change(const StreamSpecification& asked, const Table& table) {
  if (!asked.stream_enabled && asked.stream_view_type) {
    return refuse(
        "One or more parameter values were invalid: If stream is being disabled, then "
        "UpdateViewType must not be specified");
  }
  if (asked.stream_enabled && !asked.stream_view_type) {
    return refuse(
        "One or more parameter values were invalid: If stream is being enabled, then "
        "UpdateViewType must be specified");
  }
  if (asked.stream_enabled && table.stream) {
    return refuse("Table already has an enabled stream: TableName: " + table.name);
  }
  if (!asked.stream_enabled && !table.stream) {
    return refuse("Table has no stream to disable: TableName: " + table.name);
  }
  return {};
}

base::Task<wire::Result<void>> begin_stream(store::Transaction& transaction, Table& table,
                                            StreamView view, std::uint64_t id, base::WallTime now) {
  // A label is the stream's name: one that begins within the same millisecond as the one before, of
  // this table or of one that was deleted, gets another.
  store::RangeQuery newest = store::prefix_query(keys::streams(table.scope, table.name));
  newest.direction = store::Direction::reverse;
  newest.limit = 1;
  auto rows = co_await transaction.range(std::move(newest));
  if (!rows) co_return store_failed(rows);
  base::WallTime labelled = now;
  while (!rows->rows.empty() &&
         keys::stream(table.scope, table.name, label_at(labelled)) <= rows->rows.front().key) {
    labelled += std::chrono::milliseconds{1};
  }
  TableStream stream;
  stream.id = id;
  stream.label = label_at(labelled);
  stream.view = view;
  stream.shards = wanted_shards(table);
  stream.created_ms = stream.shards_ms = base::epoch_ms(now);
  table.latest_stream = stream.label;
  table.stream = std::move(stream);
  transaction.put(keys::stream(table.scope, table.name, table.latest_stream),
                  wire::to_row(row_of(table)));
  GenerationRow first;
  first.shards = table.stream->shards;
  first.created_ms = table.stream->shards_ms;
  put_generation(transaction, table, first);
  co_return wire::Result<void>{};
}

void end_stream(store::Transaction& transaction, Table& table, base::WallTime now) {
  end_shards(transaction, table, now);
  GenerationRow none;
  none.first_shard = std::int64_t{table.stream->first_shard} + table.stream->shards;
  none.created_ms = base::epoch_ms(now);
  put_generation(transaction, table, none);
  StreamRow row = row_of(table);
  row.disabled_ms = base::epoch_ms(now);
  transaction.put(keys::stream(table.scope, table.name, row.label), wire::to_row(std::move(row)));
  table.stream.reset();
}

void roll_shards(store::Transaction& transaction, Table& table, base::WallTime now) {
  end_shards(transaction, table, now);
  TableStream& stream = *table.stream;
  GenerationRow next;
  next.parent_first_shard = stream.first_shard;
  next.parent_shards = stream.shards;
  next.parent_created_ms = stream.shards_ms;
  stream.first_shard += stream.shards;
  stream.shards = std::max(stream.shards, wanted_shards(table));
  stream.shards_ms = base::epoch_ms(now);
  next.first_shard = stream.first_shard;
  next.shards = stream.shards;
  next.created_ms = stream.shards_ms;
  put_generation(transaction, table, next);
}

}  // namespace mayfly::dynamodb
