// The text forms of Timestamp. Parsers return nullopt on anything malformed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/document.h"

namespace mayfly::wire {

std::optional<Timestamp> parse_iso8601(
    std::string_view text);  // 2026-01-31T12:34:56[.789](Z|+hh:mm)
std::optional<Timestamp> parse_http_date(std::string_view text);  // Sat, 31 Jan 2026 12:34:56 GMT
std::optional<Timestamp> parse_epoch(std::string_view text);      // 1769862896[.789]
std::optional<Timestamp> parse_any_timestamp(std::string_view text);

std::string format_iso8601(
    Timestamp time);  // 2026-01-31T12:34:56Z, with .789 where there is a fraction
std::string format_http_date(Timestamp time);
std::string format_epoch(Timestamp time);  // at most three decimals

}  // namespace mayfly::wire
