// Committer: the one thread through which everything is written, and the snapshot that readers
// share.
//
// It takes all commits that are waiting, checks each against what was committed before it (in this
// group too), writes the good ones as one batch with one fsync, publishes a snapshot that includes
// them, wakes watchers and completes the callers. A caller is completed after the snapshot is
// published, so its next transaction sees its last one, and one that conflicted sees what it
// conflicted with. Threads: submit() and latest() from any; everything else is the committer's
// thread.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/linger.h"
#include "base/one_shot.h"
#include "store/commit/read_set.h"
#include "store/commit/resolver.h"
#include "store/commit/watchers.h"
#include "store/commit/write_set.h"
#include "store/rerun.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/idle_compactor.h"
#include "store/rocksdb/rocks_store.h"

namespace mayfly::store {

struct PendingCommit {
  std::uint64_t snapshot;
  ReadSet reads;
  WriteSet writes;
  Rerun* rerun;  // null: a conflict is answered as such
  base::OneShot<StoreResult<CommitInfo>> done;
};

class Committer {
 public:
  Committer(OpenDatabase database, RocksOptions options, Watchers& watchers);
  // Writes what was submitted, then ends the thread.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  void submit(PendingCommit commit);
  // Why commits are refused at the moment; empty while they are taken.
  std::string refusal() const;
  RocksStore::Counts counts() const;
  // Null while the database is being opened again after a failure.
  std::shared_ptr<const Snapshot> latest() const;

 private:
  using Group = std::vector<PendingCommit>;
  class GroupWrites;
  using Outcomes = std::vector<StoreResult<CommitInfo>>;

  void run();
  bool take(Group& group, base::Linger& linger);
  void process(Group& group);
  // What to tell who wants to write; empty while there is room. Asks the file system once a
  // millisecond: a lone write would notice more.
  std::string disk_full();
  Outcomes build(Group& group, rocksdb::WriteBatch& batch);
  // Null where it is good to be committed, after running it again if need be.
  std::optional<StoreResult<CommitInfo>> decide(PendingCommit& commit, GroupWrites& written);
  void count(const Outcomes& outcomes, const rocksdb::WriteBatch& batch);
  void complete(Group& group, Outcomes& outcomes);
  void forget_rows(const Group& group, const Outcomes& outcomes);
  static void refuse(Outcomes& outcomes, const StoreError& reason);
  // The error to answer, where the batch was not written.
  std::optional<StoreError> write(rocksdb::WriteBatch& batch);
  void refuse_with(std::string reason);
  bool recover();
  bool reopen();
  void publish();

  const RocksOptions options_;
  const std::uint64_t reserve_;  // of disk space
  std::chrono::steady_clock::time_point room_until_;
  OpenDatabase database_;
  rocksdb::WriteOptions write_options_;
  Watchers& watchers_;
  Resolver resolver_;
  std::uint64_t last_sequence_;  // of the last commit in the group being built, or written
  std::string broken_;           // why commits are refused; empty while all is well

  // Written by the committer's thread alone.
  struct {
    std::atomic<std::uint64_t> commits{0}, groups{0}, refused{0}, bytes{0};
  } counts_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::string refusal_;

  std::mutex mutex_;
  std::condition_variable wake_;
  Group waiting_;
  std::atomic<bool> called_{false};  // since the last group was taken
  bool stopping_ = false;
  IdleCompactor compactor_;
  std::thread thread_;
};

}  // namespace mayfly::store
