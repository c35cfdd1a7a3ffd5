// TransactWriteItems and TransactGetItems: one transaction of the store each.
#include <algorithm>
#include <chrono>
#include <set>

#include "base/strings.h"
#include "services/dynamodb/convert.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/read.h"
#include "services/dynamodb/operations/write_item.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::minutes kTokenLifetime{10};
constexpr std::size_t kTokensForgottenAtOnce = 4;
constexpr std::size_t kMaxTransactionBytes = 4 * 1024 * 1024;

// Why one item stops the transaction; nothing for one that does not.
using Reason = std::optional<wire::ApiError>;

std::string reason_code(const wire::ApiError& error) {
  return error.spec == &kConditionalCheckFailed ? "ConditionalCheckFailed" : "ValidationError";
}

wire::ApiError cancelled(const std::vector<Reason>& reasons) {
  wire::Document list = wire::Document::list();
  std::string codes;
  for (const Reason& reason : reasons) {
    const std::string code = reason ? reason_code(*reason) : "None";
    codes.append(codes.empty() ? "" : ", ").append(code);
    wire::Document entry;
    entry.set("Code", code);
    if (reason) {
      entry.set("Message", reason->message);
      if (const wire::Document* item = reason->members.find("Item")) entry.set("Item", *item);
    }
    list.push_back(std::move(entry));
  }
  wire::ApiError error{
      &kTransactionCanceled,
      "Transaction cancelled, please refer cancellation reasons for specific reasons [" + codes +
          "]",
      {},
      {}};
  error.members.set("CancellationReasons", std::move(list));
  return error;
}

// Errors of single items are reasons of the transaction; others are errors of the whole request.
bool is_reason(const wire::ApiError& error) {
  return error.spec == &kConditionalCheckFailed || error.spec == &kValidation;
}

struct NamedWrite {
  std::string table;
  Write write;
};

template <class Operation>
wire::Result<NamedWrite> named_write(const base::Scope& scope, Write::Kind kind,
                                     Operation& operation, wire::Document& item,
                                     const std::optional<std::string>& condition,
                                     const std::string* update) {
  NamedWrite named;
  auto name = table_name_of(scope, operation.table_name);
  if (!name) return std::unexpected(std::move(name).error());
  named.table = std::move(*name);
  Write& write = named.write;
  write.kind = kind;
  write.on_failure = on_failure_of(operation.return_values_on_failure);
  auto content = item_from(item);
  if (!content) return std::unexpected(std::move(content).error());
  write.item = std::move(*content);
  std::vector<Given> expressions{{"ConditionExpression", condition.has_value()}};
  if (kind == Write::Kind::update) expressions.push_back({"UpdateExpression", true});
  auto placeholders = placeholders_of(operation.names, operation.values, expressions);
  if (!placeholders) return std::unexpected(std::move(placeholders).error());
  write.placeholders = std::move(*placeholders);
  if (update != nullptr) {
    if (auto parsed = parse_write_update(*update, write); !parsed) {
      return std::unexpected(std::move(parsed).error());
    }
  }
  if (condition) {
    if (auto parsed = parse_write_condition(*condition, write); !parsed) {
      return std::unexpected(std::move(parsed).error());
    }
  }
  if (auto used = write.placeholders.all_used(); !used) return refuse(std::move(used).error());
  return named;
}

wire::Result<NamedWrite> read_write(const base::Scope& scope, TransactWriteItem& item) {
  const int given = (item.condition_check ? 1 : 0) + (item.put ? 1 : 0) + (item.remove ? 1 : 0) +
                    (item.update ? 1 : 0);
  if (given != 1)
    return refuse("TransactItems can only contain one of Check, Put, Update or Delete");
  if (auto& check = item.condition_check) {
    return named_write(scope, Write::Kind::check, *check, check->key, check->condition_expression,
                       nullptr);
  }
  if (auto& put = item.put) {
    return named_write(scope, Write::Kind::put, *put, put->item, put->condition_expression,
                       nullptr);
  }
  if (auto& update = item.update) {
    return named_write(scope, Write::Kind::update, *update, update->key,
                       update->condition_expression, &update->update_expression);
  }
  return named_write(scope, Write::Kind::remove, *item.remove, item.remove->key,
                     item.remove->condition_expression, nullptr);
}

wire::Result<std::vector<NamedWrite>> read_writes(const base::Scope& scope,
                                                  TransactWriteItemsRequest& request) {
  std::vector<NamedWrite> writes;
  std::size_t bytes = 0;
  for (TransactWriteItem& item : request.items) {
    auto write = read_write(scope, item);
    if (!write) return std::unexpected(std::move(write).error());
    write->write.report = report_of(request.return_consumed_capacity);
    write->write.metrics =
        request.return_item_collection_metrics == "SIZE" ? Metrics::size : Metrics::none;
    bytes += size_of(write->write.item);
    writes.push_back(std::move(*write));
  }
  if (bytes > kMaxTransactionBytes) {
    return refuse("The aggregated size of the items in the transaction exceeds 4 MB");
  }
  return writes;
}

struct Outcome {
  std::map<std::string, Capacity> capacity;
  std::map<std::string, std::vector<ItemCollectionMetrics>> metrics;
};

base::Task<wire::Result<Outcome>> write_all(Dynamodb& dynamodb, store::Transaction& transaction,
                                            const base::Scope& scope,
                                            const std::vector<NamedWrite>& writes) {
  std::map<std::string, TablePtr> tables;
  for (const NamedWrite& write : writes) {
    TablePtr& table = tables[write.table];
    if (table != nullptr) continue;
    auto opened = co_await open_table(dynamodb, transaction, scope, write.table, Missing::brief);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    table = std::move(*opened);
  }
  std::set<std::string> rows;
  for (const NamedWrite& write : writes) {
    const auto row = row_of(*tables[write.table], write.write);
    if (row && !rows.insert(*row).second) {
      co_return refuse("Transaction request cannot include multiple operations on one item");
    }
  }
  Outcome outcome;
  std::vector<Reason> reasons(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    auto written = co_await apply_write(transaction, *tables[writes[i].table], writes[i].write);
    if (!written && !is_reason(written.error()))
      co_return std::unexpected(std::move(written).error());
    if (!written) {
      reasons[i] = std::move(written).error();
      continue;
    }
    outcome.capacity[writes[i].table].add(written->capacity);
    if (written->metrics) outcome.metrics[writes[i].table].push_back(std::move(*written->metrics));
  }
  const bool failed =
      std::ranges::any_of(reasons, [](const Reason& reason) { return reason.has_value(); });
  if (failed) co_return std::unexpected(cancelled(reasons));
  co_return outcome;
}

// True where this very request was carried out already. Otherwise notes it, and forgets some old
// tokens.
base::Task<wire::Result<bool>> seen_before(store::Transaction& transaction,
                                           const base::Scope& scope, const std::string& token,
                                           const std::string& request_hash, base::WallTime now) {
  const std::string key = keys::token(scope, token);
  auto stored = co_await transaction.get(key);
  if (!stored) co_return store_failed(stored);
  constexpr std::size_t kHashSize = 32;
  if (*stored && (*stored)->size() > kHashSize) {
    const auto expiry = base::parse_int(std::string_view(**stored).substr(kHashSize));
    if (!expiry) co_return corrupt_row();
    if (*expiry > base::epoch_ms(now)) {
      if (std::string_view(**stored).substr(0, kHashSize) == request_hash) co_return true;
      co_return wire::fail(
          kIdempotentParameterMismatch,
          "Transaction was already completed with different parameters for the same "
          "ClientRequestToken");
    }
  }
  store::RangeQuery old;
  old.begin = keys::token_expiries(scope);
  old.end = keys::token_expiry(scope, base::epoch_ms(now), {});
  old.limit = kTokensForgottenAtOnce;
  old.conflict = store::Conflict::ignore;
  auto expired = co_await transaction.range(std::move(old));
  if (!expired) co_return store_failed(expired);
  for (const store::KeyValue& row : expired->rows) {
    const auto entry = keys::read_token_expiry(scope, row.key);
    if (!entry) co_return corrupt_row();
    transaction.erase(row.key);
    if (entry->token != token) transaction.erase(keys::token(scope, entry->token));
  }
  const std::int64_t expiry = base::epoch_ms(now + kTokenLifetime);
  transaction.put(key, request_hash + std::to_string(expiry));
  transaction.put(keys::token_expiry(scope, expiry, token), {});
  co_return false;
}

// Transactional reads and writes cost twice.
Capacity doubled(const Capacity& capacity) {
  Capacity out = capacity;
  out.add(capacity);
  return out;
}

std::optional<std::vector<ConsumedCapacity>> consumed_all(
    const std::map<std::string, Capacity>& capacity, Report report, Split split) {
  if (report == Report::none) return std::nullopt;
  std::vector<ConsumedCapacity> out;
  for (const auto& [name, used] : capacity) out.push_back(*consumed(name, used, report, split));
  return out;
}

}  // namespace

base::Task<wire::Result<TransactWriteItemsResponse>> transact_write_items(
    Dynamodb& dynamodb, const api::RequestContext& context, TransactWriteItemsRequest request) {
  auto writes = read_writes(context.scope, request);
  if (!writes) co_return std::unexpected(std::move(writes).error());
  const std::string request_hash =
      request.client_request_token ? base::sha256(context.http.body) : std::string();
  auto outcome = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Outcome>> {
        if (request.client_request_token) {
          auto seen =
              co_await seen_before(transaction, context.scope, *request.client_request_token,
                                   request_hash, context.received);
          if (!seen) co_return std::unexpected(std::move(seen).error());
          if (*seen) co_return Outcome{};
        }
        co_return co_await write_all(dynamodb, transaction, context.scope, *writes);
      });
  if (!outcome) co_return std::unexpected(std::move(outcome).error());
  TransactWriteItemsResponse response;
  std::map<std::string, Capacity> capacity;
  for (const auto& [name, used] : outcome->capacity) capacity[name] = doubled(used);
  response.consumed_capacity =
      consumed_all(capacity, report_of(request.return_consumed_capacity), Split::write);
  if (!outcome->metrics.empty()) response.item_collection_metrics = std::move(outcome->metrics);
  co_return response;
}

base::Task<wire::Result<TransactGetItemsResponse>> transact_get_items(
    Dynamodb& dynamodb, const api::RequestContext& context, TransactGetItemsRequest request) {
  // One snapshot for all: no writer can come between two of the reads.
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  TransactGetItemsResponse response;
  std::map<std::string, Capacity> capacity;
  std::vector<Reason> reasons(request.items.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    TransactGet& get = request.items[i].get;
    auto name = table_name_of(context.scope, get.table_name);
    if (!name) co_return std::unexpected(std::move(name).error());
    std::optional<std::vector<std::string>> no_attributes;
    auto projection = read_projection({"AttributesToGet", false}, get.projection_expression,
                                      no_attributes, get.names);
    if (!projection) co_return std::unexpected(std::move(projection).error());
    auto key = item_from(get.key);
    if (!key) co_return std::unexpected(std::move(key).error());
    auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::brief,
                                     store::Conflict::ignore);
    if (!table) co_return std::unexpected(std::move(table).error());
    auto stored = co_await read_item(*transaction, **table, *key, store::Conflict::ignore);
    if (!stored && !is_reason(stored.error())) co_return std::unexpected(std::move(stored).error());
    ItemResponse& answer = response.responses.emplace_back();
    if (!stored) {
      reasons[i] = std::move(stored).error();
      continue;
    }
    const std::size_t size = *stored ? (*stored)->size : 0;
    bytes += size;
    if (bytes > kMaxTransactionBytes) {
      co_return refuse("The aggregated size of the items in the transaction exceeds 4 MB");
    }
    capacity[*name].table += read_units(size, Consistency::transactional);
    if (!*stored) continue;
    const Item& item = (*stored)->item;
    answer.item = document_of(*projection ? project(**projection, item) : item);
  }
  const bool failed =
      std::ranges::any_of(reasons, [](const Reason& reason) { return reason.has_value(); });
  if (failed) co_return std::unexpected(cancelled(reasons));
  response.consumed_capacity =
      consumed_all(capacity, report_of(request.return_consumed_capacity), Split::read);
  co_return response;
}

}  // namespace mayfly::dynamodb
