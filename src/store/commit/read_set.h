// ReadSet: what a transaction read and must find unchanged when it commits. Absent keys and empty
// ranges count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace mayfly::store {

// Keys in [begin, end); `end` empty means: to the end of the key space.
struct KeyRange {
  std::string begin;
  std::string end;

  bool contains(std::string_view key) const { return key >= begin && (end.empty() || key < end); }
  bool overlaps(const KeyRange& other) const {
    return (other.end.empty() || begin < other.end) && (end.empty() || other.begin < end);
  }
  bool empty() const { return !end.empty() && begin >= end; }
};

struct ReadSet {
  std::vector<std::string> keys;
  std::vector<KeyRange> ranges;

  bool empty() const { return keys.empty() && ranges.empty(); }

  // Notes what `query` looked at: all of it, or only up to the last row where the limit ended it.
  void add(const RangeQuery& query, const RangeResult& result) {
    if (query.conflict == Conflict::ignore) return;
    KeyRange seen{query.begin, query.end};
    if (result.more && !result.rows.empty()) {
      const std::string& last = result.rows.back().key;
      if (query.direction == Direction::forward) {
        seen.end = last + '\0';
      } else {
        seen.begin = last;
      }
    }
    ranges.push_back(std::move(seen));
  }
};

}  // namespace mayfly::store
