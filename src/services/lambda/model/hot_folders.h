// HotFolders: code that is a folder of this machine instead of a package, and live at the next
// event after an edit (Code={S3Bucket: "hot-reload", S3Key: "/absolute/folder"}).
//
// Only where Options::hot_reload says so (the development profile), and only a folder in which its
// owner has put a file named `.mayfly`: functions have credentials of this API too, and must not
// get other folders of this machine mounted with them. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/folder_watch.h"
#include "wire/error.h"

namespace mayfly::lambda {

inline constexpr std::string_view kHotBucket = "hot-reload";
inline constexpr std::string_view kHotMark = ".mayfly";

// The folder as the kernel names it, where it may be used.
wire::Result<std::string> check_hot_folder(const std::string& given);

class HotFolders {
 public:
  // Another number whenever anything in the folder has changed since the last call; every edit that
  // was made before the call counts. One system call where nothing changed.
  std::uint64_t generation(const std::string& folder);

 private:
  struct Watched {
    base::FolderWatch watch;
    std::uint64_t generation = 1;
  };
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Watched>> folders_;
};

}  // namespace mayfly::lambda
