// Whatever parses must be written and parsed to the same value, and the check must agree with the
// parser.
#include <cmath>
#include <cstdint>

#include "wire/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::wire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto document = parse_json(text);
  if (document.has_value() != check_json(text).has_value()) __builtin_trap();
  if (!document) return 0;
  auto again = parse_json(to_json(*document));
  if (!again || *again != *document) __builtin_trap();
  return 0;
}
