// Requests and responses of Application Auto Scaling. What configures a policy is also what is
// stored of it and shown.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/shape.h"

namespace mayfly::autoscaling {

using Tags = std::map<std::string, std::string>;

inline constexpr std::array<std::string_view, 15> kNamespaces{
    "ecs",         "elasticmapreduce", "ec2",        "appstream", "dynamodb",  "rds",
    "sagemaker",   "custom-resource",  "comprehend", "lambda",    "cassandra", "kafka",
    "elasticache", "neptune",          "workspaces"};
inline constexpr std::array<std::string_view, 3> kPolicyTypes{
    "StepScaling", "TargetTrackingScaling", "PredictiveScaling"};
inline constexpr std::array<std::string_view, 3> kAdjustmentTypes{
    "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"};
inline constexpr std::array<std::string_view, 3> kAggregations{"Average", "Minimum", "Maximum"};

// The three members by which everything is named.
template <class Self>
constexpr auto named_fields() {
  return std::tuple{
      wire::field("ServiceNamespace", &Self::service_namespace).required().one_of(kNamespaces),
      wire::field("ResourceId", &Self::resource_id).required().length(1, 1600),
      wire::field("ScalableDimension", &Self::dimension).required()};
}
// What all listings have in common.
template <class Self>
constexpr auto listing_fields() {
  return std::tuple{
      wire::field("ServiceNamespace", &Self::service_namespace).required().one_of(kNamespaces),
      wire::field("ScalableDimension", &Self::dimension),
      wire::field("MaxResults", &Self::max_results), wire::field("NextToken", &Self::next_token)};
}

struct SuspendedState {
  std::optional<bool> in;
  std::optional<bool> out;
  std::optional<bool> scheduled;
  static constexpr auto shape() {
    using Self = SuspendedState;
    return std::tuple{wire::field("DynamicScalingInSuspended", &Self::in),
                      wire::field("DynamicScalingOutSuspended", &Self::out),
                      wire::field("ScheduledScalingSuspended", &Self::scheduled)};
  }
};

struct TargetAction {
  std::optional<std::int32_t> min;
  std::optional<std::int32_t> max;
  static constexpr auto shape() {
    return std::tuple{wire::field("MinCapacity", &TargetAction::min),
                      wire::field("MaxCapacity", &TargetAction::max)};
  }
};

struct StepAdjustment {
  std::optional<double> lower;
  std::optional<double> upper;
  std::int32_t adjustment = 0;
  static constexpr auto shape() {
    using Self = StepAdjustment;
    return std::tuple{wire::field("MetricIntervalLowerBound", &Self::lower),
                      wire::field("MetricIntervalUpperBound", &Self::upper),
                      wire::field("ScalingAdjustment", &Self::adjustment).required()};
  }
};

struct StepScaling {
  std::optional<std::string> adjustment_type;
  std::optional<std::vector<StepAdjustment>> steps;
  std::optional<std::int32_t> min_magnitude;
  std::optional<std::int32_t> cooldown;
  std::optional<std::string> aggregation;
  static constexpr auto shape() {
    using Self = StepScaling;
    return std::tuple{
        wire::field("AdjustmentType", &Self::adjustment_type).one_of(kAdjustmentTypes),
        wire::field("StepAdjustments", &Self::steps),
        wire::field("MinAdjustmentMagnitude", &Self::min_magnitude),
        wire::field("Cooldown", &Self::cooldown),
        wire::field("MetricAggregationType", &Self::aggregation).one_of(kAggregations)};
  }
};

struct PredefinedMetric {
  std::string type;
  std::optional<std::string> label;
  static constexpr auto shape() {
    using Self = PredefinedMetric;
    return std::tuple{wire::field("PredefinedMetricType", &Self::type).required(),
                      wire::field("ResourceLabel", &Self::label).length(1, 1023)};
  }
};

struct TargetTracking {
  double target = 0;
  std::optional<PredefinedMetric> predefined;
  wire::Document customized;
  std::optional<std::int32_t> out_cooldown;
  std::optional<std::int32_t> in_cooldown;
  std::optional<bool> no_scale_in;
  static constexpr auto shape() {
    using Self = TargetTracking;
    return std::tuple{wire::field("TargetValue", &Self::target).required(),
                      wire::field("PredefinedMetricSpecification", &Self::predefined),
                      wire::field("CustomizedMetricSpecification", &Self::customized),
                      wire::field("ScaleOutCooldown", &Self::out_cooldown),
                      wire::field("ScaleInCooldown", &Self::in_cooldown),
                      wire::field("DisableScaleIn", &Self::no_scale_in)};
  }
};

struct RegisterScalableTargetRequest {
  std::string service_namespace, resource_id, dimension;
  std::optional<std::int32_t> min;
  std::optional<std::int32_t> max;
  std::optional<std::string> role_arn;
  std::optional<SuspendedState> suspended;
  std::optional<Tags> tags;
  static constexpr auto shape() {
    using Self = RegisterScalableTargetRequest;
    return std::tuple_cat(
        named_fields<Self>(),
        std::tuple{wire::field("MinCapacity", &Self::min), wire::field("MaxCapacity", &Self::max),
                   wire::field("RoleARN", &Self::role_arn).length(1, 1600),
                   wire::field("SuspendedState", &Self::suspended),
                   wire::field("Tags", &Self::tags)
                       .keys(wire::rules().length(1, 128))
                       .each(wire::rules().length(0, 256))});
  }
};

struct RegisterScalableTargetResponse {
  std::string arn;
  static constexpr auto shape() {
    return std::tuple{wire::field("ScalableTargetARN", &RegisterScalableTargetResponse::arn)};
  }
};

struct DeregisterScalableTargetRequest {
  std::string service_namespace, resource_id, dimension;
  static constexpr auto shape() { return named_fields<DeregisterScalableTargetRequest>(); }
};

struct DescribeScalableTargetsRequest {
  std::string service_namespace;
  std::optional<std::vector<std::string>> resource_ids;
  std::optional<std::string> dimension;
  std::optional<std::int32_t> max_results;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeScalableTargetsRequest;
    return std::tuple_cat(listing_fields<Self>(),
                          std::tuple{wire::field("ResourceIds", &Self::resource_ids).items(0, 50)});
  }
};

struct ScalableTarget {
  std::string service_namespace, resource_id, dimension;
  std::int32_t min = 0;
  std::int32_t max = 0;
  std::string role_arn;
  wire::Timestamp created;
  SuspendedState suspended;
  std::string arn;
  static constexpr auto shape() {
    using Self = ScalableTarget;
    return std::tuple{wire::field("ServiceNamespace", &Self::service_namespace),
                      wire::field("ResourceId", &Self::resource_id),
                      wire::field("ScalableDimension", &Self::dimension),
                      wire::field("MinCapacity", &Self::min),
                      wire::field("MaxCapacity", &Self::max),
                      wire::field("RoleARN", &Self::role_arn),
                      wire::field("CreationTime", &Self::created),
                      wire::field("SuspendedState", &Self::suspended),
                      wire::field("ScalableTargetARN", &Self::arn)};
  }
};

struct DescribeScalableTargetsResponse {
  std::vector<ScalableTarget> targets;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeScalableTargetsResponse;
    return std::tuple{wire::field("ScalableTargets", &Self::targets),
                      wire::field("NextToken", &Self::next_token)};
  }
};

struct PutScalingPolicyRequest {
  std::string policy_name;
  std::string service_namespace, resource_id, dimension;
  std::optional<std::string> policy_type;
  std::optional<StepScaling> step;
  std::optional<TargetTracking> tracking;
  wire::Document predictive;
  static constexpr auto shape() {
    using Self = PutScalingPolicyRequest;
    return std::tuple_cat(
        std::tuple{wire::field("PolicyName", &Self::policy_name).required().length(1, 256)},
        named_fields<Self>(),
        std::tuple{wire::field("PolicyType", &Self::policy_type).one_of(kPolicyTypes),
                   wire::field("StepScalingPolicyConfiguration", &Self::step),
                   wire::field("TargetTrackingScalingPolicyConfiguration", &Self::tracking),
                   wire::field("PredictiveScalingPolicyConfiguration", &Self::predictive)});
  }
};

struct Alarm {
  std::string name, arn;
  static constexpr auto shape() {
    return std::tuple{wire::field("AlarmName", &Alarm::name), wire::field("AlarmARN", &Alarm::arn)};
  }
};

struct PutScalingPolicyResponse {
  std::string arn;
  std::vector<Alarm> alarms;  // none are made
  static constexpr auto shape() {
    using Self = PutScalingPolicyResponse;
    return std::tuple{wire::field("PolicyARN", &Self::arn), wire::field("Alarms", &Self::alarms)};
  }
};

struct DeleteScalingPolicyRequest {
  std::string policy_name;
  std::string service_namespace, resource_id, dimension;
  static constexpr auto shape() {
    using Self = DeleteScalingPolicyRequest;
    return std::tuple_cat(
        std::tuple{wire::field("PolicyName", &Self::policy_name).required().length(1, 1600)},
        named_fields<Self>());
  }
};

struct DescribeScalingPoliciesRequest {
  std::optional<std::vector<std::string>> names;
  std::string service_namespace;
  std::optional<std::string> resource_id;
  std::optional<std::string> dimension;
  std::optional<std::int32_t> max_results;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeScalingPoliciesRequest;
    return std::tuple_cat(
        listing_fields<Self>(),
        std::tuple{wire::field("PolicyNames", &Self::names).items(0, 50),
                   wire::field("ResourceId", &Self::resource_id).length(1, 1600)});
  }
};

struct ScalingPolicy {
  std::string arn, name;
  std::string service_namespace, resource_id, dimension;
  std::string type;
  std::optional<StepScaling> step;
  std::optional<TargetTracking> tracking;
  std::vector<Alarm> alarms;
  wire::Timestamp created;
  static constexpr auto shape() {
    using Self = ScalingPolicy;
    return std::tuple{wire::field("PolicyARN", &Self::arn),
                      wire::field("PolicyName", &Self::name),
                      wire::field("ServiceNamespace", &Self::service_namespace),
                      wire::field("ResourceId", &Self::resource_id),
                      wire::field("ScalableDimension", &Self::dimension),
                      wire::field("PolicyType", &Self::type),
                      wire::field("StepScalingPolicyConfiguration", &Self::step),
                      wire::field("TargetTrackingScalingPolicyConfiguration", &Self::tracking),
                      wire::field("Alarms", &Self::alarms),
                      wire::field("CreationTime", &Self::created)};
  }
};

struct DescribeScalingPoliciesResponse {
  std::vector<ScalingPolicy> policies;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeScalingPoliciesResponse;
    return std::tuple{wire::field("ScalingPolicies", &Self::policies),
                      wire::field("NextToken", &Self::next_token)};
  }
};

struct PutScheduledActionRequest {
  std::string service_namespace, resource_id, dimension;
  std::optional<std::string> schedule;
  std::optional<std::string> timezone;
  std::string name;
  std::optional<wire::Timestamp> start;
  std::optional<wire::Timestamp> end;
  std::optional<TargetAction> action;
  static constexpr auto shape() {
    using Self = PutScheduledActionRequest;
    return std::tuple_cat(
        named_fields<Self>(),
        std::tuple{wire::field("Schedule", &Self::schedule).length(1, 1600),
                   wire::field("Timezone", &Self::timezone).length(1, 1600),
                   wire::field("ScheduledActionName", &Self::name).required().length(1, 256),
                   wire::field("StartTime", &Self::start), wire::field("EndTime", &Self::end),
                   wire::field("ScalableTargetAction", &Self::action)});
  }
};

struct DeleteScheduledActionRequest {
  std::string service_namespace, resource_id, dimension;
  std::string name;
  static constexpr auto shape() {
    using Self = DeleteScheduledActionRequest;
    return std::tuple_cat(
        named_fields<Self>(),
        std::tuple{wire::field("ScheduledActionName", &Self::name).required().length(1, 1600)});
  }
};

struct DescribeScheduledActionsRequest {
  std::optional<std::vector<std::string>> names;
  std::string service_namespace;
  std::optional<std::string> resource_id;
  std::optional<std::string> dimension;
  std::optional<std::int32_t> max_results;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeScheduledActionsRequest;
    return std::tuple_cat(
        listing_fields<Self>(),
        std::tuple{wire::field("ScheduledActionNames", &Self::names).items(0, 50),
                   wire::field("ResourceId", &Self::resource_id).length(1, 1600)});
  }
};

struct ScheduledAction {
  std::string name, arn;
  std::string service_namespace, resource_id, dimension;
  std::string schedule;
  std::optional<std::string> timezone;
  std::optional<wire::Timestamp> start;
  std::optional<wire::Timestamp> end;
  std::optional<TargetAction> action;
  wire::Timestamp created;
  static constexpr auto shape() {
    using Self = ScheduledAction;
    return std::tuple{wire::field("ScheduledActionName", &Self::name),
                      wire::field("ScheduledActionARN", &Self::arn),
                      wire::field("ServiceNamespace", &Self::service_namespace),
                      wire::field("ResourceId", &Self::resource_id),
                      wire::field("ScalableDimension", &Self::dimension),
                      wire::field("Schedule", &Self::schedule),
                      wire::field("Timezone", &Self::timezone),
                      wire::field("StartTime", &Self::start),
                      wire::field("EndTime", &Self::end),
                      wire::field("ScalableTargetAction", &Self::action),
                      wire::field("CreationTime", &Self::created)};
  }
};

struct DescribeScheduledActionsResponse {
  std::vector<ScheduledAction> actions;
  std::optional<std::string> next_token;
  static constexpr auto shape() {
    using Self = DescribeScheduledActionsResponse;
    return std::tuple{wire::field("ScheduledActions", &Self::actions),
                      wire::field("NextToken", &Self::next_token)};
  }
};

struct DescribeScalingActivitiesRequest {
  std::string service_namespace;
  std::optional<std::string> resource_id;
  std::optional<std::string> dimension;
  std::optional<std::int32_t> max_results;
  std::optional<std::string> next_token;
  std::optional<bool> include_not_scaled;
  static constexpr auto shape() {
    using Self = DescribeScalingActivitiesRequest;
    return std::tuple_cat(
        listing_fields<Self>(),
        std::tuple{wire::field("ResourceId", &Self::resource_id).length(1, 1600),
                   wire::field("IncludeNotScaledActivities", &Self::include_not_scaled)});
  }
};

struct DescribeScalingActivitiesResponse {
  std::vector<wire::Empty> activities;  // nothing is scaled
  static constexpr auto shape() {
    using Self = DescribeScalingActivitiesResponse;
    return std::tuple{wire::field("ScalingActivities", &Self::activities)};
  }
};

struct TagResourceRequest {
  std::string arn;
  Tags tags;
  static constexpr auto shape() {
    using Self = TagResourceRequest;
    return std::tuple{wire::field("ResourceARN", &Self::arn).required().length(1, 1011),
                      wire::field("Tags", &Self::tags)
                          .required()
                          .keys(wire::rules().length(1, 128))
                          .each(wire::rules().length(0, 256))};
  }
};

struct UntagResourceRequest {
  std::string arn;
  std::vector<std::string> keys;
  static constexpr auto shape() {
    using Self = UntagResourceRequest;
    return std::tuple{wire::field("ResourceARN", &Self::arn).required().length(1, 1011),
                      wire::field("TagKeys", &Self::keys)
                          .required()
                          .items(0, 200)
                          .each(wire::rules().length(1, 128))};
  }
};

struct ListTagsForResourceRequest {
  std::string arn;
  static constexpr auto shape() {
    return std::tuple{
        wire::field("ResourceARN", &ListTagsForResourceRequest::arn).required().length(1, 1011)};
  }
};

struct ListTagsForResourceResponse {
  Tags tags;
  static constexpr auto shape() {
    return std::tuple{wire::field("Tags", &ListTagsForResourceResponse::tags)};
  }
};

}  // namespace mayfly::autoscaling
