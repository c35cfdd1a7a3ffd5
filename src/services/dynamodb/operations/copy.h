// Copying the rows of a table or a backup to other rows, as durable work in bounded steps: what
// makes backups and restored tables.
//
// Rows are copied while writers go on; where the source is a table, its history (history.h) is
// then undone back to the moment that is wanted, which makes the copy one of that moment. Last, a
// restored table gets its index entries and becomes ACTIVE, a backup is measured and becomes
// AVAILABLE. Every step may be done twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/model/schema.h"
#include "work/work.h"

namespace mayfly::dynamodb {

inline constexpr std::string_view kCopyWork = "dynamodb.copy";  // stored: never rename

struct Copy {
  std::string id;
  std::uint64_t from = 0;   // row ids
  std::string from_region;  // in the keys of those rows; empty: the work's
  std::uint64_t to = 0;
  std::string table;                    // whose rows are copied; empty: a backup's
  std::string backup;                   // id of the backup that is made, or that is copied
  std::string target;                   // the table that is made; empty: a backup
  std::optional<base::WallTime> until;  // back to this time; else to the mark named by the id
};

// Asks for it, in the transaction that marks the source as being copied.
void enqueue_copy(store::Transaction& transaction, const base::Scope& scope, const Copy& copy,
                  base::WallTime now);

// How much a step does, in one transaction, and how many steps a run, which then stores its
// progress.
struct CopyPace {
  std::size_t rows = 2000;
  std::size_t bytes = 1024 * 1024;
  int steps = 16;
};
base::Task<work::WorkOutcome> run_copy(Dynamodb& dynamodb, work::Work work, CopyPace pace = {});

}  // namespace mayfly::dynamodb
