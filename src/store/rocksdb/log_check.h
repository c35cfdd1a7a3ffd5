// Whether a write-ahead log that RocksDB will not replay was only torn at its end, as a power cut
// leaves it, or damaged where acknowledged commits may follow.
//
// Reads RocksDB's log format: blocks of 32 KB, each record with its checksum. A bad record behind
// which nothing good comes was never synced, or is the only one lost; one in the middle means that
// acknowledged commits behind it would be dropped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace mayfly::store {

struct LogDamage {
  std::uint64_t at = 0;       // offset of the first bad record
  bool more_follows = false;  // good records lie behind it
};

// nullopt for a log that is good.
std::optional<LogDamage> check_log(std::string_view log);

}  // namespace mayfly::store
