// Every operation's handler; autoscaling.cc binds them to their names.
#pragma once

#include "api/operation.h"
#include "services/autoscaling/autoscaling.h"
#include "services/autoscaling/errors.h"
#include "services/autoscaling/shapes.h"

namespace mayfly::autoscaling {

template <class Response>
using Answer = base::Task<wire::Result<Response>>;
using Context = api::RequestContext;

Answer<RegisterScalableTargetResponse> register_scalable_target(
    Autoscaling& autoscaling, const Context& context, RegisterScalableTargetRequest request);
Answer<wire::Empty> deregister_scalable_target(Autoscaling& autoscaling, const Context& context,
                                               DeregisterScalableTargetRequest request);
Answer<DescribeScalableTargetsResponse> describe_scalable_targets(
    Autoscaling& autoscaling, const Context& context, DescribeScalableTargetsRequest request);
Answer<PutScalingPolicyResponse> put_scaling_policy(Autoscaling& autoscaling,
                                                    const Context& context,
                                                    PutScalingPolicyRequest request);
Answer<wire::Empty> delete_scaling_policy(Autoscaling& autoscaling, const Context& context,
                                          DeleteScalingPolicyRequest request);
Answer<DescribeScalingPoliciesResponse> describe_scaling_policies(
    Autoscaling& autoscaling, const Context& context, DescribeScalingPoliciesRequest request);
Answer<wire::Empty> put_scheduled_action(Autoscaling& autoscaling, const Context& context,
                                         PutScheduledActionRequest request);
Answer<wire::Empty> delete_scheduled_action(Autoscaling& autoscaling, const Context& context,
                                            DeleteScheduledActionRequest request);
Answer<DescribeScheduledActionsResponse> describe_scheduled_actions(
    Autoscaling& autoscaling, const Context& context, DescribeScheduledActionsRequest request);
Answer<DescribeScalingActivitiesResponse> describe_scaling_activities(
    Autoscaling& autoscaling, const Context& context, DescribeScalingActivitiesRequest request);
Answer<wire::Empty> tag_resource(Autoscaling& autoscaling, const Context& context,
                                 TagResourceRequest request);
Answer<wire::Empty> untag_resource(Autoscaling& autoscaling, const Context& context,
                                   UntagResourceRequest request);
Answer<ListTagsForResourceResponse> list_tags_for_resource(Autoscaling& autoscaling,
                                                           const Context& context,
                                                           ListTagsForResourceRequest request);

}  // namespace mayfly::autoscaling
