// Times as people type them.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace mayfly::cli {

// "30s", "10m", "2h", "7d": that long before `now`. "2026-01-31", "2026-01-31T12:34[:56[.789]][Z]":
// UTC.
std::optional<base::WallTime> parse_when(std::string_view text, base::WallTime now);

}  // namespace mayfly::cli
