// Global tables of version 2017.11.29, and the auto scaling of replicas of either version.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/replica_shapes.h"
#include "services/dynamodb/table_shapes.h"
#include "wire/shape.h"

namespace mayfly::dynamodb {

struct GroupRegion {
  std::string region;
  static constexpr auto shape() {
    return std::tuple{wire::field("RegionName", &GroupRegion::region)};
  }
};

struct CreateGlobalTableRequest {
  std::string name;
  std::vector<GroupRegion> group;
  static constexpr auto shape() {
    using Self = CreateGlobalTableRequest;
    return std::tuple{wire::field("GlobalTableName", &Self::name).required().length(3, 255),
                      wire::field("ReplicationGroup", &Self::group).required()};
  }
};

struct UpdateGlobalTableRequest {
  std::string name;
  std::vector<RegionUpdate> updates;
  static constexpr auto shape() {
    using Self = UpdateGlobalTableRequest;
    return std::tuple{wire::field("GlobalTableName", &Self::name).required().length(3, 255),
                      wire::field("ReplicaUpdates", &Self::updates).required()};
  }
};

// Of DescribeGlobalTable and DescribeGlobalTableSettings.
struct GlobalTableNameRequest {
  std::string name;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("GlobalTableName", &GlobalTableNameRequest::name).required().length(3, 255)};
  }
};

struct GlobalTableDescription {
  std::vector<ReplicaDescription> group;
  std::string arn;
  wire::Timestamp created;
  std::string status;
  std::string name;
  static constexpr auto shape() {
    using Self = GlobalTableDescription;
    return std::tuple{wire::field("ReplicationGroup", &Self::group),
                      wire::field("GlobalTableArn", &Self::arn),
                      wire::field("CreationDateTime", &Self::created),
                      wire::field("GlobalTableStatus", &Self::status),
                      wire::field("GlobalTableName", &Self::name)};
  }
};

struct GlobalTableResponse {
  GlobalTableDescription description;
  static constexpr auto shape() {
    return std::tuple{wire::field("GlobalTableDescription", &GlobalTableResponse::description)};
  }
};

struct ListGlobalTablesRequest {
  std::optional<std::string> start;
  std::int32_t limit = 100;
  std::optional<std::string> region;
  static constexpr auto shape() {
    using Self = ListGlobalTablesRequest;
    return std::tuple{wire::field("ExclusiveStartGlobalTableName", &Self::start).length(3, 255),
                      wire::field("Limit", &Self::limit).at_least(1),
                      wire::field("RegionName", &Self::region)};
  }
};

struct ListedGlobalTable {
  std::string name;
  std::vector<GroupRegion> group;
  static constexpr auto shape() {
    using Self = ListedGlobalTable;
    return std::tuple{wire::field("GlobalTableName", &Self::name),
                      wire::field("ReplicationGroup", &Self::group)};
  }
};

struct ListGlobalTablesResponse {
  std::vector<ListedGlobalTable> tables;
  std::optional<std::string> last;
  static constexpr auto shape() {
    using Self = ListGlobalTablesResponse;
    return std::tuple{wire::field("GlobalTables", &Self::tables),
                      wire::field("LastEvaluatedGlobalTableName", &Self::last)};
  }
};

struct TargetTrackingConfiguration {
  std::optional<bool> no_scale_in;
  std::optional<std::int32_t> in_cooldown;
  std::optional<std::int32_t> out_cooldown;
  double target = 0;
  static constexpr auto shape() {
    using Self = TargetTrackingConfiguration;
    return std::tuple{wire::field("DisableScaleIn", &Self::no_scale_in),
                      wire::field("ScaleInCooldown", &Self::in_cooldown),
                      wire::field("ScaleOutCooldown", &Self::out_cooldown),
                      wire::field("TargetValue", &Self::target).required()};
  }
};

// An update of a policy, and its description.
struct AutoScalingPolicy {
  std::optional<std::string> name;
  TargetTrackingConfiguration tracking;
  static constexpr auto shape() {
    using Self = AutoScalingPolicy;
    return std::tuple{
        wire::field("PolicyName", &Self::name).length(1, 256),
        wire::field("TargetTrackingScalingPolicyConfiguration", &Self::tracking).required()};
  }
};

struct AutoScalingUpdate {
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
  std::optional<bool> disabled;
  std::optional<std::string> role_arn;
  std::optional<AutoScalingPolicy> policy;
  static constexpr auto shape() {
    using Self = AutoScalingUpdate;
    return std::tuple{wire::field("MinimumUnits", &Self::min).at_least(1),
                      wire::field("MaximumUnits", &Self::max).at_least(1),
                      wire::field("AutoScalingDisabled", &Self::disabled),
                      wire::field("AutoScalingRoleArn", &Self::role_arn).length(1, 1600),
                      wire::field("ScalingPolicyUpdate", &Self::policy)};
  }
};

struct AutoScalingDescription {
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
  bool disabled = true;
  std::optional<std::string> role_arn;
  std::optional<std::vector<AutoScalingPolicy>> policies;
  static constexpr auto shape() {
    using Self = AutoScalingDescription;
    return std::tuple{wire::field("MinimumUnits", &Self::min),
                      wire::field("MaximumUnits", &Self::max),
                      wire::field("AutoScalingDisabled", &Self::disabled),
                      wire::field("AutoScalingRoleArn", &Self::role_arn),
                      wire::field("ScalingPolicies", &Self::policies)};
  }
};

struct ReplicaIndexSettings {
  std::string name;
  std::string status;
  std::optional<std::int64_t> read;
  std::optional<AutoScalingDescription> read_scaling;
  std::optional<std::int64_t> write;
  std::optional<AutoScalingDescription> write_scaling;
  static constexpr auto shape() {
    using Self = ReplicaIndexSettings;
    return std::tuple{
        wire::field("IndexName", &Self::name),
        wire::field("IndexStatus", &Self::status),
        wire::field("ProvisionedReadCapacityUnits", &Self::read),
        wire::field("ProvisionedReadCapacityAutoScalingSettings", &Self::read_scaling),
        wire::field("ProvisionedWriteCapacityUnits", &Self::write),
        wire::field("ProvisionedWriteCapacityAutoScalingSettings", &Self::write_scaling)};
  }
};

struct ReplicaSettings {
  std::string region;
  std::string status;
  BillingModeSummary billing;
  std::int64_t read = 0;
  std::optional<AutoScalingDescription> read_scaling;
  std::int64_t write = 0;
  std::optional<AutoScalingDescription> write_scaling;
  std::optional<std::vector<ReplicaIndexSettings>> indexes;
  std::optional<TableClassSummary> table_class;
  static constexpr auto shape() {
    using Self = ReplicaSettings;
    return std::tuple{
        wire::field("RegionName", &Self::region),
        wire::field("ReplicaStatus", &Self::status),
        wire::field("ReplicaBillingModeSummary", &Self::billing),
        wire::field("ReplicaProvisionedReadCapacityUnits", &Self::read),
        wire::field("ReplicaProvisionedReadCapacityAutoScalingSettings", &Self::read_scaling),
        wire::field("ReplicaProvisionedWriteCapacityUnits", &Self::write),
        wire::field("ReplicaProvisionedWriteCapacityAutoScalingSettings", &Self::write_scaling),
        wire::field("ReplicaGlobalSecondaryIndexSettings", &Self::indexes),
        wire::field("ReplicaTableClassSummary", &Self::table_class)};
  }
};

struct GlobalTableSettingsResponse {
  std::string name;
  std::vector<ReplicaSettings> replicas;
  static constexpr auto shape() {
    using Self = GlobalTableSettingsResponse;
    return std::tuple{wire::field("GlobalTableName", &Self::name),
                      wire::field("ReplicaSettings", &Self::replicas)};
  }
};

struct IndexWriteUpdate {
  std::string name;
  std::optional<std::int64_t> write;
  std::optional<AutoScalingUpdate> scaling;
  static constexpr auto shape() {
    using Self = IndexWriteUpdate;
    return std::tuple{
        wire::field("IndexName", &Self::name).required().length(3, 255),
        wire::field("ProvisionedWriteCapacityUnits", &Self::write).at_least(1),
        wire::field("ProvisionedWriteCapacityAutoScalingSettingsUpdate", &Self::scaling)};
  }
};

struct IndexReadUpdate {
  std::string name;
  std::optional<std::int64_t> read;
  std::optional<AutoScalingUpdate> scaling;
  static constexpr auto shape() {
    using Self = IndexReadUpdate;
    return std::tuple{
        wire::field("IndexName", &Self::name).required().length(3, 255),
        wire::field("ProvisionedReadCapacityUnits", &Self::read).at_least(1),
        wire::field("ProvisionedReadCapacityAutoScalingSettingsUpdate", &Self::scaling)};
  }
};

struct ReplicaSettingsUpdate {
  std::string region;
  std::optional<std::int64_t> read;
  std::optional<AutoScalingUpdate> scaling;
  std::optional<std::vector<IndexReadUpdate>> indexes;
  std::optional<std::string> table_class;
  static constexpr auto shape() {
    using Self = ReplicaSettingsUpdate;
    return std::tuple{
        wire::field("RegionName", &Self::region).required(),
        wire::field("ReplicaProvisionedReadCapacityUnits", &Self::read).at_least(1),
        wire::field("ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate", &Self::scaling),
        wire::field("ReplicaGlobalSecondaryIndexSettingsUpdate", &Self::indexes).items(1, 20),
        wire::field("ReplicaTableClass", &Self::table_class).one_of(kTableClasses)};
  }
};

struct UpdateGlobalTableSettingsRequest {
  std::string name;
  std::optional<std::string> billing_mode;
  std::optional<std::int64_t> write;
  std::optional<AutoScalingUpdate> scaling;
  std::optional<std::vector<IndexWriteUpdate>> indexes;
  std::optional<std::vector<ReplicaSettingsUpdate>> replicas;
  static constexpr auto shape() {
    using Self = UpdateGlobalTableSettingsRequest;
    return std::tuple{
        wire::field("GlobalTableName", &Self::name).required().length(3, 255),
        wire::field("GlobalTableBillingMode", &Self::billing_mode).one_of(kBillingModes),
        wire::field("GlobalTableProvisionedWriteCapacityUnits", &Self::write).at_least(1),
        wire::field("GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate", &Self::scaling),
        wire::field("GlobalTableGlobalSecondaryIndexSettingsUpdate", &Self::indexes).items(1, 20),
        wire::field("ReplicaSettingsUpdate", &Self::replicas).items(1, 50)};
  }
};

// Of UpdateTableReplicaAutoScaling.
struct IndexWriteScaling {
  std::optional<std::string> name;
  std::optional<AutoScalingUpdate> scaling;
  static constexpr auto shape() {
    using Self = IndexWriteScaling;
    return std::tuple{wire::field("IndexName", &Self::name).length(3, 255),
                      wire::field("ProvisionedWriteCapacityAutoScalingUpdate", &Self::scaling)};
  }
};

struct IndexReadScaling {
  std::optional<std::string> name;
  std::optional<AutoScalingUpdate> scaling;
  static constexpr auto shape() {
    using Self = IndexReadScaling;
    return std::tuple{wire::field("IndexName", &Self::name).length(3, 255),
                      wire::field("ProvisionedReadCapacityAutoScalingUpdate", &Self::scaling)};
  }
};

struct ReplicaScalingUpdate {
  std::string region;
  std::optional<std::vector<IndexReadScaling>> indexes;
  std::optional<AutoScalingUpdate> scaling;
  static constexpr auto shape() {
    using Self = ReplicaScalingUpdate;
    return std::tuple{
        wire::field("RegionName", &Self::region).required(),
        wire::field("ReplicaGlobalSecondaryIndexUpdates", &Self::indexes),
        wire::field("ReplicaProvisionedReadCapacityAutoScalingUpdate", &Self::scaling)};
  }
};

struct UpdateTableReplicaAutoScalingRequest {
  std::optional<std::vector<IndexWriteScaling>> indexes;
  std::string table_name;
  std::optional<AutoScalingUpdate> scaling;
  std::optional<std::vector<ReplicaScalingUpdate>> replicas;
  static constexpr auto shape() {
    using Self = UpdateTableReplicaAutoScalingRequest;
    return std::tuple{wire::field("GlobalSecondaryIndexUpdates", &Self::indexes).items(1, 10000),
                      wire::field("TableName", &Self::table_name).required(),
                      wire::field("ProvisionedWriteCapacityAutoScalingUpdate", &Self::scaling),
                      wire::field("ReplicaUpdates", &Self::replicas).items(1, 10000)};
  }
};

struct ReplicaIndexScaling {
  std::string name;
  std::string status;
  std::optional<AutoScalingDescription> read;
  std::optional<AutoScalingDescription> write;
  static constexpr auto shape() {
    using Self = ReplicaIndexScaling;
    return std::tuple{wire::field("IndexName", &Self::name),
                      wire::field("IndexStatus", &Self::status),
                      wire::field("ProvisionedReadCapacityAutoScalingSettings", &Self::read),
                      wire::field("ProvisionedWriteCapacityAutoScalingSettings", &Self::write)};
  }
};

struct ReplicaScaling {
  std::string region;
  std::optional<std::vector<ReplicaIndexScaling>> indexes;
  std::optional<AutoScalingDescription> read;
  std::optional<AutoScalingDescription> write;
  std::string status;
  static constexpr auto shape() {
    using Self = ReplicaScaling;
    return std::tuple{
        wire::field("RegionName", &Self::region),
        wire::field("GlobalSecondaryIndexes", &Self::indexes),
        wire::field("ReplicaProvisionedReadCapacityAutoScalingSettings", &Self::read),
        wire::field("ReplicaProvisionedWriteCapacityAutoScalingSettings", &Self::write),
        wire::field("ReplicaStatus", &Self::status)};
  }
};

struct TableAutoScalingDescription {
  std::string name;
  std::string status;
  std::vector<ReplicaScaling> replicas;
  static constexpr auto shape() {
    using Self = TableAutoScalingDescription;
    return std::tuple{wire::field("TableName", &Self::name),
                      wire::field("TableStatus", &Self::status),
                      wire::field("Replicas", &Self::replicas)};
  }
};

struct TableAutoScalingResponse {
  TableAutoScalingDescription description;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("TableAutoScalingDescription", &TableAutoScalingResponse::description)};
  }
};

}  // namespace mayfly::dynamodb
