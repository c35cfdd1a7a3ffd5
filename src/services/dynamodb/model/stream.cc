#include "services/dynamodb/model/stream.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "services/dynamodb/model/big_endian.h"

namespace mayfly::dynamodb {
namespace {

constexpr char kFormatVersion = 1;
constexpr std::size_t kSequenceDigits = 20;
constexpr std::size_t kOrdinalDigits = 5;
// In front of the digits, so that the number has the length that the API asks for.
constexpr char kLead = '1';

template <class T>
std::optional<T> digits(std::string_view text, int base) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

void put_part(std::string& out, std::string_view part) {
  put_big_endian(out, part.size(), 4);
  out.append(part);
}

bool take_part(std::string_view& bytes, std::string_view& part) {
  if (bytes.size() < 4) return false;
  const std::uint64_t length = from_big_endian(bytes.substr(0, 4));
  bytes.remove_prefix(4);
  if (length > bytes.size()) return false;
  part = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return true;
}

}  // namespace

std::string_view view_name(StreamView view) { return kStreamViews[static_cast<std::size_t>(view)]; }

std::optional<StreamView> view_from(std::string_view name) {
  for (std::size_t i = 0; i < kStreamViews.size(); ++i) {
    if (kStreamViews[i] == name) return static_cast<StreamView>(i);
  }
  return std::nullopt;
}

StreamPosition StreamPosition::next() const {
  if (ordinal < std::numeric_limits<std::uint16_t>::max())
    return {sequence, static_cast<std::uint16_t>(ordinal + 1)};
  return {sequence + 1, 0};
}

std::string StreamPosition::bytes() const {
  std::string out;
  put_big_endian(out, sequence, 8);
  put_big_endian(out, ordinal, 2);
  return out;
}

std::optional<StreamPosition> StreamPosition::from_bytes(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  return StreamPosition{from_big_endian(bytes.substr(0, 8)),
                        static_cast<std::uint16_t>(from_big_endian(bytes.substr(8)))};
}

std::string StreamPosition::number() const {
  return fmt::format("{}{:020}{:05}", kLead, sequence, ordinal);
}

std::optional<StreamPosition> StreamPosition::from_number(std::string_view text) {
  if (text.size() != 1 + kSequenceDigits + kOrdinalDigits || text.front() != kLead)
    return std::nullopt;
  const auto sequence = digits<std::uint64_t>(text.substr(1, kSequenceDigits), 10);
  const auto ordinal = digits<std::uint16_t>(text.substr(1 + kSequenceDigits), 10);
  if (!sequence || !ordinal) return std::nullopt;
  return StreamPosition{*sequence, *ordinal};
}

std::string shard_id(std::int64_t created_ms, std::uint32_t shard) {
  return fmt::format("shardId-{:020}-{:08x}", created_ms, shard);
}

std::optional<std::uint32_t> shard_number(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  return digits<std::uint32_t>(id.substr(dash + 1), 16);
}

std::string write_change(const ItemChange& change) {
  std::string out;
  out.reserve(24 + change.keys.size() + change.new_image.size() + change.old_image.size());
  out.push_back(kFormatVersion);
  out.push_back(static_cast<char>(change.kind));
  out.push_back(static_cast<char>(change.origin));
  put_big_endian(out, static_cast<std::uint64_t>(change.epoch_ms), 8);
  put_part(out, change.keys);
  put_part(out, change.new_image);
  put_part(out, change.old_image);
  return out;
}

std::optional<ItemChange> read_change(std::string_view bytes) {
  constexpr std::size_t kHead = 11;
  if (bytes.size() < kHead || bytes[0] != kFormatVersion) return std::nullopt;
  const auto kind = static_cast<ChangeKind>(bytes[1]);
  const auto origin = static_cast<Origin>(bytes[2]);
  if (kind < ChangeKind::insert || kind > ChangeKind::shard_end || origin > Origin::expiry)
    return std::nullopt;
  ItemChange change{.kind = kind,
                    .origin = origin,
                    .epoch_ms = static_cast<std::int64_t>(from_big_endian(bytes.substr(3, 8)))};
  bytes.remove_prefix(kHead);
  if (!take_part(bytes, change.keys) || !take_part(bytes, change.new_image) ||
      !take_part(bytes, change.old_image) || !bytes.empty())
    return std::nullopt;
  return change;
}

}  // namespace mayfly::dynamodb
