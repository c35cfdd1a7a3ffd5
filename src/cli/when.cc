#include "cli/when.h"

#include <chrono>
#include <cstdint>

#include "base/strings.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono;

std::optional<base::WallTime> parse_ago(std::string_view text, base::WallTime now) {
  const auto count = base::parse_int(text.substr(0, text.size() - 1));
  if (!count || *count < 0 || *count > 1'000'000'000) return std::nullopt;
  switch (text.back()) {
    case 's':
      return now - seconds{*count};
    case 'm':
      return now - minutes{*count};
    case 'h':
      return now - hours{*count};
    case 'd':
      return now - days{*count};
    default:
      return std::nullopt;
  }
}

// The digits at the front of `text`, exactly `size` of them, which are taken away.
std::optional<int> take_digits(std::string_view& text, std::size_t size) {
  int value = 0;
  if (text.size() < size) return std::nullopt;
  for (const char c : text.substr(0, size)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(size);
  return value;
}

bool take(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

// "12:34:56.789" behind the T; seconds and fraction may be missing.
std::optional<microseconds> take_time_of_day(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  microseconds time = hours{*hour} + minutes{*minute};
  if (!take(text, ':')) return time;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  time += seconds{*second};
  if (!take(text, '.')) return time;
  microseconds place{1'000'000};
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    place /= 10;
    time += place * (text[0] - '0');
  }
  return digits == 0 ? std::nullopt : std::optional(time);
}

}  // namespace

std::optional<base::WallTime> parse_when(std::string_view text, base::WallTime now) {
  if (text.size() >= 2 && text.find('-') == std::string_view::npos) return parse_ago(text, now);
  const auto year_number = take_digits(text, 4);
  if (!year_number || !take(text, '-')) return std::nullopt;
  const auto month_number = take_digits(text, 2);
  if (!month_number || !take(text, '-')) return std::nullopt;
  const auto day_number = take_digits(text, 2);
  if (!day_number) return std::nullopt;
  const year_month_day date{year{*year_number}, month{static_cast<unsigned>(*month_number)},
                            day{static_cast<unsigned>(*day_number)}};
  if (!date.ok()) return std::nullopt;
  base::WallTime time = sys_days{date};
  if (take(text, 'T') || take(text, ' ')) {
    const auto of_day = take_time_of_day(text);
    if (!of_day) return std::nullopt;
    time += *of_day;
  }
  take(text, 'Z');
  if (!text.empty()) return std::nullopt;
  return time;
}

}  // namespace mayfly::cli
