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
#include <span>
#include <string>

#include "base/unique_fd.h"
#include "sandbox/root_fs.h"
#include "sandbox/seccomp_rules.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

enum class InitKind : std::uint32_t {
  map_me = 1,  // a new user namespace waits for its id map (the kernel tells whose it is)
  mapped = 2,  // warden: it is written
  main_here,   // the function's process, before its program runs: put me into my group
  go,          // warden: done
  listener,    // the function's process: the seccomp listener is attached
  started,     // init: value = pid of the function's process; attached: listening sockets, then
               // the inside socket
  exited,      // init: value = pid, status as from wait
  prepare,     // warden: make a nest, value = its number, bytes = size of its /tmp, status = a
               // TemplateFiles; attached: the nest's channel
  prepared,    // init: value = pid of the nest's init, status = its number; attached: its pidfd
  furnished,   // nest: attached: its namespaces (MAYFLY_CLONE_FD_USER ...), then its listening
               // sockets
  complete,    // warden, to the nest: INIT is over, copy what it left in /tmp
  completed,   // nest: done
  watch,       // warden: report the exit of the process with pid = value
  terminate,   // warden: SIGTERM to the function's process
  failed,      // text: what, as a sentence
};

// What a nest's /tmp has when it is furnished: what the template's INIT has left in its own, or
// nothing yet, since INIT is under way.
enum class TemplateFiles : std::int32_t { now, later };

struct InitMessage {
  InitKind kind{};
  std::int32_t value = 0;
  std::int32_t status = 0;
  std::int32_t unused = 0;
  std::uint64_t bytes = 0;
  std::int64_t cpu_us = 0;
  std::int64_t peak_memory_bytes = 0;
  char text[256] = {};
};

std::expected<void, int> send_message(int channel, const InitMessage& message,
                                      std::span<const int> fds = {});

// How the function's process comes to its program: by exec, or by going on in the process that the
// sandbox was forked from (a zygote).
enum class Program { executed, continued };

struct SandboxPlan {
  const SandboxSpec& spec;
  const SeccompFilters& filters;
  std::string mount_point;
  std::string etc_folder;
  Power power = Power::root;
  uid_t outside_uid = 0;  // of the daemon
  gid_t outside_gid = 0;
  int channel = -1;             // init's own
  int setup_channel = -1;       // the function's process until its program runs
  int control = -1;             // becomes 3
  int output = -1;              // becomes 1 and 2
  int clone_channel = -1;       // becomes 4
  std::vector<int> pipes = {};  // become 5 and on
  Program program = Program::executed;
  // Of a continued program, numbers above 4. Where its libraries have /dev/urandom open, and go on
  // to read it: they get the sandbox's own.
  std::vector<int> random_sources = {};
  // Where its event loops have descriptors of the zygote's: they get /dev/null in their place, so
  // that nothing else takes the numbers until the loops are made anew. What the C library's fork
  // handlers open stays open.
  std::vector<int> placeholders = {};
};

struct Child {
  pid_t pid = -1;
  base::UniqueFd handle;  // pidfd
};
// clone(2) as fork does it, with namespaces. pid 0 in the child. Failure: errno.
std::expected<Child, int> clone_with(unsigned long namespaces);
// Namespaces of a sandbox; the user namespace comes later where `power` is root (see init.cc).
unsigned long namespaces_of(const SandboxSpec& spec, Power power);

// Returns only in the function's process, and only where its program is continued.
void run_sandbox_init(const SandboxPlan& plan);

}  // namespace mayfly::sandbox
