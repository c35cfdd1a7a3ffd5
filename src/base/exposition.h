// Exposition: metrics as text in the Prometheus format 0.0.4. Names are the caller's to choose well
// ([a-zA-Z_:][a-zA-Z0-9_:]*); values of labels may be anything.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace mayfly::base {

class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;
  enum class Kind { counter, gauge, histogram };

  // Begins a metric; the samples that follow are its. `help` is one line.
  void family(std::string_view name, Kind kind, std::string_view help);
  void sample(const Labels& labels, double value) { line("", labels, value); }
  // As _bucket, _sum and _count, milliseconds told as seconds; two octaves a bucket.
  void histogram(const Labels& labels, const Histogram& milliseconds);
  // A histogram with bounds of its own: `line("_bucket", ...)` and so on.
  void line(std::string_view suffix, const Labels& labels, double value);

  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace mayfly::base
