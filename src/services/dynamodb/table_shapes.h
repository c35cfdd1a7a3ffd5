// Requests and responses of the operations on tables.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/model/stream.h"
#include "services/dynamodb/replica_shapes.h"
#include "wire/shape.h"

namespace mayfly::dynamodb {

inline constexpr std::array<std::string_view, 3> kScalarTypes{"S", "N", "B"};
inline constexpr std::array<std::string_view, 2> kKeyTypes{"HASH", "RANGE"};
inline constexpr std::array<std::string_view, 3> kProjectionTypes{"ALL", "KEYS_ONLY", "INCLUDE"};
inline constexpr std::array<std::string_view, 2> kBillingModes{"PROVISIONED", "PAY_PER_REQUEST"};
inline constexpr std::array<std::string_view, 2> kEncryptionTypes{"AES256", "KMS"};
inline constexpr std::string_view kNamePattern = "[a-zA-Z0-9_.-]+";

struct AttributeDefinition {
  std::string attribute_name;
  std::string attribute_type;
  static constexpr auto shape() {
    using Self = AttributeDefinition;
    return std::tuple{
        wire::field("AttributeName", &Self::attribute_name).required().length(1, 255),
        wire::field("AttributeType", &Self::attribute_type).required().one_of(kScalarTypes)};
  }
};

struct KeySchemaElement {
  std::string attribute_name;
  std::string key_type;
  static constexpr auto shape() {
    using Self = KeySchemaElement;
    return std::tuple{wire::field("AttributeName", &Self::attribute_name).required().length(1, 255),
                      wire::field("KeyType", &Self::key_type).required().one_of(kKeyTypes)};
  }
};

struct ProjectionShape {
  std::optional<std::string> projection_type;
  std::optional<std::vector<std::string>> non_key_attributes;
  static constexpr auto shape() {
    using Self = ProjectionShape;
    return std::tuple{
        wire::field("ProjectionType", &Self::projection_type).one_of(kProjectionTypes),
        wire::field("NonKeyAttributes", &Self::non_key_attributes)
            .items(1, 20)
            .each(wire::rules().length(1, 255))};
  }
};

struct ProvisionedThroughput {
  std::int64_t read_capacity_units = 0;
  std::int64_t write_capacity_units = 0;
  static constexpr auto shape() {
    using Self = ProvisionedThroughput;
    return std::tuple{
        wire::field("ReadCapacityUnits", &Self::read_capacity_units).required().at_least(1),
        wire::field("WriteCapacityUnits", &Self::write_capacity_units).required().at_least(1)};
  }
};

struct OnDemandThroughput {
  std::optional<std::int64_t> max_read_request_units;
  std::optional<std::int64_t> max_write_request_units;
  static constexpr auto shape() {
    using Self = OnDemandThroughput;
    return std::tuple{wire::field("MaxReadRequestUnits", &Self::max_read_request_units),
                      wire::field("MaxWriteRequestUnits", &Self::max_write_request_units)};
  }
};

struct WarmThroughput {
  std::optional<std::int64_t> read_units_per_second;
  std::optional<std::int64_t> write_units_per_second;
  static constexpr auto shape() {
    using Self = WarmThroughput;
    return std::tuple{wire::field("ReadUnitsPerSecond", &Self::read_units_per_second),
                      wire::field("WriteUnitsPerSecond", &Self::write_units_per_second)};
  }
};

struct WarmThroughputDescription {
  std::optional<std::int64_t> read_units_per_second;
  std::optional<std::int64_t> write_units_per_second;
  std::string status;
  static constexpr auto shape() {
    using Self = WarmThroughputDescription;
    return std::tuple{wire::field("ReadUnitsPerSecond", &Self::read_units_per_second),
                      wire::field("WriteUnitsPerSecond", &Self::write_units_per_second),
                      wire::field("Status", &Self::status)};
  }
};

struct LocalSecondaryIndex {
  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  ProjectionShape projection;
  static constexpr auto shape() {
    using Self = LocalSecondaryIndex;
    return std::tuple{
        wire::field("IndexName", &Self::index_name).required().length(3, 255).pattern(kNamePattern),
        wire::field("KeySchema", &Self::key_schema).required().items(1, 2),
        wire::field("Projection", &Self::projection).required()};
  }
};

struct SecondaryIndex {
  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  ProjectionShape projection;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughput> warm_throughput;
  static constexpr auto shape() {
    using Self = SecondaryIndex;
    return std::tuple{
        wire::field("IndexName", &Self::index_name).required().length(3, 255).pattern(kNamePattern),
        wire::field("KeySchema", &Self::key_schema).required().items(1, 2),
        wire::field("Projection", &Self::projection).required(),
        wire::field("ProvisionedThroughput", &Self::provisioned_throughput),
        wire::field("OnDemandThroughput", &Self::on_demand_throughput),
        wire::field("WarmThroughput", &Self::warm_throughput)};
  }
};

struct StreamSpecification {
  bool stream_enabled = false;
  std::optional<std::string> stream_view_type;
  static constexpr auto shape() {
    using Self = StreamSpecification;
    return std::tuple{wire::field("StreamEnabled", &Self::stream_enabled).required(),
                      wire::field("StreamViewType", &Self::stream_view_type).one_of(kStreamViews)};
  }
};

struct SseSpecification {
  std::optional<bool> enabled;
  std::optional<std::string> sse_type;
  std::optional<std::string> kms_master_key_id;
  static constexpr auto shape() {
    using Self = SseSpecification;
    return std::tuple{wire::field("Enabled", &Self::enabled),
                      wire::field("SSEType", &Self::sse_type).one_of(kEncryptionTypes),
                      wire::field("KMSMasterKeyId", &Self::kms_master_key_id)};
  }
};

struct TagShape {
  std::string key;
  std::string value;
  static constexpr auto shape() {
    using Self = TagShape;
    return std::tuple{wire::field("Key", &Self::key).required().length(1, 128),
                      wire::field("Value", &Self::value).required().length(0, 256)};
  }
};

struct CreateTableRequest {
  std::vector<AttributeDefinition> attribute_definitions;
  std::string table_name;
  std::vector<KeySchemaElement> key_schema;
  std::optional<std::vector<LocalSecondaryIndex>> local_secondary_indexes;
  std::optional<std::vector<SecondaryIndex>> global_secondary_indexes;
  std::optional<std::string> billing_mode;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<StreamSpecification> stream_specification;
  std::optional<SseSpecification> sse_specification;
  std::optional<std::vector<TagShape>> tags;
  std::optional<std::string> table_class;
  std::optional<bool> deletion_protection_enabled;
  std::optional<WarmThroughput> warm_throughput;
  std::optional<std::string> resource_policy;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<std::string> global_table_source_arn;
  std::optional<std::string> global_table_settings_replication_mode;
  static constexpr auto shape() {
    using Self = CreateTableRequest;
    return std::tuple{wire::field("AttributeDefinitions", &Self::attribute_definitions),
                      wire::field("TableName", &Self::table_name).required().length(1, 1024),
                      wire::field("KeySchema", &Self::key_schema).items(1, 2),
                      wire::field("LocalSecondaryIndexes", &Self::local_secondary_indexes),
                      wire::field("GlobalSecondaryIndexes", &Self::global_secondary_indexes),
                      wire::field("BillingMode", &Self::billing_mode).one_of(kBillingModes),
                      wire::field("ProvisionedThroughput", &Self::provisioned_throughput),
                      wire::field("StreamSpecification", &Self::stream_specification),
                      wire::field("SSESpecification", &Self::sse_specification),
                      wire::field("Tags", &Self::tags),
                      wire::field("TableClass", &Self::table_class).one_of(kTableClasses),
                      wire::field("DeletionProtectionEnabled", &Self::deletion_protection_enabled),
                      wire::field("WarmThroughput", &Self::warm_throughput),
                      wire::field("ResourcePolicy", &Self::resource_policy),
                      wire::field("OnDemandThroughput", &Self::on_demand_throughput),
                      wire::field("GlobalTableSourceArn", &Self::global_table_source_arn),
                      wire::field("GlobalTableSettingsReplicationMode",
                                  &Self::global_table_settings_replication_mode)};
  }
};

struct ThroughputDescription {
  std::optional<wire::Timestamp> last_increase;
  std::optional<wire::Timestamp> last_decrease;
  std::int64_t number_of_decreases_today = 0;
  std::int64_t read_capacity_units = 0;
  std::int64_t write_capacity_units = 0;
  static constexpr auto shape() {
    using Self = ThroughputDescription;
    return std::tuple{wire::field("LastIncreaseDateTime", &Self::last_increase),
                      wire::field("LastDecreaseDateTime", &Self::last_decrease),
                      wire::field("NumberOfDecreasesToday", &Self::number_of_decreases_today),
                      wire::field("ReadCapacityUnits", &Self::read_capacity_units),
                      wire::field("WriteCapacityUnits", &Self::write_capacity_units)};
  }
};

struct LocalIndexDescription {
  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  ProjectionShape projection;
  std::int64_t index_size_bytes = 0;
  std::int64_t item_count = 0;
  std::string index_arn;
  static constexpr auto shape() {
    using Self = LocalIndexDescription;
    return std::tuple{wire::field("IndexName", &Self::index_name),
                      wire::field("KeySchema", &Self::key_schema),
                      wire::field("Projection", &Self::projection),
                      wire::field("IndexSizeBytes", &Self::index_size_bytes),
                      wire::field("ItemCount", &Self::item_count),
                      wire::field("IndexArn", &Self::index_arn)};
  }
};

struct IndexDescription {
  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  ProjectionShape projection;
  std::optional<std::string> index_status;
  std::optional<bool> backfilling;
  std::optional<ThroughputDescription> provisioned_throughput;
  std::int64_t index_size_bytes = 0;
  std::int64_t item_count = 0;
  std::string index_arn;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughputDescription> warm_throughput;
  static constexpr auto shape() {
    using Self = IndexDescription;
    return std::tuple{wire::field("IndexName", &Self::index_name),
                      wire::field("KeySchema", &Self::key_schema),
                      wire::field("Projection", &Self::projection),
                      wire::field("IndexStatus", &Self::index_status),
                      wire::field("Backfilling", &Self::backfilling),
                      wire::field("ProvisionedThroughput", &Self::provisioned_throughput),
                      wire::field("IndexSizeBytes", &Self::index_size_bytes),
                      wire::field("ItemCount", &Self::item_count),
                      wire::field("IndexArn", &Self::index_arn),
                      wire::field("OnDemandThroughput", &Self::on_demand_throughput),
                      wire::field("WarmThroughput", &Self::warm_throughput)};
  }
};

struct BillingModeSummary {
  std::string billing_mode;
  std::optional<wire::Timestamp> last_update_to_pay_per_request;
  static constexpr auto shape() {
    using Self = BillingModeSummary;
    return std::tuple{
        wire::field("BillingMode", &Self::billing_mode),
        wire::field("LastUpdateToPayPerRequestDateTime", &Self::last_update_to_pay_per_request)};
  }
};

struct SseDescription {
  std::string status;
  std::string sse_type;
  std::optional<std::string> kms_master_key_arn;
  static constexpr auto shape() {
    using Self = SseDescription;
    return std::tuple{wire::field("Status", &Self::status), wire::field("SSEType", &Self::sse_type),
                      wire::field("KMSMasterKeyArn", &Self::kms_master_key_arn)};
  }
};

struct RestoreSummary {
  std::optional<std::string> source_backup_arn;
  std::optional<std::string> source_table_arn;
  wire::Timestamp time;
  bool in_progress = false;
  static constexpr auto shape() {
    using Self = RestoreSummary;
    return std::tuple{wire::field("SourceBackupArn", &Self::source_backup_arn),
                      wire::field("SourceTableArn", &Self::source_table_arn),
                      wire::field("RestoreDateTime", &Self::time).required(),
                      wire::field("RestoreInProgress", &Self::in_progress).required()};
  }
};

struct TableDescription {
  std::vector<AttributeDefinition> attribute_definitions;
  std::string table_name;
  std::vector<KeySchemaElement> key_schema;
  std::string table_status;
  wire::Timestamp creation;
  ThroughputDescription provisioned_throughput;
  std::int64_t table_size_bytes = 0;
  std::int64_t item_count = 0;
  std::string table_arn;
  std::string table_id;
  std::optional<BillingModeSummary> billing_mode_summary;
  std::optional<std::vector<LocalIndexDescription>> local_secondary_indexes;
  std::optional<std::vector<IndexDescription>> global_secondary_indexes;
  std::optional<SseDescription> sse_description;
  std::optional<TableClassSummary> table_class_summary;
  bool deletion_protection_enabled = false;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughputDescription> warm_throughput;
  std::optional<StreamSpecification> stream_specification;
  std::optional<std::string> latest_stream_label;
  std::optional<std::string> latest_stream_arn;
  std::optional<RestoreSummary> restore_summary;
  std::optional<std::string> global_table_version;
  std::optional<std::vector<ReplicaDescription>> replicas;
  std::optional<std::vector<WitnessDescription>> global_table_witnesses;
  std::optional<std::string> multi_region_consistency;
  static constexpr auto shape() {
    using Self = TableDescription;
    return std::tuple{wire::field("AttributeDefinitions", &Self::attribute_definitions),
                      wire::field("TableName", &Self::table_name),
                      wire::field("KeySchema", &Self::key_schema),
                      wire::field("TableStatus", &Self::table_status),
                      wire::field("CreationDateTime", &Self::creation),
                      wire::field("ProvisionedThroughput", &Self::provisioned_throughput),
                      wire::field("TableSizeBytes", &Self::table_size_bytes),
                      wire::field("ItemCount", &Self::item_count),
                      wire::field("TableArn", &Self::table_arn),
                      wire::field("TableId", &Self::table_id),
                      wire::field("BillingModeSummary", &Self::billing_mode_summary),
                      wire::field("LocalSecondaryIndexes", &Self::local_secondary_indexes),
                      wire::field("GlobalSecondaryIndexes", &Self::global_secondary_indexes),
                      wire::field("SSEDescription", &Self::sse_description),
                      wire::field("TableClassSummary", &Self::table_class_summary),
                      wire::field("DeletionProtectionEnabled", &Self::deletion_protection_enabled),
                      wire::field("OnDemandThroughput", &Self::on_demand_throughput),
                      wire::field("WarmThroughput", &Self::warm_throughput),
                      wire::field("StreamSpecification", &Self::stream_specification),
                      wire::field("LatestStreamLabel", &Self::latest_stream_label),
                      wire::field("LatestStreamArn", &Self::latest_stream_arn),
                      wire::field("RestoreSummary", &Self::restore_summary),
                      wire::field("GlobalTableVersion", &Self::global_table_version),
                      wire::field("Replicas", &Self::replicas),
                      wire::field("GlobalTableWitnesses", &Self::global_table_witnesses),
                      wire::field("MultiRegionConsistency", &Self::multi_region_consistency)};
  }
};

// CreateTable, UpdateTable and DeleteTable answer this.
struct TableResponse {
  TableDescription table_description;
  static constexpr auto shape() {
    return std::tuple{wire::field("TableDescription", &TableResponse::table_description)};
  }
};

struct DescribeTableRequest {
  std::string table_name;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("TableName", &DescribeTableRequest::table_name).required().length(1, 1024)};
  }
};

struct DescribeTableResponse {
  TableDescription table;
  static constexpr auto shape() {
    return std::tuple{wire::field("Table", &DescribeTableResponse::table)};
  }
};

struct DeleteTableRequest {
  std::string table_name;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("TableName", &DeleteTableRequest::table_name).required().length(1, 1024)};
  }
};

struct ListTablesRequest {
  std::optional<std::string> exclusive_start_table_name;
  std::int32_t limit = 100;
  static constexpr auto shape() {
    using Self = ListTablesRequest;
    return std::tuple{wire::field("ExclusiveStartTableName", &Self::exclusive_start_table_name)
                          .length(3, 255)
                          .pattern(kNamePattern),
                      wire::field("Limit", &Self::limit).range(1, 100)};
  }
};

struct ListTablesResponse {
  std::vector<std::string> table_names;
  std::optional<std::string> last_evaluated_table_name;
  static constexpr auto shape() {
    using Self = ListTablesResponse;
    return std::tuple{wire::field("TableNames", &Self::table_names),
                      wire::field("LastEvaluatedTableName", &Self::last_evaluated_table_name)};
  }
};

struct UpdateIndexAction {
  std::string index_name;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughput> warm_throughput;
  static constexpr auto shape() {
    using Self = UpdateIndexAction;
    return std::tuple{
        wire::field("IndexName", &Self::index_name).required().length(3, 255).pattern(kNamePattern),
        wire::field("ProvisionedThroughput", &Self::provisioned_throughput),
        wire::field("OnDemandThroughput", &Self::on_demand_throughput),
        wire::field("WarmThroughput", &Self::warm_throughput)};
  }
};

struct DeleteIndexAction {
  std::string index_name;
  static constexpr auto shape() {
    return std::tuple{wire::field("IndexName", &DeleteIndexAction::index_name)
                          .required()
                          .length(3, 255)
                          .pattern(kNamePattern)};
  }
};

struct IndexUpdate {
  std::optional<UpdateIndexAction> update;
  std::optional<SecondaryIndex> create;
  std::optional<DeleteIndexAction> remove;
  static constexpr auto shape() {
    using Self = IndexUpdate;
    return std::tuple{wire::field("Update", &Self::update), wire::field("Create", &Self::create),
                      wire::field("Delete", &Self::remove)};
  }
};

struct UpdateTableRequest {
  std::optional<std::vector<AttributeDefinition>> attribute_definitions;
  std::string table_name;
  std::optional<std::string> billing_mode;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<std::vector<IndexUpdate>> global_secondary_index_updates;
  std::optional<StreamSpecification> stream_specification;
  std::optional<SseSpecification> sse_specification;
  std::optional<std::vector<ReplicaUpdate>> replica_updates;
  std::optional<std::string> table_class;
  std::optional<bool> deletion_protection_enabled;
  std::optional<std::string> multi_region_consistency;
  std::optional<std::vector<RegionUpdate>> global_table_witness_updates;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughput> warm_throughput;
  std::optional<std::string> global_table_settings_replication_mode;
  static constexpr auto shape() {
    using Self = UpdateTableRequest;
    return std::tuple{
        wire::field("AttributeDefinitions", &Self::attribute_definitions),
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("BillingMode", &Self::billing_mode).one_of(kBillingModes),
        wire::field("ProvisionedThroughput", &Self::provisioned_throughput),
        wire::field("GlobalSecondaryIndexUpdates", &Self::global_secondary_index_updates),
        wire::field("StreamSpecification", &Self::stream_specification),
        wire::field("SSESpecification", &Self::sse_specification),
        wire::field("ReplicaUpdates", &Self::replica_updates).items(1, 100),
        wire::field("TableClass", &Self::table_class).one_of(kTableClasses),
        wire::field("DeletionProtectionEnabled", &Self::deletion_protection_enabled),
        wire::field("MultiRegionConsistency", &Self::multi_region_consistency)
            .one_of(kMultiRegionConsistencies),
        wire::field("GlobalTableWitnessUpdates", &Self::global_table_witness_updates).items(1, 1),
        wire::field("OnDemandThroughput", &Self::on_demand_throughput),
        wire::field("WarmThroughput", &Self::warm_throughput),
        wire::field("GlobalTableSettingsReplicationMode",
                    &Self::global_table_settings_replication_mode)};
  }
};
}  // namespace mayfly::dynamodb
