#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/backfill.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/replicas.h"
#include "services/dynamodb/operations/stream_writer.h"
#include "services/dynamodb/operations/table_definition.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {
namespace {

// A new definition and what has to be done about its indexes.
struct Change {
  Table table;
  std::vector<std::uint64_t> created;
  std::vector<std::uint64_t> deleted;
};

wire::Result<void> check_supported(const UpdateTableRequest& request) {
  if (request.global_table_settings_replication_mode) {
    return wire::not_supported(
        "A global table of several accounts (GlobalTableSettingsReplicationMode)");
  }
  const bool any = request.billing_mode || request.provisioned_throughput ||
                   request.stream_specification || request.global_secondary_index_updates ||
                   request.sse_specification || request.table_class ||
                   request.deletion_protection_enabled || request.on_demand_throughput ||
                   request.warm_throughput || request.replica_updates ||
                   request.multi_region_consistency || request.global_table_witness_updates;
  if (!any) {
    return refuse(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
        "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required");
  }
  return {};
}

wire::Result<void> change_throughput(const UpdateTableRequest& request, base::WallTime now,
                                     Table& table) {
  if (request.billing_mode == "PAY_PER_REQUEST") {
    if (request.provisioned_throughput) {
      return refuse(
          "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
          "WriteCapacityUnits can "
          "be specified when BillingMode is PAY_PER_REQUEST");
    }
    if (table.billing != BillingMode::pay_per_request) table.pay_per_request_since = now;
    table.billing = BillingMode::pay_per_request;
    table.throughput = {};
    for (Index& index : table.indexes) index.throughput = {};
  } else if (request.billing_mode == "PROVISIONED") {
    if (table.billing == BillingMode::pay_per_request && !request.provisioned_throughput) {
      return refuse(
          "One or more parameter values were invalid: ProvisionedThroughput must be specified when "
          "BillingMode is PROVISIONED");
    }
    table.billing = BillingMode::provisioned;
  }
  if (request.provisioned_throughput) {
    if (table.billing == BillingMode::pay_per_request) {
      return refuse(
          "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
          "WriteCapacityUnits can "
          "be specified when BillingMode is PAY_PER_REQUEST");
    }
    const Throughput wanted = throughput_from(*request.provisioned_throughput);
    if (wanted == table.throughput && !request.billing_mode &&
        !request.global_secondary_index_updates) {
      const std::string read = std::to_string(wanted.read);
      const std::string write = std::to_string(wanted.write);
      return refuse(
          "The provisioned throughput for the table will not change. The requested value equals "
          "the "
          "current value. Current ReadCapacityUnits provisioned for the table: " +
          read + ". Requested ReadCapacityUnits: " + read +
          ". Current WriteCapacityUnits provisioned for the table: " + write +
          ". Requested WriteCapacityUnits: " + write +
          ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
          "higher "
          "limits.");
    }
    table.throughput = wanted;
  }
  if (request.on_demand_throughput)
    table.on_demand_limit = throughput_from(*request.on_demand_throughput);
  if (request.warm_throughput) table.warm = throughput_from(*request.warm_throughput);
  return {};
}

wire::Result<void> create_index(const SecondaryIndex& request, Change& change) {
  if (change.table.find_index(request.index_name) != nullptr) {
    return refuse("Attempting to create an index which already exists");
  }
  auto index = index_from(request, IndexKind::global, change.table);
  if (!index) return std::unexpected(std::move(index).error());
  index->id = change.table.next_index_id++;
  index->status = IndexStatus::creating;
  change.created.push_back(index->id);
  change.table.indexes.push_back(std::move(*index));
  return {};
}

wire::Result<Index*> global_index(Table& table, const std::string& name) {
  const auto found = std::ranges::find_if(table.indexes, [&](const Index& index) {
    return index.kind == IndexKind::global && index.name == name;
  });
  if (found == table.indexes.end())
    return wire::fail(kResourceNotFound, "Requested resource not found");
  return &*found;
}

wire::Result<void> change_index(const UpdateIndexAction& request, Table& table) {
  auto index = global_index(table, request.index_name);
  if (!index) return std::unexpected(std::move(index).error());
  if (request.provisioned_throughput) {
    if (table.billing == BillingMode::pay_per_request) {
      return refuse(
          "One or more parameter values were invalid: ProvisionedThroughput should not be "
          "specified for "
          "index: " +
          request.index_name + " when BillingMode is PAY_PER_REQUEST");
    }
    (*index)->throughput = throughput_from(*request.provisioned_throughput);
  }
  if (request.on_demand_throughput) {
    (*index)->on_demand_limit = throughput_from(*request.on_demand_throughput);
  }
  if (request.warm_throughput) (*index)->warm = throughput_from(*request.warm_throughput);
  return {};
}

wire::Result<void> change_indexes(const std::vector<IndexUpdate>& updates, Change& change) {
  for (const IndexUpdate& update : updates) {
    const int given = (update.create ? 1 : 0) + (update.update ? 1 : 0) + (update.remove ? 1 : 0);
    if (given != 1) {
      return refuse(
          "One or more parameter values were invalid: Exactly one of Create, Update and Delete "
          "must be "
          "specified in each of GlobalSecondaryIndexUpdates");
    }
    if (update.create) {
      if (auto created = create_index(*update.create, change); !created) return created;
    } else if (update.update) {
      if (auto changed = change_index(*update.update, change.table); !changed) return changed;
    } else {
      auto index = global_index(change.table, update.remove->index_name);
      if (!index) return std::unexpected(std::move(index).error());
      change.deleted.push_back((*index)->id);
      change.table.indexes.erase(change.table.indexes.begin() +
                                 (*index - change.table.indexes.data()));
    }
  }
  return {};
}

// Definitions that no key uses any more go; that is how deleting an index ends.
void drop_unused_attributes(Table& table) {
  std::erase_if(table.attributes,
                [&](const KeyAttribute& attribute) { return !table.is_any_key(attribute.name); });
}

wire::Result<void> merge_attributes(const std::vector<AttributeDefinition>& definitions,
                                    Table& table) {
  auto given = attributes_from(definitions);
  if (!given) return std::unexpected(std::move(given).error());
  for (const KeyAttribute& attribute : *given) {
    const auto known = std::ranges::find(table.attributes, attribute.name, &KeyAttribute::name);
    if (known == table.attributes.end()) {
      table.attributes.push_back(attribute);
    } else if (known->type != attribute.type) {
      return refuse("One or more parameter values were invalid: Attribute " + attribute.name +
                    " is a key already, of type " + std::string(type_name(known->type)));
    }
  }
  return {};
}

wire::Result<Change> change_of(const UpdateTableRequest& request, const Table& before,
                               base::WallTime now) {
  Change change{before, {}, {}};
  Table& table = change.table;
  if (request.attribute_definitions) {
    if (auto merged = merge_attributes(*request.attribute_definitions, table); !merged) {
      return std::unexpected(std::move(merged).error());
    }
  }
  if (auto changed = change_throughput(request, now, table); !changed) {
    return std::unexpected(std::move(changed).error());
  }
  if (request.global_secondary_index_updates) {
    if (auto changed = change_indexes(*request.global_secondary_index_updates, change); !changed) {
      return std::unexpected(std::move(changed).error());
    }
    drop_unused_attributes(table);
  }
  if (request.table_class) table.table_class = *request.table_class;
  if (request.deletion_protection_enabled) {
    table.deletion_protection =
        *request.deletion_protection_enabled ? DeletionProtection::on : DeletionProtection::off;
  }
  if (request.sse_specification) {
    const bool enabled = request.sse_specification->enabled.value_or(false);
    table.encryption_type = enabled ? request.sse_specification->sse_type.value_or("KMS") : "";
    table.encryption_key = enabled ? request.sse_specification->kms_master_key_id.value_or("") : "";
  }
  if (auto checked = check_definition(table); !checked)
    return std::unexpected(std::move(checked).error());
  return change;
}

base::Task<wire::Result<void>> change_stream(const StreamSpecification& asked,
                                             store::Transaction& transaction, Table& table,
                                             std::uint64_t id, base::WallTime now) {
  if (auto checked = check_stream_change(asked, table); !checked) co_return checked;
  if (!asked.stream_enabled && table.has_replicas() &&
      table.global->consistency == MultiRegionConsistency::eventual) {
    co_return refuse(
        "One or more parameter values were invalid: Disabling Stream is not allowed for a Global "
        "Table replica.");
  }
  if (asked.stream_enabled) {
    co_return co_await begin_stream(transaction, table, *view_from(*asked.stream_view_type), id,
                                    now);
  }
  end_stream(transaction, table, now);
  co_return wire::Result<void>{};
}

}  // namespace

base::Task<wire::Result<TableResponse>> update_table(Dynamodb& dynamodb,
                                                     const api::RequestContext& context,
                                                     UpdateTableRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  if (auto supported = check_supported(request); !supported) {
    co_return std::unexpected(std::move(supported).error());
  }
  auto changed = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        auto table =
            co_await open_table(dynamodb, transaction, context.scope, *name, Missing::named);
        if (!table) co_return std::unexpected(std::move(table).error());
        if (auto idle = check_not_creating(**table); !idle) {
          co_return std::unexpected(std::move(idle).error());
        }
        auto change = change_of(request, **table, context.received);
        if (!change) co_return std::unexpected(std::move(change).error());
        if (request.stream_specification) {
          auto streamed =
              co_await change_stream(*request.stream_specification, transaction, change->table,
                                     new_row_id(dynamodb.ids), context.received);
          if (!streamed) co_return std::unexpected(std::move(streamed).error());
        }
        auto replicated = co_await change_replicas(dynamodb, transaction, request, context.received,
                                                   change->table);
        if (!replicated) co_return std::unexpected(std::move(replicated).error());
        put_table(transaction, change->table);
        for (const Index& index : change->table.indexes) {
          const bool created =
              std::ranges::find(change->created, index.id) != change->created.end();
          if (created) enqueue_backfill(transaction, change->table, index, context.received);
        }
        for (const std::uint64_t id : change->deleted) {
          const std::string entries =
              keys::index_entries(change->table.home, change->table.row_id, id);
          transaction.erase_range(entries, store::prefix_end(entries));
        }
        co_return std::move(change->table);
      });
  if (!changed) co_return std::unexpected(std::move(changed).error());
  co_return TableResponse{describe(*changed, "UPDATING")};
}

}  // namespace mayfly::dynamodb
