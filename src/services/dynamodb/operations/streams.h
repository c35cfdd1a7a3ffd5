// Streams as their readers see them: the stream, its shards, the records of a shard.
//
// Who follows a shard asks for watch_shard() first, reads with read_shard() until a page is empty,
// and awaits the watch only then: nothing is missed and nothing polls. A page says when its shard
// is closed and read to its end; the shards that go on name it as their parent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/stream_rows.h"
#include "services/dynamodb/stream_shapes.h"

namespace mayfly::dynamodb {

struct StreamName {
  std::string table;
  std::string label;
};
std::string stream_arn(const base::Scope& scope, const StreamName& name);
// Of another account or region: AccessDenied.
wire::Result<StreamName> stream_name_of(const base::Scope& scope, std::string_view arn);
// ResourceNotFound where there is none, or none any more.
base::Task<wire::Result<StreamRow>> open_stream(store::Transaction& transaction,
                                                const base::Scope& scope, const StreamName& name);

struct Generation {
  std::uint64_t sequence = 0;  // of the commit that began it
  GenerationRow row;
};
// Oldest first.
base::Task<wire::Result<std::vector<Generation>>> read_generations(store::Transaction& transaction,
                                                                   const base::Scope& scope,
                                                                   std::uint64_t stream);

struct Shard {
  std::uint32_t number = 0;
  std::string id;
  std::optional<std::string> parent;
  StreamPosition start;               // before all of its records
  std::optional<StreamPosition> end;  // behind all of them; nullopt: it is open
};
std::vector<Shard> shards_of(const std::vector<Generation>& generations);

struct StreamRecord {
  StreamPosition position;
  std::string bytes;  // what change() refers to
  std::optional<ItemChange> change() const { return read_change(bytes); }
};
struct ShardPage {
  std::vector<StreamRecord> records;
  StreamPosition next;  // where to go on
  bool closed = false;  // nothing follows, ever
};
// From `start` on, at most `limit` records, and no more than 1 MB past the first.
base::Task<wire::Result<ShardPage>> read_shard(store::Transaction& transaction,
                                               const base::Scope& scope, std::uint64_t stream,
                                               std::uint32_t shard, StreamPosition start,
                                               std::size_t limit);
// The first position whose record was not trimmed.
base::Task<wire::Result<StreamPosition>> trimmed_to(store::Transaction& transaction,
                                                    const base::Scope& scope, std::uint64_t stream,
                                                    std::uint32_t shard);
// Behind the newest record; nullopt where there is none.
base::Task<wire::Result<std::optional<StreamPosition>>> end_of_shard(
    store::Transaction& transaction, const base::Scope& scope, std::uint64_t stream,
    std::uint32_t shard);
// Set once a record, or the end, was committed to the shard after the call.
base::OneShot<bool> watch_shard(Dynamodb& dynamodb, const base::Scope& scope, std::uint64_t stream,
                                std::uint32_t shard);

// A record as the API and events show it.
wire::Result<RecordShape> show_record(const base::Scope& scope, const StreamRow& stream,
                                      const StreamRecord& record);

}  // namespace mayfly::dynamodb
