#include "admin/snapshots.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "admin/copy.h"
#include "admin/errors.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace mayfly::admin {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kUnused{15};
constexpr std::size_t kMaxSnapshots = 8;

std::unexpected<wire::ApiError> no_snapshot(const std::string& id) {
  return wire::fail(kNotFound, fmt::format("There is no snapshot {}, or no longer: one is kept for "
                                           "{} minutes after it was last read.",
                                           id.substr(0, 64), kUnused.count()));
}

std::vector<SnapshotFile> files_of(const fs::path& folder) {
  std::vector<SnapshotFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const fs::path path = entry.path().lexically_relative(folder);
    if (path.filename() == "LOCK") continue;
    files.push_back({path.string(), entry.file_size()});
  }
  std::ranges::sort(files, {}, &SnapshotFile::path);
  return files;
}

wire::Result<std::string> read_part(const fs::path& path, std::uint64_t offset) {
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string part(kMaxPart, '\0');
  std::size_t filled = 0;
  ssize_t count = file ? 1 : -1;
  while (filled < part.size() && count > 0) {
    count = ::pread(file.get(), part.data() + filled, part.size() - filled,
                    static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR)
      count = 1;
    else if (count > 0)
      filled += static_cast<std::size_t>(count);
  }
  if (count < 0) {
    return wire::fail(wire::kInternalFailure,
                      fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  part.resize(filled);
  return part;
}

}  // namespace

Snapshots::Snapshots(store::Checkpointable& store, fs::path data_folder, const base::Clock& clock,
                     base::Ids& ids)
    : store_(store),
      data_folder_(std::move(data_folder)),
      folder_(data_folder_ / "snapshots"),
      clock_(clock),
      ids_(ids) {
  std::error_code ignored;  // what cannot be removed is in nobody's way
  fs::remove_all(folder_, ignored);
}

Snapshots::~Snapshots() {
  worker_.stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

base::Task<wire::Result<Snapshot>> Snapshots::make() {
  return worker_.run([this] { return make_now(); });
}

wire::Result<Snapshot> Snapshots::make_now() {
  expire();
  if (kept_.size() >= kMaxSnapshots) {
    return wire::fail(kTooMany, fmt::format("{} backups are under way; try again when one is done.",
                                            kept_.size()));
  }
  Snapshot snapshot{.id = ids_.hex(32), .made = clock_.now(), .files = {}};
  auto copied = copy_installation(store_, data_folder_, folder_of(snapshot.id));
  if (!copied) return store_failed(std::move(copied).error());
  try {
    snapshot.files = files_of(folder_of(snapshot.id));
  } catch (const fs::filesystem_error& error) {
    return wire::fail(wire::kInternalFailure, error.what());
  }
  Kept kept{.files = {}, .used = clock_.monotonic()};
  for (const SnapshotFile& file : snapshot.files) kept.files.emplace(file.path, file.size);
  kept_.emplace(snapshot.id, std::move(kept));
  return snapshot;
}

// Only paths that make() listed are ever opened.
wire::Result<fs::path> Snapshots::find(const std::string& id, const std::string& path) {
  const auto kept = kept_.find(id);
  if (kept == kept_.end()) return no_snapshot(id);
  if (!kept->second.files.contains(path)) {
    return wire::fail(kNotFound, fmt::format("The snapshot has no file {}.", path.substr(0, 200)));
  }
  kept->second.used = clock_.monotonic();
  return folder_of(id) / path;
}

void Snapshots::expire() {
  for (auto kept = kept_.begin(); kept != kept_.end();) {
    if (clock_.monotonic() - kept->second.used < kUnused) {
      ++kept;
      continue;
    }
    base::log_warn("a snapshot was not read for {} minutes and is dropped", kUnused.count());
    std::error_code ignored;
    fs::remove_all(folder_of(kept->first), ignored);
    kept = kept_.erase(kept);
  }
}

base::Task<wire::Result<std::string>> Snapshots::read(std::string id, std::string path,
                                                      std::uint64_t offset) {
  return worker_.run(
      [this, id = std::move(id), path = std::move(path), offset]() -> wire::Result<std::string> {
        auto file = find(id, path);
        if (!file) return std::unexpected(std::move(file).error());
        return read_part(*file, offset);
      });
}

base::Task<wire::Result<std::string>> Snapshots::digest(std::string id, std::string path) {
  return worker_.run(
      [this, id = std::move(id), path = std::move(path)]() -> wire::Result<std::string> {
        auto file = find(id, path);
        if (!file) return std::unexpected(std::move(file).error());
        auto digest = base::file_sha256(*file);
        if (!digest) return wire::fail(wire::kInternalFailure, "cannot read " + file->string());
        return std::move(*digest);
      });
}

base::Task<wire::Result<void>> Snapshots::drop(std::string id) {
  return worker_.run([this, id = std::move(id)]() -> wire::Result<void> {
    if (kept_.erase(id) == 0) return no_snapshot(id);
    std::error_code error;
    fs::remove_all(folder_of(id), error);
    if (error) base::log_warn("a snapshot's files stay until the next start: {}", error.message());
    return {};
  });
}

}  // namespace mayfly::admin
