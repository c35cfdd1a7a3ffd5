// Stream records, sequence numbers and shard iterators: what is read is what would be written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/dynamodb/model/stream.h"
#include "services/dynamodb/model/stream_iterator.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::dynamodb;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto change = read_change(bytes); change && write_change(*change) != bytes)
    std::abort();
  if (const auto position = StreamPosition::from_number(bytes)) {
    if (position->number() != bytes) std::abort();
    if (StreamPosition::from_bytes(position->bytes()) != *position) std::abort();
  }
  if (const auto iterator = StreamIterator::read(bytes)) {
    const auto again = StreamIterator::read(iterator->text());
    if (!again || again->text() != iterator->text() || again->position != iterator->position)
      std::abort();
  }
  if (const auto shard = shard_number(bytes)) {
    if (shard_number(shard_id(0, *shard)) != shard) std::abort();
  }
  return 0;
}
