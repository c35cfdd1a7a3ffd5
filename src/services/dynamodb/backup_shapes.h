// Requests and responses of backups and of point-in-time recovery.
#pragma once

#include "services/dynamodb/setting_shapes.h"
#include "services/dynamodb/table_shapes.h"

namespace mayfly::dynamodb {

inline constexpr std::array<std::string_view, 4> kBackupTypes{"USER", "SYSTEM", "AWS_BACKUP",
                                                              "ALL"};

struct BackupDetails {
  std::string arn;
  std::string name;
  std::optional<std::int64_t> size_bytes;
  std::string status;
  std::string type;
  wire::Timestamp created;
  std::optional<wire::Timestamp> expires;
  static constexpr auto shape() {
    using Self = BackupDetails;
    return std::tuple{wire::field("BackupArn", &Self::arn).required(),
                      wire::field("BackupName", &Self::name).required(),
                      wire::field("BackupSizeBytes", &Self::size_bytes),
                      wire::field("BackupStatus", &Self::status).required(),
                      wire::field("BackupType", &Self::type).required(),
                      wire::field("BackupCreationDateTime", &Self::created).required(),
                      wire::field("BackupExpiryDateTime", &Self::expires)};
  }
};

// Unlike ProvisionedThroughput of a request, it may be zero: a table that is paid per request has
// none.
struct BackedUpThroughput {
  std::int64_t read_capacity_units = 0;
  std::int64_t write_capacity_units = 0;
  static constexpr auto shape() {
    using Self = BackedUpThroughput;
    return std::tuple{wire::field("ReadCapacityUnits", &Self::read_capacity_units).required(),
                      wire::field("WriteCapacityUnits", &Self::write_capacity_units).required()};
  }
};

struct SourceTableDetails {
  std::string table_name;
  std::string table_id;
  std::string table_arn;
  std::optional<std::int64_t> size_bytes;
  std::vector<KeySchemaElement> key_schema;
  wire::Timestamp created;
  BackedUpThroughput throughput;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<std::int64_t> item_count;
  std::string billing_mode;
  static constexpr auto shape() {
    using Self = SourceTableDetails;
    return std::tuple{wire::field("TableName", &Self::table_name).required(),
                      wire::field("TableId", &Self::table_id).required(),
                      wire::field("TableArn", &Self::table_arn),
                      wire::field("TableSizeBytes", &Self::size_bytes),
                      wire::field("KeySchema", &Self::key_schema).required(),
                      wire::field("TableCreationDateTime", &Self::created).required(),
                      wire::field("ProvisionedThroughput", &Self::throughput).required(),
                      wire::field("OnDemandThroughput", &Self::on_demand_throughput),
                      wire::field("ItemCount", &Self::item_count),
                      wire::field("BillingMode", &Self::billing_mode)};
  }
};

struct BackedUpIndex {
  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  ProjectionShape projection;
  std::optional<BackedUpThroughput> throughput;  // of a global one
  std::optional<OnDemandThroughput> on_demand_throughput;
  static constexpr auto shape() {
    using Self = BackedUpIndex;
    return std::tuple{wire::field("IndexName", &Self::index_name),
                      wire::field("KeySchema", &Self::key_schema),
                      wire::field("Projection", &Self::projection),
                      wire::field("ProvisionedThroughput", &Self::throughput),
                      wire::field("OnDemandThroughput", &Self::on_demand_throughput)};
  }
};

struct SourceTableFeatureDetails {
  std::optional<std::vector<BackedUpIndex>> local_secondary_indexes;
  std::optional<std::vector<BackedUpIndex>> global_secondary_indexes;
  std::optional<StreamSpecification> stream_description;
  std::optional<TimeToLiveDescription> time_to_live_description;
  std::optional<SseDescription> sse_description;
  static constexpr auto shape() {
    using Self = SourceTableFeatureDetails;
    return std::tuple{wire::field("LocalSecondaryIndexes", &Self::local_secondary_indexes),
                      wire::field("GlobalSecondaryIndexes", &Self::global_secondary_indexes),
                      wire::field("StreamDescription", &Self::stream_description),
                      wire::field("TimeToLiveDescription", &Self::time_to_live_description),
                      wire::field("SSEDescription", &Self::sse_description)};
  }
};

struct BackupDescription {
  BackupDetails details;
  SourceTableDetails source;
  SourceTableFeatureDetails features;
  static constexpr auto shape() {
    using Self = BackupDescription;
    return std::tuple{wire::field("BackupDetails", &Self::details),
                      wire::field("SourceTableDetails", &Self::source),
                      wire::field("SourceTableFeatureDetails", &Self::features)};
  }
};

struct CreateBackupRequest {
  std::string table_name;
  std::string backup_name;
  static constexpr auto shape() {
    using Self = CreateBackupRequest;
    return std::tuple{wire::field("TableName", &Self::table_name).required().length(1, 1024),
                      wire::field("BackupName", &Self::backup_name)
                          .required()
                          .length(3, 255)
                          .pattern(kNamePattern)};
  }
};

struct CreateBackupResponse {
  BackupDetails details;
  static constexpr auto shape() {
    return std::tuple{wire::field("BackupDetails", &CreateBackupResponse::details)};
  }
};

// DescribeBackup and DeleteBackup.
struct BackupArnRequest {
  std::string arn;
  static constexpr auto shape() {
    return std::tuple{wire::field("BackupArn", &BackupArnRequest::arn).required().length(37, 1024)};
  }
};

struct BackupResponse {
  BackupDescription description;
  static constexpr auto shape() {
    return std::tuple{wire::field("BackupDescription", &BackupResponse::description)};
  }
};

struct ListBackupsRequest {
  std::optional<std::string> table_name;
  std::int32_t limit = 100;
  std::optional<wire::Timestamp> lower_bound;
  std::optional<wire::Timestamp> upper_bound;
  std::optional<std::string> exclusive_start;
  std::optional<std::string> type;
  static constexpr auto shape() {
    using Self = ListBackupsRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).length(1, 1024),
        wire::field("Limit", &Self::limit).range(1, 100),
        wire::field("TimeRangeLowerBound", &Self::lower_bound),
        wire::field("TimeRangeUpperBound", &Self::upper_bound),
        wire::field("ExclusiveStartBackupArn", &Self::exclusive_start).length(37, 1024),
        wire::field("BackupType", &Self::type).one_of(kBackupTypes)};
  }
};

struct BackupSummary {
  std::string table_name;
  std::string table_id;
  std::string table_arn;
  std::string arn;
  std::string name;
  wire::Timestamp created;
  std::optional<wire::Timestamp> expires;
  std::string status;
  std::string type;
  std::optional<std::int64_t> size_bytes;
  static constexpr auto shape() {
    using Self = BackupSummary;
    return std::tuple{wire::field("TableName", &Self::table_name),
                      wire::field("TableId", &Self::table_id),
                      wire::field("TableArn", &Self::table_arn),
                      wire::field("BackupArn", &Self::arn),
                      wire::field("BackupName", &Self::name),
                      wire::field("BackupCreationDateTime", &Self::created),
                      wire::field("BackupExpiryDateTime", &Self::expires),
                      wire::field("BackupStatus", &Self::status),
                      wire::field("BackupType", &Self::type),
                      wire::field("BackupSizeBytes", &Self::size_bytes)};
  }
};

struct ListBackupsResponse {
  std::vector<BackupSummary> summaries;
  std::optional<std::string> last_evaluated;
  static constexpr auto shape() {
    using Self = ListBackupsResponse;
    return std::tuple{wire::field("BackupSummaries", &Self::summaries),
                      wire::field("LastEvaluatedBackupArn", &Self::last_evaluated)};
  }
};

// What a restored table has otherwise than its source. Both restores have these members.
struct RestoreTableFromBackupRequest {
  std::string target_table_name;
  std::string backup_arn;
  std::optional<std::string> billing_mode;
  std::optional<std::vector<SecondaryIndex>> global_indexes;
  std::optional<std::vector<LocalSecondaryIndex>> local_indexes;
  std::optional<ProvisionedThroughput> throughput;
  std::optional<OnDemandThroughput> on_demand;
  std::optional<SseSpecification> encryption;
  static constexpr auto shape() {
    using Self = RestoreTableFromBackupRequest;
    return std::tuple{wire::field("TargetTableName", &Self::target_table_name)
                          .required()
                          .length(3, 255)
                          .pattern(kNamePattern),
                      wire::field("BackupArn", &Self::backup_arn).required().length(37, 1024),
                      wire::field("BillingModeOverride", &Self::billing_mode).one_of(kBillingModes),
                      wire::field("GlobalSecondaryIndexOverride", &Self::global_indexes),
                      wire::field("LocalSecondaryIndexOverride", &Self::local_indexes),
                      wire::field("ProvisionedThroughputOverride", &Self::throughput),
                      wire::field("OnDemandThroughputOverride", &Self::on_demand),
                      wire::field("SSESpecificationOverride", &Self::encryption)};
  }
};

struct RestoreTableToPointInTimeRequest {
  std::optional<std::string> source_table_arn;
  std::optional<std::string> source_table_name;
  std::string target_table_name;
  std::optional<bool> use_latest;
  std::optional<wire::Timestamp> time;
  std::optional<std::string> billing_mode;
  std::optional<std::vector<SecondaryIndex>> global_indexes;
  std::optional<std::vector<LocalSecondaryIndex>> local_indexes;
  std::optional<ProvisionedThroughput> throughput;
  std::optional<OnDemandThroughput> on_demand;
  std::optional<SseSpecification> encryption;
  static constexpr auto shape() {
    using Self = RestoreTableToPointInTimeRequest;
    return std::tuple{wire::field("SourceTableArn", &Self::source_table_arn).length(1, 1024),
                      wire::field("SourceTableName", &Self::source_table_name)
                          .length(3, 255)
                          .pattern(kNamePattern),
                      wire::field("TargetTableName", &Self::target_table_name)
                          .required()
                          .length(3, 255)
                          .pattern(kNamePattern),
                      wire::field("UseLatestRestorableTime", &Self::use_latest),
                      wire::field("RestoreDateTime", &Self::time),
                      wire::field("BillingModeOverride", &Self::billing_mode).one_of(kBillingModes),
                      wire::field("GlobalSecondaryIndexOverride", &Self::global_indexes),
                      wire::field("LocalSecondaryIndexOverride", &Self::local_indexes),
                      wire::field("ProvisionedThroughputOverride", &Self::throughput),
                      wire::field("OnDemandThroughputOverride", &Self::on_demand),
                      wire::field("SSESpecificationOverride", &Self::encryption)};
  }
};

struct RecoverySpecification {
  bool enabled = false;
  std::optional<std::int32_t> days;
  static constexpr auto shape() {
    using Self = RecoverySpecification;
    return std::tuple{wire::field("PointInTimeRecoveryEnabled", &Self::enabled).required(),
                      wire::field("RecoveryPeriodInDays", &Self::days).range(1, 35)};
  }
};

struct UpdateContinuousBackupsRequest {
  std::string table_name;
  RecoverySpecification specification;
  static constexpr auto shape() {
    using Self = UpdateContinuousBackupsRequest;
    return std::tuple{
        wire::field("TableName", &Self::table_name).required().length(1, 1024),
        wire::field("PointInTimeRecoverySpecification", &Self::specification).required()};
  }
};

struct RecoveryDescription {
  std::string status;
  std::optional<std::int32_t> days;
  std::optional<wire::Timestamp> earliest;
  std::optional<wire::Timestamp> latest;
  static constexpr auto shape() {
    using Self = RecoveryDescription;
    return std::tuple{wire::field("PointInTimeRecoveryStatus", &Self::status),
                      wire::field("RecoveryPeriodInDays", &Self::days),
                      wire::field("EarliestRestorableDateTime", &Self::earliest),
                      wire::field("LatestRestorableDateTime", &Self::latest)};
  }
};

struct ContinuousBackupsDescription {
  std::string status;
  RecoveryDescription recovery;
  static constexpr auto shape() {
    using Self = ContinuousBackupsDescription;
    return std::tuple{wire::field("ContinuousBackupsStatus", &Self::status).required(),
                      wire::field("PointInTimeRecoveryDescription", &Self::recovery)};
  }
};

struct ContinuousBackupsResponse {
  ContinuousBackupsDescription description;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("ContinuousBackupsDescription", &ContinuousBackupsResponse::description)};
  }
};

}  // namespace mayfly::dynamodb
