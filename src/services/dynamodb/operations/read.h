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

// Refuses ProjectionExpression, its names and AttributesToGet where they do not go together.
wire::Result<void> check_projection_use(const std::optional<std::string>& expression,
                                        const std::optional<std::vector<std::string>>& attributes,
                                        const Names& names);
// ProjectionExpression with its names, or AttributesToGet; nullopt for everything.
wire::Result<std::optional<Projection>> read_projection(
    const std::optional<std::string>& expression,
    std::optional<std::vector<std::string>>& attributes, Names& names);

}  // namespace mayfly::dynamodb
