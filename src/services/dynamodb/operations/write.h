// Writing one item: what PutItem, UpdateItem, DeleteItem, BatchWriteItem and TransactWriteItems
// have in common.
//
// A Write is a parsed request. apply_write() carries it out inside a transaction (and may be run
// again in another): the item, its index entries, whatever else belongs to the change, together or
// not at all.
#pragma once

#include <cstdint>
#include <optional>

#include "services/dynamodb/model/constants.h"
#include "services/dynamodb/operations/capacity.h"
#include "services/dynamodb/operations/parameters.h"
#include "services/dynamodb/operations/stream_writer.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {

enum class ReturnValues : std::uint8_t { none, all_old, updated_old, all_new, updated_new };
enum class OnFailure : std::uint8_t { nothing, all_old };  // ReturnValuesOnConditionCheckFailure
enum class Metrics : std::uint8_t { none, size };          // ReturnItemCollectionMetrics
// What to answer where the condition does not hold: that, or that the item is there already.
enum class Unmet : std::uint8_t { condition, duplicate };

struct Write {
  enum class Kind : std::uint8_t { put, update, remove, check };
  Kind kind = Kind::put;
  Item item;  // of a put; the key of the others
  // What the trees point into; moving a Write keeps them good.
  Placeholders placeholders;
  Constants constants;
  std::vector<LegacyCondition> legacy_conditions;
  std::vector<LegacyUpdate> legacy_updates;
  std::optional<Condition> condition;
  std::optional<Update> update;
  ReturnValues returns = ReturnValues::none;
  OnFailure on_failure = OnFailure::nothing;
  Unmet unmet = Unmet::condition;
  Report report = Report::none;
  Metrics metrics = Metrics::none;
};

// Whether the item that a write replaces is read where nothing but the write's size depends on it.
enum class OldItem : std::uint8_t { where_needed, always };

struct Written {
  std::optional<Item> before;  // where it was read
  std::optional<Item> after;   // of an update
  Capacity capacity;           // where a report was asked for
  std::optional<ItemCollectionMetrics> metrics;
};

// Fails with kConditionalCheckFailed (or kDuplicateItem) where the condition does not hold. Of the
// writes of one transaction each has another ordinal. `refused`, where given, becomes what such a
// failure costs.
base::Task<wire::Result<Written>> apply_write(store::Transaction& transaction, const Table& table,
                                              const Write& write, Moment moment,
                                              OldItem old_item = OldItem::where_needed,
                                              Capacity* refused = nullptr);

// Throughput is counted by the larger of the old and the new item.
OldItem old_item_for(const ThroughputLimiter& throughput);

// Whether the table's throughput allows what apply_write() told, after `before` by the same
// request; inside the transaction. What it used, once the transaction is over.
wire::Result<void> check_throughput(Dynamodb& dynamodb, const Table& table,
                                    const wire::Result<Written>& written, const Capacity& refused,
                                    const Capacity& before = {});
void spend_throughput(Dynamodb& dynamodb, const Table& table, const wire::Result<Written>& written,
                      const Capacity& refused);

// What can be refused before the table is known, and before the old item is.
wire::Result<void> check_item_size(const Write& write);
wire::Result<void> check_write(const Table& table, const Write& write);

// The row that a write is about, for telling whether two are about the same.
wire::Result<std::string> row_of(const Table& table, const Write& write);

// Index entries only, for an item that is there: what a backfill does.
void put_index_entry(store::Transaction& transaction, const Table& table, const Index& index,
                     const Item& item);

// What ReturnValues asks for; null for nothing.
wire::Document attributes_of(const Write& write, const Written& written);

// Opens the table, applies the write and commits, as often as it takes. `name` is the table's.
base::Task<wire::Result<Written>> commit_write(Dynamodb& dynamodb, const base::Scope& scope,
                                               const std::string& name, const Write& write);
// The same, with the answer of PutItem and its like.
base::Task<wire::Result<WriteResponse>> run_write(Dynamodb& dynamodb, const base::Scope& scope,
                                                  const std::string& name, const Write& write);

}  // namespace mayfly::dynamodb
