// What TransactWriteItems, TransactGetItems and ExecuteTransaction have in common: one transaction
// of the store, with idempotency tokens and the reasons why it was cancelled.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/write.h"

namespace mayfly::dynamodb {

inline constexpr std::size_t kMaxTransactionBytes = 4 * 1024 * 1024;

// Why one item stops the transaction; nothing for one that does not.
using Reason = std::optional<wire::ApiError>;

// Errors of single items are reasons of the transaction; others are errors of the whole request.
bool is_reason(const wire::ApiError& error);
// The error of the whole where any item has a reason.
std::optional<wire::ApiError> cancelled(const std::vector<Reason>& reasons);

struct NamedWrite {
  std::string table;
  Write write;
};

using Tables = std::map<std::string, TablePtr>;

struct TransactionOutcome {
  Tables tables;
  std::map<std::string, Capacity> capacity;  // by table
  Split split = Split::write;                // read, where the request had been carried out before
  std::map<std::string, std::vector<ItemCollectionMetrics>> metrics;
};

// All writes, or none. With a token, a request that was carried out within the last ten minutes is
// not carried out again.
base::Task<wire::Result<TransactionOutcome>> write_transaction(
    Dynamodb& dynamodb, const api::RequestContext& context, const std::vector<NamedWrite>& writes,
    const std::optional<std::string>& token);

struct NamedRead {
  std::string table;
  Item key;
};
struct ReadOutcome {
  std::vector<std::optional<Item>> items;  // as many as there were reads, in their order
  std::map<std::string, Capacity> capacity;
};
// All items as they were at one moment.
base::Task<wire::Result<ReadOutcome>> read_transaction(Dynamodb& dynamodb, const base::Scope& scope,
                                                       const std::vector<NamedRead>& reads);

std::optional<std::vector<ConsumedCapacity>> consumed_all(
    const std::map<std::string, Capacity>& capacity, Report report, Split split = Split::none);

}  // namespace mayfly::dynamodb
