#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/operations/operations.h"

namespace mayfly::cloudwatch {
namespace {

constexpr std::size_t kMaxQueries = 500;
constexpr std::int32_t kMaxDatapoints = 100'800;

std::optional<wire::ApiError> check(const GetMetricDataInput& request) {
  const auto fail = [](std::string message) {
    return wire::ApiError{&wire::kValidation, std::move(message), {}, {}};
  };
  if (request.metric_data_queries.empty())
    return fail("The collection MetricDataQueries must not be empty.");
  if (request.metric_data_queries.size() > kMaxQueries) {
    return fail(fmt::format(
        "The collection MetricDataQueries must not have a size greater than {}.", kMaxQueries));
  }
  if (!(request.start_time.epoch_seconds < request.end_time.epoch_seconds))
    return fail("The parameter StartTime must be less than the parameter EndTime.");
  const std::int32_t most = request.max_datapoints.value_or(kMaxDatapoints);
  if (most < 1 || most > kMaxDatapoints) {
    return fail(
        fmt::format("The parameter MaxDatapoints must be between 1 and {}.", kMaxDatapoints));
  }
  std::set<std::string_view> ids;
  for (const MetricDataQuery& query : request.metric_data_queries) {
    const char first = query.id[0];
    const bool good =
        first >= 'a' && first <= 'z' && std::ranges::all_of(query.id, [](unsigned char c) {
          return std::isalnum(c) != 0 || c == '_';
        });
    if (!good) {
      return fail(
          fmt::format("The value {} for parameter MetricDataQueries.Id is not matching the "
                      "expected pattern ^[a-z][a-zA-Z0-9_]*$.",
                      query.id));
    }
    if (!ids.insert(query.id).second)
      return fail(fmt::format("The id {} is there twice in MetricDataQueries.", query.id));
    if (query.expression && query.metric_stat) {
      return fail(fmt::format(
          "The query {} has both MetricStat and Expression; exactly one is needed.", query.id));
    }
    if (query.expression)
      return wire::not_supported("Metric math (Expression of GetMetricData)").error();
    if (!query.metric_stat) {
      return fail(fmt::format(
          "The query {} has neither MetricStat nor Expression; exactly one is needed.", query.id));
    }
    const Metric& metric = query.metric_stat->metric;
    if (!metric.name_space || !metric.metric_name) {
      return fail(
          fmt::format("The metric of the query {} needs a Namespace and a MetricName.", query.id));
    }
    if (auto error = check_period(query.metric_stat->period)) return error;
  }
  return std::nullopt;
}

struct Point {
  std::int64_t start;
  double value;
};

// A query's points in the order of time, in the unit that was asked for or in all.
Answer<std::vector<Point>> points_of(store::Transaction& transaction, base::Scope scope,
                                     const MetricStat& stat, Dimensions dimensions,
                                     std::int64_t from, std::int64_t to) {
  SeriesQuery query{
      .metric = {*stat.metric.name_space, *stat.metric.metric_name, std::move(dimensions)},
      .unit = stat.unit,
      .period = stat.period,
      .from = from - from % stat.period,
      .to = to};
  auto series = co_await read_series(transaction, std::move(scope), std::move(query));
  if (!series) co_return std::unexpected(series.error());
  Periods merged;
  for (const auto& [unit, periods] : *series) {
    for (const auto& [start, statistics] : periods) merged[start].add(statistics);
  }
  std::vector<Point> points;
  for (const auto& [start, statistics] : merged) {
    auto value = value_of(statistics, stat.stat);
    if (!value) co_return std::unexpected(value.error());
    if (*value) points.push_back({start, **value});
  }
  co_return points;
}

}  // namespace

Answer<GetMetricDataOutput> get_metric_data(Cloudwatch& cloudwatch, const Context& context,
                                            GetMetricDataInput request) {
  if (auto error = check(request)) co_return std::unexpected(std::move(*error));
  // The token says how many datapoints, over all queries, earlier pages had.
  std::int64_t skip = 0;
  if (request.next_token) {
    const auto offset = base::parse_int(*request.next_token);
    if (!offset || *offset < 1)
      co_return wire::fail(kInvalidNextToken, "The token is not one of GetMetricData.");
    skip = *offset;
  }
  if (auto flushed = co_await cloudwatch.flush(); !flushed)
    co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(flushed.error()));
  const auto from = static_cast<std::int64_t>(std::floor(request.start_time.epoch_seconds));
  const auto to = static_cast<std::int64_t>(std::ceil(request.end_time.epoch_seconds));
  const std::int64_t most = request.max_datapoints.value_or(kMaxDatapoints);
  const bool ascending = request.scan_by == "TimestampAscending";
  GetMetricDataOutput out;
  std::int64_t passed = 0, taken = 0;
  const auto transaction = cloudwatch.store.begin();
  for (const MetricDataQuery& query : request.metric_data_queries) {
    auto dimensions = read_dimensions(query.metric_stat->metric.dimensions);
    if (!dimensions) co_return std::unexpected(dimensions.error());
    auto points = co_await points_of(*transaction, context.scope, *query.metric_stat,
                                     std::move(*dimensions), from, to);
    if (!points) co_return std::unexpected(points.error());
    if (!query.return_data.value_or(true)) continue;
    MetricDataResult result;
    result.id = query.id;
    result.label = query.label.value_or(*query.metric_stat->metric.metric_name);
    if (!ascending) std::ranges::reverse(*points);
    for (const Point& point : *points) {
      if (passed++ < skip) continue;
      if (taken == most) {
        result.status_code = "PartialData";
        out.next_token = std::to_string(skip + taken);
        break;
      }
      ++taken;
      result.timestamps.push_back(wire::Timestamp{static_cast<double>(point.start)});
      result.values.push_back(point.value);
    }
    out.metric_data_results.push_back(std::move(result));
    if (out.next_token) break;
  }
  co_return out;
}

}  // namespace mayfly::cloudwatch
