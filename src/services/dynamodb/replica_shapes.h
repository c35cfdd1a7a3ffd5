// Requests and descriptions of replicas: the tables of other regions that are the same table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/shape.h"

namespace mayfly::dynamodb {

inline constexpr std::array<std::string_view, 2> kTableClasses{"STANDARD",
                                                               "STANDARD_INFREQUENT_ACCESS"};
inline constexpr std::array<std::string_view, 2> kMultiRegionConsistencies{"EVENTUAL", "STRONG"};

struct TableClassSummary {
  std::string table_class;
  static constexpr auto shape() {
    return std::tuple{wire::field("TableClass", &TableClassSummary::table_class)};
  }
};

struct ProvisionedReadOverride {
  std::optional<std::int64_t> units;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("ReadCapacityUnits", &ProvisionedReadOverride::units).at_least(1)};
  }
};

struct OnDemandReadOverride {
  std::optional<std::int64_t> units;
  static constexpr auto shape() {
    return std::tuple{wire::field("MaxReadRequestUnits", &OnDemandReadOverride::units)};
  }
};

// Also how a replica's index is described.
struct ReplicaIndex {
  std::string index_name;
  std::optional<ProvisionedReadOverride> provisioned;
  std::optional<OnDemandReadOverride> on_demand;
  static constexpr auto shape() {
    using Self = ReplicaIndex;
    return std::tuple{wire::field("IndexName", &Self::index_name).required().length(3, 255),
                      wire::field("ProvisionedThroughputOverride", &Self::provisioned),
                      wire::field("OnDemandThroughputOverride", &Self::on_demand)};
  }
};

// Create and Update of a replica.
struct ReplicaAction {
  std::string region;
  std::optional<std::string> kms_master_key_id;
  std::optional<ProvisionedReadOverride> provisioned;
  std::optional<OnDemandReadOverride> on_demand;
  std::optional<std::vector<ReplicaIndex>> indexes;
  std::optional<std::string> table_class;
  static constexpr auto shape() {
    using Self = ReplicaAction;
    return std::tuple{wire::field("RegionName", &Self::region).required(),
                      wire::field("KMSMasterKeyId", &Self::kms_master_key_id),
                      wire::field("ProvisionedThroughputOverride", &Self::provisioned),
                      wire::field("OnDemandThroughputOverride", &Self::on_demand),
                      wire::field("GlobalSecondaryIndexes", &Self::indexes).items(1, 20),
                      wire::field("TableClassOverride", &Self::table_class).one_of(kTableClasses)};
  }
};

struct RegionAction {
  std::string region;
  static constexpr auto shape() {
    return std::tuple{wire::field("RegionName", &RegionAction::region).required()};
  }
};

struct ReplicaUpdate {
  std::optional<ReplicaAction> create;
  std::optional<ReplicaAction> update;
  std::optional<RegionAction> remove;
  static constexpr auto shape() {
    using Self = ReplicaUpdate;
    return std::tuple{wire::field("Create", &Self::create), wire::field("Update", &Self::update),
                      wire::field("Delete", &Self::remove)};
  }
};

// Of a witness, or of a replication group.
struct RegionUpdate {
  std::optional<RegionAction> create;
  std::optional<RegionAction> remove;
  static constexpr auto shape() {
    using Self = RegionUpdate;
    return std::tuple{wire::field("Create", &Self::create), wire::field("Delete", &Self::remove)};
  }
};

struct ReplicaDescription {
  std::string region;
  std::string status;
  std::string arn;
  std::optional<std::string> kms_master_key_id;
  std::optional<ProvisionedReadOverride> provisioned;
  std::optional<OnDemandReadOverride> on_demand;
  std::optional<std::vector<ReplicaIndex>> indexes;
  std::optional<TableClassSummary> table_class;
  static constexpr auto shape() {
    using Self = ReplicaDescription;
    return std::tuple{wire::field("RegionName", &Self::region),
                      wire::field("ReplicaStatus", &Self::status),
                      wire::field("ReplicaArn", &Self::arn),
                      wire::field("KMSMasterKeyId", &Self::kms_master_key_id),
                      wire::field("ProvisionedThroughputOverride", &Self::provisioned),
                      wire::field("OnDemandThroughputOverride", &Self::on_demand),
                      wire::field("GlobalSecondaryIndexes", &Self::indexes),
                      wire::field("ReplicaTableClassSummary", &Self::table_class)};
  }
};

struct WitnessDescription {
  std::string region;
  std::string status;
  static constexpr auto shape() {
    using Self = WitnessDescription;
    return std::tuple{wire::field("RegionName", &Self::region),
                      wire::field("WitnessStatus", &Self::status)};
  }
};

}  // namespace mayfly::dynamodb
