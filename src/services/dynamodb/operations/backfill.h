// Filling a new index from the items that are there: durable work in bounded steps, beside running
// writes.
//
// From the commit that adds the index on, every write maintains it. A step reads some rows with
// conflict detection and puts their entries, so a row that changes meanwhile makes the step run
// again; doing a step twice does no harm.
#pragma once

#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/model/schema.h"
#include "work/work.h"

namespace mayfly::dynamodb {

inline constexpr std::string_view kBackfillWork = "dynamodb.backfill";  // stored: never rename

// Asks for it, in the transaction that adds the index.
void enqueue_backfill(store::Transaction& transaction, const Table& table, const Index& index,
                      base::WallTime now);
base::Task<work::WorkOutcome> run_backfill(Dynamodb& dynamodb, work::Work work);

}  // namespace mayfly::dynamodb
