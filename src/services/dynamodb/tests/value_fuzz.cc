// Any JSON as an item. What is accepted comes back the same from its stored form and from its wire
// form.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/codec.h"
#include "wire/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto document = wire::parse_json(text);
  if (!document) return 0;
  const auto item = dynamodb::item_from(*document);
  if (!item) return 0;
  const auto stored = dynamodb::decode_item(dynamodb::encode_item(*item));
  if (!stored || *stored != *item) std::abort();
  auto written = wire::parse_json(wire::to_json(dynamodb::document_of(*item)));
  if (!written) std::abort();
  const auto again = dynamodb::item_from(*written);
  if (!again || *again != *item) std::abort();
  return 0;
}
