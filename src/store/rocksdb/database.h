// Opening the database folder: its format mark, RocksDB's options, and errors in words that help.
#pragma once

#include <rocksdb/db.h>

#include <future>
#include <memory>

#include "store/rocksdb/rocks_store.h"
#include "store/rocksdb/row_cache.h"

namespace mayfly::store {

struct OpenDatabase {
  std::shared_ptr<rocksdb::DB> db;
  std::shared_ptr<RowCache> rows = std::make_shared<RowCache>();
  std::shared_future<void>
      closed;  // ready when the last owner of db is gone and its files are closed
};

// A log that a power cut tore at its end is taken up to there; any other damage is `corrupt`, with
// the file and what to do: nothing that was acknowledged is dropped in silence.
StoreResult<OpenDatabase> open_database(const RocksOptions& options);

// Only for reading, where the disk does not let it be opened for more.
StoreResult<OpenDatabase> open_read_only(const RocksOptions& options);

// Whether the folder takes writes again, found out by writing and syncing a file there.
bool takes_writes(const RocksOptions& options);

// Marks a folder as a store of this format; for a checkpoint, whose files RocksDB wrote.
StoreResult<void> write_format_mark(const std::filesystem::path& folder);

// corrupt or unavailable, with RocksDB's words.
StoreError to_store_error(const rocksdb::Status& status);

// A snapshot of RocksDB that keeps its database open and releases itself.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<rocksdb::DB> db, std::shared_ptr<RowCache> rows)
      : db_(std::move(db)), rows_(std::move(rows)), raw_(db_->GetSnapshot()) {}
  ~Snapshot() { db_->ReleaseSnapshot(raw_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  rocksdb::DB& db() const { return *db_; }
  const std::shared_ptr<rocksdb::DB>& owned() const { return db_; }
  RowCache& rows() const { return *rows_; }
  const rocksdb::Snapshot* raw() const { return raw_; }
  std::uint64_t sequence() const { return raw_->GetSequenceNumber(); }

 private:
  std::shared_ptr<rocksdb::DB> db_;
  std::shared_ptr<RowCache> rows_;  // of that database, as it was opened
  const rocksdb::Snapshot* raw_;
};

}  // namespace mayfly::store
