#include "services/lambda/model/merge_trees.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/unique_fd.h"

namespace mayfly::lambda {

namespace {

using Done = std::expected<void, std::string>;

// Deeper than the unpacker lets any package be.
constexpr int kMaxDepth = 80;

Done fail(std::string_view what, std::string_view name) {
  return std::unexpected(fmt::format("{} {}: {}", what, name, strerror(errno)));
}

base::UniqueFd open_folder(int parent, const char* name) {
  return base::UniqueFd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Listing = std::unique_ptr<DIR, CloseFolder>;

// Calls `each(name)` for every entry; takes a copy of the descriptor.
template <class Each>
Done for_each_entry(int folder, Each each) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Listing listing(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!listing) return fail("list", ".");
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) return errno == 0 ? Done{} : fail("list", ".");
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (Done done = each(entry->d_name); !done) return done;
  }
}

Done remove_tree(int parent, const char* name, int depth) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail("remove", name);
  if (depth > kMaxDepth) return std::unexpected("too deep");
  base::UniqueFd folder = open_folder(parent, name);
  if (!folder) return fail("open", name);
  Done emptied = for_each_entry(
      folder.get(), [&](const char* entry) { return remove_tree(folder.get(), entry, depth + 1); });
  if (!emptied) return emptied;
  if (::unlinkat(parent, name, AT_REMOVEDIR) != 0) return fail("remove", name);
  return {};
}

// Where the file system gives no more links to a file.
Done copy_file(int from, int to, const char* name, const struct stat& info) {
  base::UniqueFd source(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  base::UniqueFd target(
      ::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!source || !target) return fail("copy", name);
  while (true) {
    const ssize_t count = ::sendfile(target.get(), source.get(), nullptr, 1 << 20);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return fail("copy", name);
  }
  if (::fchmod(target.get(), info.st_mode & 0777) != 0) return fail("chmod", name);
  return {};
}

Done place_file(int from, int to, const char* name, const struct stat& info) {
  if (::linkat(from, name, to, name, 0) == 0) return {};
  if (errno == EEXIST) {
    if (Done removed = remove_tree(to, name, 0); !removed) return removed;
    if (::linkat(from, name, to, name, 0) == 0) return {};
  }
  if (errno == EMLINK || errno == EXDEV || errno == EPERM) return copy_file(from, to, name, info);
  return fail("link", name);
}

Done place_link(int from, int to, const char* name) {
  char text[4096];
  const ssize_t size = ::readlinkat(from, name, text, sizeof text - 1);
  if (size < 0) return fail("read link", name);
  text[size] = '\0';
  if (::symlinkat(text, to, name) == 0) return {};
  if (errno != EEXIST) return fail("link", name);
  if (Done removed = remove_tree(to, name, 0); !removed) return removed;
  if (::symlinkat(text, to, name) != 0) return fail("link", name);
  return {};
}

Done merge(int from, int to, int depth);

Done place_folder(int from, int to, const char* name, int depth) {
  struct stat there{};
  if (::fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(there.st_mode)) {
    if (Done removed = remove_tree(to, name, 0); !removed) return removed;
  }
  if (::mkdirat(to, name, 0755) != 0 && errno != EEXIST) return fail("mkdir", name);
  base::UniqueFd source = open_folder(from, name);
  base::UniqueFd target = open_folder(to, name);
  if (!source || !target) return fail("open", name);
  if (::fchmod(target.get(), 0755) != 0) return fail("chmod", name);
  return merge(source.get(), target.get(), depth + 1);
}

Done merge(int from, int to, int depth) {
  if (depth > kMaxDepth) return std::unexpected("too deep");
  return for_each_entry(from, [&](const char* name) -> Done {
    struct stat info{};
    if (::fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return fail("look at", name);
    if (S_ISDIR(info.st_mode)) return place_folder(from, to, name, depth);
    if (S_ISLNK(info.st_mode)) return place_link(from, to, name);
    return place_file(from, to, name, info);
  });
}

}  // namespace

std::expected<void, std::string> merge_trees(const std::vector<std::string>& sources,
                                             const std::string& target) {
  base::UniqueFd to = open_folder(AT_FDCWD, target.c_str());
  if (!to) return fail("open", target);
  for (const std::string& source : sources) {
    base::UniqueFd from = open_folder(AT_FDCWD, source.c_str());
    if (!from) return fail("open", source);
    if (Done merged = merge(from.get(), to.get(), 0); !merged) return merged;
  }
  return {};
}

}  // namespace mayfly::lambda
