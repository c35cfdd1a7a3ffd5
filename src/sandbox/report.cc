#include "sandbox/report.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>

#include "sandbox/channel.h"
#include "sandbox/confine.h"
#include "sandbox/disk_tmp.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

// Runs `attempt` in a child; 0 or the errno that it returned.
int try_in_child(const std::function<int()>& attempt) {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) ::_exit(attempt() & 0xff);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT;
}

int unshare_result(int flags) { return ::unshare(flags) == 0 ? 0 : errno; }

// Makes a user namespace as an ordinary user would, with a mount inside: what a clone needs.
int try_nested(Power power) {
  if (power == Power::root) {
    constexpr uid_t kNobody = 65534;
    if (::setresgid(kNobody, kNobody, kNobody) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0)
      return errno;
  }
  if (int error = unshare_result(CLONE_NEWUSER | CLONE_NEWNS); error != 0) return error;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  return ::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, nullptr) == 0 ? 0 : errno;
}

std::string advice(int error) {
  std::string text = error_text("the kernel refuses it", error);
  if (error == ENOSPC) return text + "; raise user.max_user_namespaces (sysctl) and its neighbours";
  if (error == EPERM || error == EACCES) {
    return text +
           "; kernel.unprivileged_userns_clone or kernel.apparmor_restrict_unprivileged_userns "
           "(sysctl) may forbid it, or the container that Mayfly runs in";
  }
  return text;
}

}  // namespace

std::vector<Feature> report_isolation(const Cgroups& cgroups, Power power) {
  std::vector<Feature> features;
  const int user = power == Power::user ? CLONE_NEWUSER : 0;
  features.push_back(
      {"own user for each function", power == Power::root,
       power == Power::root
           ? "numbers from 1610612736 on, which nobody else has"
           : "not run as root: every function has the user of the daemon outside its "
             "sandbox, and on the host's network reaches the Runtime API of others; run Mayfly as "
             "root"});
  struct Probe {
    const char* name;
    int flags;
  };
  for (const Probe& probe :
       {Probe{"user namespace", CLONE_NEWUSER}, Probe{"mount namespace", CLONE_NEWNS | user},
        Probe{"pid namespace", CLONE_NEWPID | user}, Probe{"ipc namespace", CLONE_NEWIPC | user},
        Probe{"uts namespace", CLONE_NEWUTS | user},
        Probe{"network namespace", CLONE_NEWNET | user}}) {
    const int error = try_in_child([&probe] { return unshare_result(probe.flags); });
    const bool needed = std::string_view(probe.name) == "user namespace";
    features.push_back(
        {probe.name, error == 0,
         error == 0 ? "available"
                    : (needed ? "no function can be started without one: " : "") + advice(error)});
  }
  const int nested = try_in_child([power] { return try_nested(power); });
  features.push_back(
      {"clone", nested == 0,
       nested == 0
           ? "templates are cloned into namespaces of their own"
           : "no user namespace below a user namespace: each environment is a new process; " +
                 advice(nested)});
  for (Feature& feature : cgroups.report()) features.push_back(std::move(feature));
  const std::string no_disk = why_no_disk_tmp();
  features.push_back({"ephemeral storage", true,
                      "/tmp is limited to its size and held in memory (tmpfs), where it counts "
                      "against the function's memory; --large-tmp disk is " +
                          (no_disk.empty() ? "possible" : "not possible: " + no_disk)});
  features.push_back({"seccomp", true, "allow list; refused: see src/sandbox/seccomp_rules.cc"});
  const bool landlock = kernel_confines_unix_sockets();
  features.push_back(
      {"abstract unix sockets", landlock,
       landlock
           ? "Landlock"
           : "with the host's network a function can reach them; needs Linux 6.12 with Landlock, "
             "or the isolated network"});
  auto ends = make_channel();
  const bool refused = ends && refuse_descriptors(ends->first.get());
  features.push_back(
      {"no descriptors from functions", refused,
       refused ? "SO_PASSRIGHTS"
               : "a function can make the daemon close up to its 1024 open files, which may "
                 "take some time; needs Linux 6.16"});
  return features;
}

}  // namespace mayfly::sandbox
