#include "sandbox/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/unique_fd.h"

namespace mayfly::sandbox {

std::expected<std::string, int> read_file(const std::string& path) {
  base::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::unexpected(errno);
  std::string text;
  std::array<char, 16384> part{};
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno);
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

std::expected<void, int> write_file(const std::string& path, std::string_view text) {
  base::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file) return std::unexpected(errno);
  while (::write(file.get(), text.data(), text.size()) < 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return {};
}

std::expected<void, int> replace_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  {
    base::UniqueFd file{
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)};
    if (!file) return std::unexpected(errno);
    // The modes of what guests read do not depend on the umask of who started the daemon.
    ::fchmod(file.get(), 0644);
    while (!text.empty()) {
      const ssize_t put = ::write(file.get(), text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return std::unexpected(errno);
      text.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(errno);
  return {};
}

std::expected<void, int> make_folders(const std::string& path) {
  for (std::size_t at = 1; at != std::string::npos && at < path.size();) {
    at = path.find('/', at + 1);
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0755) == 0) {
      ::chmod(part.c_str(), 0755);
    } else if (errno != EEXIST) {
      struct stat info{};
      const int error = errno;  // EROFS and EACCES are told even where the folder is there
      if (::stat(part.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return std::unexpected(error);
    }
  }
  return {};
}

std::string error_text(std::string_view what, int error) {
  return std::string(what) + ": " + std::generic_category().message(error);
}

}  // namespace mayfly::sandbox
