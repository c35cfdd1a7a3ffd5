// Stored keys of DynamoDB: the only file that knows them. docs/formats/dynamodb-items.md has the
// layout.
//
// Rows lie in the order of a 32-bit hash of the partition key, then the partition key, then the
// sort key: so a Scan goes in hash order, parallel segments divide the hashes, and a Query is one
// range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "services/dynamodb/model/key_condition.h"
#include "services/dynamodb/model/schema.h"
#include "services/dynamodb/model/stream.h"

namespace mayfly::dynamodb::keys {

// Tables of an account and region, by name.
std::string table(const base::Scope& scope, std::string_view name);
std::string tables(const base::Scope& scope);
std::optional<std::string> table_name(std::string_view key);
// The definition of a global table, by what is in the keys of its rows.
std::string global_table(const base::Scope& home, std::uint64_t row_id);
// Global tables of version 2017.11.29 of an account, by name: where the definition is.
std::string replication_group(std::string_view account, std::string_view name);
std::string replication_groups(std::string_view account);
std::optional<std::string> replication_group_name(std::string_view key);

// ClientRequestToken of TransactWriteItems, and the tokens by the time they end.
std::string token(const base::Scope& scope, std::string_view token);
std::string token_expiry(const base::Scope& scope, std::int64_t epoch_ms, std::string_view token);
struct TokenExpiry {
  std::int64_t epoch_ms = 0;
  std::string token;
};
std::string token_expiries(const base::Scope& scope);
std::optional<TokenExpiry> read_token_expiry(const base::Scope& scope, std::string_view key);

// The resource policy of a table, or of the stream with that label; all of a table.
std::string policy(const base::Scope& scope, std::string_view table, std::string_view stream);
std::string policies(const base::Scope& scope, std::string_view table);
// Contributor insights that are on: of a table, or of that index of it; all of a table; all.
std::string insights(const base::Scope& scope, std::string_view table, std::string_view index);
std::string insights(const base::Scope& scope, std::string_view table);
std::string insights(const base::Scope& scope);
struct Insights {
  std::string table, index;  // the index is empty for the table itself
};
std::optional<Insights> read_insights(const base::Scope& scope, std::string_view key);

// Backups of an account and region, by id.
std::string backup(const base::Scope& scope, std::string_view id);
std::string backups(const base::Scope& scope);
std::optional<std::string> backup_id(const base::Scope& scope, std::string_view key);

// Old images of a table's items: this, then the sequence of the change, then the item's key
// without items(). A mark in the history has no item.
std::string history(const base::Scope& scope, std::uint64_t row_id);
struct Change {
  std::uint64_t sequence = 0;
  std::string item;  // empty: a mark
};
std::optional<Change> read_change(std::string_view history, std::string_view key);

// The accounts and regions that have anything of DynamoDB: the first key of all; the first behind
// those of a scope; the scope of a key.
std::string all_scopes();
std::string behind_scope(const base::Scope& scope);
std::optional<base::Scope> scope_of(std::string_view key);

// What all keys of the table's items begin with; and of all its index entries; and of one index.
std::string items(const base::Scope& scope, std::uint64_t row_id);
std::string index_entries(const base::Scope& scope, std::uint64_t row_id);
std::string index_entries(const base::Scope& scope, std::uint64_t row_id, std::uint64_t index_id);
std::string rows(const Table& table, const Index* index);

std::string item(const Table& table, const KeyValues& key);
// The entry of an item with these keys of the table, under these keys of the index.
std::string index_entry(const Table& table, const Index& index, const KeyValues& index_key,
                        const KeyValues& table_key);

struct Range {
  std::string begin;
  std::string end;
};
Range query(const Table& table, const Index* index, const KeyCondition& condition);
// Segment `segment` of `total`: a part of the hashes.
Range scan(const Table& table, const Index* index, std::uint32_t segment, std::uint32_t total);
// How much of all hashes lies at or before this row: for estimates. `rows` is what its key begins
// with.
double hash_fraction(std::string_view rows, std::string_view key);

// Streams of an account and region, by table and label.
std::string stream(const base::Scope& scope, std::string_view table, std::string_view label);
std::string streams(const base::Scope& scope);
std::string streams(const base::Scope& scope, std::string_view table);
// What begins all stored of streams; the streams of a scope are the first of what is in it.
std::string all_streams();
std::string streams_of_scope_end(const base::Scope& scope);
std::optional<base::Scope> stream_scope(std::string_view key);
// Generations of shards: this, then the sequence of the commit that began them.
std::string generations(const base::Scope& scope, std::uint64_t stream);
std::optional<std::uint64_t> generation_sequence(std::string_view prefix, std::string_view key);
// Records: this, then their position. All of a stream; one shard's.
std::string records(const base::Scope& scope, std::uint64_t stream);
std::string records(const base::Scope& scope, std::uint64_t stream, std::uint32_t shard);
// How far a shard was trimmed: the position of the first record that may still be there.
std::string trims(const base::Scope& scope, std::uint64_t stream);
std::string trim(const base::Scope& scope, std::uint64_t stream, std::uint32_t shard);
// Which of `shards` equal parts of the hashes the partition key is in.
std::uint32_t shard_of(const Value& partition, std::uint32_t shards);

// The expiry index: of all tables; of a table; from a second on; the entry of the item in a row.
std::string all_expiries();
std::string expiries(const base::Scope& scope, std::uint64_t row_id);
std::string expiries_from(const base::Scope& scope, std::uint64_t row_id, std::int64_t seconds);
std::string expiry(const Table& table, std::int64_t seconds, std::string_view row);
struct Expiry {
  base::Scope scope;
  std::uint64_t row_id = 0;
  std::int64_t seconds = 0;
  std::string item;  // what follows items() in the item's key
};
std::optional<Expiry> read_expiry(std::string_view key);

}  // namespace mayfly::dynamodb::keys
