// Scalable targets: RegisterScalableTarget, DeregisterScalableTarget, DescribeScalableTargets.
#include "services/autoscaling/model/resource.h"
#include "services/autoscaling/model/rows.h"
#include "services/autoscaling/operations/operations.h"

namespace mayfly::autoscaling {
namespace {

constexpr std::size_t kMaxTags = 50;

// What a registration changes of the row: a new one takes everything, a known one what is given.
wire::Result<void> change_target(const RegisterScalableTargetRequest& request, TargetRow& row) {
  ScalableTarget& target = row.target;
  target.min = request.min.value_or(target.min);
  target.max = request.max.value_or(target.max);
  if (target.min < 0 || target.max < 0) {
    return refuse("Minimum and maximum capacity must be at least 0");
  }
  if (target.min > target.max) {
    return refuse("Maximum capacity cannot be less than minimum capacity");
  }
  if (request.role_arn) target.role_arn = *request.role_arn;
  if (request.suspended) {
    const SuspendedState& asked = *request.suspended;
    if (asked.in) target.suspended.in = asked.in;
    if (asked.out) target.suspended.out = asked.out;
    if (asked.scheduled) target.suspended.scheduled = asked.scheduled;
  }
  return {};
}

wire::Result<TargetRow> new_target(const RegisterScalableTargetRequest& request,
                                   const Context& context, const std::string& id) {
  if (!request.min || !request.max) {
    return refuse("MinCapacity and MaxCapacity must be specified for a new scalable target");
  }
  if (request.tags && request.tags->size() > kMaxTags) {
    return wire::fail(kTooManyTags, "A scalable target has at most 50 tags");
  }
  TargetRow row;
  row.target.service_namespace = request.service_namespace;
  row.target.resource_id = request.resource_id;
  row.target.dimension = request.dimension;
  row.target.role_arn = default_role(context.scope.account, request.service_namespace);
  row.target.created = {base::epoch_seconds(context.received)};
  row.target.suspended = {false, false, false};
  row.target.arn = context.scope.arn("application-autoscaling", "scalable-target/" + id);
  row.tags = request.tags.value_or(Tags{});
  return row;
}

}  // namespace

Answer<RegisterScalableTargetResponse> register_scalable_target(
    Autoscaling& autoscaling, const Context& context, RegisterScalableTargetRequest request) {
  if (auto checked =
          check_resource(request.service_namespace, request.resource_id, request.dimension);
      !checked) {
    co_return std::unexpected(std::move(checked).error());
  }
  const std::string key = key_of(context.scope, Kind::target, request);
  const std::string id = autoscaling.ids.hex(34);
  co_return co_await store::transact(
      autoscaling.store,
      [&](store::Transaction& transaction)
          -> base::Task<wire::Result<RegisterScalableTargetResponse>> {
        auto found = co_await find_row<TargetRow>(transaction, key);
        if (!found) co_return std::unexpected(std::move(found).error());
        if (*found && request.tags) {
          co_return refuse("The tags of a registered scalable target are changed with TagResource");
        }
        wire::Result<TargetRow> row =
            *found ? wire::Result<TargetRow>(std::move(**found)) : new_target(request, context, id);
        if (!row) co_return std::unexpected(std::move(row).error());
        if (auto changed = change_target(request, *row); !changed) {
          co_return std::unexpected(std::move(changed).error());
        }
        RegisterScalableTargetResponse response{row->target.arn};
        transaction.put(key, wire::to_row(std::move(*row)));
        co_return response;
      });
}

Answer<wire::Empty> deregister_scalable_target(Autoscaling& autoscaling, const Context& context,
                                               DeregisterScalableTargetRequest request) {
  co_return co_await store::transact(
      autoscaling.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<wire::Empty>> {
        const std::string key = key_of(context.scope, Kind::target, request);
        auto found = co_await find_row<TargetRow>(transaction, key);
        if (!found) co_return std::unexpected(std::move(found).error());
        if (!*found) co_return wire::fail(kObjectNotFound, no_target(request));
        transaction.erase(key);
        for (const Kind kind : {Kind::policy, Kind::action}) {
          const std::string all = key_of(context.scope, kind, request);
          transaction.erase_range(all, store::prefix_end(all));
        }
        co_return wire::Empty{};
      });
}

Answer<DescribeScalableTargetsResponse> describe_scalable_targets(
    Autoscaling& autoscaling, const Context& context, DescribeScalableTargetsRequest request) {
  auto listed = co_await list_rows<TargetRow>(
      autoscaling.store, all_of(context.scope, Kind::target, request.service_namespace),
      request.max_results, request.next_token, [&request](const TargetRow& row) {
        return is_among(request.resource_ids, row.target.resource_id) &&
               is_same(request.dimension, row.target.dimension);
      });
  if (!listed) co_return std::unexpected(std::move(listed).error());
  DescribeScalableTargetsResponse response;
  for (TargetRow& row : listed->rows) response.targets.push_back(std::move(row.target));
  response.next_token = std::move(listed->next_token);
  co_return response;
}

namespace {

// The tags of the target with that ARN, changed or only read.
base::Task<wire::Result<Tags>> with_tags(Autoscaling& autoscaling, base::Scope scope,
                                         std::string arn, std::function<void(Tags&)> change) {
  co_return co_await store::transact(
      autoscaling.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Tags>> {
        store::RangeQuery range = store::prefix_query(all_of(scope, Kind::target));
        for (bool more = true; more;) {
          auto page = co_await transaction.range(range);
          if (!page) co_return failed(page.error());
          for (const store::KeyValue& entry : page->rows) {
            range.begin = entry.key + '\0';
            auto row = wire::from_row<TargetRow>(entry.value);
            if (!row) co_return std::unexpected(row.error());
            if (row->target.arn != arn) continue;
            if (!change) co_return std::move(row->tags);
            change(row->tags);
            if (row->tags.size() > kMaxTags) {
              co_return wire::fail(kTooManyTags, "A scalable target has at most 50 tags");
            }
            transaction.put(entry.key, wire::to_row(*row));
            co_return std::move(row->tags);
          }
          more = page->more;
        }
        wire::Document members;
        members.set("ResourceName", arn);
        co_return wire::fail(kResourceNotFound, "There is no scalable target " + arn,
                             std::move(members));
      });
}

}  // namespace

Answer<wire::Empty> tag_resource(Autoscaling& autoscaling, const Context& context,
                                 TagResourceRequest request) {
  auto done = co_await with_tags(autoscaling, context.scope, request.arn, [&request](Tags& tags) {
    for (const auto& [key, value] : request.tags) tags[key] = value;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return wire::Empty{};
}

Answer<wire::Empty> untag_resource(Autoscaling& autoscaling, const Context& context,
                                   UntagResourceRequest request) {
  auto done = co_await with_tags(autoscaling, context.scope, request.arn, [&request](Tags& tags) {
    for (const std::string& key : request.keys) tags.erase(key);
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return wire::Empty{};
}

Answer<ListTagsForResourceResponse> list_tags_for_resource(Autoscaling& autoscaling,
                                                           const Context& context,
                                                           ListTagsForResourceRequest request) {
  auto tags = co_await with_tags(autoscaling, context.scope, request.arn, {});
  if (!tags) co_return std::unexpected(std::move(tags).error());
  co_return ListTagsForResourceResponse{std::move(*tags)};
}

}  // namespace mayfly::autoscaling
