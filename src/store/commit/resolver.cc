#include "store/commit/resolver.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mayfly::store {
namespace {

// What an entry costs besides its bytes: a map node, a log entry and the allocator's overhead,
// roughly.
constexpr std::size_t kKeyOverhead = 96;
constexpr std::size_t kLogOverhead = 16;
constexpr std::size_t kRangeOverhead = 96;

std::string shown(std::string_view key) {
  constexpr std::size_t kMax = 64;
  return base::to_hex(key.substr(0, kMax)) + (key.size() > kMax ? "..." : "");
}

StoreError conflict_on(std::string_view key) {
  return {StoreErrorCode::conflict, "key " + shown(key) + " was written meanwhile",
          std::string(key)};
}

}  // namespace

Resolver::Resolver(std::uint64_t sequence, std::size_t window_bytes)
    : window_bytes_(window_bytes), floor_(sequence), last_(sequence) {}

std::optional<StoreError> Resolver::check(std::uint64_t snapshot, const ReadSet& reads) const {
  if (reads.empty() || snapshot >= last_) return std::nullopt;
  if (snapshot < floor_) {
    return StoreError{
        StoreErrorCode::too_old,
        fmt::format("the snapshot {} is older than the conflict window, which begins at {}",
                    snapshot, floor_)};
  }
  for (const std::string& key : reads.keys) {
    if (const auto at = keys_.find(key); at != keys_.end() && at->second > snapshot) {
      return conflict_on(key);
    }
  }
  for (const KeyRange& range : reads.ranges) {
    for (auto at = keys_.lower_bound(range.begin); at != keys_.end() && range.contains(at->first);
         ++at) {
      if (at->second > snapshot) return conflict_on(at->first);
    }
  }
  for (auto at = range_log_.rbegin(); at != range_log_.rend() && at->sequence > snapshot; ++at) {
    for (const std::string& key : reads.keys) {
      if (at->range.contains(key)) return conflict_on(key);
    }
    for (const KeyRange& range : reads.ranges) {
      if (at->range.overlaps(range)) return conflict_on(range.begin);
    }
  }
  return std::nullopt;
}

void Resolver::record(std::uint64_t sequence, const WriteSet& writes) {
  last_ = sequence;
  for (const auto& [key, value] : writes.points()) record_key(sequence, key);
  for (const WriteSet::Sequenced& put : writes.sequenced()) record_key(sequence, put.key(sequence));
  for (const KeyRange& range : writes.erased()) {
    bytes_ += range.begin.size() + range.end.size() + kRangeOverhead;
    range_log_.push_back({sequence, range});
  }
  evict();
}

void Resolver::record_key(std::uint64_t sequence, std::string_view key) {
  auto at = keys_.lower_bound(key);
  if (at == keys_.end() || at->first != key) {
    at = keys_.emplace_hint(at, std::string(key), sequence);
    bytes_ += key.size() + kKeyOverhead;
  } else {
    at->second = sequence;
  }
  bytes_ += kLogOverhead;
  key_log_.push_back({sequence, at});
}

void Resolver::evict() {
  while (bytes_ > window_bytes_ && !(key_log_.empty() && range_log_.empty())) {
    const bool key_is_older =
        range_log_.empty() ||
        (!key_log_.empty() && key_log_.front().sequence <= range_log_.front().sequence);
    if (key_is_older) {
      evict_key();
    } else {
      evict_range();
    }
  }
}

void Resolver::evict_key() {
  const LoggedKey oldest = key_log_.front();
  key_log_.pop_front();
  bytes_ -= kLogOverhead;
  if (oldest.key->second != oldest.sequence) return;  // written again later; that entry keeps it
  floor_ = oldest.sequence;
  bytes_ -= oldest.key->first.size() + kKeyOverhead;
  keys_.erase(oldest.key);
}

void Resolver::evict_range() {
  const LoggedRange& oldest = range_log_.front();
  floor_ = oldest.sequence;
  bytes_ -= oldest.range.begin.size() + oldest.range.end.size() + kRangeOverhead;
  range_log_.pop_front();
}

void Resolver::reset(std::uint64_t sequence) {
  keys_.clear();
  key_log_.clear();
  range_log_.clear();
  bytes_ = 0;
  floor_ = sequence;
  last_ = sequence;
}

}  // namespace mayfly::store
