// RocksStore: the embedded engine, one RocksDB database in a folder of its own.
//
// Reads go to RocksDB on the caller's thread, with the snapshot that the last group of commits
// published, and never suspend. Commits go to one thread, which checks a group of them for
// conflicts, writes the good ones with one fsync and publishes the next snapshot; while it syncs,
// the next group gathers (committer.h). Sequences are RocksDB's own, so a snapshot and the conflict
// window speak of the same order.
//
// Ownership: the folder belongs to one process at a time; opening it twice is refused. A
// transaction may outlive its store; the files close with the last one. Threads: any. Failure: when
// the disk fails or is full, commits end with `unavailable` and the reason, nothing of them is
// kept, and later commits first try to bring the engine back. Only where the disk failed in the
// middle of a commit and stays broken is it `outcome_unknown`: the log may or may not hold it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>

#include "store/checkpoint.h"
#include "store/rerun.h"
#include "store/store.h"

namespace rocksdb {
class Env;
}

namespace mayfly::store {

// durable: a commit returns after fsync. relaxed: after the write to the file, so it survives the
// end of the process but not of the machine. For tests and for those who ask for it.
enum class Durability { durable, relaxed };

struct RocksOptions {
  std::filesystem::path path;  // created if absent, its parents too
  Durability durability = Durability::durable;
  // Memory that use fills and an idle store does not: uncompressed blocks, unflushed writes (up to
  // two such buffers), keys of recent commits.
  std::size_t block_cache_bytes = 64 * 1024 * 1024;
  std::size_t write_buffer_bytes = 8 * 1024 * 1024;
  std::size_t conflict_window_bytes = 8 * 1024 * 1024;
  // After so long with hardly a write, the levels are made one (idle_compactor.h); zero: never.
  std::chrono::milliseconds quiet_before_compaction{10'000};
  rocksdb::Env* env =
      nullptr;  // null: the real one. Tests break disks with it; it must outlive the store
};

class Committer;
class Watchers;

class RocksStore final : public Store, public Checkpointable, public Rerunner {
 public:
  // Errors say what to do: `unavailable` (in use by another process, no permission, not a store,
  // newer format) or `corrupt`.
  static StoreResult<std::unique_ptr<RocksStore>> open(RocksOptions options);

  // Waits for the commits that were begun; later ones are `unavailable`. Watchers are set to false.
  ~RocksStore() override;

  std::unique_ptr<Transaction> begin() override;
  base::Task<StoreResult<CommitInfo>> commit(std::unique_ptr<Transaction> transaction) override;
  base::Task<StoreResult<CommitInfo>> commit_or_rerun(std::unique_ptr<Transaction> transaction,
                                                      Rerun& rerun) override;
  base::OneShot<bool> watch(std::string_view prefix) override;
  StoreResult<void> checkpoint(const std::filesystem::path& path) override;

  // Since it was opened.
  struct Counts {
    std::uint64_t commits = 0;  // written
    std::uint64_t groups = 0;   // of them, each with one fsync where durable
    std::uint64_t refused = 0;  // conflicts, limits, a disk that fails
    std::uint64_t bytes = 0;
  };
  Counts counts() const;

  // Bytes in the last level of the database, and in all above it with what is still in memory.
  struct Levels {
    std::uint64_t last = 0;
    std::uint64_t above = 0;
  };
  Levels levels() const;

  // What whoever runs this should know, as a sentence: commits are refused, or will be as the disk
  // is nearly full. Empty while all is well.
  std::string warning() const;

 private:
  RocksStore(RocksOptions options, std::unique_ptr<Watchers> watchers,
             std::unique_ptr<Committer> committer);
  base::Task<StoreResult<CommitInfo>> submit(std::unique_ptr<Transaction> transaction,
                                             Rerun* rerun);

  const RocksOptions options_;
  std::unique_ptr<Watchers> watchers_;
  std::unique_ptr<Committer> committer_;
};

}  // namespace mayfly::store
