// What other services show and change of their resources: as this service's own operations do.
#include "services/autoscaling/model/rows.h"
#include "services/autoscaling/operations/operations.h"

namespace mayfly::autoscaling {
namespace {

template <class Named>
Named named(const ports::ScalableCapacity& of) {
  Named out;
  out.service_namespace = of.service;
  out.resource_id = of.resource;
  out.dimension = of.dimension;
  return out;
}

ports::ScalingPolicy shown(const ScalingPolicy& policy) {
  ports::ScalingPolicy out;
  out.name = policy.name;
  out.target = policy.tracking->target;
  out.scale_in_cooldown = policy.tracking->in_cooldown;
  out.scale_out_cooldown = policy.tracking->out_cooldown;
  out.no_scale_in = policy.tracking->no_scale_in;
  return out;
}

PutScalingPolicyRequest request_for(const ports::ScalableCapacity& of,
                                    const ports::ScalingPolicy& policy, const std::string& metric) {
  auto out = named<PutScalingPolicyRequest>(of);
  out.policy_name = policy.name;
  out.policy_type = "TargetTrackingScaling";
  TargetTracking& tracking = out.tracking.emplace();
  tracking.target = policy.target;
  tracking.in_cooldown = policy.scale_in_cooldown;
  tracking.out_cooldown = policy.scale_out_cooldown;
  tracking.no_scale_in = policy.no_scale_in;
  tracking.predefined.emplace().type = metric;
  return out;
}

}  // namespace

base::Task<wire::Result<std::optional<ports::CapacityScaling>>> Settings::find(
    ports::ScalableCapacity of) {
  const auto names = named<RegisterScalableTargetRequest>(of);
  const std::unique_ptr<store::Transaction> transaction = autoscaling_.store.begin();
  auto target = co_await find_row<TargetRow>(*transaction, key_of(of.scope, Kind::target, names));
  if (!target) co_return std::unexpected(std::move(target).error());
  if (!*target) co_return std::optional<ports::CapacityScaling>{};
  ports::CapacityScaling out;
  out.min = (*target)->target.min;
  out.max = (*target)->target.max;
  out.role_arn = (*target)->target.role_arn;
  auto page =
      co_await transaction->range(store::prefix_query(key_of(of.scope, Kind::policy, names)));
  if (!page) co_return failed(page.error());
  for (const store::KeyValue& entry : page->rows) {
    auto policy = wire::from_row<ScalingPolicy>(entry.value);
    if (!policy) co_return std::unexpected(policy.error());
    if (policy->tracking) out.policies.push_back(shown(*policy));
  }
  co_return out;
}

base::Task<wire::Result<void>> Settings::change(ports::ScalableCapacity of,
                                                ports::CapacityScaling to, std::string metric,
                                                base::WallTime now) {
  const http::Request none;
  const Context context{of.scope, {}, {}, now, none};
  auto request = named<RegisterScalableTargetRequest>(of);
  request.min = to.min;
  request.max = to.max;
  request.role_arn = std::move(to.role_arn);
  auto registered = co_await register_scalable_target(autoscaling_, context, std::move(request));
  if (!registered) co_return std::unexpected(std::move(registered).error());
  for (const ports::ScalingPolicy& policy : to.policies) {
    auto put = co_await put_scaling_policy(autoscaling_, context, request_for(of, policy, metric));
    if (!put) co_return std::unexpected(std::move(put).error());
  }
  co_return wire::Result<void>{};
}

base::Task<wire::Result<void>> Settings::end(ports::ScalableCapacity of) {
  const http::Request none;
  const Context context{of.scope, {}, {}, {}, none};
  auto ended = co_await deregister_scalable_target(autoscaling_, context,
                                                   named<DeregisterScalableTargetRequest>(of));
  if (!ended && ended.error().spec != &kObjectNotFound) {
    co_return std::unexpected(std::move(ended).error());
  }
  co_return wire::Result<void>{};
}

}  // namespace mayfly::autoscaling
