#include "services/dynamodb/operations/replicas.h"

#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/stream_writer.h"
#include "services/dynamodb/table_record.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kStrongRegions = 3;

std::unexpected<wire::ApiError> no_replica(const Table& table, const std::string& region) {
  return invalid_parameter("The table " + table.name + " has no replica in the region " + region);
}

wire::Result<void> apply_overrides(const ReplicaAction& asked, const Table& table,
                                   RegionalSettings& settings) {
  if (asked.kms_master_key_id) {
    settings.encryption_type = "KMS";
    settings.encryption_key = *asked.kms_master_key_id;
  }
  if (asked.table_class) settings.table_class = *asked.table_class;
  if (asked.provisioned) settings.reads.provisioned = asked.provisioned->units;
  if (asked.on_demand) settings.reads.on_demand = asked.on_demand->units;
  if (!asked.indexes) return {};
  for (const ReplicaIndex& each : *asked.indexes) {
    const Index* index = table.find_index(each.index_name);
    if (index == nullptr || index->kind != IndexKind::global) {
      return invalid_parameter("The table has no global secondary index " + each.index_name);
    }
    ReadOverride& reads = settings.indexes_reads[each.index_name];
    if (each.provisioned) reads.provisioned = each.provisioned->units;
    if (each.on_demand) reads.on_demand = each.on_demand->units;
  }
  return {};
}

// Replicas with eventual consistency have streams, of both images; a client may count on that.
base::Task<wire::Result<void>> ensure_stream(Dynamodb& dynamodb, store::Transaction& transaction,
                                             Table& table, base::WallTime now) {
  if (!table.stream) {
    co_return co_await begin_stream(transaction, table, StreamView::both_images,
                                    new_row_id(dynamodb.ids), now);
  }
  if (table.stream->view != StreamView::both_images) {
    co_return invalid_parameter(
        "The stream of a table with replicas must have the view type NEW_AND_OLD_IMAGES");
  }
  co_return wire::Result<void>{};
}

base::Task<wire::Result<void>> create_replica(Dynamodb& dynamodb, store::Transaction& transaction,
                                              const ReplicaAction& asked, base::WallTime now,
                                              Table& table) {
  if (!is_region_name(asked.region)) {
    co_return invalid_parameter("Invalid region: " + asked.region);
  }
  if (settings_in(table, asked.region) != nullptr) {
    co_return invalid_parameter("The table " + table.name +
                                " already has a replica in the region " + asked.region);
  }
  auto present =
      co_await transaction.get(keys::table({table.scope.account, asked.region}, table.name));
  if (!present) co_return store_failed(present);
  if (*present) {
    // DynamoDB's wording.
    co_return refuse("Failed to create a the new replica of table with name: '" + table.name +
                     "' because one or more replicas already existed as tables.");
  }
  make_global(transaction, table, now);
  Replica replica;
  replica.region = asked.region;
  replica.settings.id = dynamodb.ids.uuid();
  replica.settings.created = now;
  replica.settings.table_class = table.table_class;
  replica.settings.encryption_type = table.encryption_type;
  if (auto applied = apply_overrides(asked, table, replica.settings); !applied) co_return applied;
  table.global->others.push_back(std::move(replica));
  put_pointer(transaction, table, asked.region);
  co_return wire::Result<void>{};
}

base::Task<wire::Result<void>> ensure_streams(Dynamodb& dynamodb, store::Transaction& transaction,
                                              base::WallTime now, Table& table) {
  const std::string own = table.scope.region;
  std::vector<std::string> regions{own};
  for (const Replica& other : table.global->others) regions.push_back(other.region);
  wire::Result<void> done;
  for (const std::string& region : regions) {
    table.see_from(region);
    if (done) done = co_await ensure_stream(dynamodb, transaction, table, now);
  }
  table.see_from(own);
  co_return done;
}

wire::Result<void> delete_replica(store::Transaction& transaction, const std::string& region,
                                  base::WallTime now, Table& table) {
  if (region == table.scope.region) {
    return invalid_parameter("The replica of the region that is asked is deleted with DeleteTable");
  }
  if (settings_in(table, region) == nullptr) return no_replica(table, region);
  const std::string own = table.scope.region;
  table.see_from(region);
  auto unused = check_replica_unused(table);
  if (unused) drop_replica(transaction, table, now);
  table.see_from(own);
  return unused;
}

base::Task<wire::Result<void>> change_replica(Dynamodb& dynamodb, store::Transaction& transaction,
                                              const ReplicaUpdate& update, base::WallTime now,
                                              Table& table) {
  const int given = (update.create ? 1 : 0) + (update.update ? 1 : 0) + (update.remove ? 1 : 0);
  if (given != 1) {
    co_return invalid_parameter(
        "Exactly one of Create, Update and Delete must be specified in each of ReplicaUpdates");
  }
  if (update.create) {
    co_return co_await create_replica(dynamodb, transaction, *update.create, now, table);
  }
  if (update.remove) co_return delete_replica(transaction, update.remove->region, now, table);
  RegionalSettings* settings = settings_in(table, update.update->region);
  if (settings == nullptr) co_return no_replica(table, update.update->region);
  co_return apply_overrides(*update.update, table, *settings);
}

wire::Result<void> change_witness(const RegionUpdate& update, Table& table) {
  if (update.create.has_value() == update.remove.has_value()) {
    return invalid_parameter(
        "Exactly one of Create and Delete must be specified in GlobalTableWitnessUpdates");
  }
  if (!table.global || table.global->consistency != MultiRegionConsistency::strong) {
    return invalid_parameter("Only a global table with strong consistency has a witness");
  }
  std::string& witness = table.global->witness;
  if (update.remove) {
    if (witness != update.remove->region) {
      return invalid_parameter("The table has no witness in the region " + update.remove->region);
    }
    witness.clear();
    return {};
  }
  if (!witness.empty()) return invalid_parameter("The table already has a witness");
  if (settings_in(table, update.create->region) != nullptr) {
    return invalid_parameter("A replica and the witness cannot be in the same region");
  }
  witness = update.create->region;
  return {};
}

wire::Result<void> check_strong(const Table& table) {
  const GlobalTable& global = *table.global;
  const std::size_t regions = 1 + global.others.size() + (global.witness.empty() ? 0 : 1);
  if (global.others.empty() || regions == kStrongRegions) return {};
  return invalid_parameter(
      "A global table with strong consistency is in exactly three regions: three replicas, or two "
      "and a witness");
}

}  // namespace

bool is_region_name(std::string_view text) {
  constexpr std::size_t kLongest = 32;
  return text.size() <= kLongest && std::ranges::count(text, '-') >= 2 && text.front() != '-' &&
         text.back() >= '0' && text.back() <= '9' && std::ranges::all_of(text, [](char c) {
           return c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

RegionalSettings* settings_in(Table& table, std::string_view region) {
  if (region == table.scope.region) return &table;
  if (!table.global) return nullptr;
  const auto found = std::ranges::find(table.global->others, region, &Replica::region);
  return found == table.global->others.end() ? nullptr : &found->settings;
}

std::vector<std::string> regions_of(const Table& table) {
  std::vector<std::string> out{table.scope.region};
  if (table.global) {
    for (const Replica& other : table.global->others) out.push_back(other.region);
  }
  std::ranges::sort(out);
  return out;
}

void put_pointer(store::Transaction& transaction, const Table& table, std::string region) {
  transaction.put(keys::table({table.scope.account, std::move(region)}, table.name),
                  encode_pointer({table.home, table.row_id}));
}

void make_global(store::Transaction& transaction, Table& table, base::WallTime now) {
  if (table.global) return;
  table.global = GlobalTable{};
  table.global->created = now;
  put_pointer(transaction, table, table.scope.region);
}

base::Task<wire::Result<void>> change_replicas(Dynamodb& dynamodb, store::Transaction& transaction,
                                               const UpdateTableRequest& request,
                                               base::WallTime now, Table& table) {
  const bool strong = request.multi_region_consistency == "STRONG";
  if (request.multi_region_consistency) {
    const bool creates = request.replica_updates &&
                         std::ranges::any_of(*request.replica_updates, [](const auto& update) {
                           return update.create.has_value();
                         });
    if (!creates || table.has_replicas()) {
      co_return invalid_parameter(
          "MultiRegionConsistency can be specified only when a global table is created");
    }
    make_global(transaction, table, now);
    table.global->consistency =
        strong ? MultiRegionConsistency::strong : MultiRegionConsistency::eventual;
  }
  if (request.replica_updates) {
    if (table.in_replication_group()) {
      co_return refuse("The table " + table.name +
                       " belongs to a global table of version 2017.11.29, whose replicas "
                       "UpdateGlobalTable changes");
    }
    for (const ReplicaUpdate& update : *request.replica_updates) {
      auto changed = co_await change_replica(dynamodb, transaction, update, now, table);
      if (!changed) co_return changed;
    }
  }
  if (request.global_table_witness_updates) {
    auto changed = change_witness(request.global_table_witness_updates->front(), table);
    if (!changed) co_return changed;
  }
  if (!table.global) co_return wire::Result<void>{};
  if (table.global->consistency == MultiRegionConsistency::strong) co_return check_strong(table);
  if (!table.has_replicas()) co_return wire::Result<void>{};
  co_return co_await ensure_streams(dynamodb, transaction, now, table);
}

wire::Result<void> check_replica_unused(const Table& table) {
  if (table.deletion_protection == DeletionProtection::on) {
    return refuse(
        "Resource cannot be deleted as it is currently protected against deletion. Disable "
        "deletion protection first.");
  }
  if (auto unused = check_unused(table); !unused) return unused;
  // The work that fills it may be that of this region.
  const bool filling =
      std::ranges::any_of(
          table.indexes,
          [](const Index& index) { return index.status == IndexStatus::creating; }) ||
      (table.time_to_live && table.time_to_live->status == TimeToLiveStatus::enabling);
  if (!filling || !table.has_replicas()) return {};
  return wire::fail(
      kResourceInUse,
      "Attempt to change a resource which is still in use: Table is being updated: " + table.name);
}

void drop_replica(store::Transaction& transaction, Table& table, base::WallTime now) {
  if (table.stream) end_stream(transaction, table, now);
  const base::Scope ended = table.scope;
  transaction.erase(keys::table(ended, table.name));
  for (const std::string& rows :
       {keys::policies(ended, table.name), keys::insights(ended, table.name)}) {
    transaction.erase_range(rows, store::prefix_end(rows));
  }
  std::vector<Replica>& others = table.global->others;
  table.see_from(others.front().region);
  std::erase_if(others, [&](const Replica& other) { return other.region == ended.region; });
}

void describe_replicas(const Table& table, TableDescription& out) {
  if (table.in_replication_group()) {  // DescribeGlobalTable tells its replicas
    out.global_table_version = global_version_name(GlobalVersion::v2017);
    return;
  }
  if (!table.has_replicas()) return;
  const GlobalTable& global = *table.global;
  out.global_table_version = global_version_name(global.version);
  out.multi_region_consistency = consistency_name(global.consistency);
  if (!global.witness.empty()) {
    out.global_table_witnesses.emplace().push_back({global.witness, "ACTIVE"});
  }
  out.replicas.emplace();
  for (const Replica& other : global.others) {
    const RegionalSettings& settings = other.settings;
    ReplicaDescription& replica = out.replicas->emplace_back();
    replica.region = other.region;
    replica.status = "ACTIVE";
    replica.arn =
        base::Scope{table.scope.account, other.region}.arn("dynamodb", "table/" + table.name);
    if (!settings.encryption_key.empty()) replica.kms_master_key_id = settings.encryption_key;
    if (settings.reads.provisioned) replica.provisioned.emplace(settings.reads.provisioned);
    if (settings.reads.on_demand) replica.on_demand.emplace(settings.reads.on_demand);
    if (!settings.table_class.empty()) replica.table_class.emplace(settings.table_class);
    for (const Index& index : table.indexes) {
      if (index.kind != IndexKind::global) continue;
      if (!replica.indexes) replica.indexes.emplace();
      ReplicaIndex& described = replica.indexes->emplace_back();
      described.index_name = index.name;
      const auto reads = settings.indexes_reads.find(index.name);
      if (reads == settings.indexes_reads.end()) continue;
      if (reads->second.provisioned) described.provisioned.emplace(reads->second.provisioned);
      if (reads->second.on_demand) described.on_demand.emplace(reads->second.on_demand);
    }
  }
  // The stored order changes with the region that the table is seen from.
  std::ranges::sort(*out.replicas, {}, &ReplicaDescription::region);
}

}  // namespace mayfly::dynamodb
