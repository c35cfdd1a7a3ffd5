// Finding tables: what every operation does first.
#pragma once

#include <memory>
#include <string>

#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/model/schema.h"
#include "services/dynamodb/table_shapes.h"

namespace mayfly::dynamodb {

using TablePtr = std::shared_ptr<const Table>;

// TableName may be a name or the table's ARN.
wire::Result<std::string> table_name_of(const base::Scope& scope, std::string name_or_arn);
// Of ResourceArn parameters: an ARN, and nothing else.
wire::Result<std::string> table_name_of_arn(const base::Scope& scope, std::string_view arn);

// Item operations and table operations word a missing table differently.
enum class Missing : std::uint8_t { brief, named };

// Reads the definition in this transaction, so that a commit conflicts with a concurrent change of
// the table.
base::Task<wire::Result<TablePtr>> open_table(Dynamodb& dynamodb, store::Transaction& transaction,
                                              const base::Scope& scope, const std::string& name,
                                              Missing missing,
                                              store::Conflict conflict = store::Conflict::detect);
// The table whose definition, or the pointer to it, is stored at `key` as `bytes`; null where they
// cannot be read.
base::Task<wire::Result<TablePtr>> table_of_row(Dynamodb& dynamodb, store::Transaction& transaction,
                                                const base::Scope& scope, std::string key,
                                                std::string bytes, store::Conflict conflict);
// The table with these rows, called so when they were made: seen from the region in their keys, or
// from another one where it has no replica there any more. Null where it is gone.
base::Task<wire::Result<TablePtr>> table_of_rows(Dynamodb& dynamodb,
                                                 store::Transaction& transaction,
                                                 const base::Scope& home, std::uint64_t row_id,
                                                 const std::string& name);
// Refuses what would change a table that is being restored.
wire::Result<void> check_not_creating(const Table& table);
// The same, and what would delete a table that is being copied.
wire::Result<void> check_unused(const Table& table);
// For row_id and the like: random, so that no two tables meet.
std::uint64_t new_row_id(base::Ids& ids);
void put_table(store::Transaction& transaction, const Table& table);

// Rows and bytes of a table or one of its indexes: exact for small ones, estimated from the first
// rows in hash order for large ones, so that no write has to count.
struct Extent {
  std::int64_t items = 0;
  std::int64_t bytes = 0;
};
base::Task<wire::Result<Extent>> measure(store::Transaction& transaction, std::string rows);

inline wire::Timestamp timestamp(base::WallTime time) { return {base::epoch_seconds(time)}; }
// What a client named, which may be any number: what is beyond some thousand years is cut.
base::WallTime time_from(wire::Timestamp time);
std::vector<KeySchemaElement> describe(const KeySchema& keys);
// A description with everything but the extents.
TableDescription describe(const Table& table, std::string status);
// The same, with them.
base::Task<wire::Result<TableDescription>> describe_measured(store::Transaction& transaction,
                                                             TablePtr table, std::string status);

}  // namespace mayfly::dynamodb
