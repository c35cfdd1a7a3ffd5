#include "services/dynamodb/operations/write.h"

#include <algorithm>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/operations/expiry.h"
#include "services/dynamodb/operations/history.h"
#include "store/rerun.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kMeasuredCollectionBytes = 4 * 1024 * 1024;
constexpr double kGigabyte = 1024.0 * 1024 * 1024;
constexpr double kMaxCollectionGigabytes = 10;  // DynamoDB's limit of an item collection

// An item as an index holds it.
struct Entry {
  std::string key;
  std::string value;
  std::size_t size = 0;
};

std::optional<Entry> entry_of(const Table& table, const Index& index, const Item* item) {
  if (item == nullptr) return std::nullopt;
  const auto key = index_key(index, *item);
  if (!key) return std::nullopt;
  KeyValues table_key;
  table_key.partition = item->find(table.keys.partition.name);
  if (table.keys.sort) table_key.sort = item->find(table.keys.sort->name);
  const Item projected = project_for_index(table, index, *item);
  const std::size_t size = size_of(projected);
  return Entry{keys::index_entry(table, index, *key, table_key), encode_item(projected, size),
               size};
}

void write_index(store::Transaction& transaction, const Table& table, const Index& index,
                 const Item* before, const Item* after, Capacity& capacity) {
  const auto old_entry = entry_of(table, index, before);
  const auto new_entry = entry_of(table, index, after);
  if (old_entry && new_entry && old_entry->key == new_entry->key) {
    if (old_entry->value == new_entry->value) return;
    transaction.put(new_entry->key, new_entry->value);
    capacity.add_index(index, write_units(std::max(old_entry->size, new_entry->size)));
    return;
  }
  if (old_entry) {
    transaction.erase(old_entry->key);
    capacity.add_index(index, write_units(old_entry->size));
  }
  if (new_entry) {
    transaction.put(new_entry->key, new_entry->value);
    capacity.add_index(index, write_units(new_entry->size));
  }
}

wire::Result<KeyValues> key_values(const Table& table, const Write& write) {
  return answer(write.kind == Write::Kind::put ? key_of_item(table.keys, write.item)
                                               : key_of_key(table.keys, write.item));
}

// An unconditional put into a table without indexes, stream, history and Time to Live needs to know
// nothing of what it replaces.
bool needs_old_item(const Table& table, const Write& write) {
  if (write.kind != Write::Kind::put) return true;
  return write.condition || write.returns != ReturnValues::none || write.report != Report::none ||
         !table.indexes.empty() || table.has_stream() || table.time_to_live ||
         table.keeps_history();
}

wire::ApiError condition_failed(const Write& write, const Item* before) {
  if (write.unmet == Unmet::duplicate) {
    return {&kDuplicateItem, "Duplicate primary key exists in table", {}, {}};
  }
  wire::ApiError error{&kConditionalCheckFailed, "The conditional request failed", {}, {}};
  if (write.on_failure == OnFailure::all_old && before != nullptr) {
    error.members.set("Item", document_of(*before));
  }
  return error;
}

// The item that an update makes; nullopt where it makes none.
wire::Result<std::optional<Item>> updated_item(const Table& table, const Write& write,
                                               const Item* before) {
  const Item& base = before == nullptr ? write.item : *before;
  if (!write.update) return std::optional(base);
  // An update that only takes things away does not make an item.
  if (before == nullptr && write.update->sets.empty() && write.update->adds.empty() &&
      !(write.update->removes.empty() && write.update->deletes.empty())) {
    return std::optional<Item>{};
  }
  auto updated = apply(*write.update, base);
  if (!updated) return refuse(std::move(updated).error());
  if (size_of(*updated) > kMaxItemSize) {
    return refuse("Item size to update has exceeded the maximum allowed size");
  }
  if (auto checked = check_index_keys(table, *updated, WriteKind::update); !checked) {
    return refuse(std::move(checked).error());
  }
  return std::optional(std::move(*updated));
}

base::Task<wire::Result<std::size_t>> range_bytes(store::Transaction& transaction,
                                                  keys::Range range, bool& more) {
  store::RangeQuery query;
  query.begin = std::move(range.begin);
  query.end = std::move(range.end);
  query.limit = kMeasuredCollectionBytes;
  query.max_bytes = kMeasuredCollectionBytes;
  query.conflict = store::Conflict::ignore;
  auto page = co_await transaction.range(query);
  if (!page) co_return store_failed(page);
  std::size_t bytes = 0;
  for (const store::KeyValue& row : page->rows) bytes += decode_size(row.value).value_or(0);
  more = more || page->more;
  co_return bytes;
}

// Only tables with local indexes have item collections. Past what is measured the range says what
// is known: at least this much, at most what a collection may have.
base::Task<wire::Result<std::optional<ItemCollectionMetrics>>> collection_metrics(
    store::Transaction& transaction, const Table& table, const Value& partition) {
  const bool has_local = std::ranges::any_of(
      table.indexes, [](const Index& index) { return index.kind == IndexKind::local; });
  if (!has_local) co_return std::optional<ItemCollectionMetrics>{};
  KeyCondition whole;
  whole.partition = &partition;
  bool more = false;
  auto bytes = co_await range_bytes(transaction, keys::query(table, nullptr, whole), more);
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  double sum = static_cast<double>(*bytes);
  for (const Index& index : table.indexes) {
    if (index.kind != IndexKind::local) continue;
    auto indexed = co_await range_bytes(transaction, keys::query(table, &index, whole), more);
    if (!indexed) co_return std::unexpected(std::move(indexed).error());
    sum += static_cast<double>(*indexed);
  }
  ItemCollectionMetrics metrics;
  Item key;
  key.set(table.keys.partition.name, partition);
  metrics.key = document_of(key);
  const double low = static_cast<double>(static_cast<std::int64_t>(sum / kGigabyte));
  metrics.size_range = {low, more ? kMaxCollectionGigabytes : low + 1};
  co_return std::optional(std::move(metrics));
}

}  // namespace

wire::Document attributes_of(const Write& write, const Written& written) {
  const auto whole = [](const std::optional<Item>& item) {
    return item ? document_of(*item) : wire::Document();
  };
  const auto part = [&](const std::optional<Item>& item) {
    if (!item || !write.update) return wire::Document();
    const Item projected = project(write.update->targets(), *item);
    return projected.empty() ? wire::Document() : document_of(projected);
  };
  switch (write.returns) {
    case ReturnValues::none:
      return {};
    case ReturnValues::all_old:
      return whole(written.before);
    case ReturnValues::updated_old:
      return part(written.before);
    case ReturnValues::all_new:
      return whole(written.after);
    case ReturnValues::updated_new:
      return part(written.after);
  }
  return {};
}

wire::Result<void> check_item_size(const Write& write) {
  if (write.kind == Write::Kind::put && size_of(write.item) > kMaxItemSize) {
    return refuse("Item size has exceeded the maximum allowed size");
  }
  return {};
}

wire::Result<void> check_write(const Table& table, const Write& write) {
  if (write.kind == Write::Kind::put) {
    return answer(check_index_keys(table, write.item, WriteKind::put));
  }
  if (!write.update) return {};
  for (const Path* path : write.update->targets()) {
    if (table.keys.contains(path->attribute())) {
      return refuse("One or more parameter values were invalid: Cannot update attribute " +
                    path->attribute() + ". This attribute is part of the key");
    }
  }
  return {};
}

wire::Result<std::string> row_of(const Table& table, const Write& write) {
  auto key = key_values(table, write);
  if (!key) return std::unexpected(std::move(key).error());
  return keys::item(table, *key);
}

void put_index_entry(store::Transaction& transaction, const Table& table, const Index& index,
                     const Item& item) {
  if (const auto entry = entry_of(table, index, &item)) transaction.put(entry->key, entry->value);
}

base::Task<wire::Result<Written>> apply_write(store::Transaction& transaction, const Table& table,
                                              const Write& write, Moment moment, OldItem old_item,
                                              Capacity* refused) {
  auto key = key_values(table, write);
  if (!key) co_return std::unexpected(std::move(key).error());
  if (auto checked = check_write(table, write); !checked) {
    co_return std::unexpected(std::move(checked).error());
  }
  const std::string row = keys::item(table, *key);

  Written written;
  std::string old_bytes;  // empty: none, or not read
  const bool old_known = old_item == OldItem::always || needs_old_item(table, write);
  if (old_known) {
    auto stored = co_await transaction.get(row);
    if (!stored) co_return store_failed(stored);
    if (*stored) {
      old_bytes = std::move(**stored);
      written.before = decode_item(old_bytes);
      if (!written.before) co_return corrupt_row();
    }
  }
  const Item* before = written.before ? &*written.before : nullptr;
  const std::size_t old_size = before == nullptr ? 0 : size_of(*before);
  if (write.condition) {
    const Item nothing;
    if (!holds(*write.condition, before == nullptr ? nothing : *before)) {
      if (refused != nullptr) {
        refused->table = write_units(std::max(old_size, size_of(write.item)));
      }
      co_return std::unexpected(condition_failed(write, before));
    }
  }
  if (write.kind == Write::Kind::update) {
    auto after = updated_item(table, write, before);
    if (!after) co_return std::unexpected(std::move(after).error());
    written.after = std::move(*after);
  }
  const Item* now = write.kind == Write::Kind::put     ? &write.item
                    : write.kind == Write::Kind::check ? before
                    : written.after                    ? &*written.after
                                                       : nullptr;
  const std::size_t new_size = now == nullptr ? 0 : size_of(*now);
  written.capacity.table = write_units(std::max(old_size, new_size));
  if (write.kind != Write::Kind::check) {
    std::string new_bytes;
    if (now != nullptr) new_bytes = encode_item(*now, new_size);
    // What changes nothing is not written, and so waits for no disk: most of all the deletion of
    // what is not there.
    if (!old_known || old_bytes != new_bytes) {
      if (now != nullptr) {
        transaction.put(row, new_bytes);
      } else {
        transaction.erase(row);
      }
    }
    for (const Index& index : table.indexes) {
      write_index(transaction, table, index, before, now, written.capacity);
    }
    if (table.keeps_history() && old_bytes != new_bytes) {
      keep_old_image(transaction, table, row, old_bytes, moment.now);
    }
    if (table.time_to_live) update_expiry(transaction, table, row, before, now);
    if (table.has_stream()) {
      record_change(transaction, table, key_attributes(table, nullptr, write.item), old_bytes,
                    new_bytes, moment);
    }
  }
  if (write.metrics == Metrics::size) {
    auto metrics = co_await collection_metrics(transaction, table, *key->partition);
    if (!metrics) co_return std::unexpected(std::move(metrics).error());
    written.metrics = std::move(*metrics);
  }
  co_return written;
}

OldItem old_item_for(const ThroughputLimiter& throughput) {
  return throughput.enforced() ? OldItem::always : OldItem::where_needed;
}

wire::Result<void> check_throughput(Dynamodb& dynamodb, const Table& table,
                                    const wire::Result<Written>& written, const Capacity& refused,
                                    const Capacity& before) {
  if (!dynamodb.throughput.enforced()) return {};
  return dynamodb.throughput.check(table, Access::write, written ? written->capacity : refused,
                                   before);
}

void spend_throughput(Dynamodb& dynamodb, const Table& table, const wire::Result<Written>& written,
                      const Capacity& refused) {
  if (!dynamodb.throughput.enforced()) return;
  dynamodb.throughput.spend(table, Access::write, written ? written->capacity : refused);
}

base::Task<wire::Result<Written>> commit_write(Dynamodb& dynamodb, const base::Scope& scope,
                                               const std::string& name, const Write& write) {
  TablePtr opened;
  Capacity refused;
  auto written = co_await store::transact_quick(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Written>> {
        auto table = co_await open_table(dynamodb, transaction, scope, name, Missing::brief);
        if (!table) co_return std::unexpected(std::move(table).error());
        opened = *table;
        refused = {};
        auto applied = co_await apply_write(transaction, *opened, write, {dynamodb.clock.now()},
                                            old_item_for(dynamodb.throughput), &refused);
        if (auto allowed = check_throughput(dynamodb, *opened, applied, refused); !allowed) {
          co_return std::unexpected(std::move(allowed).error());
        }
        co_return applied;
      });
  if (opened) spend_throughput(dynamodb, *opened, written, refused);
  co_return written;
}

base::Task<wire::Result<WriteResponse>> run_write(Dynamodb& dynamodb, const base::Scope& scope,
                                                  const std::string& name, const Write& write) {
  auto written = co_await commit_write(dynamodb, scope, name, write);
  if (!written) co_return std::unexpected(std::move(written).error());
  WriteResponse response;
  response.attributes = attributes_of(write, *written);
  response.consumed_capacity = consumed(name, written->capacity, write.report);
  response.item_collection_metrics = std::move(written->metrics);
  co_return response;
}

}  // namespace mayfly::dynamodb
