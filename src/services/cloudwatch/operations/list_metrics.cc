#include <algorithm>

#include "base/strings.h"
#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/operations/operations.h"
#include "wire/row.h"

namespace mayfly::cloudwatch {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::int64_t kShown = 14 * 86'400;  // metrics without values for two weeks are not listed
constexpr std::int64_t kRecent = 3 * 3600;

bool matches(const Dimensions& dimensions, const std::vector<DimensionFilter>& filters) {
  return std::ranges::all_of(filters, [&](const DimensionFilter& filter) {
    const auto found = dimensions.find(filter.name);
    return found != dimensions.end() && (!filter.value || found->second == *filter.value);
  });
}

Metric shown(const MetricId& id, const Dimensions& dimensions) {
  Metric out;
  out.name_space = id.space;
  out.metric_name = id.name;
  out.dimensions.emplace();
  for (const auto& [name, value] : dimensions) out.dimensions->push_back({name, value});
  return out;
}

}  // namespace

Answer<ListMetricsOutput> list_metrics(Cloudwatch& cloudwatch, const Context& context,
                                       ListMetricsInput request) {
  if (auto flushed = co_await cloudwatch.flush(); !flushed)
    co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(flushed.error()));
  ListMetricsOutput out;
  if (request.owning_account && *request.owning_account != context.scope.account) co_return out;
  const bool narrow = request.name_space && request.metric_name;
  const std::string prefix =
      narrow ? metrics_prefix(context.scope, *request.name_space, *request.metric_name)
      : request.name_space ? metrics_prefix(context.scope, *request.name_space)
                           : metrics_prefix(context.scope);
  std::string begin = prefix;
  if (request.next_token) {
    // The token is the last key of the page before.
    const auto last = base::from_hex(*request.next_token);
    if (!last || !last->starts_with(prefix))
      co_return wire::fail(kInvalidParameterValue, "The parameter NextToken is invalid.");
    begin = *last + '\0';
  }
  const std::int64_t oldest =
      base::epoch_ms(cloudwatch.clock.now()) / 1000 - (request.recently_active ? kRecent : kShown);
  const std::vector<DimensionFilter> filters =
      request.dimensions.value_or(std::vector<DimensionFilter>{});
  const auto transaction = cloudwatch.store.begin();
  for (bool more = true; more;) {
    store::RangeQuery range{
        .begin = begin, .end = store::prefix_end(prefix), .conflict = store::Conflict::ignore};
    auto rows = co_await transaction->range(std::move(range));
    if (!rows) co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(rows.error()));
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      const auto id = read_metric_key(entry.key);
      auto row = wire::from_row<MetricRow>(entry.value);
      if (!id || !row)
        co_return wire::fail(wire::kInternalFailure, "A stored metric cannot be read.");
      if (row->last_value < oldest || !matches(row->dimensions, filters)) continue;
      if (request.metric_name && id->name != *request.metric_name) continue;
      out.metrics.push_back(shown(*id, row->dimensions));
      if (out.metrics.size() == kPage) {
        out.next_token = base::to_hex(std::string_view(entry.key));
        co_return out;
      }
    }
  }
  co_return out;
}

}  // namespace mayfly::cloudwatch
