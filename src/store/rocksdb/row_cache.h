// RowCache: rows that nearly every request reads and few write (definitions of tables, functions
// and routes, credentials), in memory: reading one is a look-up and no search of the database.
//
// It answers each snapshot as the database would. A shard knows the sequence of the last commit
// that wrote one of its rows, its floor. A row read with a snapshot at or above the floor has been
// the same since the floor, and stays so until the next commit, which takes it out before its
// snapshot is published. So it is right for every snapshot at or above that floor, and only for
// those it is used. Absent rows are not kept.
//
// Bounded: a full shard lets go of some row. Threads: find() and add() any; written() the
// committer's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/commit/write_set.h"

namespace mayfly::store {

class RowCache {
 public:
  static constexpr std::size_t kMostValue = 16 * 1024;

  explicit RowCache(std::size_t most_bytes = 32 * 1024 * 1024)
      : most_bytes_(most_bytes / kShards) {}

  // Whether rows of this key are kept at all (is_definition of its key space).
  static bool keeps(std::string_view key);

  // What a snapshot of that sequence sees; null: ask the database.
  std::shared_ptr<const std::string> find(std::string_view key, std::uint64_t snapshot) const;
  // What it saw.
  void add(std::string_view key, std::uint64_t snapshot, std::string_view value);
  // Before snapshots from `sequence` on are published, which see these writes.
  void written(const WriteSet& writes, std::uint64_t sequence);

 private:
  static constexpr std::size_t kShards = 32;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  struct Row {
    std::uint64_t since = 0;
    std::shared_ptr<const std::string> value;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Row, Hash, std::equal_to<>> rows;
    std::size_t bytes = 0;
    std::uint64_t floor = 0;
  };
  using Rows = decltype(Shard::rows);

  Shard& shard_of(std::string_view key) { return shards_[Hash{}(key) % kShards]; }
  const Shard& shard_of(std::string_view key) const { return shards_[Hash{}(key) % kShards]; }
  static std::size_t bytes_of(const Rows::value_type& row);
  static void drop(Shard& shard, Rows::iterator row);
  void drop(std::string_view key, std::uint64_t sequence);
  void drop_all(std::uint64_t sequence);

  const std::size_t most_bytes_;  // of a shard
  std::array<Shard, kShards> shards_;
};

}  // namespace mayfly::store
