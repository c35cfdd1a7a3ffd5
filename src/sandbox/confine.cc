#include "sandbox/confine.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

using Done = std::expected<void, std::string>;

Done fail(const std::string& what) { return std::unexpected(error_text(what, errno)); }

Done limit(int resource, rlim_t most, const char* name) {
  rlimit now{};
  ::getrlimit(static_cast<__rlimit_resource_t>(resource), &now);
  // Raising a hard limit is not for an ordinary user; the lower one stays in force then.
  rlimit wanted{most, most};
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) == 0) return {};
  wanted.rlim_cur = wanted.rlim_max = std::min(most, now.rlim_max);
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) == 0) return {};
  return fail(std::string("limiting ") + name);
}

// Landlock's newer parts are not in Debian 12's headers.
struct LandlockRuleset {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;
  std::uint64_t scoped = 0;
};
constexpr std::uint64_t kScopeAbstractUnixSocket = 1U << 0;
constexpr std::uint64_t kScopeSignal = 1U << 1;
constexpr unsigned kLandlockVersion = 1U << 0;
constexpr long kVersionWithScopes = 6;

}  // namespace

std::expected<void, std::string> set_resource_limits(const Limits& limits) {
  if (auto done = limit(RLIMIT_NOFILE, limits.open_files, "open files"); !done) return done;
  // One byte, not none: where the machine's core_pattern is a pipe, only this value keeps the
  // kernel from starting the machine's helper, as root, on what a function left in its memory.
  if (auto done = limit(RLIMIT_CORE, 1, "core dumps"); !done) return done;
  if (auto done = limit(RLIMIT_MEMLOCK, 64 << 10, "locked memory"); !done) return done;
  if (auto done = limit(RLIMIT_MSGQUEUE, 819'200, "message queues"); !done) return done;
  // What a service manager may have given the daemon is not for functions.
  if (auto done = limit(RLIMIT_RTPRIO, 0, "real-time priority"); !done) return done;
  if (auto done = limit(RLIMIT_NICE, 0, "priority"); !done) return done;
  // Each is kernel memory, and each of the 100,000 that a machine allows takes it time to find.
  if (auto done = limit(RLIMIT_SIGPENDING, 4096, "pending signals and timers"); !done) return done;
  // Counted for each user namespace and user: here, for the sandbox.
  return limit(RLIMIT_NPROC, limits.pids, "processes");
}

std::expected<void, std::string> drop_capabilities() {
  for (int capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;  // past the last one that this kernel knows
      return fail("dropping a capability from the bounding set");
    }
  }
  constexpr unsigned long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                  SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (::prctl(PR_SET_SECUREBITS, kBits, 0, 0, 0) != 0) return fail("setting securebits");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return fail("clearing ambient capabilities");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return fail("dropping capabilities");
  return {};
}

void leave_key_rings() {
  // Without key rings in the kernel there is nothing to leave.
  (void)::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
}

bool kernel_confines_unix_sockets() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kLandlockVersion) >= kVersionWithScopes;
}

bool confine_unix_sockets() {
  if (!kernel_confines_unix_sockets()) return false;
  const LandlockRuleset rules{0, 0, kScopeAbstractUnixSocket | kScopeSignal};
  base::UniqueFd ruleset{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0))};
  return ruleset && ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

std::expected<base::UniqueFd, std::string> load_filters(const SeccompFilters& filters) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return std::unexpected(error_text("no_new_privs", errno));
  auto load = [](const std::vector<sock_filter>& program, unsigned flags) {
    const sock_fprog whole{static_cast<unsigned short>(program.size()),
                           const_cast<sock_filter*>(program.data())};
    return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole));
  };
  if (load(filters.allowed, 0) != 0)
    return std::unexpected(error_text("loading the seccomp filter", errno));
  base::UniqueFd listener{load(filters.denied, SECCOMP_FILTER_FLAG_NEW_LISTENER)};
  if (!listener)
    return std::unexpected(error_text("loading the seccomp filter with its listener", errno));
  return listener;
}

}  // namespace mayfly::sandbox
