// Whether a write-ahead log that RocksDB will not replay was only torn at its end, as a power cut
// leaves it, or damaged where acknowledged commits may follow.
//
// Reads RocksDB's log format: blocks of 32 KB, each record, or part of a longer one, with its
// checksum. Each group of commits is one record, and is synced before the next one is written: a
// bad record behind which no other begins was never synced, or is the only one lost (of a long one
// the disk may hold the end and not the beginning); where another begins, acknowledged commits
// would be dropped.
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
