// Every operation of the API that botocore calls "cloudwatch". Written by tools/known_operations;
// do not edit.
#pragma once

#include "api/service.h"

namespace mayfly::cloudwatch {

inline constexpr api::KnownOperation kKnownOperations[] = {
    {"DeleteAlarmMuteRule"},
    {"DeleteAlarms"},
    {"DeleteAnomalyDetector"},
    {"DeleteDashboards"},
    {"DeleteInsightRules"},
    {"DeleteMetricStream"},
    {"DescribeAlarmContributors"},
    {"DescribeAlarmHistory"},
    {"DescribeAlarms"},
    {"DescribeAlarmsForMetric"},
    {"DescribeAnomalyDetectors"},
    {"DescribeInsightRules"},
    {"DisableAlarmActions"},
    {"DisableInsightRules"},
    {"EnableAlarmActions"},
    {"EnableInsightRules"},
    {"GetAlarmMuteRule"},
    {"GetDashboard"},
    {"GetInsightRuleReport"},
    {"GetMetricData"},
    {"GetMetricStatistics"},
    {"GetMetricStream"},
    {"GetMetricWidgetImage"},
    {"GetOTelEnrichment"},
    {"ListAlarmMuteRules"},
    {"ListDashboards"},
    {"ListManagedInsightRules"},
    {"ListMetricStreams"},
    {"ListMetrics"},
    {"ListTagsForResource"},
    {"PutAlarmMuteRule"},
    {"PutAnomalyDetector"},
    {"PutCompositeAlarm"},
    {"PutDashboard"},
    {"PutInsightRule"},
    {"PutManagedInsightRules"},
    {"PutMetricAlarm"},
    {"PutMetricData"},
    {"PutMetricStream"},
    {"SetAlarmState"},
    {"StartMetricStreams"},
    {"StartOTelEnrichment"},
    {"StopMetricStreams"},
    {"StopOTelEnrichment"},
    {"TagResource"},
    {"UntagResource"},
};

}  // namespace mayfly::cloudwatch
