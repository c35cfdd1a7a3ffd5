// The input is a pattern, a newline, and a message.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/logs/model/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  auto pattern = mayfly::logs::FilterPattern::parse(input.substr(0, line));
  if (pattern && line != std::string_view::npos) pattern->matches(input.substr(line + 1));
  return 0;
}
