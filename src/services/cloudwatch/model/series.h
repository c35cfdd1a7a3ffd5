// Series: the values of one metric in one unit over time, as the store keeps them: one Statistics a
// period, at each of the resolutions below.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/task.h"
#include "services/cloudwatch/keys.h"
#include "services/cloudwatch/model/statistics.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::cloudwatch {

inline constexpr std::int64_t kSecond = 1, kMinute = 60, kFiveMinutes = 300, kHour = 3600;

// Coarsest first; how long AWS keeps each.
struct Resolution {
  std::int64_t seconds;
  std::int64_t kept_seconds;
};
inline constexpr std::array<Resolution, 4> kResolutions{{{kHour, 455 * 86'400},
                                                         {kFiveMinutes, 63 * 86'400},
                                                         {kMinute, 15 * 86'400},
                                                         {kSecond, 3 * kHour}}};

// Values to add, by the second or minute (epoch seconds) in which they came.
struct Addition {
  MetricName metric;
  std::string unit = "None";
  std::int64_t resolution = kMinute;  // kSecond: high resolution, kept by the second too
  std::map<std::int64_t, Statistics> values;
};
base::Task<store::StoreResult<void>> add_to_series(store::Transaction& transaction,
                                                   base::Scope scope, const Addition& addition);

// A stretch of periods, aligned to `from`: [from, from + period), ... up to `to` (exclusive).
struct SeriesQuery {
  MetricName metric;
  std::optional<std::string> unit;
  std::int64_t period = kMinute;
  std::int64_t from = 0;
  std::int64_t to = 0;
};
// One unit's periods that have values, by their start.
using Periods = std::map<std::int64_t, Statistics>;
base::Task<wire::Result<std::map<std::string, Periods>>> read_series(
    store::Transaction& transaction, base::Scope scope, SeriesQuery query);

}  // namespace mayfly::cloudwatch
