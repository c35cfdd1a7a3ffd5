#include "store/rocksdb/rocks_transaction.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <utility>

namespace mayfly::store {
namespace {

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RocksCursor final : public Cursor {
 public:
  RocksCursor(const Snapshot& snapshot, const RangeQuery& query)
      : forward_(query.direction == Direction::forward), begin_(query.begin), end_(query.end) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot.raw();
    options.fill_cache = query.reread == Reread::likely;
    if (!query.end.empty()) options.iterate_upper_bound = &end_;
    if (!forward_) options.iterate_lower_bound = &begin_;
    iterator_.reset(snapshot.db().NewIterator(options));
    if (forward_) {
      iterator_->Seek(begin_);
    } else {
      iterator_->SeekToLast();
    }
  }

  bool valid() const override { return iterator_->Valid(); }
  std::string_view key() const override { return view(iterator_->key()); }
  std::string_view value() const override { return view(iterator_->value()); }
  void next() override {
    if (forward_) {
      iterator_->Next();
    } else {
      iterator_->Prev();
    }
  }
  rocksdb::Status status() const { return iterator_->status(); }

 private:
  bool forward_;
  rocksdb::Slice begin_;  // of the query, which outlives this
  rocksdb::Slice end_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace

StoreError reopening() {
  return {StoreErrorCode::unavailable, "the store is being opened again after a disk error"};
}

base::Task<StoreResult<std::optional<std::string>>> RocksTransaction::get(std::string_view key,
                                                                          Conflict conflict) {
  using Answer = base::Task<StoreResult<std::optional<std::string>>>;
  if (snapshot_ == nullptr) return Answer::ready(std::unexpected(reopening()));
  WriteSet::Seen seen = writes.find(key);
  if (!seen.decided && before_ != nullptr) seen = before_->find(key);
  if (seen.decided) {
    if (seen.value == nullptr) return Answer::ready(std::optional<std::string>{});
    return Answer::ready(std::optional<std::string>(*seen.value));
  }
  const bool kept = RowCache::keeps(key);
  if (kept) {
    if (const auto row = snapshot_->rows().find(key, snapshot_->sequence())) {
      if (conflict == Conflict::detect) reads.keys.emplace_back(key);
      return Answer::ready(std::optional<std::string>(*row));
    }
  }
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_->raw();
  rocksdb::PinnableSlice value;
  rocksdb::DB& db = snapshot_->db();
  const rocksdb::Status status =
      db.Get(options, db.DefaultColumnFamily(), rocksdb::Slice(key), &value);
  if (!status.ok() && !status.IsNotFound())
    return Answer::ready(std::unexpected(to_store_error(status)));
  if (conflict == Conflict::detect) reads.keys.emplace_back(key);
  if (status.IsNotFound()) return Answer::ready(std::optional<std::string>{});
  if (kept) snapshot_->rows().add(key, snapshot_->sequence(), view(value));
  return Answer::ready(std::optional<std::string>(view(value)));
}

base::Task<StoreResult<RangeResult>> RocksTransaction::range(RangeQuery query) {
  using Answer = base::Task<StoreResult<RangeResult>>;
  if (snapshot_ == nullptr) return Answer::ready(std::unexpected(reopening()));
  if (KeyRange{query.begin, query.end}.empty()) return Answer::ready(RangeResult{});
  RocksCursor cursor(*snapshot_, query);
  RangeResult result;
  if (before_ == nullptr) {
    result = merged_range(cursor, writes, query);
  } else {
    // Seldom: only where a transaction that reads ranges conflicted.
    WriteSet both = *before_;
    both.add(writes);
    result = merged_range(cursor, both, query);
  }
  // An iterator that fails ends like one that is at its end; only its status tells them apart.
  if (!cursor.status().ok()) return Answer::ready(std::unexpected(to_store_error(cursor.status())));
  reads.add(query, result);
  return Answer::ready(std::move(result));
}

}  // namespace mayfly::store
