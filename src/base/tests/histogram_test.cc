#include "base/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/exposition.h"

namespace mayfly::base {
namespace {

TEST(Histogram, PutsABoundIntoTheBucketThatItEnds) {
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    EXPECT_EQ(Histogram::bucket_of(Histogram::upper(i)), i);
    EXPECT_EQ(Histogram::bucket_of(Histogram::upper(i) * 1.01), i + 1);
  }
}

TEST(Histogram, HoldsWhateverItIsGiven) {
  EXPECT_EQ(Histogram::bucket_of(0), 0u);
  EXPECT_EQ(Histogram::bucket_of(-1), 0u);
  EXPECT_EQ(Histogram::bucket_of(std::nan("")), 0u);
  EXPECT_EQ(Histogram::bucket_of(1e300), Histogram::kBuckets - 1);
  EXPECT_EQ(Histogram::bucket_of(std::numeric_limits<double>::infinity()), Histogram::kBuckets - 1);
}

TEST(Histogram, TellsPercentilesToAFifth) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.observe(i);
  EXPECT_NEAR(histogram.percentile(0.5), 500, 100);
  EXPECT_NEAR(histogram.percentile(0.99), 990, 198);
  EXPECT_EQ(Histogram{}.percentile(0.5), 0);
}

TEST(Histogram, TellsWhatCameBetweenTwoReadings) {
  Histogram histogram;
  for (int i = 0; i < 100; ++i) histogram.observe(1000);
  const Histogram before = histogram;
  histogram.observe(1);
  const Histogram between = histogram.since(before);
  EXPECT_EQ(between.count, 1u);
  EXPECT_NEAR(between.percentile(0.99), 1, 0.2);
  // A daemon that has started again counts from nothing.
  Histogram anew;
  anew.observe(3);
  EXPECT_EQ(anew.since(before).count, 1u);
}

TEST(Exposition, EscapesLabelsAndCumulatesBuckets) {
  Exposition out;
  out.family("mayfly_x_total", Exposition::Kind::counter, "Of x.");
  out.sample({{"name", "a\"b\\c\nd"}}, 3);
  EXPECT_EQ(out.take(),
            "# HELP mayfly_x_total Of x.\n# TYPE mayfly_x_total counter\n"
            "mayfly_x_total{name=\"a\\\"b\\\\c\\nd\"} 3\n");
  Histogram histogram;
  histogram.observe(0.001);
  histogram.observe(1e9);
  out.family("mayfly_y_seconds", Exposition::Kind::histogram, "Of y.");
  out.histogram({}, histogram);
  const std::string text = out.take();
  EXPECT_NE(text.find("mayfly_y_seconds_bucket{le=\"0.000125\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mayfly_y_seconds_bucket{le=\"+Inf\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mayfly_y_seconds_count 2\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace mayfly::base
