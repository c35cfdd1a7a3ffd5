// Where CloudWatch keeps what. The only file that knows these bytes.
//
//   metrics (scope) 1 namespace name id            MetricRow: its dimensions, when it last had a
//   value metrics (scope) 2 id resolution start unit     Statistics of the period that begins at
//   `start`
//
// A metric's id is the first 16 bytes of SHA-256 over its namespace, name and sorted dimensions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "store/key.h"
#include "store/keyspaces.h"
#include "wire/shape.h"

namespace mayfly::cloudwatch {

using Dimensions = std::map<std::string, std::string>;

struct MetricName {
  std::string space;  // "AWS/Lambda"
  std::string name;   // "Invocations"
  Dimensions dimensions;
  auto operator<=>(const MetricName&) const = default;
};

struct MetricRow {
  Dimensions dimensions;
  std::int64_t last_value = 0;  // epoch seconds of the newest period with a value
  static constexpr auto shape() {
    using Self = MetricRow;
    return std::tuple{wire::field("dimensions", &Self::dimensions),
                      wire::field("last", &Self::last_value)};
  }
};

std::string metric_id(const MetricName& metric);

inline std::string metrics_prefix(const base::Scope& scope) {
  return store::key_in(store::KeySpace::metrics, scope).u8(1).done();
}
inline std::string metrics_prefix(const base::Scope& scope, std::string_view space) {
  return store::key_in(store::KeySpace::metrics, scope).u8(1).str(space).done();
}
inline std::string metrics_prefix(const base::Scope& scope, std::string_view space,
                                  std::string_view name) {
  return store::key_in(store::KeySpace::metrics, scope).u8(1).str(space).str(name).done();
}
inline std::string metric_key(const base::Scope& scope, const MetricName& metric,
                              std::string_view id) {
  return store::key_in(store::KeySpace::metrics, scope)
      .u8(1)
      .str(metric.space)
      .str(metric.name)
      .bytes(id)
      .done();
}

// What a key of kind 1 names, in any scope; nullopt for other keys.
struct MetricId {
  base::Scope scope;
  std::string space, name, id;
};
std::optional<MetricId> read_metric_key(std::string_view key);

// Periods of one resolution (seconds), in the order of time.
inline std::string periods_prefix(const base::Scope& scope, std::string_view id,
                                  std::int64_t resolution) {
  return store::key_in(store::KeySpace::metrics, scope).u8(2).bytes(id).i64(resolution).done();
}
inline std::string period_key(const base::Scope& scope, std::string_view id,
                              std::int64_t resolution, std::int64_t start, std::string_view unit) {
  return store::key_in(store::KeySpace::metrics, scope)
      .u8(2)
      .bytes(id)
      .i64(resolution)
      .i64(start)
      .str(unit)
      .done();
}
// Everything before the period that begins at `start`.
inline std::string period_bound(const base::Scope& scope, std::string_view id,
                                std::int64_t resolution, std::int64_t start) {
  return store::key_in(store::KeySpace::metrics, scope)
      .u8(2)
      .bytes(id)
      .i64(resolution)
      .i64(start)
      .done();
}
struct PeriodKey {
  std::int64_t start = 0;
  std::string unit;
};
std::optional<PeriodKey> read_period_key(std::string_view prefix, std::string_view key);

}  // namespace mayfly::cloudwatch
