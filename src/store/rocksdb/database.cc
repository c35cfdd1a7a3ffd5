#include "store/rocksdb/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/log.h"
#include "base/strings.h"
#include "store/rocksdb/disk_space.h"
#include "store/rocksdb/log_check.h"
#include "store/rocksdb/log_files.h"
#include "store/rocksdb/manifest_witness.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The packaged RocksDB is not built for the sanitizer, which therefore does not see the atomics
// that order its memtable's bytes, only the copying of them. Here, because whatever links RocksDB
// links this file.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
#endif
#endif

namespace mayfly::store {
namespace {

// The first line of the file FORMAT in the folder: "mayfly-store <number>". Raised when an older
// Mayfly could not read what this one writes.
constexpr std::string_view kFormatName = "mayfly-store";
constexpr std::int64_t kFormat = 1;
constexpr const char* kFormatFile = "FORMAT";
constexpr const char* kAdvice =
    "Its data is damaged or incomplete; restore a backup (mayfly restore).";

StoreError unavailable(std::string detail) {
  return {StoreErrorCode::unavailable, std::move(detail)};
}

StoreError system_error(std::string_view what, const std::filesystem::path& path) {
  return unavailable(fmt::format("cannot {} {}: {}", what, path.string(),
                                 std::error_code(errno, std::generic_category()).message()));
}

StoreResult<void> sync_folder(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return std::unexpected(system_error("open", folder));
  StoreResult<void> result;
  if (::fsync(file) != 0) result = std::unexpected(system_error("sync", folder));
  ::close(file);
  return result;
}

// Makes the folder and its parents, and syncs their entries: a folder that a power cut takes away
// would take acknowledged commits with it.
StoreResult<void> create_folders(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    if (auto parent = create_folders(folder.parent_path()); !parent) return parent;
  }
  std::filesystem::create_directory(folder, error);
  if (error) {
    return std::unexpected(unavailable(
        fmt::format("cannot create the data folder {}: {}", folder.string(), error.message())));
  }
  return sync_folder(folder.parent_path());
}

// Writes and syncs a file and its folder, so that a crash leaves all of it or nothing.
StoreResult<void> write_synced(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path draft = path.string() + ".new";
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(system_error("create", draft));
  const bool written =
      ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(file) == 0;
  StoreResult<void> result;
  if (!written) result = std::unexpected(system_error("write", draft));
  ::close(file);
  if (!result) return result;
  if (::rename(draft.c_str(), path.c_str()) != 0)
    return std::unexpected(system_error("create", path));
  return sync_folder(path.parent_path());
}

StoreResult<void> check_format(const std::filesystem::path& folder) {
  std::ifstream stream(folder / kFormatFile);
  std::string line;
  if (!stream || !std::getline(stream, line)) {
    return std::unexpected(system_error("read", folder / kFormatFile));
  }
  const std::vector<std::string_view> words = base::split(line, ' ');
  const auto format =
      words.size() == 2 && words[0] == kFormatName ? base::parse_int(words[1]) : std::nullopt;
  if (!format) {
    return std::unexpected(StoreError{
        StoreErrorCode::corrupt,
        fmt::format("{} is not the mark of a Mayfly store", (folder / kFormatFile).string())});
  }
  if (*format > kFormat) {
    return std::unexpected(
        unavailable(fmt::format("{} was written by a newer Mayfly (format {}, this one knows up to "
                                "{}); run that version, or "
                                "use another data folder",
                                folder.string(), *format, kFormat)));
  }
  return {};
}

// Makes the folder ready: an empty one is marked, one that is not a store is refused.
StoreResult<void> prepare_folder(const std::filesystem::path& folder) {
  if (auto created = create_folders(folder); !created) return created;
  std::error_code error;
  const bool marked = std::filesystem::exists(folder / kFormatFile, error);
  if (!error && marked) return check_format(folder);
  // A draft of the mark is what a crash while creating the store leaves.
  auto entries = std::filesystem::directory_iterator(folder, error);
  const bool foreign = !error && std::any_of(begin(entries), end(entries), [](const auto& entry) {
    return entry.path().filename() != std::string(kFormatFile) + ".new";
  });
  if (error) {
    return std::unexpected(unavailable(
        fmt::format("cannot read the data folder {}: {}", folder.string(), error.message())));
  }
  if (foreign) {
    return std::unexpected(unavailable(fmt::format(
        "{} has files but is not a Mayfly store; give an empty folder or one that Mayfly made",
        folder.string())));
  }
  return write_format_mark(folder);
}

rocksdb::CompressionType best_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::Options rocks_options(const RocksOptions& options) {
  rocksdb::Options out;
  if (options.env != nullptr) out.env = options.env;
  // A record cut off at the end of a log is what a crash leaves. Any other damage is refused: the
  // default would drop everything behind it without a word.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  out.write_buffer_size = options.write_buffer_bytes;
  out.max_write_buffer_number = 3;
  // A get of what is not there does not search the list: a dozen steps, each of them a cache miss.
  out.memtable_whole_key_filtering = true;
  out.memtable_prefix_bloom_size_ratio = 0.05;
  out.target_file_size_base = 16 * 1024 * 1024;
  // As much comes down at a time as is there to be merged with; log lines are most of what is
  // written, and each step of the merge takes the processor from events.
  out.level0_file_num_compaction_trigger = 8;
  out.max_bytes_for_level_base = 128 * 1024 * 1024;
  out.level_compaction_dynamic_level_bytes = true;
  out.max_total_wal_size = 4 * options.write_buffer_bytes;
  out.max_open_files = 512;
  out.max_background_jobs = 2;
  out.compression = best_compression();
  out.bytes_per_sync = 1024 * 1024;
  // One thread writes, in groups of its own: RocksDB's machinery for concurrent writers would only
  // cost.
  out.allow_concurrent_memtable_write = false;
  out.enable_write_thread_adaptive_yield = false;
  // Its log is for those who debug RocksDB; errors reach ours.
  out.info_log_level = rocksdb::WARN_LEVEL;
  out.keep_log_file_num = 2;
  out.max_log_file_size = 1024 * 1024;
  out.stats_dump_period_sec = 0;
  out.stats_persist_period_sec = 0;

  rocksdb::BlockBasedTableOptions table;
  // Blocks of 16 KB: a quarter as many entries to find, in the cache and in the indexes. A cache
  // without locks or lists: a hit touches a third of the memory (decisions/0015). Its table is made
  // at once; this estimate of an entry's size keeps that at 4 MB for a cache of 1 GB, and leaves an
  // eighth of such a cache unused. A little less than 16 KB, where the allocator has a size class.
  constexpr std::size_t kEntryCharge = 24'000;
  table.block_size = 16 * 1024 - 256;
  table.block_cache = rocksdb::HyperClockCacheOptions(options.block_cache_bytes, kEntryCharge,
                                                      /*num_shard_bits=*/2)
                          .MakeSharedCache();
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // So that memory for indexes and filters is bounded by the cache as well. In parts: the whole
  // index of a large file is larger than a shard of the cache, would never stay there, and each get
  // would read and unpack it again (docs/decisions/0003-partitioned-index.md).
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.pin_top_level_index_and_filter = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  // Parts of 32 KB and hashes within blocks: the upper levels of a search are few enough to stay in
  // the processor's caches (docs/decisions/0015-a-get-among-many.md).
  table.metadata_block_size = 32 * 1024;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.enable_index_compression = false;
  table.format_version = 5;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

enum class FolderState { fresh, used };

// A database whose entry point is gone must not be taken for a new one: RocksDB would begin from
// nothing and delete the files that it does not know.
StoreResult<FolderState> state_of(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder / "CURRENT", error)) return FolderState::used;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".sst" && extension != ".log") continue;
    return std::unexpected(StoreError{
        StoreErrorCode::corrupt,
        fmt::format("{} is missing, but there is data ({}). {}", (folder / "CURRENT").string(),
                    entry.path().filename().string(), kAdvice)});
  }
  return FolderState::fresh;
}

// The write-ahead logs, oldest first.
std::vector<std::filesystem::path> logs_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> logs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  }
  std::ranges::sort(logs);
  return logs;
}

// Whether the logs are damaged in no other way than at the very end. An error: they are.
StoreResult<bool> only_torn(const std::filesystem::path& folder) {
  const auto logs = logs_of(folder);
  for (const std::filesystem::path& log : logs) {
    std::ifstream stream(log, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(stream), {}};
    const auto damage = check_log(content);
    if (!damage) continue;
    if (!damage->more_follows && log == logs.back()) {
      base::log_warn("store: the last record of {} is torn, at byte {}; it was never acknowledged",
                     log.string(), damage->at);
      return true;
    }
    return std::unexpected(StoreError{
        StoreErrorCode::corrupt,
        fmt::format("{} is damaged at byte {}, and what was written after that cannot be read. {} "
                    "Or, to go on without all that was written after that point, make a copy of "
                    "the folder, cut the file off there (truncate -s {} {}) and remove the logs "
                    "with higher numbers.",
                    log.string(), damage->at, kAdvice, damage->at, log.string())});
  }
  return false;
}

// Opening writes what the logs hold into table files; where that has no room the packaged RocksDB
// does not fail but abort.
std::string no_room_to_open(const std::filesystem::path& folder) {
  constexpr std::uint64_t kMegabyte = 1024 * 1024;
  std::uint64_t needed = 4 * kMegabyte;
  std::error_code error;
  for (const std::filesystem::path& log : logs_of(folder)) {
    const std::uintmax_t size = std::filesystem::file_size(log, error);
    if (!error) needed += size;
  }
  const auto space = disk_space(folder);
  if (!space || space->free >= needed) return {};
  return fmt::format(
      "the disk of {} is full: {} MB are free, and {} MB are needed to open the store. Free some "
      "space and start again",
      folder.string(), space->free / kMegabyte, needed / kMegabyte);
}

StoreError open_error(const std::filesystem::path& folder, const rocksdb::Status& status) {
  const std::string words = status.ToString();
  if (status.IsIOError() && words.find("/LOCK") != std::string::npos) {
    return unavailable(fmt::format("{} is in use by another process (only one can open it): {}",
                                   folder.string(), words));
  }
  StoreError error = to_store_error(status);
  error.detail = fmt::format("cannot open the store in {}: {}", folder.string(), words);
  if (status.IsCorruption()) error.detail += fmt::format(". {}", kAdvice);
  if (status.IsNoSpace()) error.detail += ". Free some space on that disk and start again.";
  return error;
}

// `env`: what it was opened with, if that is its own.
OpenDatabase owned(rocksdb::DB* db, std::shared_ptr<rocksdb::Env> env = nullptr) {
  auto closed = std::make_shared<std::promise<void>>();
  return {.db = std::shared_ptr<rocksdb::DB>(db,
                                             [closed, env = std::move(env)](rocksdb::DB* last) {
                                               delete last;
                                               closed->set_value();
                                             }),
          .closed = closed->get_future().share()};
}

}  // namespace

StoreResult<void> write_format_mark(const std::filesystem::path& folder) {
  return write_synced(folder / kFormatFile, fmt::format("{} {}\n", kFormatName, kFormat));
}

StoreError to_store_error(const rocksdb::Status& status) {
  const bool corrupt = status.IsCorruption();
  return {corrupt ? StoreErrorCode::corrupt : StoreErrorCode::unavailable, status.ToString()};
}

bool takes_writes(const RocksOptions& options) {
  // Larger than what file systems keep in reserve for small files, and enough for a new log and
  // manifest.
  constexpr std::size_t kProbeBytes = 1024 * 1024;
  rocksdb::Env* env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  const std::string path = (std::filesystem::absolute(options.path) / "PROBE").string();
  const bool taken =
      rocksdb::WriteStringToFile(env, std::string(kProbeBytes, 'p'), path, /*should_sync=*/true)
          .ok();
  env->DeleteFile(path).PermitUncheckedError();
  return taken;
}

StoreResult<OpenDatabase> open_database(const RocksOptions& options) {
  const std::filesystem::path folder = std::filesystem::absolute(options.path);
  if (auto ready = prepare_folder(folder); !ready) return std::unexpected(ready.error());
  if (std::string cramped = no_room_to_open(folder); !cramped.empty())
    return std::unexpected(unavailable(std::move(cramped)));
  auto state = state_of(folder);
  if (!state) return std::unexpected(std::move(state).error());
  if (std::string loss = manifest_loss(folder); !loss.empty()) {
    return std::unexpected(
        StoreError{StoreErrorCode::corrupt, fmt::format("{}. {}", loss, kAdvice)});
  }
  rocksdb::Options rocks = rocks_options(options);
  rocks.listeners.push_back(make_manifest_witness(folder));
  rocks.create_if_missing = *state == FolderState::fresh;
  std::shared_ptr<rocksdb::Env> env;
  if (options.durability == Durability::durable) {
    env = with_logs_ahead(options.env);
    rocks.env = env.get();
  }
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(rocks, folder.string(), &db);
  if (status.IsCorruption()) {
    auto torn = only_torn(folder);
    if (!torn) return std::unexpected(std::move(torn).error());
    if (*torn) {
      rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
      status = rocksdb::DB::Open(rocks, folder.string(), &db);
    }
  }
  if (!status.ok()) return std::unexpected(open_error(folder, status));
  return owned(db, std::move(env));
}

StoreResult<OpenDatabase> open_read_only(const RocksOptions& options) {
  const std::filesystem::path folder = std::filesystem::absolute(options.path);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(rocks_options(options), folder.string(), &db);
  if (!status.ok()) return std::unexpected(open_error(folder, status));
  return owned(db);
}

}  // namespace mayfly::store
