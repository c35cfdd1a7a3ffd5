// Messages of application/vnd.amazon.eventstream, in which AWS APIs answer bit by bit:
//
//   total length (4) | headers' length (4) | CRC-32 of these 8 (4) | headers | payload | CRC-32 of
//   all before (4)
//
// Numbers are big-endian; a header is its name (1 + n bytes), the type 7 and its text (2 + n
// bytes).
#pragma once

#include <string>
#include <string_view>

namespace mayfly::wire {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";

// An event of the model's name with a payload of that content type. Names are shorter than 256
// bytes.
std::string event_message(std::string_view event, std::string_view content_type,
                          std::string_view payload);

}  // namespace mayfly::wire
