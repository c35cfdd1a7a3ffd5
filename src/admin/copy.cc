#include "admin/copy.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <system_error>

namespace mayfly::admin {
namespace {

namespace fs = std::filesystem;

// Folders beside the store that hold what it refers to, and what is only a cache in them.
struct Shared {
  const char* folder;
  std::set<std::string> caches;
};
const Shared kShared[] = {{"lambda", {"code", "tmp"}}};

store::StoreError failed(const fs::path& path, const std::error_code& error) {
  return {store::StoreErrorCode::unavailable,
          fmt::format("cannot copy {}: {}", path.string(), error.message())};
}

bool vanished(const std::error_code& error) {
  return error == std::errc::no_such_file_or_directory;
}

// What is there already stays; what vanishes meanwhile was on its way out.
store::StoreResult<void> link_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (!error || error == std::errc::file_exists || vanished(error)) return {};
  fs::copy_file(from, to, fs::copy_options::skip_existing, error);
  if (error && !vanished(error)) return std::unexpected(failed(from, error));
  return {};
}

store::StoreResult<void> link_folder(const fs::path& from, const fs::path& to,
                                     const std::set<std::string>& without) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return std::unexpected(failed(to, error));
  fs::directory_iterator entries(from, error);
  if (vanished(error)) return {};
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path name = entries->path().filename();
    if (without.contains(name.string())) continue;
    std::error_code gone;
    const fs::file_status status = entries->symlink_status(gone);
    store::StoreResult<void> done;
    if (fs::is_directory(status)) done = link_folder(entries->path(), to / name, {});
    if (fs::is_regular_file(status)) done = link_file(entries->path(), to / name);
    if (!done) return done;
  }
  if (error) return std::unexpected(failed(from, error));
  return {};
}

store::StoreResult<void> link_shared(const fs::path& data_folder, const fs::path& to) {
  for (const Shared& shared : kShared) {
    auto linked = link_folder(data_folder / shared.folder, to / shared.folder, shared.caches);
    if (!linked) return linked;
  }
  return {};
}

}  // namespace

store::StoreResult<void> copy_installation(store::Checkpointable& store,
                                           const fs::path& data_folder, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!fs::create_directory(to, error)) {
    return std::unexpected(
        failed(to, error ? error : std::make_error_code(std::errc::file_exists)));
  }
  fs::permissions(to, fs::perms::owner_all, error);
  auto done = link_shared(data_folder, to);
  if (done) done = store.checkpoint(to / "store");
  if (done) done = link_shared(data_folder, to);
  if (!done) fs::remove_all(to, error);
  return done;
}

}  // namespace mayfly::admin
