// WriteSet: what a transaction wants to write, kept until it commits, and how its own reads see it.
//
// Effects are applied in this order: erased ranges, then puts and erases, then sequenced puts.
// put() after erase_range() keeps the key, erase_range() after put() forgets the put, as the caller
// would expect. Threads: one at a time, as its transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/commit/read_set.h"
#include "store/store.h"

namespace mayfly::store {

class WriteSet {
 public:
  // nullopt: erased.
  using Points = std::map<std::string, std::optional<std::string>, std::less<>>;
  struct Sequenced {
    std::string prefix;
    std::string suffix;
    std::string value;
    std::string key(std::uint64_t sequence) const {
      return prefix + encode_sequence(sequence) + suffix;
    }
  };

  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  void erase_range(std::string_view begin, std::string_view end);
  void put_sequenced(std::string_view prefix, std::string_view suffix, std::string_view value);

  // What `later` does after this, but for its sequenced puts: those belong to a sequence.
  void add(const WriteSet& later);

  bool empty() const { return points_.empty() && erased_.empty() && sequenced_.empty(); }
  const Points& points() const { return points_; }
  const std::vector<KeyRange>& erased() const { return erased_; }
  const std::vector<Sequenced>& sequenced() const { return sequenced_; }

  // What a read of `key` sees of this: nothing (ask the snapshot), a value, or that it was erased
  // (nullopt inside).
  struct Seen {
    bool decided = false;
    const std::string* value = nullptr;
  };
  Seen find(std::string_view key) const;
  bool erased(std::string_view key) const;

  // too_large, where it is beyond the limits of store.h.
  std::optional<StoreError> check_limits() const;

 private:
  Points points_;
  std::vector<KeyRange> erased_;
  std::vector<Sequenced> sequenced_;
};

// Walks the rows of a snapshot within a query's bounds, in its direction. Engines implement it.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void next() = 0;
};

// The rows that `query` asks for: the snapshot's, overlaid with the transaction's own writes.
RangeResult merged_range(Cursor& snapshot, const WriteSet& writes, const RangeQuery& query);

}  // namespace mayfly::store
