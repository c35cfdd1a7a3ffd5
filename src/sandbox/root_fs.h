// The root file system that a sandbox sees: a small read-only tree with the host's programs and
// libraries, an /etc and a /dev of its own, /var/task, /opt, /var/runtime read-only, and private,
// size-limited /tmp and /dev/shm.
//
// Nothing of it exists outside the sandbox's own mount namespace but two folders in the warden's
// data folder: an empty one to mount on, and the /etc that all sandboxes share read-only. Threads:
// one. Failure: a sentence.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>

#include "base/unique_fd.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

// The user that functions run as, as they see it (Lambda's own name and number).
inline constexpr unsigned kInsideUid = 1051;
inline constexpr unsigned kInsideGid = 990;

enum class Power {
  root,
  user
};  // real root of this machine, or an ordinary user in a user namespace of its own

// Makes, and on later calls brings up to date, the /etc that sandboxes see. Cheap where nothing
// changed.
class SharedEtc {
 public:
  // `hosts`: lines that come first in its hosts file, after the loopback's own.
  SharedEtc(std::string folder, std::string hosts)
      : folder_(std::move(folder)), hosts_(std::move(hosts)) {}
  std::expected<void, std::string> refresh();
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_, hosts_;
  bool made_ = false;
  std::int64_t resolver_changed_ = -1;
};

// Folders of the host's /etc that are shown as they are: links and public certificates, too many to
// copy.
// Debian keeps a Java runtime's settings there.
inline constexpr const char* kShownFolders[] = {
    "alternatives",    "ssl/certs",       "pki",
    "crypto-policies", "java-11-openjdk", "java-17-openjdk",
    "java-21-openjdk", "java-25-openjdk"};

// What a sandbox is made of on the host, the same for all of a warden.
struct HostSide {
  std::string mount_point;  // an empty folder
  std::string etc_folder;
  Power power = Power::root;
  uid_t uid = 0;  // of the daemon
  gid_t gid = 0;
};

// The root is made in two steps, in a new mount namespace (and pid namespace: /proc is mounted for
// it). The first needs nothing that is a function's, but for the folder of its image, where it has
// one (else empty); the host is still the root afterwards.
std::expected<void, std::string> begin_root(const HostSide& host, const std::string& image_folder);
// Adds what is the function's own, makes the tree the root of all processes of the namespace, and
// detaches the old one.
std::expected<void, std::string> finish_root(const HostSide& host, const SandboxSpec& spec);

// A fresh /tmp and /dev/shm (and /proc for the calling process's pid namespace) over those that are
// there. Returns the /tmp that was covered.
std::expected<base::UniqueFd, std::string> renew_private_mounts(std::uint64_t tmp_bytes);

// Copies what the template's INIT left in its /tmp into the present one, up to kMaxTmpCopy bytes.
inline constexpr std::uint64_t kMaxTmpCopy = 64ULL << 20;
std::expected<void, std::string> copy_tmp(const base::UniqueFd& from);

}  // namespace mayfly::sandbox
