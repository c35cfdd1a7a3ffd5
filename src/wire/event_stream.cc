#include "wire/event_stream.h"

#include <cstdint>

#include "base/strings.h"

namespace mayfly::wire {
namespace {

constexpr char kText = 7;
constexpr std::size_t kPrelude = 12, kTrailer = 4;

void append_number(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += static_cast<char>(name.size());
  out += name;
  out += kText;
  out += static_cast<char>(value.size() >> 8);
  out += static_cast<char>(value.size());
  out += value;
}

}  // namespace

std::string event_message(std::string_view event, std::string_view content_type,
                          std::string_view payload) {
  std::string headers;
  append_header(headers, ":event-type", event);
  append_header(headers, ":content-type", content_type);
  append_header(headers, ":message-type", "event");
  const std::size_t total = kPrelude + headers.size() + payload.size() + kTrailer;
  std::string out;
  out.reserve(total);
  append_number(out, static_cast<std::uint32_t>(total));
  append_number(out, static_cast<std::uint32_t>(headers.size()));
  append_number(out, base::crc32(out));
  out += headers;
  out += payload;
  append_number(out, base::crc32(out));
  return out;
}

}  // namespace mayfly::wire
