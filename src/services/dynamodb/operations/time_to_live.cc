// UpdateTimeToLive and DescribeTimeToLive.
#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/expiry.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {
namespace {

wire::Result<void> check_change(const TimeToLiveSpecification& asked, const Table& table) {
  const auto& now = table.time_to_live;
  // DynamoDB takes up to an hour for a change and refuses others meanwhile; here it takes as long
  // as the items that are there need to get into the index.
  if (now && now->status == TimeToLiveStatus::enabling) {
    return refuse("Time to live has been modified multiple times within a fixed interval");
  }
  if (now && now->attribute != asked.attribute_name) {
    return refuse("TimeToLive is active on a different AttributeName: current AttributeName is " +
                  now->attribute);
  }
  if (now && asked.enabled) return refuse("TimeToLive is already enabled");
  if (!now && !asked.enabled) return refuse("TimeToLive is already disabled");
  return {};
}

}  // namespace

base::Task<wire::Result<UpdateTimeToLiveResponse>> update_time_to_live(
    Dynamodb& dynamodb, const api::RequestContext& context, UpdateTimeToLiveRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  const TimeToLiveSpecification& asked = request.specification;
  auto changed = co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto table =
            co_await open_table(dynamodb, transaction, context.scope, *name, Missing::named);
        if (!table) co_return std::unexpected(std::move(table).error());
        if (auto idle = check_not_creating(**table); !idle) co_return idle;
        if (auto checked = check_change(asked, **table); !checked) co_return checked;
        Table change = **table;
        if (asked.enabled) {
          // Writers maintain the index from this commit on, and the work adds what was there.
          change.time_to_live =
              TimeToLive{asked.attribute_name, TimeToLiveStatus::enabling, change.next_index_id++};
          enqueue_expiry_work(transaction, change, context.received);
        } else {
          change.time_to_live.reset();
          const std::string index = keys::expiries(change.home, change.row_id);
          transaction.erase_range(index, store::prefix_end(index));
        }
        put_table(transaction, change);
        co_return wire::Result<void>{};
      });
  if (!changed) co_return std::unexpected(std::move(changed).error());
  co_return UpdateTimeToLiveResponse{std::move(request.specification)};
}

base::Task<wire::Result<DescribeTimeToLiveResponse>> describe_time_to_live(
    Dynamodb& dynamodb, const api::RequestContext& context, DescribeTimeToLiveRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::named,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  TimeToLiveDescription description{"DISABLED", std::nullopt};
  if (const auto& live = (*table)->time_to_live) {
    description.status = live->status == TimeToLiveStatus::enabling ? "ENABLING" : "ENABLED";
    description.attribute_name = live->attribute;
  }
  co_return DescribeTimeToLiveResponse{std::move(description)};
}

}  // namespace mayfly::dynamodb
