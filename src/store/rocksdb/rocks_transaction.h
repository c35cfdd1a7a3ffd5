// A transaction of a RocksStore: reads of one snapshot, on the caller's thread, and what it wants
// to write.
#pragma once

#include <memory>

#include "store/commit/read_set.h"
#include "store/commit/write_set.h"
#include "store/rocksdb/database.h"
#include "store/store.h"

namespace mayfly::store {

class RocksTransaction final : public Transaction {
 public:
  // A null snapshot: the database is being opened again, and every read says so. `before`: writes
  // that are not in the snapshot yet and that it is to see; they outlive it.
  explicit RocksTransaction(std::shared_ptr<const Snapshot> snapshot,
                            const WriteSet* before = nullptr)
      : snapshot_(std::move(snapshot)), before_(before) {}

  base::Task<StoreResult<std::optional<std::string>>> get(std::string_view key,
                                                          Conflict conflict) override;
  base::Task<StoreResult<RangeResult>> range(RangeQuery query) override;
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
  const WriteSet* before_;
};

// What a read is answered while the database is opened again.
StoreError reopening();

}  // namespace mayfly::store
