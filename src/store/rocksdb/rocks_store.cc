#include "store/rocksdb/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>

#include <system_error>
#include <utility>

#include "base/linger.h"
#include "store/commit/read_set.h"
#include "store/commit/watchers.h"
#include "store/commit/write_set.h"
#include "store/rocksdb/committer.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/disk_space.h"
#include "store/rocksdb/idle_compactor.h"
#include "store/rocksdb/rocks_transaction.h"

namespace mayfly::store {
namespace {

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
  return submit(std::move(transaction), nullptr);
}

base::Task<StoreResult<CommitInfo>> RocksStore::commit_or_rerun(
    std::unique_ptr<Transaction> transaction, Rerun& rerun) {
  return submit(std::move(transaction), &rerun);
}

base::Task<StoreResult<CommitInfo>> RocksStore::submit(std::unique_ptr<Transaction> transaction,
                                                       Rerun* rerun) {
  using Answer = base::Task<StoreResult<CommitInfo>>;
  auto& own = static_cast<RocksTransaction&>(*transaction);
  if (own.writes.empty()) return Answer::ready(CommitInfo{});
  if (auto error = own.writes.check_limits())
    return Answer::ready(std::unexpected(std::move(*error)));
  // Without a snapshot it read nothing, so there is nothing to check.
  const std::uint64_t snapshot = own.snapshot() == nullptr ? 0 : own.snapshot()->sequence();
  base::OneShot<StoreResult<CommitInfo>> done;
  PendingCommit pending{snapshot, std::move(own.reads), std::move(own.writes), rerun, done};
  transaction.reset();
  committer_->submit(std::move(pending));
  base::Linger::expect_soon();
  return wait_for(std::move(done));
}

base::OneShot<bool> RocksStore::watch(std::string_view prefix) { return watchers_->add(prefix); }

RocksStore::Counts RocksStore::counts() const { return committer_->counts(); }

RocksStore::Levels RocksStore::levels() const {
  const std::shared_ptr<const Snapshot> latest = committer_->latest();
  return latest == nullptr ? Levels{} : levels_of(latest->db());
}

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
