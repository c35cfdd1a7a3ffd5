// The operations of CloudWatch, by file. cloudwatch.cc makes the table of them.
#pragma once

#include "api/operation.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/shapes.h"

namespace mayfly::cloudwatch {

template <class T>
using Answer = base::Task<wire::Result<T>>;
using Context = api::RequestContext;

Answer<void> put_metric_data(Cloudwatch& cloudwatch, const Context& context,
                             PutMetricDataInput request);
Answer<GetMetricStatisticsOutput> get_metric_statistics(Cloudwatch& cloudwatch,
                                                        const Context& context,
                                                        GetMetricStatisticsInput request);
Answer<GetMetricDataOutput> get_metric_data(Cloudwatch& cloudwatch, const Context& context,
                                            GetMetricDataInput request);
Answer<ListMetricsOutput> list_metrics(Cloudwatch& cloudwatch, const Context& context,
                                       ListMetricsInput request);

// What the files share (checks.cc).

wire::Result<Dimensions> read_dimensions(const std::optional<std::vector<Dimension>>& dimensions);
// 1, 5, 10, 30 or a multiple of 60.
std::optional<wire::ApiError> check_period(std::int32_t period);
// A statistic by its name: one of the five, or a percentile ("p99.9").
wire::Result<std::optional<double>> value_of(const Statistics& statistics, std::string_view name);

}  // namespace mayfly::cloudwatch
