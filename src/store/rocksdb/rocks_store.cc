#include "store/rocksdb/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/utilities/checkpoint.h>

#include <system_error>
#include <utility>

#include "store/commit/read_set.h"
#include "store/commit/watchers.h"
#include "store/commit/write_set.h"
#include "store/rocksdb/committer.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/disk_space.h"

namespace mayfly::store {
namespace {

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RocksCursor final : public Cursor {
 public:
  RocksCursor(const Snapshot& snapshot, const RangeQuery& query)
      : forward_(query.direction == Direction::forward), begin_(query.begin), end_(query.end) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot.raw();
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

StoreError reopening() {
  return {StoreErrorCode::unavailable, "the store is being opened again after a disk error"};
}

class RocksTransaction final : public Transaction {
 public:
  explicit RocksTransaction(std::shared_ptr<const Snapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}

  base::Task<StoreResult<std::optional<std::string>>> get(std::string_view key,
                                                          Conflict conflict) override {
    using Answer = base::Task<StoreResult<std::optional<std::string>>>;
    if (snapshot_ == nullptr) return Answer::ready(std::unexpected(reopening()));
    if (const WriteSet::Seen seen = writes.find(key); seen.decided) {
      if (seen.value == nullptr) return Answer::ready(std::optional<std::string>{});
      return Answer::ready(std::optional<std::string>(*seen.value));
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
    return Answer::ready(std::optional<std::string>(view(value)));
  }

  base::Task<StoreResult<RangeResult>> range(RangeQuery query) override {
    using Answer = base::Task<StoreResult<RangeResult>>;
    if (snapshot_ == nullptr) return Answer::ready(std::unexpected(reopening()));
    if (KeyRange{query.begin, query.end}.empty()) return Answer::ready(RangeResult{});
    RocksCursor cursor(*snapshot_, query);
    RangeResult result = merged_range(cursor, writes, query);
    // An iterator that fails ends like one that is at its end; only its status tells them apart.
    if (!cursor.status().ok())
      return Answer::ready(std::unexpected(to_store_error(cursor.status())));
    reads.add(query, result);
    return Answer::ready(std::move(result));
  }

  void put(std::string_view key, std::string_view value) override { writes.put(key, value); }
  void erase(std::string_view key) override { writes.erase(key); }
  void erase_range(std::string_view begin, std::string_view end) override {
    writes.erase_range(begin, end);
  }
  void put_sequenced(std::string_view prefix, std::string_view suffix,
                     std::string_view value) override {
    writes.put_sequenced(prefix, suffix, value);
  }

  const Snapshot* snapshot() const { return snapshot_.get(); }

  ReadSet reads;
  WriteSet writes;

 private:
  std::shared_ptr<const Snapshot> snapshot_;
};

base::Task<StoreResult<CommitInfo>> wait_for(base::OneShot<StoreResult<CommitInfo>> done) {
  co_return co_await done.wait();
}

}  // namespace

RocksStore::RocksStore(RocksOptions options, std::unique_ptr<Watchers> watchers,
                       std::unique_ptr<Committer> committer)
    : options_(std::move(options)),
      watchers_(std::move(watchers)),
      committer_(std::move(committer)) {}

StoreResult<std::unique_ptr<RocksStore>> RocksStore::open(RocksOptions options) {
  auto database = open_database(options);
  if (!database) return std::unexpected(std::move(database).error());
  auto watchers = std::make_unique<Watchers>();
  auto committer = std::make_unique<Committer>(std::move(*database), options, *watchers);
  return std::unique_ptr<RocksStore>(
      new RocksStore(std::move(options), std::move(watchers), std::move(committer)));
}

RocksStore::~RocksStore() {
  committer_.reset();
  watchers_->close();
}

std::unique_ptr<Transaction> RocksStore::begin() {
  return std::make_unique<RocksTransaction>(committer_->latest());
}

base::Task<StoreResult<CommitInfo>> RocksStore::commit(std::unique_ptr<Transaction> transaction) {
  using Answer = base::Task<StoreResult<CommitInfo>>;
  auto& own = static_cast<RocksTransaction&>(*transaction);
  if (own.writes.empty()) return Answer::ready(CommitInfo{});
  if (auto error = own.writes.check_limits())
    return Answer::ready(std::unexpected(std::move(*error)));
  // Without a snapshot it read nothing, so there is nothing to check.
  const std::uint64_t snapshot = own.snapshot() == nullptr ? 0 : own.snapshot()->sequence();
  base::OneShot<StoreResult<CommitInfo>> done;
  PendingCommit pending{snapshot, std::move(own.reads), std::move(own.writes), done};
  transaction.reset();
  committer_->submit(std::move(pending));
  return wait_for(std::move(done));
}

base::OneShot<bool> RocksStore::watch(std::string_view prefix) { return watchers_->add(prefix); }

std::string RocksStore::warning() const {
  if (std::string refusal = committer_->refusal(); !refusal.empty()) return refusal;
  return low_on_space(options_.path, disk_reserve(options_.write_buffer_bytes));
}

StoreResult<void> RocksStore::checkpoint(const std::filesystem::path& path) {
  const std::shared_ptr<const Snapshot> latest = committer_->latest();
  if (latest == nullptr) return std::unexpected(reopening());
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&latest->db(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(path.string());
  if (!status.ok()) return std::unexpected(to_store_error(status));
  auto marked = write_format_mark(path);
  if (!marked) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  return marked;
}

}  // namespace mayfly::store
