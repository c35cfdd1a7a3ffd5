// Reads any bytes as any sequence of elements; what reads completely must encode to the same bytes
// again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::store;
  const std::string_view key(reinterpret_cast<const char*>(data), size);
  KeyReader reader(key);
  KeyWriter writer;
  std::size_t at = 0;
  while (!reader.failed() && !reader.at_end()) {
    switch (key[at]) {
      case 0x01:
        if (auto value = reader.bytes()) writer.bytes(*value);
        break;
      case 0x02:
        if (auto value = reader.str()) writer.str(*value);
        break;
      case 0x08:
        if (auto value = reader.u8()) writer.u8(*value);
        break;
      case 0x10:
        if (auto value = reader.u64()) writer.u64(*value);
        break;
      case 0x11:
        if (auto value = reader.i64()) writer.i64(*value);
        break;
      default:
        if (auto value = reader.raw()) writer.raw(*value);
        break;
    }
    if (reader.failed()) return 0;
    at = writer.done().size();
    if (at > size) std::abort();
  }
  if (writer.done() != key) std::abort();
  return 0;
}
