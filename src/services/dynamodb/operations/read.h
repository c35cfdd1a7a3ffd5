// What GetItem, BatchGetItem and TransactGetItems share.
#pragma once

#include <optional>

#include "services/dynamodb/operations/capacity.h"
#include "services/dynamodb/operations/parameters.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {

struct StoredItem {
  Item item;
  std::size_t size = 0;
};

base::Task<wire::Result<std::optional<StoredItem>>> read_item(store::Transaction& transaction,
                                                              const Table& table, const Item& key,
                                                              store::Conflict conflict);

// ProjectionExpression with its names, or AttributesToGet (described by `legacy`); nullopt for
// everything.
wire::Result<std::optional<Projection>> read_projection(
    Given legacy, const std::optional<std::string>& expression,
    std::optional<std::vector<std::string>>& attributes, Names& names);

}  // namespace mayfly::dynamodb
