#include "store/rocksdb/row_cache.h"

#include <algorithm>

#include "store/keyspaces.h"

namespace mayfly::store {

bool RowCache::keeps(std::string_view key) {
  return !key.empty() && is_definition(static_cast<KeySpace>(static_cast<std::uint8_t>(key[0])));
}

std::shared_ptr<const std::string> RowCache::find(std::string_view key,
                                                  std::uint64_t snapshot) const {
  const Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.rows.find(key);
  return found == shard.rows.end() || found->second.since > snapshot ? nullptr
                                                                     : found->second.value;
}

void RowCache::add(std::string_view key, std::uint64_t snapshot, std::string_view value) {
  if (value.size() > kMostValue) return;
  auto kept = std::make_shared<const std::string>(value);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (snapshot < shard.floor) return;
  const auto [row, added] = shard.rows.try_emplace(std::string(key));
  if (!added) return;
  row->second = {shard.floor, std::move(kept)};
  shard.bytes += bytes_of(*row);
  while (shard.bytes > most_bytes_ && shard.rows.size() > 1) {
    auto victim = shard.rows.begin();
    if (victim == row) ++victim;
    drop(shard, victim);
  }
}

void RowCache::written(const WriteSet& writes, std::uint64_t sequence) {
  for (const auto& [key, value] : writes.points()) {
    if (keeps(key)) drop(key, sequence);
  }
  for (const WriteSet::Sequenced& put : writes.sequenced()) {
    if (keeps(put.prefix)) drop(put.key(sequence), sequence);
  }
  // A range begins and ends in one key space (key.h), or covers many.
  const bool definitions = std::ranges::any_of(writes.erased(), [](const KeyRange& range) {
    return keeps(range.begin) || range.end.empty() || range.begin.empty() ||
           range.begin[0] != range.end[0];
  });
  if (definitions) drop_all(sequence);
}

std::size_t RowCache::bytes_of(const Rows::value_type& row) {
  constexpr std::size_t kOverhead = 128;
  return row.first.size() + row.second.value->size() + kOverhead;
}

void RowCache::drop(Shard& shard, Rows::iterator row) {
  shard.bytes -= bytes_of(*row);
  shard.rows.erase(row);
}

void RowCache::drop(std::string_view key, std::uint64_t sequence) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  shard.floor = sequence;
  if (const auto found = shard.rows.find(key); found != shard.rows.end()) drop(shard, found);
}

void RowCache::drop_all(std::uint64_t sequence) {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.floor = sequence;
    shard.rows.clear();
    shard.bytes = 0;
  }
}

}  // namespace mayfly::store
