// CreateGlobalTable, UpdateGlobalTable, DescribeGlobalTable, ListGlobalTables: global tables of
// version 2017.11.29, which are made of tables that are there.
//
// As in the later version all replicas are the same rows (replicas.h). Empty tables of several
// regions become one; a replica that leaves becomes a table of its own again, with a copy of the
// rows, which is there when that is made.
#include "services/dynamodb/operations/replication_groups.h"

#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/copy.h"
#include "services/dynamodb/operations/history.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/replicas.h"
#include "services/dynamodb/table_record.h"

namespace mayfly::dynamodb {
namespace {

GlobalTableDescription describe_group(const Table& table, std::string status) {
  GlobalTableDescription out;
  for (const std::string& region : regions_of(table)) {
    ReplicaDescription& replica = out.group.emplace_back();
    replica.region = region;
    replica.status = "ACTIVE";
    replica.arn = base::Scope{table.scope.account, region}.arn("dynamodb", "table/" + table.name);
  }
  out.arn = base::Scope{table.scope.account, {}}.arn("dynamodb", "global-table/" + table.name);
  out.created = timestamp(table.global->created);
  out.status = std::move(status);
  out.name = table.name;
  return out;
}

bool same_index(const Index& one, const Index& other) {
  return one.name == other.name && one.kind == other.kind &&
         one.keys.partition == other.keys.partition && one.keys.sort == other.keys.sort;
}

// What DynamoDB asks of a table that becomes a replica.
base::Task<wire::Result<void>> check_member(store::Transaction& transaction, const Table& table) {
  const std::string which = "the table " + table.name + " in the region " + table.scope.region;
  if (table.global && (table.has_replicas() || table.in_replication_group())) {
    co_return invalid_parameter(which + " belongs to a global table already");
  }
  if (auto unused = check_unused(table); !unused) co_return unused;
  if (!table.stream || table.stream->view != StreamView::both_images) {
    co_return invalid_parameter(which +
                                " must have a stream with the view type "
                                "NEW_AND_OLD_IMAGES");
  }
  const std::string items = keys::items(table.home, table.row_id);
  store::RangeQuery first;
  first.begin = items;
  first.end = store::prefix_end(items);
  first.limit = 1;
  auto rows = co_await transaction.range(std::move(first));
  if (!rows) co_return store_failed(rows);
  if (!rows->rows.empty()) co_return invalid_parameter(which + " must be empty");
  co_return wire::Result<void>{};
}

base::Task<wire::Result<TablePtr>> find_member(Dynamodb& dynamodb, store::Transaction& transaction,
                                               base::Scope scope, const std::string& name) {
  if (!is_region_name(scope.region)) {
    co_return invalid_parameter("Invalid region: " + scope.region);
  }
  auto table = co_await open_table(dynamodb, transaction, scope, name, Missing::named);
  if (!table && table.error().spec == &kResourceNotFound) {
    co_return wire::fail(kTableNotFound,
                         "Table not found: " + name + " in the region " + scope.region);
  }
  co_return table;
}

// Takes the place of `other`, which is empty.
base::Task<wire::Result<void>> join(store::Transaction& transaction, Table& table,
                                    const Table& other) {
  if (auto checked = co_await check_member(transaction, other); !checked) co_return checked;
  const bool same = table.keys.partition == other.keys.partition &&
                    table.keys.sort == other.keys.sort &&
                    std::ranges::is_permutation(table.indexes, other.indexes, same_index);
  if (!same) {
    co_return invalid_parameter("the tables " + table.name + " in the regions " +
                                table.scope.region + " and " + other.scope.region +
                                " do not have the same keys and indexes");
  }
  if (other.global) transaction.erase(keys::global_table(other.home, other.row_id));
  for (const std::string& rows :
       {keys::index_entries(other.home, other.row_id), keys::expiries(other.home, other.row_id),
        keys::history(other.home, other.row_id)}) {
    transaction.erase_range(rows, store::prefix_end(rows));
  }
  table.global->others.push_back({other.scope.region, other});
  put_pointer(transaction, table, other.scope.region);
  co_return wire::Result<void>{};
}

void dissolve(store::Transaction& transaction, Table& table) {
  table.global->version = GlobalVersion::v2019;
  transaction.erase(keys::replication_group(table.scope.account, table.name));
}

// The replica of that region becomes a table of its own.
wire::Result<void> leave(Dynamodb& dynamodb, store::Transaction& transaction, Table& table,
                         const std::string& region, base::WallTime now) {
  if (settings_in(table, region) == nullptr) {
    return wire::fail(kReplicaNotFound,
                      "The global table " + table.name + " has no replica in the region " + region);
  }
  if (!table.has_replicas()) {
    dissolve(transaction, table);
    return {};
  }
  if (auto unused = check_unused(table); !unused) return unused;
  Table separate = table;
  separate.see_from(region);
  separate.global.reset();
  separate.home = separate.scope;
  separate.row_id = new_row_id(dynamodb.ids);
  separate.restored = Restored{{}, separate.arn(), now, true};
  if (separate.recovery) separate.recovery->since = now;
  // The copy fills them all.
  for (Index& index : separate.indexes) index.status = IndexStatus::active;
  if (separate.time_to_live) separate.time_to_live->status = TimeToLiveStatus::enabling;

  std::vector<Replica>& others = table.global->others;
  if (region == table.scope.region) table.see_from(others.front().region);
  std::erase_if(others, [&](const Replica& other) { return other.region == region; });
  Copy copy;
  copy.id = dynamodb.ids.uuid();
  copy.from = table.row_id;
  copy.from_region = table.home.region;
  copy.to = separate.row_id;
  copy.table = copy.target = table.name;
  table.copies.push_back(copy.id);
  mark_history(transaction, table, copy.id);
  put_table(transaction, separate);
  enqueue_copy(transaction, separate.scope, copy, now);
  return {};
}

base::Task<wire::Result<void>> update_group(Dynamodb& dynamodb, store::Transaction& transaction,
                                            const RegionUpdate& update, base::WallTime now,
                                            Table& table) {
  if (update.create.has_value() == update.remove.has_value()) {
    co_return invalid_parameter(
        "Exactly one of Create and Delete must be specified in each of ReplicaUpdates");
  }
  if (update.remove) {
    co_return leave(dynamodb, transaction, table, update.remove->region, now);
  }
  const std::string& region = update.create->region;
  if (settings_in(table, region) != nullptr) {
    co_return wire::fail(
        kReplicaAlreadyExists,
        "The global table " + table.name + " already has a replica in the region " + region);
  }
  auto other =
      co_await find_member(dynamodb, transaction, {table.scope.account, region}, table.name);
  if (!other) co_return std::unexpected(std::move(other).error());
  co_return co_await join(transaction, table, **other);
}

}  // namespace

base::Task<wire::Result<Table>> open_replication_group(store::Transaction& transaction,
                                                       const base::Scope& scope,
                                                       const std::string& name,
                                                       store::Conflict conflict) {
  auto row = co_await transaction.get(keys::replication_group(scope.account, name), conflict);
  if (!row) co_return store_failed(row);
  if (!*row) {
    co_return wire::fail(kGlobalTableNotFound, "Global table not found: Global table with name: '" +
                                                   name + "' does not exist.");
  }
  const auto pointer = decode_pointer(scope, **row);
  if (!pointer) co_return corrupt_row();
  auto bytes =
      co_await transaction.get(keys::global_table(pointer->home, pointer->row_id), conflict);
  if (!bytes) co_return store_failed(bytes);
  auto table = *bytes ? decode_anywhere(pointer->home, **bytes) : std::nullopt;
  if (!table) co_return corrupt_row();
  table->see_from(scope.region);
  co_return std::move(*table);
}

Answer<GlobalTableResponse> create_global_table(Dynamodb& dynamodb,
                                                const api::RequestContext& context,
                                                CreateGlobalTableRequest request) {
  if (!is_valid_name(request.name)) co_return invalid_parameter("Invalid name: " + request.name);
  if (request.group.empty()) {
    co_return invalid_parameter("ReplicationGroup must name at least one region");
  }
  const base::Scope& scope = context.scope;
  auto created = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        const std::string key = keys::replication_group(scope.account, request.name);
        auto present = co_await transaction.get(key);
        if (!present) co_return store_failed(present);
        if (*present) {
          co_return wire::fail(kGlobalTableAlreadyExists,
                               "Global table with name: '" + request.name + "' already exists.");
        }
        std::optional<Table> table;
        for (const GroupRegion& each : request.group) {
          if (table && settings_in(*table, each.region) != nullptr) {
            co_return invalid_parameter("ReplicationGroup names a region twice: " + each.region);
          }
          auto member = co_await find_member(dynamodb, transaction, {scope.account, each.region},
                                             request.name);
          if (!member) co_return std::unexpected(std::move(member).error());
          wire::Result<void> done;
          if (table) {
            done = co_await join(transaction, *table, **member);
          } else {
            done = co_await check_member(transaction, **member);
            table = **member;
            make_global(transaction, *table, context.received);
            table->global->version = GlobalVersion::v2017;
            table->global->consistency = MultiRegionConsistency::eventual;
            table->global->created = context.received;
          }
          if (!done) co_return std::unexpected(std::move(done).error());
        }
        transaction.put(key, encode_pointer({table->home, table->row_id}));
        put_table(transaction, *table);
        co_return std::move(*table);
      });
  if (!created) co_return std::unexpected(std::move(created).error());
  co_return GlobalTableResponse{describe_group(*created, "CREATING")};
}

Answer<GlobalTableResponse> update_global_table(Dynamodb& dynamodb,
                                                const api::RequestContext& context,
                                                UpdateGlobalTableRequest request) {
  auto updated = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Table>> {
        auto table = co_await open_replication_group(transaction, context.scope, request.name,
                                                     store::Conflict::detect);
        if (!table) co_return table;
        for (const RegionUpdate& update : request.updates) {
          auto done =
              co_await update_group(dynamodb, transaction, update, context.received, *table);
          if (!done) co_return std::unexpected(std::move(done).error());
        }
        put_table(transaction, *table);
        co_return table;
      });
  if (!updated) co_return std::unexpected(std::move(updated).error());
  co_return GlobalTableResponse{describe_group(*updated, "UPDATING")};
}

Answer<GlobalTableResponse> describe_global_table(Dynamodb& dynamodb,
                                                  const api::RequestContext& context,
                                                  GlobalTableNameRequest request) {
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_replication_group(*transaction, context.scope, request.name,
                                               store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  co_return GlobalTableResponse{describe_group(*table, "ACTIVE")};
}

Answer<ListGlobalTablesResponse> list_global_tables(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    ListGlobalTablesRequest request) {
  const std::string& account = context.scope.account;
  const std::string prefix = keys::replication_groups(account);
  store::RangeQuery range;
  range.begin = request.start ? keys::replication_group(account, *request.start) + '\0' : prefix;
  range.end = store::prefix_end(prefix);
  range.conflict = store::Conflict::ignore;
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  ListGlobalTablesResponse response;
  for (bool more = true; more;) {
    auto page = co_await transaction->range(range);
    if (!page) co_return store_failed(page);
    for (const store::KeyValue& row : page->rows) {
      range.begin = row.key + '\0';
      const auto name = keys::replication_group_name(row.key);
      if (!name) co_return corrupt_row();
      auto table = co_await open_replication_group(*transaction, context.scope, *name,
                                                   store::Conflict::ignore);
      if (!table) co_return std::unexpected(std::move(table).error());
      const std::vector<std::string> regions = regions_of(*table);
      if (request.region && std::ranges::find(regions, *request.region) == regions.end()) continue;
      if (response.tables.size() == static_cast<std::size_t>(request.limit)) {
        response.last = response.tables.back().name;
        co_return response;
      }
      ListedGlobalTable& listed = response.tables.emplace_back();
      listed.name = *name;
      for (const std::string& region : regions) listed.group.push_back({region});
    }
    more = page->more;
  }
  co_return response;
}

}  // namespace mayfly::dynamodb
