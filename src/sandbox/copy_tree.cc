#include "sandbox/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/unique_fd.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

using Done = std::expected<void, std::string>;
constexpr int kMaxDepth = 64;

struct CloseFolder {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

class Copier {
 public:
  explicit Copier(std::uint64_t left) : left_(left) {}

  Done folder(int from, int to, int depth) {
    if (depth > kMaxDepth) return std::unexpected("folders are nested more than 64 deep");
    std::unique_ptr<DIR, CloseFolder> dir{::fdopendir(::fcntl(from, F_DUPFD_CLOEXEC, 0))};
    if (!dir) return fail("reading a folder");
    while (const dirent* item = ::readdir(dir.get())) {
      const std::string name = item->d_name;
      if (name == "." || name == "..") continue;
      if (auto done = entry(from, to, name, depth); !done) return done;
    }
    return {};
  }

 private:
  static Done fail(const std::string& what) { return std::unexpected(error_text(what, errno)); }

  Done entry(int from, int to, const std::string& name, int depth) {
    struct stat info{};
    if (::fstatat(from, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return fail(name);
    Done done;
    if (S_ISDIR(info.st_mode)) {
      done = sub_folder(from, to, name, info, depth);
    } else if (S_ISLNK(info.st_mode)) {
      done = link(from, to, name);
    } else if (S_ISREG(info.st_mode)) {
      done = file(from, to, name, info);
    } else {
      return {};
    }
    if (!done) return done;
    const timespec times[2] = {info.st_atim, info.st_mtim};
    ::utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  Done sub_folder(int from, int to, const std::string& name, const struct stat& info, int depth) {
    if (::mkdirat(to, name.c_str(), 0700) != 0) return fail(name);
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    base::UniqueFd below_from{::openat(from, name.c_str(), kFlags)};
    base::UniqueFd below_to{::openat(to, name.c_str(), kFlags)};
    if (!below_from || !below_to) return fail(name);
    if (auto done = folder(below_from.get(), below_to.get(), depth + 1); !done) return done;
    if (::fchmod(below_to.get(), info.st_mode & 07777) != 0) return fail(name);
    return {};
  }

  static Done link(int from, int to, const std::string& name) {
    std::string text(4096, '\0');
    const ssize_t size = ::readlinkat(from, name.c_str(), text.data(), text.size());
    if (size < 0) return fail(name);
    text.resize(static_cast<std::size_t>(size));
    if (::symlinkat(text.c_str(), to, name.c_str()) != 0) return fail(name);
    return {};
  }

  Done file(int from, int to, const std::string& name, const struct stat& info) {
    if (static_cast<std::uint64_t>(info.st_size) > left_) {
      return std::unexpected("it is more than " + std::to_string(max_megabytes_) + " MiB");
    }
    left_ -= static_cast<std::uint64_t>(info.st_size);
    base::UniqueFd in{::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    base::UniqueFd out{
        ::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!in || !out) return fail(name);
    for (off_t at = 0; at < info.st_size;) {
      const ssize_t moved =
          ::sendfile(out.get(), in.get(), &at, static_cast<std::size_t>(info.st_size - at));
      if (moved < 0 && errno != EINTR) return fail(name);
      if (moved == 0) break;
    }
    if (::fchmod(out.get(), info.st_mode & 07777) != 0) return fail(name);
    return {};
  }

  std::uint64_t left_;
  const std::uint64_t max_megabytes_ = left_ >> 20;
};

}  // namespace

std::expected<void, std::string> copy_tree(int from_folder, int to_folder,
                                           std::uint64_t max_bytes) {
  return Copier{max_bytes}.folder(from_folder, to_folder, 0);
}

}  // namespace mayfly::sandbox
