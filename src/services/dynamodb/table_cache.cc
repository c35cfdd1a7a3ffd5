#include "services/dynamodb/table_cache.h"

#include "services/dynamodb/table_record.h"

namespace mayfly::dynamodb {

std::shared_ptr<const Table> TableCache::get(const base::Scope& scope, const std::string& key,
                                             std::string_view bytes) {
  Shard& shard = shards_[std::hash<std::string>{}(key) % kShards];
  {
    std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end() && found->second.bytes == bytes) return found->second.table;
  }
  auto decoded = decode_table(scope, bytes);
  if (!decoded) return nullptr;
  auto table = std::make_shared<const Table>(std::move(*decoded));
  std::lock_guard lock(shard.mutex);
  // Dropping everything now and then is enough: what is in use comes back with its next request.
  if (shard.entries.size() >= kMaxPerShard) shard.entries.clear();
  shard.entries[key] = Entry{std::string(bytes), table};
  return table;
}

}  // namespace mayfly::dynamodb
