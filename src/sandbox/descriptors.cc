#include "sandbox/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "sandbox/files.h"

namespace mayfly::sandbox {

void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned next = 3;
  for (int fd : kept) {
    if (fd < 3) continue;
    if (static_cast<unsigned>(fd) > next)
      ::syscall(SYS_close_range, next, static_cast<unsigned>(fd) - 1, 0);
    next = static_cast<unsigned>(fd) + 1;
  }
  ::syscall(SYS_close_range, next, ~0U, 0);
}

std::vector<int> open_descriptors() {
  std::vector<int> found;
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return found;
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > 2 && fd != ::dirfd(folder)) found.push_back(fd);
  }
  ::closedir(folder);
  std::ranges::sort(found);
  return found;
}

std::expected<void, std::string> hold(const std::vector<int>& numbers) {
  if (numbers.empty()) return {};
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return std::unexpected(error_text("opening /dev/null", errno));
  bool kept = false;
  for (const int number : numbers) {
    if (number == nothing) {
      kept = true;
    } else if (::dup3(nothing, number, O_CLOEXEC) != number) {
      return std::unexpected(error_text("holding descriptors", errno));
    }
  }
  if (!kept) ::close(nothing);
  return {};
}

}  // namespace mayfly::sandbox
