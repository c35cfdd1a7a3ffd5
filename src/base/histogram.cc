#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mayfly::base {

std::size_t Histogram::bucket_of(double value) {
  if (!(value > std::exp2(kLowest))) return 0;  // what is no number too
  const double steps = std::ceil((std::log2(value) - kLowest) * kPerOctave - 1e-9);
  return static_cast<std::size_t>(std::min(steps, static_cast<double>(kBuckets - 1)));
}

double Histogram::upper(std::size_t bucket) {
  if (bucket + 1 >= kBuckets) return std::numeric_limits<double>::infinity();
  return std::exp2(kLowest + static_cast<double>(bucket) / kPerOctave);
}

void Histogram::observe(double value) {
  ++count;
  sum += value;
  ++buckets[bucket_of(value)];
}

Histogram Histogram::since(const Histogram& before) const {
  Histogram out;
  if (count < before.count) return *this;  // counted anew meanwhile
  out.count = count - before.count;
  out.sum = sum - before.sum;
  for (std::size_t i = 0; i < kBuckets; ++i)
    out.buckets[i] = buckets[i] - std::min(buckets[i], before.buckets[i]);
  return out;
}

double Histogram::percentile(double share) const {
  if (count == 0) return 0;
  const double wanted = share * static_cast<double>(count);
  double below = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets[i] == 0) continue;
    const auto here = static_cast<double>(buckets[i]);
    if (below + here >= wanted) {
      const double low = i == 0 ? 0 : upper(i - 1);
      const double high = i + 1 == kBuckets ? low : upper(i);
      return low + (high - low) * std::clamp((wanted - below) / here, 0.0, 1.0);
    }
    below += here;
  }
  return upper(kBuckets - 2);
}

}  // namespace mayfly::base
