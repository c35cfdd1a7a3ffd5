#include "services/dynamodb/operations/transaction.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/read.h"
#include "store/rerun.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::minutes kTokenLifetime{10};
constexpr std::size_t kTokensForgottenAtOnce = 4;

std::string_view reason_code(const wire::ApiError& error) {
  if (error.spec == &kConditionalCheckFailed) return "ConditionalCheckFailed";
  if (error.spec == &kDuplicateItem) return "DuplicateItem";
  if (error.spec == &kThroughputExceeded) return "ProvisionedThroughputExceeded";
  if (error.spec == &wire::kThrottling) return "ThrottlingError";
  return "ValidationError";
}

base::Task<wire::Result<Tables>> open_tables(Dynamodb& dynamodb, store::Transaction& transaction,
                                             const base::Scope& scope,
                                             const std::vector<NamedWrite>& writes) {
  Tables tables;
  for (const NamedWrite& write : writes) {
    TablePtr& table = tables[write.table];
    if (table != nullptr) continue;
    auto opened = co_await open_table(dynamodb, transaction, scope, write.table, Missing::brief);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    table = std::move(*opened);
  }
  co_return tables;
}

std::unexpected<wire::ApiError> too_large() {
  return refuse("The aggregated size of the items in the transaction exceeds 4 MB");
}

// Transactional writes cost twice.
Capacity doubled(const Capacity& capacity) {
  Capacity out = capacity;
  out.add(capacity);
  return out;
}

base::Task<wire::Result<TransactionOutcome>> write_all(Dynamodb& dynamodb,
                                                       store::Transaction& transaction,
                                                       const base::Scope& scope,
                                                       const std::vector<NamedWrite>& writes) {
  auto tables = co_await open_tables(dynamodb, transaction, scope, writes);
  if (!tables) co_return std::unexpected(std::move(tables).error());
  std::set<std::string> rows;
  for (const NamedWrite& write : writes) {
    const auto row = row_of(*(*tables)[write.table], write.write);
    if (row && !rows.insert(*row).second) {
      co_return refuse("Transaction request cannot include multiple operations on one item");
    }
  }
  TransactionOutcome outcome;
  const base::WallTime now = dynamodb.clock.now();
  std::vector<Reason> reasons(writes.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const NamedWrite& named = writes[i];
    Capacity refused;
    auto written = co_await apply_write(transaction, *(*tables)[named.table], named.write,
                                        {now, static_cast<std::uint16_t>(i)},
                                        old_item_for(dynamodb.throughput), &refused);
    if (auto allowed = check_throughput(dynamodb, *(*tables)[named.table], written, refused,
                                        outcome.capacity[named.table]);
        !allowed) {
      written = std::unexpected(std::move(allowed).error());
    }
    if (!written && !is_reason(written.error())) {
      co_return std::unexpected(std::move(written).error());
    }
    if (!written) {
      reasons[i] = std::move(written).error();
      continue;
    }
    bytes += size_of(written->after ? *written->after : named.write.item);
    if (bytes > kMaxTransactionBytes) co_return too_large();
    outcome.capacity[named.table].add(doubled(written->capacity));
    if (written->metrics) outcome.metrics[named.table].push_back(std::move(*written->metrics));
  }
  if (auto error = cancelled(reasons)) co_return std::unexpected(std::move(*error));
  outcome.tables = std::move(*tables);
  co_return outcome;
}

// What a repeated request answers: it reads the items that the first one wrote.
base::Task<wire::Result<TransactionOutcome>> already_done(Dynamodb& dynamodb,
                                                          store::Transaction& transaction,
                                                          const base::Scope& scope,
                                                          const std::vector<NamedWrite>& writes) {
  auto tables = co_await open_tables(dynamodb, transaction, scope, writes);
  if (!tables) co_return std::unexpected(std::move(tables).error());
  TransactionOutcome outcome;
  outcome.split = Split::read;
  for (const NamedWrite& named : writes) {
    const auto row = row_of(*(*tables)[named.table], named.write);
    if (!row) continue;
    auto stored = co_await transaction.get(*row, store::Conflict::ignore);
    if (!stored) co_return store_failed(stored);
    const std::size_t size = *stored ? decode_size(**stored).value_or(0) : 0;
    outcome.capacity[named.table].table += read_units(size, Consistency::transactional);
  }
  outcome.tables = std::move(*tables);
  co_return outcome;
}

// Forgets a few of the tokens that have ended, so that they do not pile up.
base::Task<wire::Result<void>> forget_tokens(store::Transaction& transaction,
                                             const base::Scope& scope, const std::string& token,
                                             base::WallTime now) {
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
  co_return wire::Result<void>{};
}

// True where this very request was carried out already. Otherwise notes it.
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
  auto forgotten = co_await forget_tokens(transaction, scope, token, now);
  if (!forgotten) co_return std::unexpected(std::move(forgotten).error());
  const std::int64_t expiry = base::epoch_ms(now + kTokenLifetime);
  transaction.put(key, request_hash + std::to_string(expiry));
  transaction.put(keys::token_expiry(scope, expiry, token), {});
  co_return false;
}

}  // namespace

bool is_reason(const wire::ApiError& error) {
  return error.spec == &kConditionalCheckFailed || error.spec == &kDuplicateItem ||
         error.spec == &kValidation || is_throttled(error);
}

std::optional<wire::ApiError> cancelled(const std::vector<Reason>& reasons) {
  if (std::ranges::none_of(reasons, &Reason::has_value)) return std::nullopt;
  wire::Document list = wire::Document::list();
  std::string codes;
  for (const Reason& reason : reasons) {
    const std::string code(reason ? reason_code(*reason) : "None");
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

base::Task<wire::Result<TransactionOutcome>> write_transaction(
    Dynamodb& dynamodb, const api::RequestContext& context, const std::vector<NamedWrite>& writes,
    const std::optional<std::string>& token) {
  const std::string request_hash = token ? base::sha256(context.http.body) : std::string();
  auto outcome = co_await store::transact_quick(
      dynamodb.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<TransactionOutcome>> {
        if (token) {
          auto seen = co_await seen_before(transaction, context.scope, *token, request_hash,
                                           context.received);
          if (!seen) co_return std::unexpected(std::move(seen).error());
          if (*seen) {
            co_return co_await already_done(dynamodb, transaction, context.scope, writes);
          }
        }
        co_return co_await write_all(dynamodb, transaction, context.scope, writes);
      });
  if (!outcome) co_return outcome;
  const Access access = outcome->split == Split::read ? Access::read : Access::write;
  for (const auto& [name, table] : outcome->tables) {
    dynamodb.throughput.spend(*table, access, outcome->capacity[name]);
  }
  co_return outcome;
}

base::Task<wire::Result<ReadOutcome>> read_transaction(Dynamodb& dynamodb, const base::Scope& scope,
                                                       const std::vector<NamedRead>& reads) {
  // One snapshot for all: no writer can come between two of the reads.
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  ReadOutcome outcome;
  Tables tables;
  std::vector<Reason> reasons(reads.size());
  std::set<std::string> rows;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    auto table = co_await open_table(dynamodb, *transaction, scope, reads[i].table, Missing::brief,
                                     store::Conflict::ignore);
    if (!table) co_return std::unexpected(std::move(table).error());
    if (const auto key = key_of_key((*table)->keys, reads[i].key);
        key && !rows.insert(keys::item(**table, *key)).second) {
      co_return refuse("Transaction request cannot include multiple operations on one item");
    }
    auto stored = co_await read_item(*transaction, **table, reads[i].key, store::Conflict::ignore);
    if (auto allowed = dynamodb.throughput.check(**table, Access::read, Capacity::least(nullptr),
                                                 outcome.capacity[reads[i].table]);
        !allowed) {
      stored = std::unexpected(std::move(allowed).error());
    }
    tables[reads[i].table] = std::move(*table);
    if (!stored && !is_reason(stored.error())) co_return std::unexpected(std::move(stored).error());
    std::optional<Item>& item = outcome.items.emplace_back();
    if (!stored) {
      reasons[i] = std::move(stored).error();
      continue;
    }
    const std::size_t size = *stored ? (*stored)->size : 0;
    bytes += size;
    if (bytes > kMaxTransactionBytes) co_return too_large();
    outcome.capacity[reads[i].table].table += read_units(size, Consistency::transactional);
    if (*stored) item = std::move((*stored)->item);
  }
  if (auto error = cancelled(reasons)) co_return std::unexpected(std::move(*error));
  for (const auto& [name, table] : tables) {
    dynamodb.throughput.spend(*table, Access::read, outcome.capacity[name]);
  }
  co_return outcome;
}

std::optional<std::vector<ConsumedCapacity>> consumed_all(
    const std::map<std::string, Capacity>& capacity, Report report, Split split) {
  if (report == Report::none) return std::nullopt;
  std::vector<ConsumedCapacity> out;
  for (const auto& [name, used] : capacity) out.push_back(*consumed(name, used, report, split));
  return out;
}

}  // namespace mayfly::dynamodb
