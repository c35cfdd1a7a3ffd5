#include "services/dynamodb/model/stream_iterator.h"

#include "base/strings.h"
#include "services/dynamodb/model/big_endian.h"

namespace mayfly::dynamodb {
namespace {
constexpr std::string_view kFormat = "|1|";
constexpr std::size_t kBytes = 4 + StreamPosition::kBytes + 1 + 8;
}  // namespace

std::string StreamIterator::text() const {
  std::string bytes;
  put_big_endian(bytes, shard, 4);
  bytes += position.bytes();
  put_big_endian(bytes, static_cast<std::uint64_t>(start), 1);
  put_big_endian(bytes, static_cast<std::uint64_t>(made_ms), 8);
  return arn + std::string(kFormat) + base::to_base64(bytes);
}

std::optional<StreamIterator> StreamIterator::read(std::string_view text) {
  const std::size_t cut = text.rfind(kFormat);
  if (cut == std::string_view::npos) return std::nullopt;
  const auto bytes = base::from_base64(text.substr(cut + kFormat.size()));
  if (!bytes || bytes->size() != kBytes) return std::nullopt;
  std::string_view rest = *bytes;
  const auto take = [&rest](std::size_t size) {
    const std::string_view part = rest.substr(0, size);
    rest.remove_prefix(size);
    return part;
  };
  StreamIterator out;
  out.arn = text.substr(0, cut);
  out.shard = static_cast<std::uint32_t>(from_big_endian(take(4)));
  out.position = *StreamPosition::from_bytes(take(StreamPosition::kBytes));
  out.start = static_cast<Start>(take(1)[0]);
  if (out.start > Start::oldest) return std::nullopt;
  out.made_ms = static_cast<std::int64_t>(from_big_endian(take(8)));
  return out;
}

}  // namespace mayfly::dynamodb
