#include "services/dynamodb/operations/tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/replicas.h"
#include "services/dynamodb/table_record.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kMeasuredRows = 5000;
constexpr std::size_t kMeasuredBytes = 4 * 1024 * 1024;

constexpr std::string_view kInvalidName =
    "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and "
    "may "
    "contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'";

}  // namespace

std::vector<KeySchemaElement> describe(const KeySchema& keys) {
  std::vector<KeySchemaElement> out{{keys.partition.name, "HASH"}};
  if (keys.sort) out.push_back({keys.sort->name, "RANGE"});
  return out;
}

namespace {

std::unexpected<wire::ApiError> corrupt_definition(const std::string& name) {
  return wire::fail(kInternalServer, "Stored data is damaged: the definition of the table " + name +
                                         " cannot be read.");
}

std::unexpected<wire::ApiError> in_use(std::string_view why, const Table& table) {
  return wire::fail(kResourceInUse,
                    "Attempt to change a resource which is still in use: Table is being " +
                        std::string(why) + ": " + table.name);
}

ThroughputDescription describe(const Throughput& throughput) {
  ThroughputDescription out;
  out.read_capacity_units = throughput.read;
  out.write_capacity_units = throughput.write;
  return out;
}

std::optional<OnDemandThroughput> on_demand(const std::optional<Throughput>& limit) {
  if (!limit) return std::nullopt;
  return OnDemandThroughput{limit->read, limit->write};
}

std::optional<WarmThroughputDescription> warm(const std::optional<Throughput>& throughput) {
  if (!throughput) return std::nullopt;
  return WarmThroughputDescription{throughput->read, throughput->write, "ACTIVE"};
}

// What local and global indexes have in common.
template <class Description>
Description describe_index(const Table& table, const Index& index) {
  Description out;
  out.index_name = index.name;
  out.key_schema = describe(index.keys);
  out.projection.projection_type =
      std::string(kProjectionTypes[static_cast<std::size_t>(index.projection)]);
  if (index.projection == ProjectionType::include)
    out.projection.non_key_attributes = index.included;
  out.index_arn = table.arn() + "/index/" + index.name;
  return out;
}

IndexDescription describe_global(const Table& table, const Index& index,
                                 std::string_view table_status) {
  auto out = describe_index<IndexDescription>(table, index);
  const bool creating = index.status == IndexStatus::creating;
  out.index_status = creating ? "CREATING" : table_status == "UPDATING" ? "ACTIVE" : table_status;
  if (creating) out.backfilling = true;
  out.provisioned_throughput = describe(
      table.billing == BillingMode::provisioned ? throughput_of(table, &index) : index.throughput);
  out.on_demand_throughput = on_demand(index.on_demand_limit);
  out.warm_throughput = warm(index.warm);
  return out;
}

// Appends to a list that is absent while it is empty.
template <class T>
void append(std::optional<std::vector<T>>& list, T value) {
  if (!list) list.emplace();
  list->push_back(std::move(value));
}

template <class Description>
base::Task<wire::Result<void>> measure_indexes(store::Transaction& transaction, const Table& table,
                                               std::optional<std::vector<Description>>& list) {
  if (!list) co_return wire::Result<void>{};
  for (Description& description : *list) {
    const Index* index = table.find_index(description.index_name);
    auto indexed = co_await measure(transaction, keys::rows(table, index));
    if (!indexed) co_return std::unexpected(std::move(indexed).error());
    description.item_count = indexed->items;
    description.index_size_bytes = indexed->bytes;
  }
  co_return wire::Result<void>{};
}

}  // namespace

wire::Result<std::string> table_name_of_arn(const base::Scope& scope, std::string_view text) {
  const auto arn = base::Arn::parse(text);
  constexpr std::string_view kPrefix = "table/";
  if (!arn || arn->service != "dynamodb" || !arn->resource.starts_with(kPrefix)) {
    return refuse("Invalid TableArn: Invalid ResourceArn provided as input " + std::string(text));
  }
  if (arn->account != scope.account || arn->region != scope.region) {
    return wire::fail(wire::kAccessDenied,
                      "The table " + std::string(text) +
                          " belongs to another account or region than the request.");
  }
  std::string name = arn->resource.substr(kPrefix.size());
  if (!is_valid_name(name)) return refuse(std::string(kInvalidName));
  return name;
}

wire::Result<std::string> table_name_of(const base::Scope& scope, std::string name_or_arn) {
  if (name_or_arn.starts_with("arn:")) return table_name_of_arn(scope, name_or_arn);
  if (!is_valid_name(name_or_arn)) return refuse(std::string(kInvalidName));
  return name_or_arn;
}

base::Task<wire::Result<TablePtr>> table_of_row(Dynamodb& dynamodb, store::Transaction& transaction,
                                                const base::Scope& scope, std::string key,
                                                std::string bytes, store::Conflict conflict) {
  if (const auto pointer = decode_pointer(scope, bytes)) {
    auto row =
        co_await transaction.get(keys::global_table(pointer->home, pointer->row_id), conflict);
    if (!row) co_return store_failed(row);
    if (!*row) co_return TablePtr{};
    bytes = std::move(**row);
  }
  co_return dynamodb.tables.get(scope, key, bytes);
}

base::Task<wire::Result<TablePtr>> table_of_rows(Dynamodb& dynamodb,
                                                 store::Transaction& transaction,
                                                 const base::Scope& home, std::uint64_t row_id,
                                                 const std::string& name) {
  auto global = co_await transaction.get(keys::global_table(home, row_id));
  if (!global) co_return store_failed(global);
  if (*global) {
    auto table = decode_anywhere(home, **global);
    if (!table) co_return corrupt_definition(name);
    co_return std::make_shared<const Table>(std::move(*table));
  }
  auto table = co_await open_table(dynamodb, transaction, home, name, Missing::named);
  if (!table && table.error().spec == &kResourceNotFound) co_return TablePtr{};
  if (table && (*table)->row_id != row_id) co_return TablePtr{};
  co_return table;
}

base::Task<wire::Result<TablePtr>> open_table(Dynamodb& dynamodb, store::Transaction& transaction,
                                              const base::Scope& scope, const std::string& name,
                                              Missing missing, store::Conflict conflict) {
  const std::string key = keys::table(scope, name);
  auto row = co_await transaction.get(key, conflict);
  if (!row) co_return store_failed(row);
  if (!*row) {
    co_return wire::fail(kResourceNotFound,
                         missing == Missing::brief
                             ? "Requested resource not found"
                             : "Requested resource not found: Table: " + name + " not found");
  }
  auto found = co_await table_of_row(dynamodb, transaction, scope, key, std::move(**row), conflict);
  if (!found) co_return found;
  TablePtr table = std::move(*found);
  if (table == nullptr) {
    co_return corrupt_definition(name);
  }
  // A table that is being restored is there for those who manage it, not for its users.
  if (missing == Missing::brief && table->is_creating()) {
    co_return wire::fail(kResourceNotFound, "Requested resource not found");
  }
  co_return table;
}

wire::Result<void> check_not_creating(const Table& table) {
  if (!table.is_creating()) return {};
  return in_use("created", table);
}

wire::Result<void> check_unused(const Table& table) {
  if (auto created = check_not_creating(table); !created || table.copies.empty()) return created;
  return in_use("copied by a backup or a restore", table);
}

std::uint64_t new_row_id(base::Ids& ids) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  ids.fill(bytes);
  std::uint64_t id = 0;
  std::memcpy(&id, bytes.data(), sizeof id);
  return id;
}

void put_table(store::Transaction& transaction, const Table& table) {
  transaction.put(table.global ? keys::global_table(table.home, table.row_id)
                               : keys::table(table.scope, table.name),
                  encode_table(table));
}

base::Task<wire::Result<Extent>> measure(store::Transaction& transaction, std::string rows) {
  store::RangeQuery query;
  query.begin = rows;
  query.end = store::prefix_end(rows);
  query.limit = kMeasuredRows;
  query.max_bytes = kMeasuredBytes;
  query.conflict = store::Conflict::ignore;
  auto page = co_await transaction.range(query);
  if (!page) co_return store_failed(page);
  Extent extent;
  for (const store::KeyValue& row : page->rows) {
    const auto size = decode_size(row.value);
    if (!size) co_return corrupt_row();
    ++extent.items;
    extent.bytes += static_cast<std::int64_t>(*size);
  }
  if (page->more) {
    // Hashes are spread evenly: what was read stands for its share of them.
    const double share = keys::hash_fraction(rows, page->rows.back().key);
    extent.items = static_cast<std::int64_t>(static_cast<double>(extent.items) / share);
    extent.bytes = static_cast<std::int64_t>(static_cast<double>(extent.bytes) / share);
  }
  co_return extent;
}

base::WallTime time_from(wire::Timestamp time) {
  constexpr double kFarthest = 1e11;  // seconds
  const double seconds =
      std::isnan(time.epoch_seconds) ? 0 : std::clamp(time.epoch_seconds, -kFarthest, kFarthest);
  return base::WallTime{std::chrono::microseconds{std::llround(seconds * 1e6)}};
}

TableDescription describe(const Table& table, std::string status) {
  TableDescription out;
  for (const KeyAttribute& attribute : table.attributes) {
    out.attribute_definitions.push_back({attribute.name, std::string(type_name(attribute.type))});
  }
  out.table_name = table.name;
  out.key_schema = describe(table.keys);
  out.creation = timestamp(table.created);
  out.provisioned_throughput = describe(
      table.billing == BillingMode::provisioned ? throughput_of(table, nullptr) : table.throughput);
  out.table_arn = table.arn();
  out.table_id = table.id;
  if (table.billing == BillingMode::pay_per_request || table.pay_per_request_since) {
    BillingModeSummary summary;
    summary.billing_mode =
        table.billing == BillingMode::pay_per_request ? "PAY_PER_REQUEST" : "PROVISIONED";
    if (table.pay_per_request_since) {
      summary.last_update_to_pay_per_request = timestamp(*table.pay_per_request_since);
    }
    out.billing_mode_summary = std::move(summary);
  }
  for (const Index& index : table.indexes) {
    if (index.kind == IndexKind::local) {
      append(out.local_secondary_indexes, describe_index<LocalIndexDescription>(table, index));
    } else {
      append(out.global_secondary_indexes, describe_global(table, index, status));
    }
  }
  if (!table.encryption_type.empty()) {
    out.sse_description = SseDescription{"ENABLED", table.encryption_type, std::nullopt};
    if (!table.encryption_key.empty())
      out.sse_description->kms_master_key_arn = table.encryption_key;
  }
  if (!table.table_class.empty()) out.table_class_summary = TableClassSummary{table.table_class};
  out.deletion_protection_enabled = table.deletion_protection == DeletionProtection::on;
  out.on_demand_throughput = on_demand(table.on_demand_limit);
  out.warm_throughput = warm(table.warm);
  if (table.stream) {
    out.stream_specification =
        StreamSpecification{true, std::string(view_name(table.stream->view))};
  }
  if (!table.latest_stream.empty()) {
    out.latest_stream_label = table.latest_stream;
    out.latest_stream_arn = table.stream_arn(table.latest_stream);
  }
  if (table.restored) {
    RestoreSummary& summary = out.restore_summary.emplace();
    if (!table.restored->backup_arn.empty()) summary.source_backup_arn = table.restored->backup_arn;
    summary.source_table_arn = table.restored->table_arn;
    summary.time = timestamp(table.restored->time);
    summary.in_progress = table.restored->in_progress;
  }
  describe_replicas(table, out);
  out.table_status = std::move(status);
  return out;
}

base::Task<wire::Result<TableDescription>> describe_measured(store::Transaction& transaction,
                                                             TablePtr table, std::string status) {
  TableDescription out = describe(*table, std::move(status));
  auto extent = co_await measure(transaction, keys::rows(*table, nullptr));
  if (!extent) co_return std::unexpected(std::move(extent).error());
  out.item_count = extent->items;
  out.table_size_bytes = extent->bytes;
  auto local = co_await measure_indexes(transaction, *table, out.local_secondary_indexes);
  if (!local) co_return std::unexpected(std::move(local).error());
  auto global = co_await measure_indexes(transaction, *table, out.global_secondary_indexes);
  if (!global) co_return std::unexpected(std::move(global).error());
  co_return out;
}

}  // namespace mayfly::dynamodb
