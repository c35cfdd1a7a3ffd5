#include "store/commit/write_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::store {

void WriteSet::put(std::string_view key, std::string_view value) {
  auto at = points_.lower_bound(key);
  if (at != points_.end() && at->first == key) {
    at->second = std::string(value);
  } else {
    points_.emplace_hint(at, std::string(key), std::string(value));
  }
}

void WriteSet::erase(std::string_view key) {
  auto at = points_.lower_bound(key);
  if (at != points_.end() && at->first == key) {
    at->second.reset();
  } else {
    points_.emplace_hint(at, std::string(key), std::nullopt);
  }
}

void WriteSet::erase_range(std::string_view begin, std::string_view end) {
  KeyRange range{std::string(begin), std::string(end)};
  if (range.empty()) return;
  const auto first = points_.lower_bound(begin);
  const auto last = end.empty() ? points_.end() : points_.lower_bound(end);
  points_.erase(first, last);
  erased_.push_back(std::move(range));
}

void WriteSet::put_sequenced(std::string_view prefix, std::string_view suffix,
                             std::string_view value) {
  sequenced_.push_back({std::string(prefix), std::string(suffix), std::string(value)});
}

void WriteSet::add(const WriteSet& later) {
  for (const KeyRange& range : later.erased_) erase_range(range.begin, range.end);
  for (const auto& [key, value] : later.points_) points_.insert_or_assign(key, value);
}

bool WriteSet::erased(std::string_view key) const {
  return std::ranges::any_of(erased_, [&](const KeyRange& range) { return range.contains(key); });
}

WriteSet::Seen WriteSet::find(std::string_view key) const {
  if (const auto at = points_.find(key); at != points_.end()) {
    return {.decided = true, .value = at->second ? &*at->second : nullptr};
  }
  return {.decided = !erased_.empty() && erased(key)};
}

std::optional<StoreError> WriteSet::check_limits() const {
  std::size_t total = 0;
  std::optional<StoreError> error;
  auto check = [&](std::size_t key, std::size_t value) {
    total += key + value;
    if (error) return;
    if (key > kMaxKey) {
      error = StoreError{StoreErrorCode::too_large,
                         fmt::format("a key of {} bytes is longer than {}", key, kMaxKey)};
    } else if (value > kMaxValue) {
      error = StoreError{StoreErrorCode::too_large,
                         fmt::format("a value of {} bytes is longer than {}", value, kMaxValue)};
    }
  };
  for (const auto& [key, value] : points_) check(key.size(), value ? value->size() : 0);
  for (const Sequenced& put : sequenced_) {
    check(put.prefix.size() + 8 + put.suffix.size(), put.value.size());
  }
  for (const KeyRange& range : erased_) check(std::max(range.begin.size(), range.end.size()), 0);
  if (!error && total > kMaxTransaction) {
    error = StoreError{
        StoreErrorCode::too_large,
        fmt::format("a transaction of {} bytes is larger than {}", total, kMaxTransaction)};
  }
  return error;
}

namespace {

// The transaction's own puts and erases within a query, in its direction.
class OwnRows {
 public:
  OwnRows(const WriteSet::Points& points, const RangeQuery& query)
      : forward_(query.direction == Direction::forward),
        first_(points.lower_bound(query.begin)),
        last_(query.end.empty() ? points.end() : points.lower_bound(query.end)) {}

  bool valid() const { return first_ != last_; }
  const WriteSet::Points::value_type& row() const { return forward_ ? *first_ : *std::prev(last_); }
  void next() {
    if (forward_) {
      ++first_;
    } else {
      --last_;
    }
  }

 private:
  bool forward_;
  WriteSet::Points::const_iterator first_;
  WriteSet::Points::const_iterator last_;
};

}  // namespace

RangeResult merged_range(Cursor& snapshot, const WriteSet& writes, const RangeQuery& query) {
  RangeResult result;
  if (KeyRange{query.begin, query.end}.empty()) return result;
  std::size_t bytes = 0;
  // False once the row does not fit any more.
  auto add = [&](std::string_view key, std::string_view value) {
    const std::size_t size = key.size() + value.size();
    const bool full = result.rows.size() >= query.limit ||
                      (!result.rows.empty() && bytes + size > query.max_bytes);
    if (full) {
      result.more = true;
      return false;
    }
    bytes += size;
    result.rows.push_back({std::string(key), std::string(value)});
    return true;
  };

  OwnRows own(writes.points(), query);
  const bool forward = query.direction == Direction::forward;
  while (snapshot.valid() || own.valid()) {
    const bool take_own =
        own.valid() && (!snapshot.valid() || (forward ? own.row().first <= snapshot.key()
                                                      : own.row().first >= snapshot.key()));
    if (take_own) {
      const auto& [key, value] = own.row();
      if (value && !add(key, *value)) return result;
      if (snapshot.valid() && snapshot.key() == key) snapshot.next();
      own.next();
    } else {
      const bool hidden = !writes.erased().empty() && writes.erased(snapshot.key());
      if (!hidden && !add(snapshot.key(), snapshot.value())) return result;
      snapshot.next();
    }
  }
  return result;
}

}  // namespace mayfly::store
