// Every operation of the API that botocore calls "application-autoscaling". Written by
// tools/known_operations; do not edit.
#pragma once

#include "api/service.h"

namespace mayfly::autoscaling {

inline constexpr api::KnownOperation kKnownOperations[] = {
    {"DeleteScalingPolicy"},
    {"DeleteScheduledAction"},
    {"DeregisterScalableTarget"},
    {"DescribeScalableTargets"},
    {"DescribeScalingActivities"},
    {"DescribeScalingPolicies"},
    {"DescribeScheduledActions"},
    {"GetPredictiveScalingForecast"},
    {"ListTagsForResource"},
    {"PutScalingPolicy"},
    {"PutScheduledAction"},
    {"RegisterScalableTarget"},
    {"TagResource"},
    {"UntagResource"},
};

}  // namespace mayfly::autoscaling
