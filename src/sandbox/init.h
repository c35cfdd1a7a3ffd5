// The first process of a sandbox (pid 1 of its namespaces), and of each nest: the namespaces that
// one clone will live in.
//
// init builds the sandbox (root file system, loopback, user namespace), starts the function's
// process, reaps orphans, reports exits and makes nests. It is a fork of the warden and runs only
// this code, never a user's; the sandboxed processes share its user id but cannot trace it or read
// its memory (not dumpable), and as pid 1 it cannot be killed from inside. A nest's init only
// builds its mounts and reaps.
//
// Why nests: a clone's namespaces are made and furnished ahead, by trusted code, while the template
// waits. The template's stand-by (runtimes/native) then only enters them. So no system call that
// mounts or makes namespaces is ever open to a process that runs a user's code.
//
// All functions here run in forked children.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/root_fs.h"
#include "sandbox/seccomp_rules.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

// The guest's ends of what connects a function's process to the outside.
struct GuestEnds {
  int setup = -1;               // the function's process until its program runs
  int control = -1;             // becomes 3
  int output = -1;              // becomes 1 and 2
  int clones = -1;              // becomes 4
  std::vector<int> pipes = {};  // become 5 and on
};

// A sandbox whose function's process executes a program.
struct SandboxPlan {
  const SandboxSpec& spec;
  const HostSide& host;
  const SeccompFilters& filters;
  int channel = -1;  // init's own
  GuestEnds guest = {};
};

struct Child {
  pid_t pid = -1;
  base::UniqueFd handle;  // pidfd
};
// clone(2) as fork does it, with namespaces. pid 0 in the child. Failure: errno.
std::expected<Child, int> clone_with(unsigned long namespaces);
// Namespaces of a sandbox; the user namespace comes later where `power` is root (see init.cc).
unsigned long namespaces_of(Network network, Power power);

inline constexpr const char* kInitName = "mayfly-init";

[[noreturn]] void run_sandbox_init(const SandboxPlan& plan);

// The steps of that, for inits whose function's process comes otherwise (blank.h). Failure: a
// sentence.
//
// All that is not of a function, in new namespaces. `image_folder`: as SandboxSpec's.
std::expected<void, std::string> furnish_sandbox(const HostSide& host, Network network,
                                                 const std::string& image_folder);
// What is the function's own; then the power over the machine is given up. Returns the listening
// sockets, then the inside socket.
std::expected<std::vector<base::UniqueFd>, std::string> complete_sandbox(const HostSide& host,
                                                                         const SandboxSpec& spec,
                                                                         int channel);
std::expected<void, std::string> leave_groups();
base::UniqueFd block_and_take_child_signals();
// Waits for the channel or children; true where the channel has something (or has ended).
bool wait_for_word(int channel, int signals);
// Says that it has started, and serves the warden from then on. `main`: the function's process.
[[noreturn]] void serve_sandbox(const SandboxPlan& plan, pid_t main,
                                std::vector<base::UniqueFd> sockets, base::UniqueFd signals);

}  // namespace mayfly::sandbox
