// Replicas of global tables (version 2019.11.21): what UpdateTable does with them.
//
// All regions of an installation are in one store, so a replica is not a copy: each region has a
// pointer to one definition (table_record.h), whose rows all of them read and write. Streams,
// settings and backups are each replica's own.
#pragma once

#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {

// Changes `table`, which the caller stores in the same transaction.
base::Task<wire::Result<void>> change_replicas(Dynamodb& dynamodb, store::Transaction& transaction,
                                               const UpdateTableRequest& request,
                                               base::WallTime now, Table& table);

// Refuses to end the replica that `table` is seen from while work is under way in it.
wire::Result<void> check_replica_unused(const Table& table);
// Ends the replica that `table` is seen from; it is seen from another one after that.
void drop_replica(store::Transaction& transaction, Table& table, base::WallTime now);

// As eu-west-1 or us-gov-east-1: any is a region of this installation.
bool is_region_name(std::string_view text);
// Null where the table has no replica there.
RegionalSettings* settings_in(Table& table, std::string_view region);
// Where it has replicas, sorted; its own region where it is not global.
std::vector<std::string> regions_of(const Table& table);
// Says in that region where the definition is.
void put_pointer(store::Transaction& transaction, const Table& table, std::string region);
// From here on the definition is at keys::global_table.
void make_global(store::Transaction& transaction, Table& table, base::WallTime now);

void describe_replicas(const Table& table, TableDescription& out);

}  // namespace mayfly::dynamodb
