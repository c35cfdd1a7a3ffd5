#include "sandbox/root_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/unique_fd.h"
#include "sandbox/copy_tree.h"
#include "sandbox/disk_tmp.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

using Done = std::expected<void, std::string>;

constexpr std::uint64_t kLocked = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t kShmBytes = 64ULL << 20;

Done fail(const std::string& what) { return std::unexpected(error_text(what, errno)); }

Done make_target(const std::string& path, mode_t kind) {
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0 && (there.st_mode & S_IFMT) == (kind & S_IFMT)) return {};
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    if (auto made = make_folders(path.substr(0, slash)); !made) {
      return std::unexpected(error_text("making " + path, made.error()));
    }
  }
  if (S_ISDIR(kind)) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail("making " + path);
    return {};
  }
  base::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  if (!file && errno != EEXIST) return fail("making " + path);
  return {};
}

// Shows `source` at `target`, with everything mounted below it, and adds attributes. open_tree and
// mount_setattr (Linux 5.12) keep the flags that a user namespace may not take away, which a bind
// remount would have to repeat.
Done show(const std::string& source, const std::string& target, std::uint64_t attributes) {
  struct stat info{};
  if (::stat(source.c_str(), &info) != 0) return fail(source);
  if (auto made = make_target(target, info.st_mode); !made) return made;
  base::UniqueFd tree{
      static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, source.c_str(),
                                 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE))};
  if (!tree) return fail("taking " + source);
  mount_attr attr{};
  attr.attr_set = attributes;
  attr.propagation = MS_PRIVATE;
  if (::syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
                sizeof attr) != 0) {
    return fail("restricting " + source);
  }
  if (::syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, target.c_str(),
                MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return fail("mounting " + source + " at " + target);
  }
  return {};
}

Done mount_tmpfs(const std::string& target, std::uint64_t bytes, const char* mode) {
  // Inodes are kernel memory: one for each 4 KiB, at least 4096, at most a million.
  const std::uint64_t inodes =
      std::min<std::uint64_t>(1 << 20, std::max<std::uint64_t>(4096, bytes >> 12));
  const std::string options =
      "size=" + std::to_string(bytes) + ",nr_inodes=" + std::to_string(inodes) + ",mode=" + mode;
  if (::mount("tmpfs", target.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return fail("mounting " + target);
  }
  return {};
}

Done mount_proc(const std::string& target) {
  if (::mount("proc", target.c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return fail("mounting " + target);
  }
  return {};
}

Done copy_link(const std::string& from, const std::string& to) {
  std::string text(4096, '\0');
  const ssize_t size = ::readlink(from.c_str(), text.data(), text.size());
  if (size < 0) return fail(from);
  text.resize(static_cast<std::size_t>(size));
  if (::symlink(text.c_str(), to.c_str()) != 0) return fail(to);
  return {};
}

// /bin, /lib and so on: links into /usr on today's systems, folders on older ones.
Done show_system(const std::string& root) {
  if (auto done = show("/usr", root + "/usr", kLocked | MOUNT_ATTR_RDONLY); !done) return done;
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    struct stat info{};
    if (::lstat(name, &info) != 0) continue;
    if (S_ISLNK(info.st_mode)) {
      if (auto done = copy_link(name, root + name); !done) return done;
    } else if (S_ISDIR(info.st_mode)) {
      if (auto done = show(name, root + name, kLocked | MOUNT_ATTR_RDONLY); !done) return done;
    }
  }
  return {};
}

Done show_etc(const std::string& root, const std::string& folder) {
  if (auto done = show(folder, root + "/etc", kLocked | MOUNT_ATTR_RDONLY); !done) return done;
  for (const char* name : kShownFolders) {
    const std::string source = std::string("/etc/") + name;
    struct stat info{};
    if (::stat(source.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) continue;
    if (auto done = show(source, root + source, kLocked | MOUNT_ATTR_RDONLY); !done) return done;
  }
  return {};
}

Done make_dev(const std::string& root, Power power) {
  const std::string dev = root + "/dev";
  if (::mkdir(dev.c_str(), 0755) != 0) return fail(dev);
  struct Node {
    const char* name;
    unsigned minor;
  };
  for (const Node& node : {Node{"/null", 3}, Node{"/zero", 5}, Node{"/full", 7}, Node{"/random", 8},
                           Node{"/urandom", 9}}) {
    const std::string path = dev + node.name;
    if (power == Power::root) {
      if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, node.minor)) != 0) return fail(path);
      ::chmod(path.c_str(), 0666);
    } else if (auto done = show(std::string("/dev") + node.name, path,
                                MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
               !done) {
      return done;
    }
  }
  constexpr std::pair<const char*, const char*> kLinks[] = {{"/proc/self/fd", "/fd"},
                                                            {"/proc/self/fd/0", "/stdin"},
                                                            {"/proc/self/fd/1", "/stdout"},
                                                            {"/proc/self/fd/2", "/stderr"}};
  for (const auto& [to, name] : kLinks) {
    if (::symlink(to, (dev + name).c_str()) != 0) return fail(dev + name);
  }
  if (::mkdir((dev + "/shm").c_str(), 01777) != 0) return fail(dev + "/shm");
  return mount_tmpfs(dev + "/shm", kShmBytes, "1777");
}

Done show_function(const std::string& root, const SandboxSpec& spec) {
  const std::pair<const std::string&, const char*> folders[] = {
      {spec.code_folder, "/var/task"},
      {spec.opt_folder, "/opt"},
      {spec.runtime_folder, "/var/runtime"}};
  for (const auto& [source, target] : folders) {
    auto done = source.empty() ? make_target(root + target, S_IFDIR)
                               : show(source, root + target, kLocked | MOUNT_ATTR_RDONLY);
    if (!done) return done;
  }
  for (const Bind& each : spec.binds) {
    if (auto done = show(each.source, root + each.target, kLocked | MOUNT_ATTR_RDONLY); !done)
      return done;
  }
  return {};
}

// What an image has at its top; what a sandbox has of its own stays that.
Done show_image(const std::string& root, const std::string& image, const std::string& etc) {
  std::unique_ptr<DIR, int (*)(DIR*)> top(::opendir(image.c_str()), &::closedir);
  if (!top) return fail(image);
  constexpr std::string_view kOwn[] = {".", "..", "proc", "dev", "tmp", "sys"};
  while (const dirent* entry = ::readdir(top.get())) {
    const std::string name = entry->d_name;
    if (std::ranges::find(kOwn, name) != std::end(kOwn)) continue;
    const std::string from = image + "/" + name, to = root + "/" + name;
    struct stat info{};
    if (::lstat(from.c_str(), &info) != 0) return fail(from);
    if (S_ISLNK(info.st_mode)) {
      if (auto done = copy_link(from, to); !done) return done;
    } else if (auto done = show(from, to, kLocked | MOUNT_ATTR_RDONLY); !done) {
      return done;
    }
  }
  // Where these are links of the image's, names are resolved as the image likes.
  for (const char* name : {"/hosts", "/resolv.conf"}) {
    struct stat own{}, its{};
    if (::stat((etc + name).c_str(), &own) != 0 ||
        ::lstat((image + "/etc" + name).c_str(), &its) != 0 || !S_ISREG(its.st_mode)) {
      continue;
    }
    if (auto done = show(etc + name, root + "/etc" + name, kLocked | MOUNT_ATTR_RDONLY); !done)
      return done;
  }
  return {};
}

}  // namespace

std::expected<void, std::string> begin_root(const HostSide& host, const std::string& image_folder) {
  // Nothing mounted here is seen outside, nothing mounted outside appears here.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return fail("making mounts private");
  ::umask(0022);
  const std::string& root = host.mount_point;
  // Real root makes device nodes in it; nobody else can, so only then is the tree not "nodev".
  const unsigned long nodev = host.power == Power::root ? 0 : MS_NODEV;
  if (::mount("mayfly", root.c_str(), "tmpfs", MS_NOSUID | nodev,
              "size=1m,nr_inodes=4096,mode=755") != 0) {
    return fail("mounting the root at " + root);
  }
  for (const char* name : {"/proc", "/tmp"}) {
    if (::mkdir((root + name).c_str(), 0755) != 0) return fail(root + name);
  }
  if (!image_folder.empty()) {
    if (auto done = show_image(root, image_folder, host.etc_folder); !done) return done;
  } else {
    if (auto done = show_system(root); !done) return done;
    if (auto done = show_etc(root, host.etc_folder); !done) return done;
  }
  if (auto done = mount_proc(root + "/proc"); !done) return done;
  return make_dev(root, host.power);
}

std::expected<void, std::string> finish_root(const HostSide& host, const SandboxSpec& spec) {
  const std::string& root = host.mount_point;
  // The mount point itself is covered by now.
  const std::string disk = root.substr(0, root.rfind('/'));
  auto tmp = spec.tmp == Storage::disk ? mount_disk_tmp(root + "/tmp", spec.limits.tmp_bytes, disk)
                                       : mount_tmpfs(root + "/tmp", spec.limits.tmp_bytes, "1777");
  if (!tmp) return tmp;
  if (spec.image_folder.empty()) {
    if (auto done = show_function(root, spec); !done) return done;
  }
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, root.c_str(), 0, &attr, sizeof attr) != 0) {
    return fail("making the root read-only");
  }
  // pivot_root onto itself stacks the old root on top of the new one, from where it is taken off.
  if (::chdir(root.c_str()) != 0) return fail(root);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail("entering the new root");
  if (::umount2(".", MNT_DETACH) != 0) return fail("detaching the old root");
  if (::chdir("/") != 0) return fail("/");
  return {};
}

std::expected<base::UniqueFd, std::string> renew_private_mounts(std::uint64_t tmp_bytes) {
  base::UniqueFd before{::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!before) return std::unexpected(error_text("/tmp", errno));
  ::umask(0022);
  if (auto done = mount_tmpfs("/tmp", tmp_bytes, "1777"); !done)
    return std::unexpected(done.error());
  if (auto done = mount_tmpfs("/dev/shm", kShmBytes, "1777"); !done)
    return std::unexpected(done.error());
  if (auto done = mount_proc("/proc"); !done) return std::unexpected(done.error());
  return before;
}

std::expected<void, std::string> copy_tmp(const base::UniqueFd& from) {
  base::UniqueFd to{::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!to) return fail("/tmp");
  ::umask(0);
  auto done = copy_tree(from.get(), to.get(), kMaxTmpCopy);
  ::umask(0022);
  if (done) return {};
  return std::unexpected("what INIT left in /tmp cannot be given to a clone: " + done.error());
}

}  // namespace mayfly::sandbox
