// TableCache: decoded table definitions, so that an operation only compares bytes instead of
// parsing JSON.
//
// It is never trusted alone: each transaction reads the definition's key (so it conflicts with
// UpdateTable and DeleteTable), and the cached form is used only where it was made of the very same
// bytes. Bounded; threads: any.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "services/dynamodb/model/schema.h"

namespace mayfly::dynamodb {

class TableCache {
 public:
  // The table that these bytes describe; null where they cannot be read.
  std::shared_ptr<const Table> get(const base::Scope& scope, const std::string& key,
                                   std::string_view bytes);

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMaxPerShard = 256;
  struct Entry {
    std::string bytes;
    std::shared_ptr<const Table> table;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Entry> entries;
  };
  std::array<Shard, kShards> shards_;
};

}  // namespace mayfly::dynamodb
