#include "sandbox/disk_tmp.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"
#include "sandbox/files.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {
namespace {

constexpr const char* kMakers[] = {"/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"};
// What the store, and everybody else on that disk, is left in any case.
constexpr std::uint64_t kLeftFree = 1ULL << 30;
constexpr int kLoopTries = 64;

std::unexpected<std::string> fail(const std::string& what) {
  return std::unexpected(error_text(what, errno));
}

const char* maker() {
  for (const char* path : kMakers) {
    if (::access(path, X_OK) == 0) return path;
  }
  return nullptr;
}

// No journal: nothing of it is ever read again after a crash.
bool make_file_system(int file) {
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd : {0, 1, 2}) ::dup2(null, fd);
    ::fcntl(file, F_SETFD, 0);
    char* const environment[] = {nullptr};
    ::execle(maker(), "mkfs.ext4", "-q", "-F", "-m", "0", "-i", "65536", "-O",
             "^has_journal,^resize_inode", "-E", "lazy_itable_init=1,nodiscard", path.c_str(),
             nullptr, environment);
    ::_exit(127);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The device, open: it is gone when the last that uses it is.
std::expected<std::pair<base::UniqueFd, std::string>, std::string> attach(int file) {
  base::UniqueFd control{::open("/dev/loop-control", O_RDWR | O_CLOEXEC)};
  if (!control) return fail("/dev/loop-control");
  for (int tries = 0; tries < kLoopTries; ++tries) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return fail("finding a loop device");
    const std::string path = "/dev/loop" + std::to_string(number);
    base::UniqueFd device{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (!device) return fail(path);
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(file);
    // Direct: what is written is not held in memory twice.
    for (const std::uint32_t flags :
         {LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO, +LO_FLAGS_AUTOCLEAR}) {
      config.info.lo_flags = flags;
      if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0)
        return std::pair{std::move(device), path};
      if (errno != EINVAL) break;
    }
    if (errno != EBUSY) return fail("attaching " + path);  // else somebody else was quicker
  }
  return std::unexpected("every free loop device was taken by somebody else");
}

}  // namespace

std::string why_no_disk_tmp() {
  if (::geteuid() != 0) return "not run as root";
  if (maker() == nullptr) return "mkfs.ext4 is missing (package e2fsprogs)";
  if (::access("/dev/loop-control", R_OK | W_OK) != 0)
    return error_text("/dev/loop-control", errno);
  return {};
}

std::expected<void, std::string> mount_disk_tmp(const std::string& target, std::uint64_t bytes,
                                                const std::string& folder) {
  if (std::string why = why_no_disk_tmp(); !why.empty())
    return std::unexpected("no /tmp on disk: " + why);
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return fail(folder);
  if (disk.f_bavail * disk.f_frsize < bytes + kLeftFree)
    return std::unexpected("no /tmp on disk: the data folder's disk has too little space left");
  base::UniqueFd file{::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
  if (!file) return fail("a file for /tmp in " + folder);
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return fail("a file for /tmp");
  if (!make_file_system(file.get())) return std::unexpected("mkfs.ext4 failed for /tmp");
  auto device = attach(file.get());
  if (!device) return std::unexpected(device.error());
  if (::mount(device->second.c_str(), target.c_str(), "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME,
              "errors=remount-ro,nodiscard") != 0) {
    return fail("mounting " + target);
  }
  ::rmdir((target + "/lost+found").c_str());
  if (::chmod(target.c_str(), 01777) != 0) return fail(target);
  return {};
}

}  // namespace mayfly::sandbox
