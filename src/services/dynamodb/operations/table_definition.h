// From the parameters of CreateTable and UpdateTable to a Table, with the rules that hold between
// them.
#pragma once

#include "services/dynamodb/errors.h"
#include "services/dynamodb/model/schema.h"
#include "services/dynamodb/table_shapes.h"

namespace mayfly::dynamodb {

inline constexpr std::size_t kMaxGlobalIndexes = 20;
inline constexpr std::size_t kMaxLocalIndexes = 5;
inline constexpr std::size_t kMaxProjectedAttributes = 100;
inline constexpr std::size_t kMaxTags = 50;

// Everything but what the service gives it (scope, ids, time).
wire::Result<Table> table_from(const CreateTableRequest& request);

wire::Result<std::vector<KeyAttribute>> attributes_from(
    const std::vector<AttributeDefinition>& definitions);
// An index without its id. `attributes`: the definitions that its keys must be among.
wire::Result<Index> index_from(const SecondaryIndex& request, IndexKind kind, const Table& table);
// Checks on the whole: names used once, every defined attribute used, numbers of indexes and
// projected attributes.
wire::Result<void> check_definition(const Table& table);

Throughput throughput_from(const ProvisionedThroughput& given);
Throughput throughput_from(const OnDemandThroughput& given);
Throughput throughput_from(const WarmThroughput& given);
wire::Result<void> add_tags(std::vector<Tag>& tags, const std::vector<TagShape>& added);

}  // namespace mayfly::dynamodb
