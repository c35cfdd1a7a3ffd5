#include "services/autoscaling/autoscaling.h"

#include "services/autoscaling/errors.h"
#include "services/autoscaling/known_operations.h"
#include "services/autoscaling/operations/operations.h"

namespace mayfly::autoscaling {
namespace {

constexpr std::string_view kSigningNames[] = {"application-autoscaling"};

constexpr auto kOperations = api::operations<Autoscaling>(
    api::operation<register_scalable_target>("RegisterScalableTarget"),
    api::operation<deregister_scalable_target, kObjectNotFound>("DeregisterScalableTarget"),
    api::operation<describe_scalable_targets, kInvalidNextToken>("DescribeScalableTargets"),
    api::operation<put_scaling_policy, kObjectNotFound>("PutScalingPolicy"),
    api::operation<delete_scaling_policy, kObjectNotFound>("DeleteScalingPolicy"),
    api::operation<describe_scaling_policies, kInvalidNextToken>("DescribeScalingPolicies"),
    api::operation<put_scheduled_action, kObjectNotFound>("PutScheduledAction"),
    api::operation<delete_scheduled_action, kObjectNotFound>("DeleteScheduledAction"),
    api::operation<describe_scheduled_actions, kInvalidNextToken>("DescribeScheduledActions"),
    api::operation<describe_scaling_activities>("DescribeScalingActivities"),
    api::operation<tag_resource, kResourceNotFound, kTooManyTags>("TagResource"),
    api::operation<untag_resource, kResourceNotFound>("UntagResource"),
    api::operation<list_tags_for_resource, kResourceNotFound>("ListTagsForResource"));

}  // namespace

api::Service make_service(Autoscaling& autoscaling) {
  return api::service(
      autoscaling,
      {.name = "application-autoscaling",
       .title = "Application Auto Scaling",
       .signing_names = kSigningNames,
       .target_prefix = "AnyScaleFrontendService",
       .api_version = "2016-02-06",
       .model = "application-autoscaling",
       .facts = {.protocol = wire::Protocol::aws_json_1_1, .validation = &kValidation},
       .known = kKnownOperations},
      kOperations);
}

}  // namespace mayfly::autoscaling
