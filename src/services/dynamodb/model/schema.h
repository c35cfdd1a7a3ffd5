// What a table is: its keys, its indexes and settings. Immutable once read; a change makes a new
// one.
//
// Table is what operations work with; table_record.h is its stored form, the shapes its form in the
// API.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/stream.h"
#include "services/dynamodb/model/value.h"

namespace mayfly::dynamodb {

struct KeyAttribute {
  std::string name;
  Type type = Type::s;  // s, n or b
  bool operator==(const KeyAttribute&) const = default;
};

struct KeySchema {
  KeyAttribute partition;
  std::optional<KeyAttribute> sort;

  bool contains(std::string_view attribute) const {
    return partition.name == attribute || (sort && sort->name == attribute);
  }
  std::size_t size() const { return sort ? 2 : 1; }
};

enum class ProjectionType : std::uint8_t { all, keys_only, include };
enum class IndexKind : std::uint8_t { local, global };
enum class IndexStatus : std::uint8_t { creating, active };

struct Throughput {
  std::int64_t read = 0;
  std::int64_t write = 0;
  bool operator==(const Throughput&) const = default;
};

struct Index {
  std::string name;
  IndexKind kind = IndexKind::global;
  std::uint64_t id = 0;  // unique in the table, never used again
  KeySchema keys;
  ProjectionType projection = ProjectionType::all;
  std::vector<std::string> included;  // NonKeyAttributes, of ProjectionType::include
  IndexStatus status = IndexStatus::active;
  Throughput throughput;
  std::optional<Throughput> on_demand_limit;
  std::optional<Throughput> warm;
};

enum class BillingMode : std::uint8_t { provisioned, pay_per_request };
enum class DeletionProtection : std::uint8_t { off, on };

// The enabled stream of a table. Writers find the shard of a change here.
struct TableStream {
  std::uint64_t id = 0;  // in the keys of what is stored of it
  std::string label;
  StreamView view = StreamView::new_image;
  std::int64_t created_ms = 0;
  std::uint32_t first_shard = 0;  // of the open ones
  std::uint32_t shards = 1;
  std::int64_t shards_ms = 0;  // when the open ones began
};

enum class TimeToLiveStatus : std::uint8_t { enabling, enabled };
struct TimeToLive {
  std::string attribute;
  TimeToLiveStatus status = TimeToLiveStatus::enabling;
  std::uint64_t id = 0;  // unique in the table, with the ids of its indexes
};

// Point-in-time recovery: since when it can go back, and for how long what it needs is kept.
struct Recovery {
  base::WallTime since;
  std::int32_t days = 0;
};

// Where a restored table came from.
struct Restored {
  std::string backup_arn;  // empty: a point in time
  std::string table_arn;
  base::WallTime time;
  bool in_progress = false;
};

// Of reads, in one region; nullopt: as in the others.
struct ReadOverride {
  std::optional<std::int64_t> provisioned;
  std::optional<std::int64_t> on_demand;
  bool operator==(const ReadOverride&) const = default;
};

struct Tag {
  std::string key;
  std::string value;
};

// What a table has of its own in a region; a global table has it once for each of its replicas.
struct RegionalSettings {
  std::string id;  // TableId, a UUID
  base::WallTime created;
  DeletionProtection deletion_protection = DeletionProtection::off;
  std::string table_class;      // empty where never set
  std::string encryption_type;  // "KMS" where the client asked for it, else empty
  std::string encryption_key;
  std::vector<Tag> tags;
  std::optional<TableStream> stream;
  std::string latest_stream;  // label of the newest stream, enabled or not; empty: never had one
  std::optional<Recovery> recovery;
  std::optional<Restored> restored;
  ReadOverride reads;                                 // of a replica
  std::map<std::string, ReadOverride> indexes_reads;  // of its global indexes, by name
};

struct Replica {
  std::string region;
  RegionalSettings settings;
};

enum class GlobalVersion : std::uint8_t { v2017, v2019 };
enum class MultiRegionConsistency : std::uint8_t { eventual, strong };

// Of a table that has replicas, or once had. All replicas are the same rows, seen from several
// regions: what is written in one is there in all.
struct GlobalTable {
  GlobalVersion version = GlobalVersion::v2019;
  MultiRegionConsistency consistency = MultiRegionConsistency::eventual;
  std::vector<Replica> others;  // all but the one that the table is seen from
  std::string witness;          // region, or empty
  base::WallTime created;
};

// As it is seen from scope's region.
struct Table : RegionalSettings {
  base::Scope scope;
  base::Scope home;  // in the keys of its rows: where it was first made
  std::string name;
  std::uint64_t row_id =
      0;  // in the keys of its rows; a table of the same name made later has another one
  KeySchema keys;
  std::vector<KeyAttribute> attributes;  // AttributeDefinitions, as given
  std::vector<Index> indexes;
  std::uint64_t next_index_id = 1;
  BillingMode billing = BillingMode::provisioned;
  std::optional<base::WallTime> pay_per_request_since;
  Throughput throughput;
  std::optional<Throughput> on_demand_limit;  // OnDemandThroughput, as asked for
  std::optional<Throughput> warm;             // WarmThroughput, as asked for
  std::optional<TimeToLive> time_to_live;
  std::vector<std::string> copies;  // ids of the work that copies from this table now
  std::optional<GlobalTable> global;

  bool has_replicas() const { return global && !global->others.empty(); }
  // Whether it belongs to a global table of version 2017.11.29.
  bool in_replication_group() const { return global && global->version == GlobalVersion::v2017; }
  // Makes the replica of that region the one it is seen from; false where there is none.
  bool see_from(std::string_view region);
  // Whether each change leaves the old image of its item behind (operations/history.h).
  bool keeps_history() const { return !copies.empty() || longest_recovery() > 0; }
  // Days that any replica can go back; 0: none can.
  std::int32_t longest_recovery() const;
  // Whether a change leaves a record behind, in any region.
  bool has_stream() const;
  // Being restored: nobody may use it yet.
  bool is_creating() const { return restored && restored->in_progress; }

  std::string stream_arn(std::string_view label) const {
    return arn() + "/stream/" + std::string(label);
  }
  std::string arn() const { return scope.arn("dynamodb", "table/" + name); }
  // The ReadOverride of the table, or of that index, in this region.
  ReadOverride reads_of(const Index* index) const;
  const Index* find_index(std::string_view index_name) const;
  bool is_any_key(std::string_view attribute) const;  // of the table or of an index
};

// What the table, or that index, is given in this region; of an on-demand one its maximum, -1 where
// there is none.
Throughput throughput_of(const Table& table, const Index* index);

// Key values of one item, pointing into it.
struct KeyValues {
  const Value* partition = nullptr;
  const Value* sort = nullptr;  // null where the schema has none
};

// For PutItem: the key of a whole item. The messages name what is missing or wrong.
Checked<KeyValues> key_of_item(const KeySchema& schema, const Item& item);
// For GetItem and the like: `key` holds the key attributes and nothing else.
Checked<KeyValues> key_of_key(const KeySchema& schema, const Item& key);
// An index's key values if the item is in the index, nullopt if it is not (sparse). No message: see
// check_index_keys.
std::optional<KeyValues> index_key(const Index& index, const Item& item);
// Refuses an item whose index key attributes have a type or size that cannot be indexed. DynamoDB
// words it after the kind of write.
enum class WriteKind : std::uint8_t { put, update };
Checked<void> check_index_keys(const Table& table, const Item& item, WriteKind kind);

// The attributes of `item` that the index holds.
Item project_for_index(const Table& table, const Index& index, const Item& item);
// Only the key attributes: of the table, and of the index where one is given.
Item key_attributes(const Table& table, const Index* index, const Item& item);

// 3 to 255 of a-z A-Z 0-9 _ - .
bool is_valid_name(std::string_view name);

}  // namespace mayfly::dynamodb
