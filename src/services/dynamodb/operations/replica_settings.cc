// DescribeGlobalTableSettings, UpdateGlobalTableSettings (of global tables of version 2017.11.29),
// DescribeTableReplicaAutoScaling, UpdateTableReplicaAutoScaling: the capacity of replicas, and its
// settings of Application Auto Scaling, which are kept there.
#include <algorithm>

#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/replicas.h"
#include "services/dynamodb/operations/replication_groups.h"

namespace mayfly::dynamodb {
namespace {

enum class Capacity { read, write };

std::string_view word(Capacity capacity) { return capacity == Capacity::read ? "Read" : "Write"; }

ports::ScalableCapacity scalable(const Table& table, const std::string& region,
                                 const std::string& index, Capacity capacity) {
  ports::ScalableCapacity out;
  out.scope = {table.scope.account, region};
  out.service = "dynamodb";
  out.resource = "table/" + table.name + (index.empty() ? "" : "/index/" + index);
  out.dimension = (index.empty() ? "dynamodb:table:" : "dynamodb:index:") +
                  std::string(word(capacity)) + "CapacityUnits";
  return out;
}

base::Task<wire::Result<AutoScalingDescription>> describe_scaling(Dynamodb& dynamodb,
                                                                  ports::ScalableCapacity of) {
  auto found = co_await dynamodb.scaling.find(std::move(of));
  if (!found) co_return std::unexpected(std::move(found).error());
  AutoScalingDescription out;
  if (!*found) co_return out;
  const ports::CapacityScaling& scaling = **found;
  out.disabled = false;
  out.min = scaling.min;
  out.max = scaling.max;
  out.role_arn = scaling.role_arn;
  out.policies.emplace();
  for (const ports::ScalingPolicy& each : scaling.policies) {
    AutoScalingPolicy& policy = out.policies->emplace_back();
    policy.name = each.name;
    policy.tracking = {each.no_scale_in, each.scale_in_cooldown, each.scale_out_cooldown,
                       each.target};
  }
  co_return out;
}

std::int32_t clipped(std::int64_t units) {
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(units, std::numeric_limits<std::int32_t>::max()));
}

base::Task<wire::Result<void>> change_scaling(Dynamodb& dynamodb, ports::ScalableCapacity of,
                                              AutoScalingUpdate update, Capacity capacity,
                                              base::WallTime now) {
  if (update.disabled.value_or(false)) co_return co_await dynamodb.scaling.end(std::move(of));
  const std::string metric = "DynamoDB" + std::string(word(capacity)) + "CapacityUtilization";
  ports::CapacityScaling to;
  if (update.min) to.min = clipped(*update.min);
  if (update.max) to.max = clipped(*update.max);
  to.role_arn = std::move(update.role_arn);
  if (update.policy) {
    const TargetTrackingConfiguration& asked = update.policy->tracking;
    ports::ScalingPolicy& policy = to.policies.emplace_back();
    policy.name =
        update.policy->name.value_or(metric + ":" + of.resource);  // as AWS's console does
    policy.target = asked.target;
    policy.scale_in_cooldown = asked.in_cooldown;
    policy.scale_out_cooldown = asked.out_cooldown;
    policy.no_scale_in = asked.no_scale_in;
  }
  co_return co_await dynamodb.scaling.change(std::move(of), std::move(to), metric, now);
}

// Changes that are made once everything about them was checked.
struct ScalingChange {
  std::vector<std::string> regions;
  std::string index;  // empty: the table
  Capacity capacity = Capacity::read;
  AutoScalingUpdate update;
};

base::Task<wire::Result<void>> change_all(Dynamodb& dynamodb, const Table& table,
                                          std::vector<ScalingChange> changes, base::WallTime now) {
  for (const ScalingChange& change : changes) {
    for (const std::string& region : change.regions) {
      auto done =
          co_await change_scaling(dynamodb, scalable(table, region, change.index, change.capacity),
                                  change.update, change.capacity, now);
      if (!done) co_return done;
    }
  }
  co_return wire::Result<void>{};
}

wire::Result<Index*> global_index(Table& table, const std::string& name,
                                  const wire::ErrorSpec& missing) {
  const auto found = std::ranges::find(table.indexes, name, &Index::name);
  if (found != table.indexes.end() && found->kind == IndexKind::global) return &*found;
  return wire::fail(missing, "The table has no global secondary index " + name);
}

std::string_view status_of(const Index& index) {
  return index.status == IndexStatus::creating ? "CREATING" : "ACTIVE";
}

base::Task<wire::Result<ReplicaIndexSettings>> describe_index(Dynamodb& dynamodb,
                                                              const Table& table,
                                                              const Index& index) {
  ReplicaIndexSettings out;
  out.name = index.name;
  out.status = status_of(index);
  if (table.billing != BillingMode::provisioned) co_return out;
  const Throughput units = throughput_of(table, &index);
  out.read = units.read;
  out.write = units.write;
  const std::string& region = table.scope.region;
  auto read =
      co_await describe_scaling(dynamodb, scalable(table, region, index.name, Capacity::read));
  if (!read) co_return std::unexpected(std::move(read).error());
  auto write =
      co_await describe_scaling(dynamodb, scalable(table, region, index.name, Capacity::write));
  if (!write) co_return std::unexpected(std::move(write).error());
  out.read_scaling = std::move(*read);
  out.write_scaling = std::move(*write);
  co_return out;
}

// Of the replica that the table is seen from.
base::Task<wire::Result<ReplicaSettings>> describe_settings(Dynamodb& dynamodb,
                                                            const Table& table) {
  ReplicaSettings out;
  out.region = table.scope.region;
  out.status = "ACTIVE";
  out.billing.billing_mode =
      table.billing == BillingMode::provisioned ? "PROVISIONED" : "PAY_PER_REQUEST";
  if (table.pay_per_request_since) {
    out.billing.last_update_to_pay_per_request = timestamp(*table.pay_per_request_since);
  }
  if (!table.table_class.empty()) out.table_class = TableClassSummary{table.table_class};
  if (table.billing == BillingMode::provisioned) {
    const Throughput units = throughput_of(table, nullptr);
    out.read = units.read;
    out.write = units.write;
    auto read =
        co_await describe_scaling(dynamodb, scalable(table, out.region, {}, Capacity::read));
    if (!read) co_return std::unexpected(std::move(read).error());
    auto write =
        co_await describe_scaling(dynamodb, scalable(table, out.region, {}, Capacity::write));
    if (!write) co_return std::unexpected(std::move(write).error());
    out.read_scaling = std::move(*read);
    out.write_scaling = std::move(*write);
  }
  for (const Index& index : table.indexes) {
    if (index.kind != IndexKind::global) continue;
    auto described = co_await describe_index(dynamodb, table, index);
    if (!described) co_return std::unexpected(std::move(described).error());
    if (!out.indexes) out.indexes.emplace();
    out.indexes->push_back(std::move(*described));
  }
  co_return out;
}

base::Task<wire::Result<GlobalTableSettingsResponse>> describe_all_settings(Dynamodb& dynamodb,
                                                                            Table table) {
  GlobalTableSettingsResponse out{table.name, {}};
  for (const std::string& region : regions_of(table)) {
    table.see_from(region);
    auto replica = co_await describe_settings(dynamodb, table);
    if (!replica) co_return std::unexpected(std::move(replica).error());
    out.replicas.push_back(std::move(*replica));
  }
  co_return out;
}

wire::Result<void> change_billing(const UpdateGlobalTableSettingsRequest& request,
                                  base::WallTime now, Table& table) {
  if (!request.billing_mode) return {};
  const bool on_demand = *request.billing_mode == "PAY_PER_REQUEST";
  if (on_demand && table.billing != BillingMode::pay_per_request) {
    table.billing = BillingMode::pay_per_request;
    table.pay_per_request_since = now;
    table.throughput = {};
    for (Index& index : table.indexes) index.throughput = {};
  }
  if (!on_demand) table.billing = BillingMode::provisioned;
  return {};
}

// What all replicas share, but for what they read.
wire::Result<void> change_shared(const UpdateGlobalTableSettingsRequest& request, Table& table,
                                 std::vector<ScalingChange>& scaling) {
  const std::vector<std::string> regions = regions_of(table);
  if (request.write) table.throughput.write = *request.write;
  if (request.scaling) scaling.push_back({regions, {}, Capacity::write, *request.scaling});
  if (!request.indexes) return {};
  for (const IndexWriteUpdate& update : *request.indexes) {
    auto index = global_index(table, update.name, kIndexNotFound);
    if (!index) return std::unexpected(std::move(index).error());
    if (update.write) (*index)->throughput.write = *update.write;
    if (update.scaling) scaling.push_back({regions, update.name, Capacity::write, *update.scaling});
  }
  return {};
}

wire::Result<void> change_replica(const ReplicaSettingsUpdate& update, Table& table,
                                  std::vector<ScalingChange>& scaling) {
  RegionalSettings* settings = settings_in(table, update.region);
  if (settings == nullptr) {
    return wire::fail(kReplicaNotFound, "The global table " + table.name +
                                            " has no replica in the region " + update.region);
  }
  if (update.table_class) settings->table_class = *update.table_class;
  if (update.read) {
    settings->reads.provisioned = update.read;
    if (table.throughput.read < 1) table.throughput.read = *update.read;
  }
  if (update.scaling) {
    scaling.push_back({{update.region}, {}, Capacity::read, *update.scaling});
  }
  if (!update.indexes) return {};
  for (const IndexReadUpdate& each : *update.indexes) {
    auto index = global_index(table, each.name, kIndexNotFound);
    if (!index) return std::unexpected(std::move(index).error());
    if (each.read) {
      settings->indexes_reads[each.name].provisioned = each.read;
      if ((*index)->throughput.read < 1) (*index)->throughput.read = *each.read;
    }
    if (each.scaling) {
      scaling.push_back({{update.region}, each.name, Capacity::read, *each.scaling});
    }
  }
  return {};
}

wire::Result<void> check_units(const Table& table) {
  const auto given = [](const Throughput& units) { return units.read >= 1 && units.write >= 1; };
  const bool all =
      given(table.throughput) && std::ranges::all_of(table.indexes, [&](const Index& index) {
        return index.kind != IndexKind::global || given(index.throughput);
      });
  if (table.billing == BillingMode::provisioned && !all) {
    return invalid_parameter(
        "capacity units of the table and of each global "
        "secondary index must be specified when the billing mode is PROVISIONED");
  }
  return {};
}

wire::Result<void> change_settings(const UpdateGlobalTableSettingsRequest& request,
                                   base::WallTime now, Table& table,
                                   std::vector<ScalingChange>& scaling) {
  if (auto changed = change_billing(request, now, table); !changed) return changed;
  if (auto changed = change_shared(request, table, scaling); !changed) return changed;
  for (const ReplicaSettingsUpdate& update :
       request.replicas.value_or(std::vector<ReplicaSettingsUpdate>{})) {
    if (auto changed = change_replica(update, table, scaling); !changed) return changed;
  }
  if (table.billing == BillingMode::pay_per_request &&
      (table.throughput.read > 0 || table.throughput.write > 0)) {
    return invalid_parameter(
        "capacity units cannot be specified when the "
        "billing mode is PAY_PER_REQUEST");
  }
  return check_units(table);
}

base::Task<wire::Result<TableAutoScalingResponse>> describe_table_scaling(Dynamodb& dynamodb,
                                                                          Table table) {
  TableAutoScalingResponse out;
  out.description.name = table.name;
  out.description.status = table.is_creating() ? "CREATING" : "ACTIVE";
  for (const std::string& region : regions_of(table)) {
    table.see_from(region);
    auto settings = co_await describe_settings(dynamodb, table);
    if (!settings) co_return std::unexpected(std::move(settings).error());
    ReplicaScaling& replica = out.description.replicas.emplace_back();
    replica.region = region;
    replica.status = "ACTIVE";
    replica.read = std::move(settings->read_scaling);
    replica.write = std::move(settings->write_scaling);
    if (!settings->indexes) continue;
    replica.indexes.emplace();
    for (ReplicaIndexSettings& index : *settings->indexes) {
      replica.indexes->push_back({std::move(index.name), std::move(index.status),
                                  std::move(index.read_scaling), std::move(index.write_scaling)});
    }
  }
  co_return out;
}

wire::Result<std::vector<ScalingChange>> changes_of(
    const UpdateTableReplicaAutoScalingRequest& request, Table& table) {
  std::vector<ScalingChange> out;
  const std::vector<std::string> regions = regions_of(table);
  if (request.scaling) out.push_back({regions, {}, Capacity::write, *request.scaling});
  for (const IndexWriteScaling& each : request.indexes.value_or(std::vector<IndexWriteScaling>{})) {
    auto index = global_index(table, each.name.value_or(""), kResourceNotFound);
    if (!index) return std::unexpected(std::move(index).error());
    if (each.scaling) out.push_back({regions, *each.name, Capacity::write, *each.scaling});
  }
  for (const ReplicaScalingUpdate& replica :
       request.replicas.value_or(std::vector<ReplicaScalingUpdate>{})) {
    if (settings_in(table, replica.region) == nullptr) {
      return invalid_parameter("The table " + table.name + " has no replica in the region " +
                               replica.region);
    }
    if (replica.scaling) out.push_back({{replica.region}, {}, Capacity::read, *replica.scaling});
    for (const IndexReadScaling& each : replica.indexes.value_or(std::vector<IndexReadScaling>{})) {
      auto index = global_index(table, each.name.value_or(""), kResourceNotFound);
      if (!index) return std::unexpected(std::move(index).error());
      if (each.scaling)
        out.push_back({{replica.region}, *each.name, Capacity::read, *each.scaling});
    }
  }
  return out;
}

base::Task<wire::Result<Table>> read_table(Dynamodb& dynamodb, base::Scope scope,
                                           std::string name_or_arn) {
  auto name = table_name_of(scope, std::move(name_or_arn));
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, scope, *name, Missing::named,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  co_return Table(**table);
}

}  // namespace

Answer<GlobalTableSettingsResponse> describe_global_table_settings(
    Dynamodb& dynamodb, const api::RequestContext& context, GlobalTableNameRequest request) {
  wire::Result<Table> table;
  {
    const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
    table = co_await open_replication_group(*transaction, context.scope, request.name,
                                            store::Conflict::ignore);
  }
  if (!table) co_return std::unexpected(std::move(table).error());
  co_return co_await describe_all_settings(dynamodb, std::move(*table));
}

Answer<GlobalTableSettingsResponse> update_global_table_settings(
    Dynamodb& dynamodb, const api::RequestContext& context,
    UpdateGlobalTableSettingsRequest request) {
  std::vector<ScalingChange> scaling;
  auto updated = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        auto table = co_await open_replication_group(transaction, context.scope, request.name,
                                                     store::Conflict::detect);
        if (!table) co_return table;
        scaling.clear();
        auto changed = change_settings(request, context.received, *table, scaling);
        if (!changed) co_return std::unexpected(std::move(changed).error());
        put_table(transaction, *table);
        co_return table;
      });
  if (!updated) co_return std::unexpected(std::move(updated).error());
  auto scaled = co_await change_all(dynamodb, *updated, std::move(scaling), context.received);
  if (!scaled) co_return std::unexpected(std::move(scaled).error());
  co_return co_await describe_all_settings(dynamodb, std::move(*updated));
}

Answer<TableAutoScalingResponse> describe_table_replica_auto_scaling(
    Dynamodb& dynamodb, const api::RequestContext& context, DescribeTableRequest request) {
  auto table = co_await read_table(dynamodb, context.scope, std::move(request.table_name));
  if (!table) co_return std::unexpected(std::move(table).error());
  co_return co_await describe_table_scaling(dynamodb, std::move(*table));
}

Answer<TableAutoScalingResponse> update_table_replica_auto_scaling(
    Dynamodb& dynamodb, const api::RequestContext& context,
    UpdateTableReplicaAutoScalingRequest request) {
  auto table = co_await read_table(dynamodb, context.scope, request.table_name);
  if (!table) co_return std::unexpected(std::move(table).error());
  if (table->billing != BillingMode::provisioned) {
    co_return invalid_parameter(
        "auto scaling needs a table whose BillingMode "
        "is PROVISIONED");
  }
  auto changes = changes_of(request, *table);
  if (!changes) co_return std::unexpected(std::move(changes).error());
  auto done = co_await change_all(dynamodb, *table, std::move(*changes), context.received);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return co_await describe_table_scaling(dynamodb, std::move(*table));
}

}  // namespace mayfly::dynamodb
