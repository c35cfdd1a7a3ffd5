#include <fmt/format.h>

#include <cmath>

#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/operations/operations.h"

namespace mayfly::cloudwatch {
namespace {

constexpr std::int64_t kMaxDatapoints = 1440;

std::optional<wire::ApiError> check(const GetMetricStatisticsInput& request) {
  const auto fail = [](const wire::ErrorSpec& spec, std::string message) {
    return wire::ApiError{&spec, std::move(message), {}, {}};
  };
  if (!request.statistics && !request.extended_statistics) {
    return fail(kMissingRequiredParameter,
                "At least one of the parameters Statistics and ExtendedStatistics must be "
                "specified.");
  }
  if (auto error = check_period(request.period)) return error;
  const double from = request.start_time.epoch_seconds, to = request.end_time.epoch_seconds;
  if (!(from < to)) {
    return fail(kInvalidParameterValue,
                "The parameter StartTime must be less than the parameter EndTime.");
  }
  const double points = std::ceil((to - from) / request.period);
  if (!(points <= kMaxDatapoints)) {
    return fail(
        kInvalidParameterCombination,
        fmt::format("You have requested up to {:.0f} datapoints, which exceeds the limit of "
                    "1,440. You may reduce the datapoints requested by increasing Period, "
                    "or decreasing the time range.",
                    points));
  }
  return std::nullopt;
}

wire::Result<Datapoint> datapoint_of(const GetMetricStatisticsInput& request,
                                     const std::string& unit, std::int64_t start,
                                     const Statistics& statistics) {
  Datapoint out;
  out.timestamp = wire::Timestamp{static_cast<double>(start)};
  out.unit = unit;
  for (const std::string& name : request.statistics.value_or(std::vector<std::string>{})) {
    if (name == "SampleCount") out.sample_count = statistics.count;
    if (name == "Average") out.average = statistics.average();
    if (name == "Sum") out.sum = statistics.sum;
    if (name == "Minimum") out.minimum = statistics.minimum;
    if (name == "Maximum") out.maximum = statistics.maximum;
  }
  if (!request.extended_statistics) return out;
  out.extended_statistics.emplace();
  for (const std::string& name : *request.extended_statistics) {
    auto value = value_of(statistics, name);
    if (!value) return std::unexpected(value.error());
    if (*value) (*out.extended_statistics)[name] = **value;
  }
  return out;
}

}  // namespace

Answer<GetMetricStatisticsOutput> get_metric_statistics(Cloudwatch& cloudwatch,
                                                        const Context& context,
                                                        GetMetricStatisticsInput request) {
  if (auto error = check(request)) co_return std::unexpected(std::move(*error));
  auto dimensions = read_dimensions(request.dimensions);
  if (!dimensions) co_return std::unexpected(dimensions.error());
  if (auto flushed = co_await cloudwatch.flush(); !flushed)
    co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(flushed.error()));
  // AWS rounds the start down to the minute (to the second for short periods).
  const auto start = static_cast<std::int64_t>(std::floor(request.start_time.epoch_seconds));
  SeriesQuery query{.metric = {request.name_space, request.metric_name, std::move(*dimensions)},
                    .unit = request.unit,
                    .period = request.period,
                    .from = request.period < kMinute ? start : start - start % kMinute,
                    .to = static_cast<std::int64_t>(std::ceil(request.end_time.epoch_seconds))};
  const auto transaction = cloudwatch.store.begin();
  auto series = co_await read_series(*transaction, context.scope, std::move(query));
  if (!series) co_return std::unexpected(series.error());
  GetMetricStatisticsOutput out;
  out.label = request.metric_name;
  for (const auto& [unit, periods] : *series) {
    for (const auto& [at, statistics] : periods) {
      auto point = datapoint_of(request, unit, at, statistics);
      if (!point) co_return std::unexpected(point.error());
      out.datapoints.push_back(std::move(*point));
    }
  }
  co_return out;
}

}  // namespace mayfly::cloudwatch
