#include "services/cloudwatch/expire.h"

#include "services/cloudwatch/keys.h"
#include "wire/row.h"

namespace mayfly::cloudwatch {
namespace {

std::unexpected<wire::ApiError> failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

// Erases without reading: a range that is empty costs little. True where the metric went as a
// whole.
base::Task<wire::Result<bool>> expire_metric(Cloudwatch& cloudwatch, std::string key, MetricId id,
                                             std::int64_t now) {
  co_return co_await store::transact(
      cloudwatch.store, [=](store::Transaction& transaction) -> base::Task<wire::Result<bool>> {
        // Read again: it may have got a value meanwhile.
        auto stored = co_await transaction.get(key);
        if (!stored) co_return failed(stored.error());
        if (!*stored) co_return true;
        auto row = wire::from_row<MetricRow>(**stored);
        if (!row) co_return std::unexpected(row.error());
        for (const Resolution& resolution : kResolutions) {
          transaction.erase_range(
              periods_prefix(id.scope, id.id, resolution.seconds),
              period_bound(id.scope, id.id, resolution.seconds, now - resolution.kept_seconds));
        }
        const bool gone = row->last_value < now - kResolutions.front().kept_seconds;
        if (gone) transaction.erase(key);
        co_return gone;
      });
}

}  // namespace

base::Task<wire::Result<std::int64_t>> expire(Cloudwatch& cloudwatch) {
  std::int64_t left = 0;
  const std::int64_t now = base::epoch_ms(cloudwatch.clock.now()) / 1000;
  const std::string all = store::key_in(store::KeySpace::metrics).done();
  const auto transaction = cloudwatch.store.begin();
  std::string begin = all;
  for (bool more = true; more;) {
    store::RangeQuery range{
        .begin = begin, .end = store::prefix_end(all), .conflict = store::Conflict::ignore};
    auto rows = co_await transaction->range(std::move(range));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      auto id = read_metric_key(entry.key);
      if (!id) {
        // The periods of a scope lie behind all of its metrics: go on with the next scope.
        store::KeyReader reader(entry.key);
        const auto scope = store::read_scope(reader, store::KeySpace::metrics);
        if (!scope) co_return wire::fail(wire::kInternalFailure, "A stored metric cannot be read.");
        begin = store::prefix_end(store::key_in(store::KeySpace::metrics, *scope).done());
        more = true;
        break;
      }
      auto gone = co_await expire_metric(cloudwatch, entry.key, std::move(*id), now);
      if (!gone) co_return std::unexpected(gone.error());
      if (!*gone) ++left;
    }
  }
  co_return left;
}

}  // namespace mayfly::cloudwatch
