// The opaque tokens and event ids of CloudWatch Logs: positions as 56 decimal digits, as AWS's
// look.
//
// Parsers take only what the writers make; nullopt is answered with "The specified nextToken is
// invalid."
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/logs/keys.h"

namespace mayfly::logs {

enum class Side { after, before };  // "f/.../s": go on after it; "b/.../s": go back from it

struct PageToken {
  Side side = Side::after;
  Position position;
};

std::string write_page_token(PageToken token);
std::optional<PageToken> read_page_token(std::string_view text);

// 20 digits of time, 20 of sequence, 16 that name the stream.
std::string event_id(std::string_view group, std::string_view stream, Position position);

// Where a filter over many streams stopped: everything up to and with this event was looked at.
struct FilterToken {
  Position position;
  std::string stream;
};
std::string write_filter_token(const FilterToken& token);
std::optional<FilterToken> read_filter_token(std::string_view text);

}  // namespace mayfly::logs
