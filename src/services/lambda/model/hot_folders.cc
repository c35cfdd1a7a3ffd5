#include "services/lambda/model/hot_folders.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/log.h"
#include "services/lambda/errors.h"

namespace mayfly::lambda {

namespace fs = std::filesystem;

wire::Result<std::string> check_hot_folder(const std::string& given) {
  const auto refuse = [&](std::string_view why) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("S3Key of the bucket hot-reload is a folder with code: {} {}",
                                  given.substr(0, 200), why));
  };
  if (!given.starts_with('/')) return refuse("is no absolute path.");
  std::error_code error;
  const fs::path folder = fs::canonical(given, error);
  if (error || !fs::is_directory(folder, error)) return refuse("is no folder of this machine.");
  const fs::file_status mark = fs::symlink_status(folder / kHotMark, error);
  if (mark.type() != fs::file_type::regular) {
    return refuse(fmt::format(
        "has no file {} in it, by which its owner allows this (mayfly dev makes it).", kHotMark));
  }
  return folder.string();
}

std::uint64_t HotFolders::generation(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Watched>& watched = folders_[folder];
  if (watched == nullptr) {
    watched = std::make_unique<Watched>(base::FolderWatch(folder));
    if (!watched->watch.whole()) {
      base::log_warn(
          "{} cannot be watched as a whole (see /proc/sys/fs/inotify/max_user_watches): its "
          "functions start anew for each event",
          folder);
    }
    return watched->generation;
  }
  // Rather slow than old.
  if (!watched->watch.drain().empty() || !watched->watch.whole()) ++watched->generation;
  return watched->generation;
}

}  // namespace mayfly::lambda
