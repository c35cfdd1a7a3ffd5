#include "services/cloudwatch/model/series.h"

#include <algorithm>

#include "wire/row.h"

namespace mayfly::cloudwatch {
namespace {

std::int64_t floor_to(std::int64_t time, std::int64_t step) {
  return time - ((time % step) + step) % step;
}

store::StoreError corrupt() {
  return {store::StoreErrorCode::corrupt, "statistics of a metric cannot be read"};
}

// The coarsest resolution that the asked periods are whole multiples of.
std::int64_t resolution_for(const SeriesQuery& query) {
  for (const Resolution& resolution : kResolutions) {
    if (query.period % resolution.seconds == 0 && query.from % resolution.seconds == 0)
      return resolution.seconds;
  }
  return kSecond;
}

base::Task<store::StoreResult<void>> add_periods(store::Transaction& transaction, base::Scope scope,
                                                 const Addition& addition, std::string id,
                                                 std::int64_t resolution) {
  std::map<std::int64_t, Statistics> periods;
  for (const auto& [time, statistics] : addition.values)
    periods[floor_to(time, resolution)].add(statistics);
  for (auto& [start, statistics] : periods) {
    const std::string key = period_key(scope, id, resolution, start, addition.unit);
    auto stored = co_await transaction.get(key);
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) {
      auto before = Statistics::decode(**stored);
      if (!before) co_return std::unexpected(corrupt());
      statistics.add(*before);
    }
    transaction.put(key, statistics.encode());
  }
  co_return store::StoreResult<void>{};
}

}  // namespace

base::Task<store::StoreResult<void>> add_to_series(store::Transaction& transaction,
                                                   base::Scope scope, const Addition& addition) {
  if (addition.values.empty()) co_return store::StoreResult<void>{};
  const std::string id = metric_id(addition.metric);
  for (const Resolution& resolution : kResolutions) {
    if (resolution.seconds < addition.resolution) continue;
    auto added = co_await add_periods(transaction, scope, addition, id, resolution.seconds);
    if (!added) co_return added;
  }
  const std::string key = metric_key(scope, addition.metric, id);
  const std::int64_t newest = floor_to(addition.values.rbegin()->first, kMinute);
  auto stored = co_await transaction.get(key);
  if (!stored) co_return std::unexpected(stored.error());
  MetricRow row{addition.metric.dimensions, newest};
  if (*stored) {
    auto before = wire::from_row<MetricRow>(**stored);
    if (!before) co_return std::unexpected(corrupt());
    if (before->last_value >= newest) co_return store::StoreResult<void>{};
  }
  transaction.put(key, wire::to_row(std::move(row)));
  co_return store::StoreResult<void>{};
}

base::Task<wire::Result<std::map<std::string, Periods>>> read_series(
    store::Transaction& transaction, base::Scope scope, SeriesQuery query) {
  std::map<std::string, Periods> units;
  const std::string id = metric_id(query.metric);
  const std::int64_t resolution = resolution_for(query);
  const std::string prefix = periods_prefix(scope, id, resolution);
  std::string begin = period_bound(scope, id, resolution, query.from);
  const std::string end = period_bound(scope, id, resolution, std::max(query.from, query.to));
  for (bool more = true; more;) {
    store::RangeQuery range{.begin = begin, .end = end, .conflict = store::Conflict::ignore};
    auto rows = co_await transaction.range(std::move(range));
    if (!rows) co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(rows.error()));
    more = rows->more;
    for (const store::KeyValue& row : rows->rows) {
      begin = row.key + '\0';
      const auto key = read_period_key(prefix, row.key);
      const auto statistics = Statistics::decode(row.value);
      if (!key || !statistics)
        co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(corrupt()));
      if (query.unit && key->unit != *query.unit) continue;
      const std::int64_t start = query.from + floor_to(key->start - query.from, query.period);
      units[key->unit][start].add(*statistics);
    }
  }
  co_return units;
}

}  // namespace mayfly::cloudwatch
