// Global tables of version 2017.11.29: finding one.
#pragma once

#include <string>

#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {

// Seen from the region of the request where it has a replica there; kGlobalTableNotFound where
// there is none of that name.
base::Task<wire::Result<Table>> open_replication_group(store::Transaction& transaction,
                                                       const base::Scope& scope,
                                                       const std::string& name,
                                                       store::Conflict conflict);

}  // namespace mayfly::dynamodb
