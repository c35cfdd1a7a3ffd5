#include "sandbox/seccomp_rules.h"

#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "base/unique_fd.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

// --- What is allowed
// ---------------------------------------------------------------------------------------------
// Names that this architecture or this libseccomp does not know are left out.
// clang-format off
constexpr std::string_view kAllowed[] = {
    // Files: opening, reading, writing, their names and attributes. Permissions and read-only
    // mounts decide the rest.
    "access", "faccessat", "faccessat2", "open", "openat", "openat2", "creat", "close",
    "close_range", "read", "readv", "pread64", "preadv", "preadv2", "write", "writev",
    "pwrite64", "pwritev", "pwritev2", "lseek", "_llseek", "stat", "lstat", "fstat",
    "newfstatat", "fstatat64", "statx", "statfs", "fstatfs", "statfs64", "fstatfs64", "readlink",
    "readlinkat", "getcwd", "chdir", "fchdir", "rename", "renameat", "renameat2", "mkdir",
    "mkdirat", "rmdir", "link", "linkat", "unlink", "unlinkat", "symlink", "symlinkat", "chmod",
    "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime",
    "utimes", "futimesat", "utimensat", "umask", "truncate", "ftruncate", "fallocate", "fsync",
    "fdatasync", "sync", "syncfs", "sync_file_range", "getdents", "getdents64", "fcntl",
    "fcntl64", "flock", "dup", "dup2", "dup3", "pipe", "pipe2", "sendfile", "sendfile64",
    "copy_file_range", "splice", "tee", "readahead", "fadvise64", "fadvise64_64",
    "arm_fadvise64_64", "getxattr", "lgetxattr", "fgetxattr", "setxattr", "lsetxattr",
    "fsetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr",
    "fremovexattr", "name_to_handle_at", "cachestat",
    "mknod", "mknodat",  // fifos and sockets; devices need a capability that nothing here has
    "ioctl",  // less some, below
    // Waiting.
    "poll", "ppoll", "select", "_newselect", "pselect6", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd",
    "signalfd4", "timerfd_create", "timerfd_settime", "timerfd_gettime", "inotify_init",
    "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "io_setup", "io_destroy",
    "io_submit", "io_cancel", "io_getevents", "io_pgetevents",
    // Memory of its own.
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mincore", "msync",
    "mlock", "mlock2", "munlock", "mlockall", "munlockall", "memfd_create", "membarrier",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "get_mempolicy", "remap_file_pages", "mseal",
    // Processes and threads of its own sandbox: the pid namespace and the user id limit whom a
    // signal can reach.
    "clone",  // less namespaces, below
    "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "waitpid",
    "kill", "tkill", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
    "rt_sigsuspend", "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "sigaltstack", "pause", "restart_syscall", "set_tid_address", "set_robust_list",
    "get_robust_list", "rseq", "futex", "futex_waitv", "futex_wake", "futex_wait",
    "futex_requeue", "pidfd_open", "pidfd_send_signal", "arch_prctl", "set_thread_area",
    "get_thread_area", "cacheflush", "set_tls", "prctl", "seccomp",  // to restrict itself further
    "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "getpid", "gettid",
    "getppid", "getpgid", "getpgrp", "setpgid", "getsid", "setsid", "getuid", "geteuid",
    "getgid", "getegid", "getresuid", "getresgid", "getgroups", "capget", "capset",
    // Only one id is mapped, so these succeed for that one; programs call them without need.
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "getrlimit", "setrlimit", "ugetrlimit", "prlimit64", "getrusage", "times",
    "getpriority", "setpriority", "ioprio_get", "ioprio_set", "sched_yield", "sched_getaffinity",
    "sched_setaffinity", "sched_getparam", "sched_setparam", "sched_getscheduler",
    "sched_setscheduler", "sched_getattr", "sched_setattr", "sched_get_priority_max",
    "sched_get_priority_min", "sched_rr_get_interval", "getcpu",
    // Time, and what the machine is.
    "time", "gettimeofday", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep",
    "alarm", "getitimer", "setitimer", "timer_create", "timer_delete", "timer_getoverrun",
    "timer_gettime", "timer_settime", "uname", "sysinfo", "getrandom",
    // Sockets, of few families (below), and System V and POSIX IPC, which have a namespace of their
    // own.
    "socket", "socketpair", "bind", "listen", "accept", "accept4", "connect", "shutdown",
    "getsockname", "getpeername", "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg",
    "recvfrom", "recvmsg", "recvmmsg", "socketcall", "semget", "semop", "semtimedop", "semctl",
    "shmget", "shmat", "shmdt", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open",
    "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr", "ipc",
    // Decided below, by the second filter, or by their argument here.
    "setns", "personality",
};
// clang-format on

// --- What is refused by name, with EPERM, and why
// -----------------------------------------------------------------
struct Denied {
  std::string_view name;
  std::string_view why;
  int error = EPERM;
};
constexpr Denied kDenied[] = {
    {"clone3", "its flags are in memory, where no filter can see them; glibc falls back to clone",
     ENOSYS},
    {"unshare", "makes namespaces"},
    {"mount", "changes what is visible"},
    {"umount", "uncovers what is hidden"},
    {"umount2", "uncovers what is hidden"},
    {"pivot_root", "changes the root"},
    {"chroot", "changes the root"},
    {"open_tree", "mounts, new interface"},
    {"move_mount", "mounts, new interface"},
    {"fsopen", "mounts, new interface"},
    {"fsconfig", "mounts, new interface"},
    {"fsmount", "mounts, new interface"},
    {"fspick", "mounts, new interface"},
    {"mount_setattr", "mounts, new interface"},
    {"open_by_handle_at", "opens files past the mount tree"},
    {"ptrace", "reads and changes other processes"},
    {"process_vm_readv", "reads other processes"},
    {"process_vm_writev", "changes other processes"},
    {"process_madvise", "acts on other processes' memory"},
    {"pidfd_getfd", "takes other processes' descriptors"},
    {"kcmp", "tells kernel object identities of other processes"},
    {"bpf", "loads code into the kernel"},
    {"perf_event_open", "measures the kernel; a long history of holes"},
    {"userfaultfd", "stalls the kernel in copies: makes races winnable"},
    {"io_uring_setup", "does calls past this filter", ENOSYS},
    {"io_uring_enter", "does calls past this filter", ENOSYS},
    {"io_uring_register", "does calls past this filter", ENOSYS},
    {"add_key", "key rings are not confined by namespaces"},
    {"request_key", "key rings are not confined by namespaces"},
    {"keyctl", "key rings are not confined by namespaces"},
    {"init_module", "loads code into the kernel"},
    {"finit_module", "loads code into the kernel"},
    {"delete_module", "unloads code from the kernel"},
    {"kexec_load", "replaces the kernel"},
    {"kexec_file_load", "replaces the kernel"},
    {"reboot", "ends the machine (or the pid namespace)"},
    {"swapon", "administers the machine"},
    {"swapoff", "administers the machine"},
    {"acct", "administers the machine"},
    {"quotactl", "administers the machine"},
    {"quotactl_fd", "administers the machine"},
    {"syslog", "reads the kernel's log"},
    {"settimeofday", "sets the machine's clock"},
    {"clock_settime", "sets the machine's clock"},
    {"clock_adjtime", "sets the machine's clock"},
    {"adjtimex", "sets the machine's clock"},
    {"stime", "sets the machine's clock"},
    {"sethostname", "the name is the sandbox's"},
    {"setdomainname", "the name is the sandbox's"},
    {"iopl", "reaches the hardware"},
    {"ioperm", "reaches the hardware"},
    {"modify_ldt", "old x86 segments; a long history of holes"},
    {"vm86", "old x86 mode"},
    {"vm86old", "old x86 mode"},
    {"fanotify_init", "watches other processes' files"},
    {"fanotify_mark", "watches other processes' files"},
    {"lookup_dcookie", "profiles the kernel"},
    {"move_pages", "acts on other processes' memory"},
    {"migrate_pages", "acts on other processes' memory"},
    {"mbind", "placement of memory on nodes is the machine's"},
    {"set_mempolicy", "placement of memory on nodes is the machine's"},
    {"vhangup", "acts on terminals"},
    {"nfsservctl", "administers the machine"},
    {"uselib", "long gone"},
    {"ustat", "long gone"},
    {"sysfs", "long gone"},
    {"_sysctl", "long gone"},
    {"vmsplice", "maps pages into pipes: several holes, no user"},
};

// --- What is refused by argument
// ----------------------------------------------------------------------------------
constexpr std::uint64_t kNamespaceFlags[] = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
                                             CLONE_NEWIPC,   CLONE_NEWUTS, CLONE_NEWNET,
                                             CLONE_NEWCGROUP};
// Typing into, or reconfiguring, a terminal that the function should never have had.
constexpr std::uint64_t kDeniedIoctls[] = {TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCCONS};
// setns into these needs capabilities in one's own user namespace, which only a clone on its way in
// has. The user namespace itself is the gate: the warden is asked.
constexpr std::uint64_t kJoinable[] = {CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS,
                                       CLONE_NEWNET};
constexpr int kHighestFamily = 64;

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

// As SCMP_A0(...) and its like, which are C.
scmp_arg_cmp argument(unsigned number, scmp_compare compare, scmp_datum_t a, scmp_datum_t b = 0) {
  return {number, compare, a, b};
}

constexpr std::uint32_t refuse(int error) { return SCMP_ACT_ERRNO(static_cast<unsigned>(error)); }

class Builder {
 public:
  explicit Builder(std::uint32_t otherwise) : context_(seccomp_init(otherwise)) {
    // A binary tree instead of a chain; the kernel caches the answer for calls that are always
    // allowed.
    if (context_) seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  }

  template <class... Conditions>
  void rule(std::uint32_t action, std::string_view name, Conditions... conditions) {
    const int number = seccomp_syscall_resolve_name(std::string(name).c_str());
    // Pseudo numbers below zero: not a call of this architecture.
    if (number < 0 || !context_ || error_ != 0) return;
    error_ = seccomp_rule_add(context_.get(), action, number, sizeof...(conditions), conditions...);
    if (error_ != 0) at_ = name;
  }

  std::expected<std::vector<sock_filter>, std::string> compile() {
    if (!context_) return std::unexpected("libseccomp cannot start");
    if (error_ != 0) return std::unexpected(error_text("seccomp rule for " + at_, -error_));
    base::UniqueFd file{::memfd_create("seccomp", MFD_CLOEXEC)};
    if (int error = seccomp_export_bpf(context_.get(), file.get()); error != 0) {
      return std::unexpected(error_text("compiling the seccomp filter", -error));
    }
    const off_t bytes = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> program(static_cast<std::size_t>(bytes) / sizeof(sock_filter));
    if (::pread(file.get(), program.data(), program.size() * sizeof(sock_filter), 0) != bytes) {
      return std::unexpected("reading the compiled seccomp filter failed");
    }
    return program;
  }

 private:
  Context context_;
  int error_ = 0;
  std::string at_;
};

std::expected<std::vector<sock_filter>, std::string> compile_allowed() {
  Builder builder{refuse(ENOSYS)};
  for (std::string_view name : kAllowed) {
    if (name == "personality" || name == "setns") continue;
    builder.rule(SCMP_ACT_ALLOW, name);
  }
  for (std::uint64_t kind : kJoinable) {
    builder.rule(SCMP_ACT_ALLOW, "setns", argument(1, SCMP_CMP_EQ, kind));
  }
  builder.rule(SCMP_ACT_ALLOW, "setns", argument(1, SCMP_CMP_EQ, CLONE_NEWUSER));
  // Asking, and setting to what it is already. Others turn off address randomization or emulate old
  // bugs.
  builder.rule(SCMP_ACT_ALLOW, "personality", argument(0, SCMP_CMP_EQ, 0));
  builder.rule(SCMP_ACT_ALLOW, "personality", argument(0, SCMP_CMP_EQ, 0xffffffff));
  return builder.compile();
}

std::expected<std::vector<sock_filter>, std::string> compile_denied() {
  Builder builder{SCMP_ACT_ALLOW};
  for (const Denied& denied : kDenied) builder.rule(refuse(denied.error), denied.name);

  for (std::uint64_t flag : kNamespaceFlags) {
    builder.rule(refuse(EPERM), "clone", argument(0, SCMP_CMP_MASKED_EQ, flag, flag));
  }
  // The kernel looks at 32 bits of a request only.
  for (std::uint64_t request : kDeniedIoctls) {
    builder.rule(refuse(EPERM), "ioctl", argument(1, SCMP_CMP_MASKED_EQ, 0xffffffff, request));
  }
  // Families: Unix and internet, and netlink for routes only (getaddrinfo asks for the machine's
  // addresses). The others (packet, vsock, bluetooth, alg, xdp, ...) are attack surface, or leave
  // the network namespace.
  for (const char* call : {"socket", "socketpair"}) {
    for (int family = 0; family < kHighestFamily; ++family) {
      const bool allowed =
          family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
      if (allowed) continue;
      builder.rule(refuse(EAFNOSUPPORT), call,
                   argument(0, SCMP_CMP_MASKED_EQ, 0xffffffff, static_cast<scmp_datum_t>(family)));
    }
    builder.rule(refuse(EAFNOSUPPORT), call,
                 argument(0, SCMP_CMP_GE, static_cast<scmp_datum_t>(kHighestFamily)));
  }
  builder.rule(refuse(EAFNOSUPPORT), "socket",
               argument(0, SCMP_CMP_MASKED_EQ, 0xffffffff, AF_NETLINK),
               argument(2, SCMP_CMP_NE, NETLINK_ROUTE));

  // A lingering socket blocks whoever closes it last, and that could be somebody to whom a function
  // has sent it: said to be done, and not done. Being told of others' orphans would hide the end of
  // a clone from the sandbox's init.
  builder.rule(refuse(0), "setsockopt", argument(1, SCMP_CMP_MASKED_EQ, 0xffffffff, SOL_SOCKET),
               argument(2, SCMP_CMP_MASKED_EQ, 0xffffffff, SO_LINGER));
  // The limit of core dumps stays as confine.cc sets it. Programs that lower it to none, which
  // would let a pipe in core_pattern start its helper, are told that it is done.
  builder.rule(refuse(0), "setrlimit", argument(0, SCMP_CMP_MASKED_EQ, 0xffffffff, RLIMIT_CORE));
  builder.rule(refuse(0), "prlimit64", argument(1, SCMP_CMP_MASKED_EQ, 0xffffffff, RLIMIT_CORE),
               argument(2, SCMP_CMP_NE, 0));
  builder.rule(refuse(EPERM), "prctl",
               argument(0, SCMP_CMP_MASKED_EQ, 0xffffffff, PR_SET_CHILD_SUBREAPER));

  builder.rule(SCMP_ACT_NOTIFY, "setns", argument(1, SCMP_CMP_EQ, CLONE_NEWUSER));
  return builder.compile();
}

}  // namespace

std::expected<SeccompFilters, std::string> compile_seccomp_filters() {
  auto allowed = compile_allowed();
  if (!allowed) return std::unexpected(allowed.error());
  auto denied = compile_denied();
  if (!denied) return std::unexpected(denied.error());
  return SeccompFilters{std::move(*allowed), std::move(*denied)};
}

}  // namespace mayfly::sandbox
