// BatchGetItem and BatchWriteItem.
#include <algorithm>
#include <set>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/read.h"
#include "services/dynamodb/operations/transaction.h"
#include "services/dynamodb/operations/write.h"
#include "store/rerun.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kMaxBatchKeys = 100;
constexpr std::size_t kMaxBatchWrites = 25;
constexpr std::size_t kMaxBatchBytes = 16 * 1024 * 1024;
// Bytes of items, times the places they are written to, that go into one transaction.
constexpr std::size_t kTransactionBytes = 16 * 1024 * 1024;

constexpr std::string_view kDuplicates = "Provided list of item keys contains duplicates";

// What a batch reads of one table.
struct TableRead {
  std::string requested_as;
  std::string name;
  std::optional<Projection> projection;
  Consistency consistency = Consistency::eventual;
  std::vector<Item> keys;
  std::vector<wire::Document> documents;  // the keys as they came, for UnprocessedKeys
  KeysAndAttributes rest;                 // the request without its keys, for the same
};

wire::Result<TableRead> read_table_read(const base::Scope& scope, const std::string& requested_as,
                                        KeysAndAttributes& request) {
  TableRead read;
  auto name = table_name_of(scope, requested_as);
  if (!name) return std::unexpected(std::move(name).error());
  read.requested_as = requested_as;
  read.name = std::move(*name);
  read.consistency =
      request.consistent_read.value_or(false) ? Consistency::strong : Consistency::eventual;
  read.documents = std::move(request.keys);
  read.rest = request;  // before its names and attributes are taken
  if (auto checked = check_projection_use(request.projection_expression, request.attributes_to_get,
                                          request.names);
      !checked) {
    return std::unexpected(std::move(checked).error());
  }
  for (wire::Document document : read.documents) {
    auto key = item_from(document);
    if (!key) return std::unexpected(std::move(key).error());
    if (std::ranges::find(read.keys, *key) != read.keys.end())
      return refuse(std::string(kDuplicates));
    read.keys.push_back(std::move(*key));
  }
  auto projection =
      read_projection(request.projection_expression, request.attributes_to_get, request.names);
  if (!projection) return std::unexpected(std::move(projection).error());
  read.projection = std::move(*projection);
  return read;
}

wire::Result<std::vector<TableRead>> read_reads(const base::Scope& scope,
                                                BatchGetItemRequest& request) {
  std::vector<TableRead> reads;
  std::size_t count = 0;
  for (auto& [table, keys] : request.request_items) {
    count += keys.keys.size();
    if (count > kMaxBatchKeys) return refuse("Too many items requested for the BatchGetItem call");
    auto read = read_table_read(scope, table, keys);
    if (!read) return std::unexpected(std::move(read).error());
    reads.push_back(std::move(*read));
  }
  return reads;
}

// One put or delete of a batch, with what it takes to give it back unprocessed.
struct BatchWrite {
  std::string requested_as;
  std::string name;
  Write write;
};

wire::Result<Write> read_batch_write(WriteRequest& request) {
  if (request.put.has_value() == request.remove.has_value()) {
    return refuse(
        "Supplied AttributeValue has more than one datatypes set or none: a WriteRequest must "
        "contain "
        "exactly one of PutRequest and DeleteRequest");
  }
  Write write;
  write.kind = request.put ? Write::Kind::put : Write::Kind::remove;
  auto item = item_from(request.put ? request.put->item : request.remove->key);
  if (!item) return std::unexpected(std::move(item).error());
  write.item = std::move(*item);
  if (auto checked = check_item_size(write); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return write;
}

wire::Result<std::vector<BatchWrite>> read_writes(const base::Scope& scope,
                                                  BatchWriteItemRequest& request) {
  std::vector<BatchWrite> writes;
  for (auto& [table, requests] : request.request_items) {
    auto name = table_name_of(scope, table);
    if (!name) return std::unexpected(std::move(name).error());
    if (requests.empty()) {
      return refuse("1 validation error detected: Value '{" + table +
                    "=[]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy "
                    "constraint: "
                    "[Member must have length less than or equal to 25, Member must have length "
                    "greater than or "
                    "equal to 1]");
    }
    for (WriteRequest& one : requests) {
      if (writes.size() == kMaxBatchWrites) {
        return refuse("Too many items requested for the BatchWriteItem call");
      }
      auto write = read_batch_write(one);
      if (!write) return std::unexpected(std::move(write).error());
      write->report = report_of(request.return_consumed_capacity);
      write->metrics =
          request.return_item_collection_metrics == "SIZE" ? Metrics::size : Metrics::none;
      writes.push_back({table, *name, std::move(*write)});
    }
  }
  return writes;
}

// The tables of a batch, each opened once.
base::Task<wire::Result<Tables>> open_tables(Dynamodb& dynamodb, store::Transaction& transaction,
                                             const base::Scope& scope,
                                             const std::vector<BatchWrite>& writes) {
  Tables tables;
  for (const BatchWrite& write : writes) {
    TablePtr& table = tables[write.name];
    if (table != nullptr) continue;
    auto opened = co_await open_table(dynamodb, transaction, scope, write.name, Missing::brief);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    table = std::move(*opened);
  }
  co_return tables;
}

struct BatchOutcome {
  Tables tables;
  std::map<std::string, Capacity> capacity;
  std::map<std::string, std::vector<ItemCollectionMetrics>> metrics;
};

// Checks all writes before any is made, so that a bad one leaves nothing half-written; then makes
// those of [begin, end).
base::Task<wire::Result<BatchOutcome>> write_some(Dynamodb& dynamodb,
                                                  store::Transaction& transaction,
                                                  const base::Scope& scope,
                                                  const std::vector<BatchWrite>& writes,
                                                  std::size_t begin, std::size_t end) {
  auto tables = co_await open_tables(dynamodb, transaction, scope, writes);
  if (!tables) co_return std::unexpected(std::move(tables).error());
  std::set<std::string> rows;
  for (const BatchWrite& write : writes) {
    const Table& table = *(*tables)[write.name];
    auto row = row_of(table, write.write);
    if (!row) co_return std::unexpected(std::move(row).error());
    if (auto checked = check_write(table, write.write); !checked) {
      co_return std::unexpected(std::move(checked).error());
    }
    if (!rows.insert(std::move(*row)).second) co_return refuse(std::string(kDuplicates));
  }
  BatchOutcome outcome;
  const base::WallTime now = dynamodb.clock.now();
  for (std::size_t i = begin; i < end; ++i) {
    const BatchWrite& write = writes[i];
    auto written = co_await apply_write(transaction, *(*tables)[write.name], write.write,
                                        {now, static_cast<std::uint16_t>(i - begin)},
                                        old_item_for(dynamodb.throughput));
    if (auto allowed = check_throughput(dynamodb, *(*tables)[write.name], written, {}); !allowed) {
      co_return std::unexpected(std::move(allowed).error());
    }
    if (!written) co_return std::unexpected(std::move(written).error());
    outcome.capacity[write.name].add(written->capacity);
    if (written->metrics) {
      outcome.metrics[write.requested_as].push_back(std::move(*written->metrics));
    }
  }
  outcome.tables = std::move(*tables);
  co_return outcome;
}

// How many of the writes from `begin` on fit one transaction, however many indexes there are. One
// alone where each may be throttled.
std::size_t transaction_end(const Dynamodb& dynamodb, const std::vector<BatchWrite>& writes,
                            std::size_t begin) {
  if (dynamodb.throughput.enforced()) return begin + 1;
  constexpr std::size_t kPlaces = 28;  // the table, 20 global and 5 local indexes, stream, history
  std::size_t bytes = 0;
  std::size_t end = begin;
  while (end < writes.size()) {
    bytes += size_of(writes[end].write.item) * kPlaces;
    if (end > begin && bytes > kTransactionBytes) break;
    ++end;
  }
  return end;
}

// A write as it was asked for.
WriteRequest request_of(const Write& write) {
  WriteRequest request;
  if (write.kind == Write::Kind::put) {
    request.put.emplace().item = document_of(write.item);
  } else {
    request.remove.emplace().key = document_of(write.item);
  }
  return request;
}

}  // namespace

base::Task<wire::Result<BatchGetItemResponse>> batch_get_item(Dynamodb& dynamodb,
                                                              const api::RequestContext& context,
                                                              BatchGetItemRequest request) {
  auto reads = read_reads(context.scope, request);
  if (!reads) co_return std::unexpected(std::move(reads).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  BatchGetItemResponse response;
  std::map<std::string, Capacity> capacity;
  std::size_t bytes = 0;
  bool processed = false;
  std::optional<wire::ApiError> throttled;
  bool full = false;  // one did not fit: what follows is left for the next call
  for (TableRead& read : *reads) {
    auto table = co_await open_table(dynamodb, *transaction, context.scope, read.name,
                                     Missing::brief, store::Conflict::ignore);
    if (!table) co_return std::unexpected(std::move(table).error());
    auto& items = response.responses[read.requested_as];
    for (std::size_t i = 0; i < read.keys.size(); ++i) {
      wire::Result<std::optional<StoredItem>> stored;
      const auto allowed = dynamodb.throughput.check(**table, Access::read,
                                                     Capacity::least(nullptr), capacity[read.name]);
      if (!allowed) throttled = allowed.error();
      if (!full && allowed) {
        stored = co_await read_item(*transaction, **table, read.keys[i], store::Conflict::ignore);
        if (!stored) co_return std::unexpected(std::move(stored).error());
      }
      const std::size_t size = *stored ? (*stored)->size : 0;
      full = full || bytes + size > kMaxBatchBytes;
      if (full || !allowed) {
        auto [place, fresh] = response.unprocessed_keys.try_emplace(read.requested_as, read.rest);
        place->second.keys.push_back(std::move(read.documents[i]));
        continue;
      }
      bytes += size;
      processed = true;
      capacity[read.name].table += read_units(size, read.consistency);
      if (!*stored) continue;
      const Item& item = (*stored)->item;
      items.push_back(document_of(read.projection ? project(*read.projection, item) : item));
    }
    dynamodb.throughput.spend(**table, Access::read, capacity[read.name]);
  }
  if (throttled && !processed) co_return std::unexpected(std::move(*throttled));
  response.consumed_capacity = consumed_all(capacity, report_of(request.return_consumed_capacity));
  co_return response;
}

base::Task<wire::Result<BatchWriteItemResponse>> batch_write_item(
    Dynamodb& dynamodb, const api::RequestContext& context, BatchWriteItemRequest request) {
  auto writes = read_writes(context.scope, request);
  if (!writes) co_return std::unexpected(std::move(writes).error());
  BatchWriteItemResponse response;
  BatchOutcome all;
  std::optional<wire::ApiError> throttled;
  for (std::size_t begin = 0; begin < writes->size();) {
    const std::size_t end = transaction_end(dynamodb, *writes, begin);
    auto outcome = co_await store::transact_quick(
        dynamodb.store,
        [&](store::Transaction& transaction) -> base::Task<wire::Result<BatchOutcome>> {
          co_return co_await write_some(dynamodb, transaction, context.scope, *writes, begin, end);
        });
    if (!outcome && is_throttled(outcome.error())) {
      throttled = std::move(outcome).error();
      response.unprocessed_items[(*writes)[begin].requested_as].push_back(
          request_of((*writes)[begin].write));
      begin = end;
      continue;
    }
    if (!outcome) co_return std::unexpected(std::move(outcome).error());
    for (const auto& [name, used] : outcome->capacity) {
      dynamodb.throughput.spend(*outcome->tables[name], Access::write, used);
      all.capacity[name].add(used);
    }
    for (auto& [name, metrics] : outcome->metrics) {
      auto& list = all.metrics[name];
      list.insert(list.end(), std::make_move_iterator(metrics.begin()),
                  std::make_move_iterator(metrics.end()));
    }
    begin = end;
  }
  if (throttled && all.capacity.empty()) co_return std::unexpected(std::move(*throttled));
  response.consumed_capacity =
      consumed_all(all.capacity, report_of(request.return_consumed_capacity));
  if (!all.metrics.empty()) response.item_collection_metrics = std::move(all.metrics);
  co_return response;
}

}  // namespace mayfly::dynamodb
