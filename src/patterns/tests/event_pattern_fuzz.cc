// Patterns and events from strangers, a line break between them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "patterns/event_pattern.h"
#include "wire/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  const auto pattern = mayfly::patterns::EventPattern::parse(text.substr(0, cut));
  if (!pattern || cut == std::string_view::npos) return 0;
  if (auto event = mayfly::wire::parse_json(text.substr(cut + 1))) {
    (void)pattern->matches(*event);
  }
  return 0;
}
