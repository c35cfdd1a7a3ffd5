// Statistics: what is kept of the values that a metric had in a period.
//
// Percentiles come from a histogram whose buckets grow by 2 %, so they are exact to 1 %. As on AWS
// there are none once a value was negative, or where statistics were put instead of values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::cloudwatch {

struct Statistics {
  double count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  bool has_histogram = true;
  std::map<std::int32_t, double> histogram;  // bucket -> how many values

  // `times` is the value's weight, above zero.
  void add(double value, double times = 1);
  void add(const Statistics& other);

  double average() const { return count == 0 ? 0 : sum / count; }
  // 0 to 100; nullopt where there is no histogram.
  std::optional<double> percentile(double percent) const;

  std::string encode() const;
  static std::optional<Statistics> decode(std::string_view bytes);
};

}  // namespace mayfly::cloudwatch
