#include <fmt/format.h>

#include <charconv>

#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/operations/operations.h"

namespace mayfly::cloudwatch {
namespace {

// "p99.9" -> 99.9
std::optional<double> read_percentile(std::string_view name) {
  if (!name.starts_with('p')) return std::nullopt;
  name.remove_prefix(1);
  double percent = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), percent, std::chars_format::fixed);
  if (error != std::errc{} || end != name.data() + name.size() || percent < 0 || percent > 100)
    return std::nullopt;
  return percent;
}

}  // namespace

wire::Result<Dimensions> read_dimensions(const std::optional<std::vector<Dimension>>& dimensions) {
  Dimensions out;
  if (!dimensions) return out;
  for (const Dimension& dimension : *dimensions) {
    if (!out.emplace(dimension.name, dimension.value).second) {
      return wire::fail(kInvalidParameterValue,
                        fmt::format("The dimension {} is there twice.", dimension.name));
    }
  }
  return out;
}

std::optional<wire::ApiError> check_period(std::int32_t period) {
  if (period == 1 || period == 5 || period == 10 || period == 30 || period % 60 == 0)
    return std::nullopt;
  return wire::ApiError{&kInvalidParameterValue,
                        "The parameter Period must be 1, 5, 10, 30, or a multiple of 60.",
                        {},
                        {}};
}

wire::Result<std::optional<double>> value_of(const Statistics& statistics, std::string_view name) {
  if (name == "SampleCount") return statistics.count;
  if (name == "Average") return statistics.average();
  if (name == "Sum") return statistics.sum;
  if (name == "Minimum") return statistics.minimum;
  if (name == "Maximum") return statistics.maximum;
  if (const auto percent = read_percentile(name)) return statistics.percentile(*percent);
  for (std::string_view known :
       {"tm", "TM", "tc", "TC", "ts", "TS", "wm", "WM", "pr", "PR", "IQM", "iqm"}) {
    if (name.starts_with(known))
      return wire::not_supported(fmt::format("The statistic {}", name.substr(0, 32)));
  }
  return wire::fail(
      kInvalidParameterValue,
      fmt::format("The value {} for parameter Stat is not supported.", name.substr(0, 64)));
}

}  // namespace mayfly::cloudwatch
