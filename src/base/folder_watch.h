// FolderWatch: whether anything below a folder has changed, by inotify.
//
// The kernel queues a change before the call that made it returns, so drain() tells of every change
// that was made before it was called, whoever made it. Folders that are made later are watched from
// the drain on that tells of them, which is enough for who reads the folder after it. Links are not
// followed; .git and __pycache__ are left out, for what is written there is no code.
//
// Not synchronised. Where the kernel's limits do not allow to watch everything (as
// /proc/sys/fs/inotify/max_user_watches), whole() is false and changes may be missed.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/unique_fd.h"

namespace mayfly::base {

class FolderWatch {
 public:
  explicit FolderWatch(std::filesystem::path folder);

  // The paths that changed since the last call, relative to the folder and at most kMostNames of
  // them; empty where none did. Never blocks. "." says that anything may have changed.
  std::set<std::string> drain();
  bool whole() const { return whole_; }
  // Readable when there is something to drain; to wait on.
  int fd() const { return notify_.get(); }

  static constexpr std::size_t kMostNames = 100;
  static constexpr std::size_t kMostFolders = 20'000;

 private:
  void watch(const std::filesystem::path& relative);
  void watch_all();
  void note(int descriptor, unsigned mask, const char* name, std::set<std::string>& changed);

  const std::filesystem::path folder_;
  UniqueFd notify_;
  std::map<int, std::filesystem::path> watched_;  // relative
  bool whole_ = true;
};

}  // namespace mayfly::base
