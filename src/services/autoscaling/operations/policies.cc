// Scaling policies and scheduled actions, which belong to scalable targets.
#include "services/autoscaling/model/rows.h"
#include "services/autoscaling/operations/operations.h"

namespace mayfly::autoscaling {
namespace {

wire::Result<void> check_tracking(const TargetTracking& tracking) {
  if (tracking.predefined.has_value() != tracking.customized.is_null()) {
    return refuse(
        "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be "
        "specified");
  }
  if (!(tracking.target > 0)) return refuse("TargetValue must be greater than 0");
  return {};
}

// Neither tables nor functions can be scaled by steps on AWS either.
wire::Result<void> check_policy(const PutScalingPolicyRequest& request, std::string_view type) {
  if (type == "PredictiveScaling" || !request.predictive.is_null()) {
    return wire::not_supported("Predictive scaling (PredictiveScalingPolicyConfiguration)");
  }
  if (type == "StepScaling" || request.step) {
    return refuse("Unsupported policy type: step scaling is not supported for the namespace " +
                  request.service_namespace);
  }
  if (!request.tracking) {
    return refuse("TargetTrackingScalingPolicyConfiguration must be specified");
  }
  return check_tracking(*request.tracking);
}

wire::Result<void> check_schedule(const std::string& schedule) {
  const bool known =
      schedule.starts_with("at(") || schedule.starts_with("rate(") || schedule.starts_with("cron(");
  if (known && schedule.ends_with(')')) return {};
  return refuse("Schedule expression is not valid: " + schedule);
}

template <class Named>
base::Task<wire::Result<void>> need_target(store::Transaction& transaction,
                                           const base::Scope& scope, const Named& of) {
  auto target = co_await find_row<TargetRow>(transaction, key_of(scope, Kind::target, of));
  if (!target) co_return std::unexpected(std::move(target).error());
  if (!*target) co_return wire::fail(kObjectNotFound, no_target(of));
  co_return wire::Result<void>{};
}

template <class Row, class Named>
base::Task<wire::Result<wire::Empty>> erase_row(Autoscaling& autoscaling, base::Scope scope,
                                                Kind kind, const Named& of, std::string name,
                                                std::string missing) {
  co_return co_await store::transact(
      autoscaling.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<wire::Empty>> {
        const std::string key = key_of(scope, kind, of, name);
        auto found = co_await find_row<Row>(transaction, key);
        if (!found) co_return std::unexpected(std::move(found).error());
        if (!*found) co_return wire::fail(kObjectNotFound, missing);
        transaction.erase(key);
        co_return wire::Empty{};
      });
}

// "arn:aws:autoscaling:us-east-1:1:scalingPolicy:ID:resource/dynamodb/table/T:policyName/NAME"
template <class Named>
std::string arn_of(const base::Scope& scope, std::string_view kind, const std::string& id,
                   const Named& of, std::string_view role, std::string_view name) {
  return scope.arn("autoscaling", std::string(kind) + ":" + id + ":resource/" +
                                      of.service_namespace + "/" + of.resource_id + ":" +
                                      std::string(role) + "/" + std::string(name));
}

}  // namespace

Answer<PutScalingPolicyResponse> put_scaling_policy(Autoscaling& autoscaling,
                                                    const Context& context,
                                                    PutScalingPolicyRequest request) {
  const std::string type = request.policy_type.value_or("StepScaling");
  if (auto checked = check_policy(request, type); !checked) {
    co_return std::unexpected(std::move(checked).error());
  }
  const std::string id = autoscaling.ids.uuid();
  co_return co_await store::transact(
      autoscaling.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<PutScalingPolicyResponse>> {
        auto target = co_await need_target(transaction, context.scope, request);
        if (!target) co_return std::unexpected(std::move(target).error());
        const std::string key = key_of(context.scope, Kind::policy, request, request.policy_name);
        auto found = co_await find_row<ScalingPolicy>(transaction, key);
        if (!found) co_return std::unexpected(std::move(found).error());
        ScalingPolicy policy;
        if (*found) {
          policy = std::move(**found);
        } else {
          policy.arn = arn_of(context.scope, "scalingPolicy", id, request, "policyName",
                              request.policy_name);
          policy.name = request.policy_name;
          policy.service_namespace = request.service_namespace;
          policy.resource_id = request.resource_id;
          policy.dimension = request.dimension;
          policy.created = {base::epoch_seconds(context.received)};
        }
        policy.type = type;
        policy.tracking = request.tracking;
        PutScalingPolicyResponse response{policy.arn, {}};
        transaction.put(key, wire::to_row(std::move(policy)));
        co_return response;
      });
}

Answer<wire::Empty> delete_scaling_policy(Autoscaling& autoscaling, const Context& context,
                                          DeleteScalingPolicyRequest request) {
  co_return co_await erase_row<ScalingPolicy>(
      autoscaling, context.scope, Kind::policy, request, request.policy_name,
      "No scaling policy found for service namespace: " + request.service_namespace +
          ", resource ID: " + request.resource_id + ", scalable dimension: " + request.dimension +
          ", policy name: " + request.policy_name);
}

Answer<DescribeScalingPoliciesResponse> describe_scaling_policies(
    Autoscaling& autoscaling, const Context& context, DescribeScalingPoliciesRequest request) {
  auto listed = co_await list_rows<ScalingPolicy>(
      autoscaling.store, all_of(context.scope, Kind::policy, request.service_namespace),
      request.max_results, request.next_token, [&request](const ScalingPolicy& policy) {
        return is_among(request.names, policy.name) &&
               is_same(request.resource_id, policy.resource_id) &&
               is_same(request.dimension, policy.dimension);
      });
  if (!listed) co_return std::unexpected(std::move(listed).error());
  co_return DescribeScalingPoliciesResponse{std::move(listed->rows), std::move(listed->next_token)};
}

Answer<wire::Empty> put_scheduled_action(Autoscaling& autoscaling, const Context& context,
                                         PutScheduledActionRequest request) {
  if (request.schedule) {
    if (auto checked = check_schedule(*request.schedule); !checked) {
      co_return std::unexpected(std::move(checked).error());
    }
  }
  const std::string id = autoscaling.ids.uuid();
  co_return co_await store::transact(
      autoscaling.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<wire::Empty>> {
        auto target = co_await need_target(transaction, context.scope, request);
        if (!target) co_return std::unexpected(std::move(target).error());
        const std::string key = key_of(context.scope, Kind::action, request, request.name);
        auto found = co_await find_row<ScheduledAction>(transaction, key);
        if (!found) co_return std::unexpected(std::move(found).error());
        ScheduledAction action;
        if (*found) {
          action = std::move(**found);
        } else {
          if (!request.schedule || !request.action) {
            co_return refuse(
                "Schedule and ScalableTargetAction must be specified for a new scheduled action");
          }
          action.arn = arn_of(context.scope, "scheduledAction", id, request, "scheduledActionName",
                              request.name);
          action.name = request.name;
          action.service_namespace = request.service_namespace;
          action.resource_id = request.resource_id;
          action.dimension = request.dimension;
          action.created = {base::epoch_seconds(context.received)};
        }
        if (request.schedule) action.schedule = *request.schedule;
        if (request.timezone) action.timezone = request.timezone;
        if (request.start) action.start = request.start;
        if (request.end) action.end = request.end;
        if (request.action) action.action = request.action;
        transaction.put(key, wire::to_row(std::move(action)));
        co_return wire::Empty{};
      });
}

Answer<wire::Empty> delete_scheduled_action(Autoscaling& autoscaling, const Context& context,
                                            DeleteScheduledActionRequest request) {
  co_return co_await erase_row<ScheduledAction>(
      autoscaling, context.scope, Kind::action, request, request.name,
      "No scheduled action found for service namespace: " + request.service_namespace +
          ", resource ID: " + request.resource_id + ", scalable dimension: " + request.dimension +
          ", scheduled action name: " + request.name);
}

Answer<DescribeScheduledActionsResponse> describe_scheduled_actions(
    Autoscaling& autoscaling, const Context& context, DescribeScheduledActionsRequest request) {
  auto listed = co_await list_rows<ScheduledAction>(
      autoscaling.store, all_of(context.scope, Kind::action, request.service_namespace),
      request.max_results, request.next_token, [&request](const ScheduledAction& action) {
        return is_among(request.names, action.name) &&
               is_same(request.resource_id, action.resource_id) &&
               is_same(request.dimension, action.dimension);
      });
  if (!listed) co_return std::unexpected(std::move(listed).error());
  co_return DescribeScheduledActionsResponse{std::move(listed->rows),
                                             std::move(listed->next_token)};
}

Answer<DescribeScalingActivitiesResponse> describe_scaling_activities(
    Autoscaling&, const Context&, DescribeScalingActivitiesRequest) {
  co_return DescribeScalingActivitiesResponse{};
}

}  // namespace mayfly::autoscaling
