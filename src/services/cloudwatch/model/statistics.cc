#include "services/cloudwatch/model/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace mayfly::cloudwatch {
namespace {

// Stored: a change of either makes stored histograms unreadable.
constexpr double kGrowth = 1.02;
constexpr std::int32_t kZeroBucket = std::numeric_limits<std::int32_t>::min();

constexpr char kFormat = 1;
constexpr std::size_t kMaxBuckets = 80'000;  // all that a double can fall into

std::int32_t bucket_of(double value) {
  if (value == 0) return kZeroBucket;
  return static_cast<std::int32_t>(std::ceil(std::log(value) / std::log(kGrowth)));
}
// The middle of a bucket's values.
double value_of(std::int32_t bucket) {
  if (bucket == kZeroBucket) return 0;
  return std::pow(kGrowth, static_cast<double>(bucket) - 0.5);
}

void put_u64(std::uint64_t value, std::string& out) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
void put(double value, std::string& out) { put_u64(std::bit_cast<std::uint64_t>(value), out); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::uint64_t> u64() {
    if (rest_.size() < 8) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i)
      value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(rest_[i])) << (8 * i);
    rest_.remove_prefix(8);
    return value;
  }
  bool take(double& out) {
    auto bits = u64();
    if (bits) out = std::bit_cast<double>(*bits);
    return bits.has_value();
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

void Statistics::add(double value, double times) {
  minimum = count == 0 ? value : std::min(minimum, value);
  maximum = count == 0 ? value : std::max(maximum, value);
  count += times;
  sum += value * times;
  if (value < 0) {
    has_histogram = false;
    histogram.clear();
  }
  if (has_histogram) histogram[bucket_of(value)] += times;
}

void Statistics::add(const Statistics& other) {
  if (other.count == 0) return;
  minimum = count == 0 ? other.minimum : std::min(minimum, other.minimum);
  maximum = count == 0 ? other.maximum : std::max(maximum, other.maximum);
  count += other.count;
  sum += other.sum;
  has_histogram = has_histogram && other.has_histogram;
  if (!has_histogram) {
    histogram.clear();
    return;
  }
  for (const auto& [bucket, times] : other.histogram) histogram[bucket] += times;
}

std::optional<double> Statistics::percentile(double percent) const {
  if (count > 0 && minimum == maximum) return minimum;
  if (!has_histogram || count == 0) return std::nullopt;
  if (percent >= 100) return maximum;
  const double wanted = count * percent / 100;
  double passed = 0;
  for (const auto& [bucket, times] : histogram) {
    passed += times;
    if (passed >= wanted) return std::clamp(value_of(bucket), minimum, maximum);
  }
  return maximum;
}

std::string Statistics::encode() const {
  std::string out(1, kFormat);
  for (double value : {count, sum, minimum, maximum}) put(value, out);
  out.push_back(has_histogram ? 1 : 0);
  for (const auto& [bucket, times] : histogram) {
    put_u64(static_cast<std::uint32_t>(bucket), out);
    put(times, out);
  }
  return out;
}

std::optional<Statistics> Statistics::decode(std::string_view bytes) {
  constexpr std::size_t kHead = 1 + 4 * 8 + 1;
  if (bytes.size() < kHead || bytes[0] != kFormat) return std::nullopt;
  Statistics out;
  Reader head(bytes.substr(1));
  if (!head.take(out.count) || !head.take(out.sum) || !head.take(out.minimum) ||
      !head.take(out.maximum))
    return std::nullopt;
  out.has_histogram = bytes[kHead - 1] != 0;
  Reader rest(bytes.substr(kHead));
  while (!rest.empty()) {
    const auto bucket = rest.u64();
    double times = 0;
    if (!bucket || *bucket > std::numeric_limits<std::uint32_t>::max() || !rest.take(times) ||
        out.histogram.size() >= kMaxBuckets)
      return std::nullopt;
    out.histogram[static_cast<std::int32_t>(static_cast<std::uint32_t>(*bucket))] = times;
  }
  return out;
}

}  // namespace mayfly::cloudwatch
