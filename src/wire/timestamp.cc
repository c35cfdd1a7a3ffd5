#include "wire/timestamp.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/strings.h"

namespace mayfly::wire {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
// Years 0000 to 9999: what the text forms can say.
constexpr double kMinEpoch = -62'167'219'200.0;
constexpr double kMaxEpoch = 253'402'300'799.999;

std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<double> epoch_of(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // 60: a leap second, which POSIX time counts as the first of the next minute.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(days).count() +
                             hour * 3600 + minute * 60 + second);
}

std::optional<double> fraction(std::string_view& text) {
  double value = 0;
  double place = 0.1;
  std::size_t count = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9' && count < 12) {
    value += place * (text[0] - '0');
    place /= 10;
    text.remove_prefix(1);
    ++count;
  }
  return count > 0 ? std::optional(value) : std::nullopt;
}

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
  unsigned weekday;
};

Parts parts_of(Timestamp time) {
  const double clamped = std::fmin(std::fmax(time.epoch_seconds, kMinEpoch), kMaxEpoch);
  const std::chrono::sys_time<std::chrono::milliseconds> point{
      std::chrono::milliseconds{static_cast<std::int64_t>(std::floor(clamped * 1000 + 0.5))}};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  return {std::chrono::year_month_day{day},
          std::chrono::hh_mm_ss<std::chrono::milliseconds>{point - day},
          std::chrono::weekday{day}.c_encoding()};
}

}  // namespace

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return std::nullopt;
  auto month = digits(text, 2);
  if (!month || !skip(text, '-')) return std::nullopt;
  auto day = digits(text, 2);
  if (!day) return std::nullopt;
  if (text.empty()) {
    auto midnight = epoch_of(*year, *month, *day, 0, 0, 0);
    return midnight ? std::optional(Timestamp{*midnight}) : std::nullopt;
  }
  if (!skip(text, 'T') && !skip(text, 't') && !skip(text, ' ')) return std::nullopt;
  auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return std::nullopt;
  auto minute = digits(text, 2);
  if (!minute || !skip(text, ':')) return std::nullopt;
  auto second = digits(text, 2);
  if (!second) return std::nullopt;
  auto epoch = epoch_of(*year, *month, *day, *hour, *minute, *second);
  if (!epoch) return std::nullopt;
  if (skip(text, '.')) {
    auto part = fraction(text);
    if (!part) return std::nullopt;
    *epoch += *part;
  }
  if (text == "Z" || text == "z") return Timestamp{*epoch};
  const bool east = text.starts_with('+');
  if (!east && !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  auto offset_hours = digits(text, 2);
  skip(text, ':');
  auto offset_minutes = digits(text, 2);
  if (!offset_hours || !offset_minutes || *offset_hours > 23 || *offset_minutes > 59 ||
      !text.empty()) {
    return std::nullopt;
  }
  const double offset = *offset_hours * 3600.0 + *offset_minutes * 60.0;
  return Timestamp{east ? *epoch - offset : *epoch + offset};
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma != 3) return std::nullopt;
  text.remove_prefix(5);
  auto day = digits(text, 2);
  if (!day || !skip(text, ' ')) return std::nullopt;
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.starts_with(kMonths[i])) month = static_cast<int>(i) + 1;
  }
  if (month == 0) return std::nullopt;
  text.remove_prefix(3);
  if (!skip(text, ' ')) return std::nullopt;
  auto year = digits(text, 4);
  if (!year || !skip(text, ' ')) return std::nullopt;
  auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return std::nullopt;
  auto minute = digits(text, 2);
  if (!minute || !skip(text, ':')) return std::nullopt;
  auto second = digits(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  auto epoch = epoch_of(*year, month, *day, *hour, *minute, *second);
  return epoch ? std::optional(Timestamp{*epoch}) : std::nullopt;
}

std::optional<Timestamp> parse_epoch(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return Timestamp{value};
}

std::optional<Timestamp> parse_any_timestamp(std::string_view text) {
  if (auto time = parse_iso8601(text)) return time;
  if (auto time = parse_epoch(text)) return time;
  return parse_http_date(text);
}

std::string format_iso8601(Timestamp time) {
  const Parts parts = parts_of(time);
  const auto milliseconds = parts.time.subseconds().count();
  std::string out = fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(parts.date.year()),
      static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()),
      parts.time.hours().count(), parts.time.minutes().count(), parts.time.seconds().count());
  if (milliseconds != 0) out += fmt::format(".{:03}", milliseconds);
  return out + "Z";
}

std::string format_http_date(Timestamp time) {
  const Parts parts = parts_of(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.weekday],
                     static_cast<unsigned>(parts.date.day()),
                     kMonths[static_cast<unsigned>(parts.date.month()) - 1],
                     static_cast<int>(parts.date.year()), parts.time.hours().count(),
                     parts.time.minutes().count(), parts.time.seconds().count());
}

std::string format_epoch(Timestamp time) {
  // Beyond this a double has no exact milliseconds; no time that means anything is there.
  constexpr double kExactMilliseconds = 1e12;
  if (std::fabs(time.epoch_seconds) >= kExactMilliseconds)
    return fmt::format("{:.0f}", time.epoch_seconds);
  const double milliseconds = std::round(time.epoch_seconds * 1000);
  if (std::fmod(milliseconds, 1000) == 0) return fmt::format("{:.0f}", milliseconds / 1000);
  std::string text = fmt::format("{:.3f}", milliseconds / 1000);
  while (text.back() == '0') text.pop_back();
  return text;
}

}  // namespace mayfly::wire
