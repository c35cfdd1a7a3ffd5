// The /etc that sandboxes see: own user names, the host's name resolution, certificates and time
// zone; no secrets.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/unique_fd.h"
#include "sandbox/copy_tree.h"
#include "sandbox/files.h"
#include "sandbox/root_fs.h"

namespace mayfly::sandbox {
namespace {

namespace fs = std::filesystem;

// Of the host, as far as they are there. Folders with their content.
constexpr const char* kCopied[] = {"ld.so.cache",
                                   "ld.so.conf",
                                   "ld.so.conf.d",
                                   "localtime",
                                   "timezone",
                                   "mime.types",
                                   "services",
                                   "protocols",
                                   "gai.conf",
                                   "host.conf",
                                   "os-release",
                                   "debian_version",
                                   "alternatives",
                                   "ssl/certs",
                                   "ssl/openssl.cnf",
                                   "ssl/cert.pem",
                                   "pki/tls/certs",
                                   "pki/tls/cert.pem",
                                   "pki/ca-trust/extracted",
                                   "crypto-policies"};
constexpr std::uint64_t kMaxFolderBytes = 16U << 20;

void copy_entry(const std::string& name, const std::string& folder) {
  const std::string source = "/etc/" + name;
  const std::string target = folder + "/" + name;
  struct stat info{};
  if (::lstat(source.c_str(), &info) != 0) return;
  const std::string above = target.substr(0, target.rfind('/'));
  if (!make_folders(above)) return;
  // A file is taken as it reads (localtime and os-release are links that may lead elsewhere).
  if (S_ISDIR(info.st_mode)) {
    if (::mkdir(target.c_str(), 0755) != 0) return;
    base::UniqueFd from{::open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    base::UniqueFd to{::open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (from && to) (void)copy_tree(from.get(), to.get(), kMaxFolderBytes);
  } else if (auto text = read_file(source); text && (info.st_mode & S_IROTH) != 0) {
    (void)replace_file(target, *text);
  }
}

std::string users() {
  const std::string id = std::to_string(kInsideUid) + ":" + std::to_string(kInsideGid);
  return "root:x:0:0:root:/root:/sbin/nologin\nsbx_user" + std::to_string(kInsideUid) + ":x:" + id +
         "::/tmp:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n";
}

std::string groups() {
  return "root:x:0:\nsbx_user:x:" + std::to_string(kInsideGid) + ":\nnogroup:x:65534:\n";
}

}  // namespace

std::expected<void, std::string> SharedEtc::refresh() {
  auto put = [this](const char* name, const std::string& text) -> std::expected<void, std::string> {
    if (auto done = replace_file(folder_ + "/" + name, text); !done) {
      return std::unexpected(error_text("writing " + folder_ + "/" + name, done.error()));
    }
    return {};
  };
  if (!made_) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    if (auto made = make_folders(folder_); !made) {
      return std::unexpected(error_text("making " + folder_, made.error()));
    }
    ::umask(0022);
    for (const char* name : kCopied) copy_entry(name, folder_);
    if (auto done = put("passwd", users()); !done) return done;
    if (auto done = put("group", groups()); !done) return done;
    if (auto done = put("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"); !done)
      return done;
    const std::string hosts = read_file("/etc/hosts").value_or("");
    if (auto done = put("hosts", "127.0.0.1 localhost\n::1 localhost\n" + hosts); !done)
      return done;
    made_ = true;
  }
  // Name servers change while the daemon runs (a laptop moves): look each time.
  struct stat info{};
  const std::int64_t changed = ::stat("/etc/resolv.conf", &info) == 0
                                   ? info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec
                                   : 0;
  if (changed != resolver_changed_) {
    if (auto done = put("resolv.conf", read_file("/etc/resolv.conf").value_or("")); !done)
      return done;
    resolver_changed_ = changed;
  }
  return {};
}

}  // namespace mayfly::sandbox
