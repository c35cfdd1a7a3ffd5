#include "services/dynamodb/table_record.h"

#include "services/dynamodb/table_shapes.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::dynamodb {
namespace {

constexpr char kFormatVersion = 1;
constexpr char kPointerVersion = 2;

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

struct ReadsRecord {
  std::optional<std::int64_t> provisioned;
  std::optional<std::int64_t> on_demand;
  static constexpr auto shape() {
    return std::tuple{wire::field("provisioned", &ReadsRecord::provisioned),
                      wire::field("on_demand", &ReadsRecord::on_demand)};
  }
};

// What a table has of its own in a region: of the table itself, and of each of its replicas.
struct RegionalRecord {
  std::string id;
  std::int64_t created_us = 0;
  bool deletion_protection = false;
  std::string table_class;
  std::string encryption_type;
  std::string encryption_key;
  std::vector<TagShape> tags;
  std::optional<StreamRecord> stream;
  std::string latest_stream;
  std::optional<RecoveryRecord> recovery;
  std::optional<RestoredRecord> restored;
  ReadsRecord reads;
  std::map<std::string, ReadsRecord> indexes_reads;
};

template <class Self>
constexpr auto regional_fields() {
  using Base = RegionalRecord;
  const auto own = []<class Member>(Member Base::* member) {
    return static_cast<Member Self::*>(member);
  };
  return std::tuple{wire::field("id", own(&Base::id)).required(),
                    wire::field("created_us", own(&Base::created_us)).required(),
                    wire::field("deletion_protection", own(&Base::deletion_protection)),
                    wire::field("table_class", own(&Base::table_class)),
                    wire::field("encryption_type", own(&Base::encryption_type)),
                    wire::field("encryption_key", own(&Base::encryption_key)),
                    wire::field("tags", own(&Base::tags)),
                    wire::field("stream", own(&Base::stream)),
                    wire::field("latest_stream", own(&Base::latest_stream)),
                    wire::field("recovery", own(&Base::recovery)),
                    wire::field("restored", own(&Base::restored)),
                    wire::field("reads", own(&Base::reads)),
                    wire::field("indexes_reads", own(&Base::indexes_reads))};
}

struct ReplicaRecord : RegionalRecord {
  std::string region;
  static constexpr auto shape() {
    return std::tuple_cat(std::tuple{wire::field("region", &ReplicaRecord::region).required()},
                          regional_fields<ReplicaRecord>());
  }
};

struct GlobalRecord {
  std::string home;     // region in the keys of the rows
  std::string region;   // the one that the rest of the record is seen from
  std::string version;  // "2017.11.29", "2019.11.21"
  std::string consistency;
  std::vector<ReplicaRecord> others;
  std::string witness;
  std::int64_t created_us = 0;
  static constexpr auto shape() {
    using Self = GlobalRecord;
    return std::tuple{wire::field("home", &Self::home).required(),
                      wire::field("region", &Self::region).required(),
                      wire::field("version", &Self::version).required(),
                      wire::field("consistency", &Self::consistency).required(),
                      wire::field("others", &Self::others).required(),
                      wire::field("witness", &Self::witness),
                      wire::field("created_us", &Self::created_us).required()};
  }
};

struct TableRecord : RegionalRecord {
  std::string name;
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
  std::optional<TimeToLiveRecord> time_to_live;
  std::vector<std::string> copies;
  std::optional<GlobalRecord> global;
  static constexpr auto shape() {
    using Self = TableRecord;
    return std::tuple_cat(
        std::tuple{
            wire::field("name", &Self::name).required(),
            wire::field("row_id", &Self::row_id).required(),
            wire::field("keys", &Self::keys).required(),
            wire::field("attributes", &Self::attributes), wire::field("indexes", &Self::indexes),
            wire::field("next_index_id", &Self::next_index_id),
            wire::field("billing", &Self::billing).required(),
            wire::field("pay_per_request_since_us", &Self::pay_per_request_since_us),
            wire::field("throughput", &Self::throughput),
            wire::field("on_demand_limit", &Self::on_demand_limit),
            wire::field("warm", &Self::warm), wire::field("time_to_live", &Self::time_to_live),
            wire::field("copies", &Self::copies), wire::field("global", &Self::global)},
        regional_fields<TableRecord>());
  }
};

// What is stored in the place of a global table's definition in each of its regions.
struct PointerRecord {
  std::string home;
  std::int64_t row_id = 0;
  static constexpr auto shape() {
    return std::tuple{wire::field("home", &PointerRecord::home).required(),
                      wire::field("row_id", &PointerRecord::row_id).required()};
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

ReadsRecord record_of(const ReadOverride& reads) { return {reads.provisioned, reads.on_demand}; }
ReadOverride reads_of(const ReadsRecord& record) { return {record.provisioned, record.on_demand}; }

void encode_regional(const RegionalSettings& settings, RegionalRecord& record) {
  record.id = settings.id;
  record.created_us = base::epoch_us(settings.created);
  record.deletion_protection = settings.deletion_protection == DeletionProtection::on;
  record.table_class = settings.table_class;
  record.encryption_type = settings.encryption_type;
  record.encryption_key = settings.encryption_key;
  for (const Tag& tag : settings.tags) record.tags.push_back({tag.key, tag.value});
  record.stream = record_of(settings.stream);
  record.latest_stream = settings.latest_stream;
  if (settings.recovery) {
    record.recovery =
        RecoveryRecord{base::epoch_us(settings.recovery->since), settings.recovery->days};
  }
  if (settings.restored) {
    record.restored =
        RestoredRecord{settings.restored->backup_arn, settings.restored->table_arn,
                       base::epoch_us(settings.restored->time), settings.restored->in_progress};
  }
  record.reads = record_of(settings.reads);
  for (const auto& [index, reads] : settings.indexes_reads)
    record.indexes_reads[index] = record_of(reads);
}

bool decode_regional(RegionalRecord& record, RegionalSettings& settings) {
  settings.id = std::move(record.id);
  settings.created = time_from_us(record.created_us);
  settings.deletion_protection =
      record.deletion_protection ? DeletionProtection::on : DeletionProtection::off;
  settings.table_class = std::move(record.table_class);
  settings.encryption_type = std::move(record.encryption_type);
  settings.encryption_key = std::move(record.encryption_key);
  for (TagShape& tag : record.tags)
    settings.tags.push_back({std::move(tag.key), std::move(tag.value)});
  if (record.stream) {
    settings.stream = stream_of(std::move(*record.stream));
    if (!settings.stream) return false;
  }
  settings.latest_stream = std::move(record.latest_stream);
  if (record.recovery) {
    settings.recovery = Recovery{time_from_us(record.recovery->since_us), record.recovery->days};
  }
  if (record.restored) {
    RestoredRecord& restored = *record.restored;
    settings.restored = Restored{std::move(restored.backup_arn), std::move(restored.table_arn),
                                 time_from_us(restored.time_us), restored.in_progress};
  }
  settings.reads = reads_of(record.reads);
  for (const auto& [index, reads] : record.indexes_reads)
    settings.indexes_reads[index] = reads_of(reads);
  return true;
}

GlobalRecord record_of(const GlobalTable& global, const Table& table) {
  GlobalRecord record;
  record.home = table.home.region;
  record.region = table.scope.region;
  record.version = global_version_name(global.version);
  record.consistency = consistency_name(global.consistency);
  record.witness = global.witness;
  record.created_us = base::epoch_us(global.created);
  for (const Replica& other : global.others) {
    ReplicaRecord& replica = record.others.emplace_back();
    replica.region = other.region;
    encode_regional(other.settings, replica);
  }
  return record;
}

std::optional<GlobalTable> global_of(GlobalRecord& record) {
  GlobalTable global;
  global.version = record.version == global_version_name(GlobalVersion::v2017)
                       ? GlobalVersion::v2017
                       : GlobalVersion::v2019;
  global.consistency = record.consistency == consistency_name(MultiRegionConsistency::strong)
                           ? MultiRegionConsistency::strong
                           : MultiRegionConsistency::eventual;
  global.witness = std::move(record.witness);
  global.created = time_from_us(record.created_us);
  for (ReplicaRecord& replica : record.others) {
    Replica& other = global.others.emplace_back();
    other.region = std::move(replica.region);
    if (!decode_regional(replica, other.settings)) return std::nullopt;
  }
  return global;
}

}  // namespace

std::string_view global_version_name(GlobalVersion version) {
  return version == GlobalVersion::v2017 ? "2017.11.29" : "2019.11.21";
}
std::string_view consistency_name(MultiRegionConsistency consistency) {
  return consistency == MultiRegionConsistency::strong ? "STRONG" : "EVENTUAL";
}

std::string encode_table(const Table& table) {
  TableRecord record;
  encode_regional(table, record);
  record.name = table.name;
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
  if (table.time_to_live) {
    const bool enabling = table.time_to_live->status == TimeToLiveStatus::enabling;
    record.time_to_live =
        TimeToLiveRecord{table.time_to_live->attribute, enabling ? "ENABLING" : "ENABLED",
                         static_cast<std::int64_t>(table.time_to_live->id)};
  }
  record.copies = table.copies;
  if (table.global) record.global = record_of(*table.global, table);
  std::string out(1, kFormatVersion);
  wire::write_json(wire::encode(std::move(record)), out);
  return out;
}

std::optional<Table> decode_table(const base::Scope& scope, std::string_view bytes) {
  auto table = decode_anywhere(scope, bytes);
  if (!table || !table->see_from(scope.region)) return std::nullopt;
  return table;
}

std::optional<Table> decode_anywhere(const base::Scope& scope, std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormatVersion) return std::nullopt;
  auto document = wire::parse_json(bytes.substr(1));
  if (!document) return std::nullopt;
  auto record = wire::decode<TableRecord>(std::move(*document));
  if (!record) return std::nullopt;
  auto keys = schema_of(record->keys);
  if (!keys) return std::nullopt;
  Table table;
  if (!decode_regional(*record, table)) return std::nullopt;
  table.scope = table.home = scope;
  table.name = std::move(record->name);
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
    table.pay_per_request_since = time_from_us(*record->pay_per_request_since_us);
  }
  table.throughput = throughput_of(record->throughput);
  table.on_demand_limit = throughput_of(record->on_demand_limit);
  table.warm = throughput_of(record->warm);
  if (record->time_to_live) {
    table.time_to_live =
        TimeToLive{std::move(record->time_to_live->attribute),
                   record->time_to_live->status == "ENABLING" ? TimeToLiveStatus::enabling
                                                              : TimeToLiveStatus::enabled,
                   static_cast<std::uint64_t>(record->time_to_live->id)};
  }
  table.copies = std::move(record->copies);
  if (record->global) {
    table.home.region = record->global->home;
    table.scope.region = record->global->region;
    table.global = global_of(*record->global);
    if (!table.global) return std::nullopt;
    table.see_from(scope.region);
  }
  return table;
}

std::string encode_pointer(const TablePointer& pointer) {
  std::string out(1, kPointerVersion);
  wire::write_json(
      wire::encode(PointerRecord{pointer.home.region, static_cast<std::int64_t>(pointer.row_id)}),
      out);
  return out;
}

std::optional<TablePointer> decode_pointer(const base::Scope& scope, std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kPointerVersion) return std::nullopt;
  auto document = wire::parse_json(bytes.substr(1));
  if (!document) return std::nullopt;
  auto record = wire::decode<PointerRecord>(std::move(*document));
  if (!record) return std::nullopt;
  TablePointer pointer{scope, static_cast<std::uint64_t>(record->row_id)};
  pointer.home.region = std::move(record->home);
  return pointer;
}

}  // namespace mayfly::dynamodb
