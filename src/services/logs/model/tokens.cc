#include "services/logs/model/tokens.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mayfly::logs {

namespace {

constexpr std::size_t kPart = 20;

std::string digits(Position position) {
  return fmt::format("{:020}{:020}", position.time, position.sequence);
}

std::optional<std::uint64_t> read_digits(std::string_view text) {
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const std::uint64_t digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<Position> read_position(std::string_view text) {
  if (text.size() < 2 * kPart) return std::nullopt;
  const std::optional<std::uint64_t> time = read_digits(text.substr(0, kPart));
  const std::optional<std::uint64_t> sequence = read_digits(text.substr(kPart, kPart));
  if (!time || !sequence || *time > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return Position{static_cast<std::int64_t>(*time), *sequence};
}

}  // namespace

std::string write_page_token(PageToken token) {
  return fmt::format("{}/{}{:016}/s", token.side == Side::after ? 'f' : 'b', digits(token.position),
                     0);
}

std::optional<PageToken> read_page_token(std::string_view text) {
  if (text.size() != 2 + 56 + 2 || !text.ends_with("/s") || text[1] != '/') return std::nullopt;
  if (text[0] != 'f' && text[0] != 'b') return std::nullopt;
  const std::string_view number = text.substr(2, 56);
  const std::optional<Position> position = read_position(number);
  if (!position || read_digits(number.substr(2 * kPart)) != 0) return std::nullopt;
  return PageToken{text[0] == 'f' ? Side::after : Side::before, *position};
}

std::string event_id(std::string_view group, std::string_view stream, Position position) {
  const std::uint32_t name = base::crc32(fmt::format("{}:{}", group, stream));
  return fmt::format("{}{:016}", digits(position), name);
}

std::string write_filter_token(const FilterToken& token) {
  return base::to_base64(digits(token.position) + token.stream);
}

std::optional<FilterToken> read_filter_token(std::string_view text) {
  const std::optional<std::string> bytes = base::from_base64(text);
  if (!bytes) return std::nullopt;
  const std::optional<Position> position = read_position(*bytes);
  if (!position || bytes->size() == 2 * kPart) return std::nullopt;
  return FilterToken{*position, bytes->substr(2 * kPart)};
}

}  // namespace mayfly::logs
