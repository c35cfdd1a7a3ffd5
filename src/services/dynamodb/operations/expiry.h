// Time to Live: which items end when, and their deletion.
//
// Each item of a table with Time to Live has an entry in the expiry index, under the second in
// which it expires, written in the item's own transaction. So what is due is one range a table, not
// a scan; and a table without it pays nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/model/schema.h"
#include "store/store.h"
#include "wire/error.h"
#include "work/work.h"

namespace mayfly::dynamodb {

inline constexpr std::string_view kExpiryWork = "dynamodb.expiry";  // stored: never rename

// The second in which the item expires: the whole part of the table's attribute, where that is a
// positive Number. The table has Time to Live.
std::optional<std::int64_t> expiry_of(const Table& table, const Item& item);

// Brings the index in line with a change of the item in `row` (null: not there).
void update_expiry(store::Transaction& transaction, const Table& table, const std::string& row,
                   const Item* before, const Item* after);

// Fills the index from the items that are there: durable work in bounded steps beside running
// writes, as a new secondary index is filled.
void enqueue_expiry_work(store::Transaction& transaction, const Table& table, base::WallTime now);
base::Task<work::WorkOutcome> run_expiry_work(Dynamodb& dynamodb, work::Work work);

struct Swept {
  std::int64_t deleted = 0;
  std::optional<base::WallTime> next;  // when the next of what is left expires
};
// Deletes what has expired, of all tables, but for what expired more than five years ago. An item
// that was changed meanwhile and is not expired any more stays.
base::Task<wire::Result<Swept>> sweep_expired(Dynamodb& dynamodb);

}  // namespace mayfly::dynamodb
