#include "store/rocksdb/idle_compactor.h"

#include <rocksdb/metadata.h>
#include <rocksdb/options.h>

#include <utility>

#include "base/log.h"
#include "store/rocksdb/disk_space.h"

namespace mayfly::store {
namespace {

// In the time that must have been quiet: what a daemon writes by itself and for an event now and
// then.
constexpr std::uint64_t kHardlyAnything = 256 * 1024;
constexpr std::uint64_t kLeastAbove = 1024 * 1024;
constexpr std::uint64_t kShareAbove = 32;  // of the last level: a 32nd

}  // namespace

RocksStore::Levels levels_of(rocksdb::DB& db) {
  RocksStore::Levels levels;
  rocksdb::ColumnFamilyMetaData all;
  db.GetColumnFamilyMetaData(&all);
  for (const rocksdb::LevelMetaData& level : all.levels) {
    const bool last = level.level + 1 == static_cast<int>(all.levels.size());
    (last ? levels.last : levels.above) += level.size;
  }
  using Properties = rocksdb::DB::Properties;
  const auto property = [&db](const std::string& name) {
    std::uint64_t value = 0;
    return db.GetIntProperty(name, &value) ? value : 0;
  };
  // Empty ones have a size, too.
  if (property(Properties::kNumEntriesActiveMemTable) +
          property(Properties::kNumEntriesImmMemTables) >
      0) {
    levels.above += property(Properties::kCurSizeAllMemTables);
  }
  return levels;
}

IdleCompactor::IdleCompactor(std::filesystem::path folder, std::chrono::milliseconds quiet,
                             Database database)
    : folder_(std::move(folder)), quiet_(quiet), database_(std::move(database)) {
  if (quiet_.count() > 0) thread_ = std::thread([this] { run(); });
}

IdleCompactor::~IdleCompactor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  interrupt();
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void IdleCompactor::written(std::uint64_t bytes) {
  if (written_.fetch_add(bytes, std::memory_order_relaxed) + bytes > kHardlyAnything) interrupt();
}

void IdleCompactor::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, quiet_, [this] { return stopping_; })) {
    canceled_ = false;
    const bool quiet = written_.exchange(0) <= kHardlyAnything;
    lock.unlock();
    if (quiet) look();
    lock.lock();
  }
}

void IdleCompactor::look() {
  const std::shared_ptr<rocksdb::DB> db = database_();
  if (db == nullptr) return;
  const RocksStore::Levels levels = levels_of(*db);
  if (levels.above < kLeastAbove || levels.above * kShareAbove < levels.last) return;
  // New files are there before the old ones go; commits need some, too.
  const auto space = disk_space(folder_);
  if (!space || space->free / 2 < levels.above + levels.last) return;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kSkip;
  options.canceled = &canceled_;
  const rocksdb::Status status = db->CompactRange(options, nullptr, nullptr);
  if (!status.ok() && !status.IsIncomplete() && !status.IsManualCompactionPaused())
    base::log_warn("store: compaction while idle: {}", status.ToString());
}

}  // namespace mayfly::store
