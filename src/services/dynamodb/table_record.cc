#include "services/dynamodb/table_record.h"

#include "services/dynamodb/table_shapes.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::dynamodb {
namespace {

constexpr char kFormatVersion = 1;

// The JSON. Members may be added, optional; what is there may not change its meaning.
struct KeyRecord {
  std::string name;
  std::string type;
  static constexpr auto shape() {
    return std::tuple{wire::field("name", &KeyRecord::name).required(),
                      wire::field("type", &KeyRecord::type).required()};
  }
};

struct PairRecord {
  std::int64_t read = 0;
  std::int64_t write = 0;
  static constexpr auto shape() {
    return std::tuple{wire::field("read", &PairRecord::read),
                      wire::field("write", &PairRecord::write)};
  }
};

struct IndexRecord {
  std::string name;
  std::string kind;  // "local", "global"
  std::int64_t id = 0;
  std::vector<KeyRecord> keys;
  std::string projection;
  std::vector<std::string> included;
  std::string status;  // "CREATING", "ACTIVE"
  PairRecord throughput;
  std::optional<PairRecord> on_demand_limit;
  std::optional<PairRecord> warm;
  static constexpr auto shape() {
    using Self = IndexRecord;
    return std::tuple{wire::field("name", &Self::name).required(),
                      wire::field("kind", &Self::kind).required(),
                      wire::field("id", &Self::id).required(),
                      wire::field("keys", &Self::keys).required(),
                      wire::field("projection", &Self::projection).required(),
                      wire::field("included", &Self::included),
                      wire::field("status", &Self::status).required(),
                      wire::field("throughput", &Self::throughput),
                      wire::field("on_demand_limit", &Self::on_demand_limit),
                      wire::field("warm", &Self::warm)};
  }
};

struct StreamRecord {
  std::int64_t id = 0;  // the bits of the unsigned number
  std::string label;
  std::string view;
  std::int64_t created_ms = 0;
  std::int64_t first_shard = 0;
  std::int64_t shards = 1;
  std::int64_t shards_ms = 0;
  static constexpr auto shape() {
    using Self = StreamRecord;
    return std::tuple{wire::field("id", &Self::id).required(),
                      wire::field("label", &Self::label).required(),
                      wire::field("view", &Self::view).required(),
                      wire::field("created_ms", &Self::created_ms).required(),
                      wire::field("first_shard", &Self::first_shard).required(),
                      wire::field("shards", &Self::shards).required(),
                      wire::field("shards_ms", &Self::shards_ms).required()};
  }
};

struct TimeToLiveRecord {
  std::string attribute;
  std::string status;  // "ENABLING", "ENABLED"
  std::int64_t id = 0;
  static constexpr auto shape() {
    using Self = TimeToLiveRecord;
    return std::tuple{wire::field("attribute", &Self::attribute).required(),
                      wire::field("status", &Self::status).required(),
                      wire::field("id", &Self::id).required()};
  }
};

struct RecoveryRecord {
  std::int64_t since_us = 0;
  std::int32_t days = 0;
  static constexpr auto shape() {
    return std::tuple{wire::field("since_us", &RecoveryRecord::since_us).required(),
                      wire::field("days", &RecoveryRecord::days).required()};
  }
};

struct RestoredRecord {
  std::string backup_arn;
  std::string table_arn;
  std::int64_t time_us = 0;
  bool in_progress = false;
  static constexpr auto shape() {
    using Self = RestoredRecord;
    return std::tuple{wire::field("backup_arn", &Self::backup_arn),
                      wire::field("table_arn", &Self::table_arn).required(),
                      wire::field("time_us", &Self::time_us).required(),
                      wire::field("in_progress", &Self::in_progress)};
  }
};

struct TableRecord {
  std::string name;
  std::string id;
  std::int64_t row_id = 0;  // the bits of the unsigned number
  std::vector<KeyRecord> keys;
  std::vector<KeyRecord> attributes;
  std::vector<IndexRecord> indexes;
  std::int64_t next_index_id = 1;
  std::string billing;
  std::optional<std::int64_t> pay_per_request_since_us;
  PairRecord throughput;
  std::optional<PairRecord> on_demand_limit;
  std::optional<PairRecord> warm;
  std::int64_t created_us = 0;
  bool deletion_protection = false;
  std::string table_class;
  std::string encryption_type;
  std::string encryption_key;
  std::vector<TagShape> tags;
  std::optional<StreamRecord> stream;
  std::string latest_stream;
  std::optional<TimeToLiveRecord> time_to_live;
  std::optional<RecoveryRecord> recovery;
  std::optional<RestoredRecord> restored;
  std::vector<std::string> copies;
  static constexpr auto shape() {
    using Self = TableRecord;
    return std::tuple{wire::field("name", &Self::name).required(),
                      wire::field("id", &Self::id).required(),
                      wire::field("row_id", &Self::row_id).required(),
                      wire::field("keys", &Self::keys).required(),
                      wire::field("attributes", &Self::attributes),
                      wire::field("indexes", &Self::indexes),
                      wire::field("next_index_id", &Self::next_index_id),
                      wire::field("billing", &Self::billing).required(),
                      wire::field("pay_per_request_since_us", &Self::pay_per_request_since_us),
                      wire::field("throughput", &Self::throughput),
                      wire::field("on_demand_limit", &Self::on_demand_limit),
                      wire::field("warm", &Self::warm),
                      wire::field("created_us", &Self::created_us).required(),
                      wire::field("deletion_protection", &Self::deletion_protection),
                      wire::field("table_class", &Self::table_class),
                      wire::field("encryption_type", &Self::encryption_type),
                      wire::field("encryption_key", &Self::encryption_key),
                      wire::field("tags", &Self::tags),
                      wire::field("stream", &Self::stream),
                      wire::field("latest_stream", &Self::latest_stream),
                      wire::field("time_to_live", &Self::time_to_live),
                      wire::field("recovery", &Self::recovery),
                      wire::field("restored", &Self::restored),
                      wire::field("copies", &Self::copies)};
  }
};

base::WallTime time_from_us(std::int64_t us) {
  return base::WallTime{std::chrono::microseconds{us}};
}

KeyRecord record_of(const KeyAttribute& attribute) {
  return {attribute.name, std::string(type_name(attribute.type))};
}

std::vector<KeyRecord> record_of(const KeySchema& schema) {
  std::vector<KeyRecord> keys{record_of(schema.partition)};
  if (schema.sort) keys.push_back(record_of(*schema.sort));
  return keys;
}

PairRecord record_of(const Throughput& throughput) { return {throughput.read, throughput.write}; }
std::optional<PairRecord> record_of(const std::optional<Throughput>& throughput) {
  if (!throughput) return std::nullopt;
  return record_of(*throughput);
}
Throughput throughput_of(const PairRecord& record) { return {record.read, record.write}; }
std::optional<Throughput> throughput_of(const std::optional<PairRecord>& record) {
  if (!record) return std::nullopt;
  return throughput_of(*record);
}

std::optional<KeyAttribute> key_of(const KeyRecord& record) {
  const auto type = type_from_name(record.type);
  if (!type) return std::nullopt;
  return KeyAttribute{record.name, *type};
}

std::optional<KeySchema> schema_of(const std::vector<KeyRecord>& keys) {
  if (keys.empty() || keys.size() > 2) return std::nullopt;
  auto partition = key_of(keys[0]);
  if (!partition) return std::nullopt;
  KeySchema schema{std::move(*partition), std::nullopt};
  if (keys.size() == 2) {
    schema.sort = key_of(keys[1]);
    if (!schema.sort) return std::nullopt;
  }
  return schema;
}

std::string projection_name(ProjectionType projection) {
  return std::string(kProjectionTypes[static_cast<std::size_t>(projection)]);
}

std::optional<ProjectionType> projection_from(std::string_view name) {
  for (std::size_t i = 0; i < kProjectionTypes.size(); ++i) {
    if (kProjectionTypes[i] == name) return static_cast<ProjectionType>(i);
  }
  return std::nullopt;
}

IndexRecord record_of(const Index& index) {
  IndexRecord record;
  record.name = index.name;
  record.kind = index.kind == IndexKind::local ? "local" : "global";
  record.id = static_cast<std::int64_t>(index.id);
  record.keys = record_of(index.keys);
  record.projection = projection_name(index.projection);
  record.included = index.included;
  record.status = index.status == IndexStatus::active ? "ACTIVE" : "CREATING";
  record.throughput = record_of(index.throughput);
  record.on_demand_limit = record_of(index.on_demand_limit);
  record.warm = record_of(index.warm);
  return record;
}

std::optional<Index> index_of(IndexRecord record) {
  auto keys = schema_of(record.keys);
  const auto projection = projection_from(record.projection);
  if (!keys || !projection) return std::nullopt;
  Index index;
  index.name = std::move(record.name);
  index.kind = record.kind == "local" ? IndexKind::local : IndexKind::global;
  index.id = static_cast<std::uint64_t>(record.id);
  index.keys = std::move(*keys);
  index.projection = *projection;
  index.included = std::move(record.included);
  index.status = record.status == "ACTIVE" ? IndexStatus::active : IndexStatus::creating;
  index.throughput = throughput_of(record.throughput);
  index.on_demand_limit = throughput_of(record.on_demand_limit);
  index.warm = throughput_of(record.warm);
  return index;
}

std::optional<StreamRecord> record_of(const std::optional<TableStream>& stream) {
  if (!stream) return std::nullopt;
  StreamRecord record;
  record.id = static_cast<std::int64_t>(stream->id);
  record.label = stream->label;
  record.view = view_name(stream->view);
  record.created_ms = stream->created_ms;
  record.first_shard = stream->first_shard;
  record.shards = stream->shards;
  record.shards_ms = stream->shards_ms;
  return record;
}

std::optional<TableStream> stream_of(StreamRecord record) {
  const auto view = view_from(record.view);
  if (!view || record.first_shard < 0 || record.shards < 1) return std::nullopt;
  TableStream stream;
  stream.id = static_cast<std::uint64_t>(record.id);
  stream.label = std::move(record.label);
  stream.view = *view;
  stream.created_ms = record.created_ms;
  stream.first_shard = static_cast<std::uint32_t>(record.first_shard);
  stream.shards = static_cast<std::uint32_t>(record.shards);
  stream.shards_ms = record.shards_ms;
  return stream;
}

}  // namespace

std::string encode_table(const Table& table) {
  TableRecord record;
  record.name = table.name;
  record.id = table.id;
  record.row_id = static_cast<std::int64_t>(table.row_id);
  record.keys = record_of(table.keys);
  for (const KeyAttribute& attribute : table.attributes)
    record.attributes.push_back(record_of(attribute));
  for (const Index& index : table.indexes) record.indexes.push_back(record_of(index));
  record.next_index_id = static_cast<std::int64_t>(table.next_index_id);
  record.billing = table.billing == BillingMode::provisioned ? "PROVISIONED" : "PAY_PER_REQUEST";
  if (table.pay_per_request_since) {
    record.pay_per_request_since_us = base::epoch_us(*table.pay_per_request_since);
  }
  record.throughput = record_of(table.throughput);
  record.on_demand_limit = record_of(table.on_demand_limit);
  record.warm = record_of(table.warm);
  record.created_us = base::epoch_us(table.created);
  record.deletion_protection = table.deletion_protection == DeletionProtection::on;
  record.table_class = table.table_class;
  record.encryption_type = table.encryption_type;
  record.encryption_key = table.encryption_key;
  for (const Tag& tag : table.tags) record.tags.push_back({tag.key, tag.value});
  record.stream = record_of(table.stream);
  record.latest_stream = table.latest_stream;
  if (table.time_to_live) {
    const bool enabling = table.time_to_live->status == TimeToLiveStatus::enabling;
    record.time_to_live =
        TimeToLiveRecord{table.time_to_live->attribute, enabling ? "ENABLING" : "ENABLED",
                         static_cast<std::int64_t>(table.time_to_live->id)};
  }
  if (table.recovery) {
    record.recovery = RecoveryRecord{base::epoch_us(table.recovery->since), table.recovery->days};
  }
  if (table.restored) {
    record.restored =
        RestoredRecord{table.restored->backup_arn, table.restored->table_arn,
                       base::epoch_us(table.restored->time), table.restored->in_progress};
  }
  record.copies = table.copies;
  std::string out(1, kFormatVersion);
  wire::write_json(wire::encode(std::move(record)), out);
  return out;
}

std::optional<Table> decode_table(const base::Scope& scope, std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormatVersion) return std::nullopt;
  auto document = wire::parse_json(bytes.substr(1));
  if (!document) return std::nullopt;
  auto record = wire::decode<TableRecord>(std::move(*document));
  if (!record) return std::nullopt;
  auto keys = schema_of(record->keys);
  if (!keys) return std::nullopt;
  Table table;
  table.scope = scope;
  table.name = std::move(record->name);
  table.id = std::move(record->id);
  table.row_id = static_cast<std::uint64_t>(record->row_id);
  table.keys = std::move(*keys);
  for (const KeyRecord& attribute : record->attributes) {
    auto key = key_of(attribute);
    if (!key) return std::nullopt;
    table.attributes.push_back(std::move(*key));
  }
  for (IndexRecord& stored : record->indexes) {
    auto index = index_of(std::move(stored));
    if (!index) return std::nullopt;
    table.indexes.push_back(std::move(*index));
  }
  table.next_index_id = static_cast<std::uint64_t>(record->next_index_id);
  table.billing =
      record->billing == "PROVISIONED" ? BillingMode::provisioned : BillingMode::pay_per_request;
  if (record->pay_per_request_since_us) {
    table.pay_per_request_since =
        base::WallTime{std::chrono::microseconds{*record->pay_per_request_since_us}};
  }
  table.throughput = throughput_of(record->throughput);
  table.on_demand_limit = throughput_of(record->on_demand_limit);
  table.warm = throughput_of(record->warm);
  table.created = base::WallTime{std::chrono::microseconds{record->created_us}};
  table.deletion_protection =
      record->deletion_protection ? DeletionProtection::on : DeletionProtection::off;
  table.table_class = std::move(record->table_class);
  table.encryption_type = std::move(record->encryption_type);
  table.encryption_key = std::move(record->encryption_key);
  if (record->stream) {
    table.stream = stream_of(std::move(*record->stream));
    if (!table.stream) return std::nullopt;
  }
  table.latest_stream = std::move(record->latest_stream);
  if (record->time_to_live) {
    table.time_to_live =
        TimeToLive{std::move(record->time_to_live->attribute),
                   record->time_to_live->status == "ENABLING" ? TimeToLiveStatus::enabling
                                                              : TimeToLiveStatus::enabled,
                   static_cast<std::uint64_t>(record->time_to_live->id)};
  }
  if (record->recovery) {
    table.recovery = Recovery{time_from_us(record->recovery->since_us), record->recovery->days};
  }
  if (record->restored) {
    RestoredRecord& restored = *record->restored;
    table.restored = Restored{std::move(restored.backup_arn), std::move(restored.table_arn),
                              time_from_us(restored.time_us), restored.in_progress};
  }
  table.copies = std::move(record->copies);
  for (TagShape& tag : record->tags)
    table.tags.push_back({std::move(tag.key), std::move(tag.value)});
  return table;
}

}  // namespace mayfly::dynamodb
