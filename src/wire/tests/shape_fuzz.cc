// JSON -> struct -> JSON: what was accepted must be accepted again and come out the same.
#include <cstdint>

#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"
#include "wire/tests/kinds.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::wire;
  auto document = parse_json({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  auto first = decode<testing::Kinds>(std::move(*document));
  if (!first) return 0;
  const std::string text = to_json(encode(std::move(*first)));
  auto reread = parse_json(text);
  if (!reread) __builtin_trap();
  auto second = decode<testing::Kinds>(std::move(*reread));
  if (!second || to_json(encode(std::move(*second))) != text) __builtin_trap();
  return 0;
}
