#include "store/rocksdb/log_check.h"

#include <array>
#include <cstddef>

namespace mayfly::store {
namespace {

constexpr std::size_t kBlock = 32 * 1024;
constexpr std::size_t kHeader = 7;  // checksum (4), length (2), type (1)
// A record's, or of its parts where it does not fit into a block.
enum Type : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t value = n;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78U : 0);
    table[n] = value;
  }
  return table;
}

// CRC-32C, stored rotated and offset, as LevelDB began it.
std::uint32_t masked_crc(std::string_view bytes) {
  static constexpr auto kTable = make_table();
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff] ^ (crc >> 8);
  crc ^= 0xffffffffU;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// The record's whole length where it is good, otherwise 0.
std::size_t good_record(std::string_view rest) {
  if (rest.size() < kHeader) return 0;
  const std::uint32_t stored =
      byte_at(rest, 0) | byte_at(rest, 1) << 8 | byte_at(rest, 2) << 16 | byte_at(rest, 3) << 24;
  const std::size_t length = byte_at(rest, 4) | byte_at(rest, 5) << 8;
  const std::uint32_t type = byte_at(rest, 6);
  if (type == 0 || type > kLast || kHeader + length > rest.size()) return 0;
  return masked_crc(rest.substr(6, 1 + length)) == stored ? kHeader + length : 0;
}

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

Type type_of(std::string_view record) { return static_cast<Type>(byte_at(record, 6)); }

// Whether a record begins somewhere in the block. Parts without their beginning are of one that
// began before.
bool has_beginning(std::string_view block) {
  for (std::size_t at = 0; at + kHeader < block.size();) {
    const std::size_t length = good_record(block.substr(at));
    // An empty record's checksum is too easily met by chance.
    if (length <= kHeader) {
      ++at;
      continue;
    }
    const Type type = type_of(block.substr(at));
    if (type == kFull || type == kFirst) return true;
    at += length;
  }
  return false;
}

}  // namespace

std::optional<LogDamage> check_log(std::string_view log) {
  std::size_t began = 0;  // the last record
  bool whole = true;      // it is
  for (std::size_t begin = 0; begin < log.size(); begin += kBlock) {
    const std::string_view block = log.substr(begin, kBlock);
    std::size_t at = 0;
    while (at + kHeader <= block.size()) {
      const std::size_t length = good_record(block.substr(at));
      if (length == 0) break;
      const Type type = type_of(block.substr(at));
      if (type == kFull || type == kFirst) began = begin + at;
      whole = type == kFull || type == kLast;
      at += length;
    }
    if (all_zero(block.substr(at)) && at + kHeader > kBlock) continue;  // a block's padding
    if (at == block.size()) continue;
    // The end of what was written, or damage.
    if (all_zero(log.substr(begin + at))) {
      if (whole) return std::nullopt;
      return LogDamage{.at = began, .more_follows = false};
    }
    LogDamage damage{.at = begin + at};
    damage.more_follows = has_beginning(block.substr(at + 1));
    for (std::size_t next = begin + kBlock; next < log.size() && !damage.more_follows;
         next += kBlock) {
      damage.more_follows = has_beginning(log.substr(next, kBlock));
    }
    return damage;
  }
  return std::nullopt;
}

}  // namespace mayfly::store
