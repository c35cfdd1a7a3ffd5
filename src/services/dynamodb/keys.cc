#include "services/dynamodb/keys.h"

#include "store/keyspaces.h"
#include "store/store.h"

namespace mayfly::dynamodb::keys {
namespace {

using store::KeyReader;
using store::KeySpace;
using store::KeyWriter;

// In KeySpace::dynamodb. Stored: append only.
enum class Kind : std::uint8_t {
  table = 1,
  token = 2,
  token_expiry = 3,
  backup = 4,
  policy = 5,
  insights = 6,
  global_table = 7,
  replication_group = 8
};

KeyWriter in(const base::Scope& scope, Kind kind) {
  return key_in(KeySpace::dynamodb, scope).u8(static_cast<std::uint8_t>(kind));
}

// In KeySpace::dynamodb_stream. Stored: append only.
enum class StreamKind : std::uint8_t { stream = 1, generation = 2, record = 3, trim = 4 };

KeyWriter in(const base::Scope& scope, StreamKind kind) {
  return key_in(KeySpace::dynamodb_stream, scope).u8(static_cast<std::uint8_t>(kind));
}

constexpr std::size_t kHashBytes = 4;

// FNV-1a with a final mix. Stored in every key: it may never change.
std::uint32_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3U;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdU;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53U;
  hash ^= hash >> 33;
  return static_cast<std::uint32_t>(hash >> 32);
}

void append_hash(std::string& out, std::uint32_t hash) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(hash >> shift));
}

// The value's bytes, ordered as the values are. Numbers end themselves; strings and binaries do
// not.
void append_plain(std::string& out, const Value& value) {
  if (const auto* text = value.as<std::string>()) out.append(*text);
  if (const auto* binary = value.as<Binary>()) out.append(binary->bytes);
  if (const auto* number = value.as<Number>()) number->append_key(out);
}

enum class Ending : std::uint8_t { closed, open };

// The same in a form that ends itself: 00 becomes 00 FF, the end is 00 01. Left open, it is a
// prefix of all that begin so.
void append_ordered(std::string& out, const Value& value, Ending ending) {
  if (const auto* number = value.as<Number>()) {
    number->append_key(out);
    return;
  }
  std::string plain;
  append_plain(plain, value);
  for (const char byte : plain) {
    out.push_back(byte);
    if (byte == '\0') out.push_back('\xff');
  }
  if (ending == Ending::closed) out.append("\0\x01", 2);
}

// Length (two bytes), then the bytes: equality is all that a partition key needs.
void append_counted(std::string& out, const Value& value) {
  const std::size_t at = out.size();
  out.append(2, '\0');
  append_plain(out, value);
  const std::size_t length = out.size() - at - 2;
  out[at] = static_cast<char>(length >> 8);
  out[at + 1] = static_cast<char>(length);
}

void append_partition(std::string& out, const Value& value) {
  std::string plain;
  append_plain(plain, value);
  append_hash(out, hash_of(plain));
  append_counted(out, value);
}

// Keys of the form prefix + sort, where `closed` sort keys end themselves (index entries, more
// follows) and others are the rest of the key (items).
Range sort_range(const std::string& prefix, const KeyCondition& condition, bool closed) {
  using Sort = KeyCondition::Sort;
  const auto at = [&](const Value& value, Ending ending) {
    std::string key = prefix;
    if (closed) {
      append_ordered(key, value, ending);
    } else {
      append_plain(key, value);
    }
    return key;
  };
  const auto from = [&](const Value& value) { return at(value, Ending::closed); };
  // The first key behind all that have this sort key.
  const auto behind = [&](const Value& value) {
    std::string key = from(value);
    if (closed) return store::prefix_end(key);
    key.push_back('\0');
    return key;
  };
  const std::string end = store::prefix_end(prefix);
  switch (condition.sort) {
    case Sort::any:
      return {prefix, end};
    case Sort::eq:
      return {from(*condition.first), behind(*condition.first)};
    case Sort::lt:
      return {prefix, from(*condition.first)};
    case Sort::le:
      return {prefix, behind(*condition.first)};
    case Sort::gt:
      return {behind(*condition.first), end};
    case Sort::ge:
      return {from(*condition.first), end};
    case Sort::between:
      return {from(*condition.first), behind(*condition.second)};
    case Sort::begins_with: {
      std::string begin = at(*condition.first, Ending::open);
      std::string stop = store::prefix_end(begin);
      return {std::move(begin), std::move(stop)};
    }
  }
  return {prefix, end};
}

}  // namespace

std::string table(const base::Scope& scope, std::string_view name) {
  return in(scope, Kind::table).str(name).done();
}
std::string tables(const base::Scope& scope) { return in(scope, Kind::table).done(); }

namespace {

std::optional<std::string> read_name(Kind kind, std::string_view key) {
  KeyReader reader(key);
  if (!read_scope(reader, KeySpace::dynamodb)) return std::nullopt;
  if (reader.u8() != static_cast<std::uint8_t>(kind)) return std::nullopt;
  auto name = reader.str();
  if (!reader.at_end()) return std::nullopt;
  return name;
}

}  // namespace

std::optional<std::string> table_name(std::string_view key) { return read_name(Kind::table, key); }

std::string global_table(const base::Scope& home, std::uint64_t row_id) {
  return in(home, Kind::global_table).u64(row_id).done();
}

std::string replication_group(std::string_view account, std::string_view name) {
  return in({std::string(account), {}}, Kind::replication_group).str(name).done();
}

std::string replication_groups(std::string_view account) {
  return in({std::string(account), {}}, Kind::replication_group).done();
}

std::optional<std::string> replication_group_name(std::string_view key) {
  return read_name(Kind::replication_group, key);
}

std::string token(const base::Scope& scope, std::string_view token) {
  return in(scope, Kind::token).str(token).done();
}
std::string token_expiry(const base::Scope& scope, std::int64_t epoch_ms, std::string_view token) {
  return in(scope, Kind::token_expiry).i64(epoch_ms).str(token).done();
}
std::string token_expiries(const base::Scope& scope) {
  return in(scope, Kind::token_expiry).done();
}

std::optional<TokenExpiry> read_token_expiry(const base::Scope& scope, std::string_view key) {
  KeyReader reader(key);
  if (!reader.skip(token_expiries(scope))) return std::nullopt;
  const auto epoch_ms = reader.i64();
  auto name = reader.str();
  if (!epoch_ms || !name || !reader.at_end()) return std::nullopt;
  return TokenExpiry{*epoch_ms, std::move(*name)};
}

std::string policy(const base::Scope& scope, std::string_view table, std::string_view stream) {
  return in(scope, Kind::policy).str(table).str(stream).done();
}
std::string policies(const base::Scope& scope, std::string_view table) {
  return in(scope, Kind::policy).str(table).done();
}
std::string insights(const base::Scope& scope, std::string_view table, std::string_view index) {
  return in(scope, Kind::insights).str(table).str(index).done();
}
std::string insights(const base::Scope& scope, std::string_view table) {
  return in(scope, Kind::insights).str(table).done();
}
std::string insights(const base::Scope& scope) { return in(scope, Kind::insights).done(); }
std::optional<Insights> read_insights(const base::Scope& scope, std::string_view key) {
  KeyReader reader(key);
  if (!reader.skip(insights(scope))) return std::nullopt;
  auto table = reader.str();
  auto index = reader.str();
  if (!table || !index || !reader.at_end()) return std::nullopt;
  return Insights{std::move(*table), std::move(*index)};
}

std::string backup(const base::Scope& scope, std::string_view id) {
  return in(scope, Kind::backup).str(id).done();
}
std::string backups(const base::Scope& scope) { return in(scope, Kind::backup).done(); }
std::optional<std::string> backup_id(const base::Scope& scope, std::string_view key) {
  KeyReader reader(key);
  if (!reader.skip(backups(scope))) return std::nullopt;
  auto id = reader.str();
  if (!reader.at_end()) return std::nullopt;
  return id;
}

std::string history(const base::Scope& scope, std::uint64_t row_id) {
  return key_in(KeySpace::dynamodb_history, scope).u64(row_id).done();
}
std::optional<Change> read_change(std::string_view history, std::string_view key) {
  KeyReader reader(key);
  if (!reader.skip(history)) return std::nullopt;
  const auto sequence = reader.sequence();
  if (!sequence) return std::nullopt;
  return Change{*sequence, std::string(key.substr(history.size() + sizeof(std::uint64_t)))};
}

std::string all_scopes() { return store::key_in(KeySpace::dynamodb).done(); }
std::string behind_scope(const base::Scope& scope) {
  return store::prefix_end(key_in(KeySpace::dynamodb, scope).done());
}
std::optional<base::Scope> scope_of(std::string_view key) {
  KeyReader reader(key);
  return read_scope(reader, KeySpace::dynamodb);
}

std::string items(const base::Scope& scope, std::uint64_t row_id) {
  return key_in(KeySpace::dynamodb_items, scope).u64(row_id).done();
}
std::string index_entries(const base::Scope& scope, std::uint64_t row_id) {
  return key_in(KeySpace::dynamodb_index, scope).u64(row_id).done();
}
std::string index_entries(const base::Scope& scope, std::uint64_t row_id, std::uint64_t index_id) {
  return key_in(KeySpace::dynamodb_index, scope).u64(row_id).u64(index_id).done();
}
std::string rows(const Table& table, const Index* index) {
  return index == nullptr ? items(table.home, table.row_id)
                          : index_entries(table.home, table.row_id, index->id);
}

std::string item(const Table& table, const KeyValues& key) {
  std::string out = items(table.home, table.row_id);
  append_partition(out, *key.partition);
  if (key.sort != nullptr) append_plain(out, *key.sort);
  return out;
}

std::string index_entry(const Table& table, const Index& index, const KeyValues& index_key,
                        const KeyValues& table_key) {
  std::string out = rows(table, &index);
  append_partition(out, *index_key.partition);
  if (index_key.sort != nullptr) append_ordered(out, *index_key.sort, Ending::closed);
  if (index.kind == IndexKind::global) append_counted(out, *table_key.partition);
  if (table_key.sort != nullptr) append_plain(out, *table_key.sort);
  return out;
}

Range query(const Table& table, const Index* index, const KeyCondition& condition) {
  std::string prefix = rows(table, index);
  append_partition(prefix, *condition.partition);
  return sort_range(prefix, condition, index != nullptr);
}

Range scan(const Table& table, const Index* index, std::uint32_t segment, std::uint32_t total) {
  const std::string prefix = rows(table, index);
  const auto boundary = [&](std::uint32_t number) {
    std::string key = prefix;
    append_hash(key, static_cast<std::uint32_t>((std::uint64_t{number} << 32) / total));
    return key;
  };
  Range range{segment == 0 ? prefix : boundary(segment), store::prefix_end(prefix)};
  if (segment + 1 < total) range.end = boundary(segment + 1);
  return range;
}

double hash_fraction(std::string_view rows, std::string_view key) {
  if (key.size() < rows.size() + kHashBytes) return 1;
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < kHashBytes; ++i) {
    hash = hash << 8 | static_cast<unsigned char>(key[rows.size() + i]);
  }
  return (static_cast<double>(hash) + 1) / 4294967296.0;
}

std::string stream(const base::Scope& scope, std::string_view table, std::string_view label) {
  return in(scope, StreamKind::stream).str(table).str(label).done();
}
std::string streams(const base::Scope& scope) { return in(scope, StreamKind::stream).done(); }
std::string streams(const base::Scope& scope, std::string_view table) {
  return in(scope, StreamKind::stream).str(table).done();
}
std::string all_streams() { return store::key_in(KeySpace::dynamodb_stream).done(); }
std::string streams_of_scope_end(const base::Scope& scope) {
  return store::prefix_end(key_in(KeySpace::dynamodb_stream, scope).done());
}
std::optional<base::Scope> stream_scope(std::string_view key) {
  KeyReader reader(key);
  return read_scope(reader, KeySpace::dynamodb_stream);
}

std::string generations(const base::Scope& scope, std::uint64_t stream) {
  return in(scope, StreamKind::generation).u64(stream).done();
}
std::optional<std::uint64_t> generation_sequence(std::string_view prefix, std::string_view key) {
  KeyReader reader(key);
  if (!reader.skip(prefix)) return std::nullopt;
  const auto sequence = reader.sequence();
  return reader.at_end() ? sequence : std::nullopt;
}

std::string records(const base::Scope& scope, std::uint64_t stream) {
  return in(scope, StreamKind::record).u64(stream).done();
}
std::string records(const base::Scope& scope, std::uint64_t stream, std::uint32_t shard) {
  return in(scope, StreamKind::record).u64(stream).u64(shard).done();
}
std::string trims(const base::Scope& scope, std::uint64_t stream) {
  return in(scope, StreamKind::trim).u64(stream).done();
}
std::string trim(const base::Scope& scope, std::uint64_t stream, std::uint32_t shard) {
  return in(scope, StreamKind::trim).u64(stream).u64(shard).done();
}

std::uint32_t shard_of(const Value& partition, std::uint32_t shards) {
  std::string plain;
  append_plain(plain, partition);
  return static_cast<std::uint32_t>(std::uint64_t{hash_of(plain)} * shards >> 32);
}

std::string all_expiries() { return store::key_in(KeySpace::dynamodb_expiry).done(); }
std::string expiries(const base::Scope& scope, std::uint64_t row_id) {
  return key_in(KeySpace::dynamodb_expiry, scope).u64(row_id).done();
}
std::string expiries_from(const base::Scope& scope, std::uint64_t row_id, std::int64_t seconds) {
  return key_in(KeySpace::dynamodb_expiry, scope).u64(row_id).i64(seconds).done();
}
std::string expiry(const Table& table, std::int64_t seconds, std::string_view row) {
  row.remove_prefix(items(table.home, table.row_id).size());
  return key_in(KeySpace::dynamodb_expiry, table.home)
      .u64(table.row_id)
      .i64(seconds)
      .raw(row)
      .done();
}
std::optional<Expiry> read_expiry(std::string_view key) {
  KeyReader reader(key);
  auto scope = read_scope(reader, KeySpace::dynamodb_expiry);
  const auto row_id = reader.u64();
  const auto seconds = reader.i64();
  const auto item = reader.raw();
  if (!scope || !row_id || !seconds || !item) return std::nullopt;
  return Expiry{std::move(*scope), *row_id, *seconds, std::string(*item)};
}

}  // namespace mayfly::dynamodb::keys
