// Integers as bytes that order as they do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mayfly::dynamodb {

inline void put_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}

// At most eight bytes.
inline std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace mayfly::dynamodb
