// Dynamodb: what the service is made of. Operations are free functions over it (operations/); the
// table of them is in dynamodb.cc.
//
// Ownership: refers to the store, the clock, the ids and the settings of auto scaling, which
// outlive it. Threads: any. It holds no state that the store does not have, but for the counts of
// the throughput limiter; the table cache is checked against the store in each transaction.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "base/ids.h"
#include "ports/scaling_settings.h"
#include "services/dynamodb/table_cache.h"
#include "services/dynamodb/throughput_limiter.h"
#include "store/store.h"
#include "work/queue.h"

namespace mayfly::dynamodb {

class Dynamodb {
 public:
  Dynamodb(store::Store& the_store, const base::Clock& the_clock, base::Ids& the_ids,
           ports::ScalingSettings& the_scaling, Throughputs throughputs = Throughputs::unlimited)
      : store(the_store),
        clock(the_clock),
        ids(the_ids),
        scaling(the_scaling),
        throughput(the_clock, throughputs) {}

  store::Store& store;
  const base::Clock& clock;
  base::Ids& ids;
  ports::ScalingSettings& scaling;
  TableCache tables;
  ThroughputLimiter throughput;
};

api::Service make_service(Dynamodb& dynamodb);
// DynamoDB Streams: an API of its own over the same tables.
api::Service make_streams_service(Dynamodb& dynamodb);

// Tells the queue how to do this service's durable work (filling new indexes, also that of Time to
// Live; backups and restores). Before the queue starts; `dynamodb` outlives it.
void handle_work(Dynamodb& dynamodb, work::WorkQueue& queue);

// Trims the history of tables with point-in-time recovery, lets backups of deleted tables go.
// Idempotent; now and then, by the housekeeping.
base::Task<wire::Result<void>> keep_up_backups(Dynamodb& dynamodb);
// Trims streams, lets old ones go, opens new shards. Idempotent; now and then, by the housekeeping.
base::Task<wire::Result<void>> keep_up_streams(Dynamodb& dynamodb);

}  // namespace mayfly::dynamodb
