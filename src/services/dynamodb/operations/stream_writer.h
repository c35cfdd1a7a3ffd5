// What a stream is given inside the transactions of its table: the record of a change, and the
// beginning and the end of shards.
//
// A record is one put, at the commit's own sequence, so records of a shard lie in the order in
// which their changes were committed. Shards begin and end in a transaction that changes the
// table's definition, which each writer reads: so every record is in the shard that was open when
// its change was committed, and an item's records in a shard come before those in its children.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/task.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/model/schema.h"
#include "services/dynamodb/stream_rows.h"
#include "services/dynamodb/table_shapes.h"
#include "store/store.h"

namespace mayfly::dynamodb {

// What is said of a change beside the change itself.
struct Moment {
  base::WallTime now;
  std::uint16_t ordinal = 0;  // which of its transaction's changes it is
  Origin origin = Origin::client;
};

// Of an item with these key attributes, in the stored form; empty where there was none, or is none
// now: in the streams of all replicas. Writes nothing where nothing changed.
void record_change(store::Transaction& transaction, const Table& table, const Item& key,
                   std::string_view before, std::string_view after, const Moment& moment);

// DynamoDB's refusals of what CreateTable and UpdateTable ask of a stream.
wire::Result<void> check_new_stream(const StreamSpecification& asked);
wire::Result<void> check_stream_change(const StreamSpecification& asked, const Table& table);

// Each changes `table`, which the caller stores in the same transaction. `id` is a new one.
base::Task<wire::Result<void>> begin_stream(store::Transaction& transaction, Table& table,
                                            StreamView view, std::uint64_t id, base::WallTime now);
void end_stream(store::Transaction& transaction, Table& table, base::WallTime now);
// Closes the open shards and opens as many or more in their place, each the child of one of them.
void roll_shards(store::Transaction& transaction, Table& table, base::WallTime now);

}  // namespace mayfly::dynamodb
