#include "base/exposition.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace mayfly::base {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

std::string number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // Whole numbers as such: counters are read by people too.
  if (value == std::floor(value) && std::abs(value) < 9e15)
    return fmt::format("{}", static_cast<long long>(value));
  return fmt::format("{}", value);
}

constexpr std::size_t kStep = 2 * Histogram::kPerOctave;

}  // namespace

void Exposition::family(std::string_view name, Kind kind, std::string_view help) {
  constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                 kKinds[static_cast<std::size_t>(kind)]);
}

void Exposition::line(std::string_view suffix, const Labels& labels, double value) {
  text_ += name_;
  text_ += suffix;
  if (!labels.empty()) {
    char before = '{';
    for (const auto& [name, text] : labels) {
      text_ += before;
      text_ += name;
      text_ += "=\"";
      append_escaped(text_, text);
      text_ += '"';
      before = ',';
    }
    text_ += '}';
  }
  text_ += ' ';
  text_ += number(value);
  text_ += '\n';
}

void Exposition::histogram(const Labels& labels, const Histogram& milliseconds) {
  Labels with = labels;
  with.emplace_back("le", "");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    below += milliseconds.buckets[i];
    const bool last = i + 1 == Histogram::kBuckets;
    if (!last && (i % kStep != 0 || i == 0)) continue;
    with.back().second = last ? "+Inf" : number(Histogram::upper(i) / 1000);
    line("_bucket", with, static_cast<double>(below));
  }
  line("_sum", labels, milliseconds.sum / 1000);
  line("_count", labels, static_cast<double>(milliseconds.count));
}

}  // namespace mayfly::base
