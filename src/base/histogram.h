// Histogram: how often values fell between bounds that grow by a fixed ratio, 2^(1/4), so that a
// percentile is right to a fifth of itself from microseconds to an hour, in a kilobyte.
//
// Values are milliseconds by convention. Not synchronised. Counts only grow: the difference of two
// readings is the histogram of what came between them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mayfly::base {

class Histogram {
 public:
  static constexpr int kPerOctave = 4;
  static constexpr int kLowest = -5;   // the first bound is 2^-5 ms
  static constexpr int kHighest = 22;  // the last one 2^22 ms, over an hour
  // One more than there are bounds: the last has none.
  static constexpr std::size_t kBuckets = (kHighest - kLowest) * kPerOctave + 2;

  static std::size_t bucket_of(double value);
  static double upper(std::size_t bucket);  // infinity for the last

  void observe(double value);
  // What has been added in between: every count and sum of this less those of `before`.
  Histogram since(const Histogram& before) const;
  // The value below which that share (0 to 1) lies; 0 where there is none.
  double percentile(double share) const;

  std::uint64_t count = 0;
  double sum = 0;
  std::array<std::uint64_t, kBuckets> buckets{};
};

}  // namespace mayfly::base
