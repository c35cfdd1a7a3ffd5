// Whatever decode_item() accepts, encode_item() writes back byte for byte but for the size in
// front, which is what it counts.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/dynamodb/model/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::dynamodb;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto item = decode_item(bytes);
  if (!item) return 0;
  if (encode_item(*item, *decode_size(bytes)) != bytes) std::abort();
  return 0;
}
