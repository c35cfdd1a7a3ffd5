#include "base/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

namespace mayfly::base {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kChanges = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                              IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;

bool left_out(const fs::path& name) { return name == ".git" || name == "__pycache__"; }

}  // namespace

FolderWatch::FolderWatch(fs::path folder)
    : folder_(std::move(folder)), notify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  watch_all();
}

void FolderWatch::watch_all() {
  whole_ = notify_.get() >= 0;
  watch("");
}

// Before its folders are listed, so that none is missed that is made meanwhile.
void FolderWatch::watch(const fs::path& relative) {
  const fs::path path = folder_ / relative;
  const int descriptor =
      ::inotify_add_watch(notify_.get(), path.c_str(), kChanges | IN_ONLYDIR | IN_DONT_FOLLOW);
  if (descriptor < 0 || watched_.size() >= kMostFolders) {
    // One that is gone again is not missed.
    whole_ = whole_ && descriptor < 0 && (errno == ENOENT || errno == ENOTDIR) && !relative.empty();
    return;
  }
  watched_[descriptor] = relative;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->is_symlink(ignored) && !left_out(at->path().filename()))
      watch(relative / at->path().filename());
  }
}

void FolderWatch::note(int descriptor, unsigned mask, const char* name,
                       std::set<std::string>& changed) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    changed.insert(".");
    watch_all();
    return;
  }
  const auto found = watched_.find(descriptor);
  if (found == watched_.end()) return;
  if ((mask & IN_IGNORED) != 0) {
    watched_.erase(found);
    return;
  }
  const fs::path relative = *name == '\0' ? found->second : found->second / name;
  if (left_out(relative.filename())) return;
  if (changed.size() < kMostNames) changed.insert(relative.empty() ? "." : relative.string());
  if ((mask & IN_ISDIR) != 0 && (mask & (IN_CREATE | IN_MOVED_TO)) != 0) watch(relative);
}

std::set<std::string> FolderWatch::drain() {
  std::set<std::string> changed;
  alignas(inotify_event) std::array<char, 64 * 1024> bytes;
  while (true) {
    const ssize_t got = ::read(notify_.get(), bytes.data(), bytes.size());
    if (got <= 0) return changed;
    // SAFETY: the kernel writes whole events, each with `len` bytes of name behind it.
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
      note(event->wd, event->mask, event->len > 0 ? event->name : "", changed);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

}  // namespace mayfly::base
