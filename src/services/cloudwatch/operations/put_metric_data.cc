#include <fmt/format.h>

#include <cmath>

#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/operations/operations.h"

namespace mayfly::cloudwatch {
namespace {

constexpr std::size_t kMaxData = 1000;
constexpr std::size_t kMaxValues = 150;
constexpr std::int64_t kOldest = 14 * 86'400;  // seconds
constexpr std::int64_t kNewest = 2 * 3600;

bool fits(double value) { return std::isfinite(value) && std::abs(value) <= 0x1p360; }

std::unexpected<wire::ApiError> bad_value(std::string_view member, double value) {
  return wire::fail(kInvalidParameterValue,
                    fmt::format("The value {} for parameter {} is invalid.", value, member));
}

wire::Result<Statistics> statistics_of(const MetricDatum& datum, std::string_view at) {
  Statistics out;
  const int given =
      (datum.value ? 1 : 0) + (datum.statistic_values ? 1 : 0) + (datum.values ? 1 : 0);
  if (given > 1) {
    return wire::fail(
        kInvalidParameterCombination,
        fmt::format("The parameters {0}.Value, {0}.Values and {0}.StatisticValues are mutually "
                    "exclusive and you have specified more than one.",
                    at));
  }
  if (datum.value) {
    if (!fits(*datum.value)) return bad_value(fmt::format("{}.Value", at), *datum.value);
    out.add(*datum.value);
    return out;
  }
  if (datum.statistic_values) {
    const StatisticSet& set = *datum.statistic_values;
    for (double value : {set.sample_count, set.sum, set.minimum, set.maximum}) {
      if (!fits(value)) return bad_value(fmt::format("{}.StatisticValues", at), value);
    }
    if (set.sample_count <= 0)
      return bad_value(fmt::format("{}.StatisticValues.SampleCount", at), set.sample_count);
    if (set.minimum > set.maximum) {
      return wire::fail(
          kInvalidParameterValue,
          fmt::format("The parameter {0}.StatisticValues.Minimum must be less than or equal to "
                      "{0}.StatisticValues.Maximum.",
                      at));
    }
    if (set.minimum == set.maximum) {
      out.add(set.minimum, set.sample_count);
      out.sum = set.sum;
      return out;
    }
    out.count = set.sample_count;
    out.sum = set.sum;
    out.minimum = set.minimum;
    out.maximum = set.maximum;
    out.has_histogram = false;
    return out;
  }
  if (!datum.values || datum.values->empty()) {
    return wire::fail(kMissingRequiredParameter,
                      fmt::format("At least one of the parameters must be specified: {0}.Value, "
                                  "{0}.Values, {0}.StatisticValues.",
                                  at));
  }
  if (datum.values->size() > kMaxValues) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("The collection {}.Values must not have a size greater than {}.",
                                  at, kMaxValues));
  }
  if (datum.counts && datum.counts->size() != datum.values->size()) {
    return wire::fail(
        kInvalidParameterValue,
        fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", at));
  }
  for (std::size_t i = 0; i < datum.values->size(); ++i) {
    const double times = datum.counts ? (*datum.counts)[i] : 1;
    if (!fits((*datum.values)[i]))
      return bad_value(fmt::format("{}.Values", at), (*datum.values)[i]);
    if (!fits(times) || times < 0) return bad_value(fmt::format("{}.Counts", at), times);
    if (times > 0) out.add((*datum.values)[i], times);
  }
  return out;
}

wire::Result<Addition> addition_of(const std::string& space, const MetricDatum& datum,
                                   std::string_view at, std::int64_t now) {
  auto dimensions = read_dimensions(datum.dimensions);
  if (!dimensions) return std::unexpected(dimensions.error());
  auto statistics = statistics_of(datum, at);
  if (!statistics) return std::unexpected(statistics.error());
  std::int64_t time = now;
  if (datum.timestamp) {
    const double given = datum.timestamp->epoch_seconds;
    if (!(given >= static_cast<double>(now - kOldest)) ||
        !(given <= static_cast<double>(now + kNewest))) {
      return wire::fail(kInvalidParameterValue,
                        fmt::format("The parameter {}.Timestamp must be a timestamp within the "
                                    "past two weeks or the next two hours.",
                                    at));
    }
    time = static_cast<std::int64_t>(given);
  }
  const std::int32_t resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("The parameter {}.StorageResolution must be 1 or 60.", at));
  }
  Addition out;
  out.metric = {space, datum.metric_name, std::move(*dimensions)};
  out.unit = datum.unit.value_or("None");
  out.resolution = resolution;
  if (statistics->count > 0) out.values[time].add(*statistics);
  return out;
}

}  // namespace

Answer<void> put_metric_data(Cloudwatch& cloudwatch, const Context& context,
                             PutMetricDataInput request) {
  std::vector<MetricDatum> data =
      std::move(request.metric_data).value_or(std::vector<MetricDatum>{});
  // What entity a metric belongs to is not kept; its data are.
  for (EntityMetricData& of_entity :
       request.entity_metric_data.value_or(std::vector<EntityMetricData>{})) {
    for (MetricDatum& datum : of_entity.metric_data.value_or(std::vector<MetricDatum>{}))
      data.push_back(std::move(datum));
  }
  if (data.empty()) {
    co_return wire::fail(kMissingRequiredParameter, "The parameter MetricData is required.");
  }
  if (data.size() > kMaxData) {
    co_return wire::fail(
        kInvalidParameterValue,
        fmt::format("The collection MetricData must not have a size greater than {}.", kMaxData));
  }
  const std::int64_t now = base::epoch_ms(context.received) / 1000;
  std::vector<Addition> additions;
  for (std::size_t i = 0; i < data.size(); ++i) {
    auto addition =
        addition_of(request.name_space, data[i], fmt::format("MetricData.member.{}", i + 1), now);
    if (!addition) co_return std::unexpected(addition.error());
    additions.push_back(std::move(*addition));
  }
  co_return co_await store::transact(
      cloudwatch.store,
      [&additions,
       scope = context.scope](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        for (const Addition& addition : additions) {
          auto added = co_await add_to_series(transaction, scope, addition);
          if (!added)
            co_return std::unexpected(
                store::FromStoreError<wire::ApiError>::map(std::move(added).error()));
        }
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::cloudwatch
