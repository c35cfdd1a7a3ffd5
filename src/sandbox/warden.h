// Warden: the one privileged part of Mayfly. It makes sandboxes, starts processes in them, has
// templates cloned, enforces limits, kills and cleans up. It is a process of its own, forked before
// the daemon starts any thread; it is single-threaded and opens no network socket. This class is
// the daemon's side of it.
//
// A sandboxed process has its own pid, mount, ipc, uts and user namespaces (and network namespace
// where asked), a read-only root, /var/task, /opt and /var/runtime read-only, a private /tmp of
// limited size, its own cgroup (v2, or v1 where v2 has no controllers), rlimits, no_new_privs, no
// capabilities and a seccomp filter. What this kernel or user cannot give is listed in report() and
// never skipped in silence.
//
// Clone: a template (a process that has run its function's INIT and waits in the clone primitive,
// runtimes/native) forks itself into new namespaces. Only the warden can make it do so:
// namespace-making clone calls of a sandboxed process are held by seccomp's user notification and
// let through only for a clone that the warden has ordered. See docs/formats/guest-protocol.md for
// the descriptors a guest finds.
//
// When the daemon dies, however it dies, the warden kills every sandbox, removes every cgroup and
// exits. What a warden killed together with the daemon left behind is removed by the next one (same
// data directory).
//
// Threads: any. Coroutines resume on the executor they left. Errors are values with a sentence for
// people.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/unique_fd.h"

namespace mayfly::sandbox {

enum class Network {
  host,      // the machine's own network
  isolated,  // an empty network namespace with loopback; the only listeners in it are those of
             // SandboxSpec::listen_ports
};

// Where what is written to /tmp is kept: memory counts against the memory limit, costs nothing to
// make, and can be cloned; disk is the other way round, and needs real root.
enum class Storage { memory, disk };

struct Limits {
  std::uint64_t memory_bytes = 128ULL << 20;
  double cpus = 1.0;  // share of one CPU: memory / 1,769 MB
  std::uint32_t pids = 1024;
  std::uint64_t tmp_bytes = 512ULL << 20;
  std::uint32_t open_files = 1024;
};

using ProcessId = std::uint64_t;  // the warden's own number; never reused

// A folder or file of the host, shown read-only at `target` inside.
struct Bind {
  std::string source;
  std::string target;
};

struct SandboxSpec {
  std::string name;               // for cgroup names and messages; [A-Za-z0-9_-], at most 100
  std::vector<std::string> argv;  // as seen inside
  std::vector<std::string> env;   // "NAME=value"; the complete environment
  std::string working_folder = "/var/task";
  std::string code_folder;  // host path of the unpacked code, at /var/task
  std::string opt_folder;   // host path of the merged layers, at /opt; empty: an empty /opt
  std::string
      runtime_folder;  // host path of runtimes/<language>, at /var/runtime; empty: an empty one
  // Host path of an unpacked container image, in place of the host's programs and of the three
  // folders above: all but /proc, /dev, /tmp and two files of /etc is the image's, read-only. Its
  // argv[0] may be looked up in PATH.
  std::string image_folder;
  std::vector<Bind> binds;  // further read-only binds: an interpreter outside /usr
  Limits limits;
  Network network = Network::host;
  Storage tmp = Storage::memory;
  // Isolated network only: TCP ports on which a listening socket on 127.0.0.1 is opened inside the
  // namespace and handed out.
  std::vector<std::uint16_t> listen_ports;
  // Isolated network only: IPv4 addresses, beside the loopback's, that are the sandbox's own; and
  // ports on which a listening socket on every address is opened and handed out.
  std::vector<std::string> own_addresses;
  std::vector<std::uint16_t> open_ports;
  // Isolated network only: whether a TCP socket is handed out that is not connected, to reach
  // listeners inside.
  bool inside_socket = false;
  // Whether what else runs in the sandbox outlives its first process, until kill() or until nothing
  // is left of it: extensions. The end of the first process is then told as an Exit that lingers,
  // and another Exit follows.
  bool lingers = false;
  // How many more pipes the guest writes to: its descriptors from 5 on, and Started::pipes. At most
  // 4, and none with a zygote.
  std::uint32_t pipes = 0;
  // Where this zygote is there and ready, the process is a child of it and not a new program; argv
  // is then only what it is called. 0: none, and none with an image.
  ProcessId zygote = 0;
};

// A zygote: a process of trusted code only, outside every sandbox, that has an interpreter and its
// libraries loaded and waits. Processes of sandboxes are forked from it: see
// docs/decisions/ on zygotes. Its descriptor 3 is its channel to the warden.
struct ZygoteSpec {
  std::vector<std::string> argv;  // as on the host
  std::vector<std::string> env;
  Network network =
      Network::host;  // of the sandbox that is kept ahead; others are made as asked for
};

struct Started {
  ProcessId id = 0;
  base::UniqueFd
      control;  // stream socket, non-blocking: the guest protocol (the guest's descriptor 3)
  base::UniqueFd output;              // pipe, non-blocking: the guest's standard output and error
  std::vector<base::UniqueFd> pipes;  // non-blocking, as many as were asked for
  std::vector<base::UniqueFd> listeners;  // as listen_ports, then as open_ports
  base::UniqueFd inside_socket;           // where it was asked for
  std::uint32_t user = 0;  // whose its processes and sockets are, as seen by the machine
};

struct Usage {
  std::int64_t cpu_us = 0;
  std::int64_t memory_bytes = 0;  // now
  std::int64_t peak_memory_bytes =
      0;  // since start; a clone's includes what it shares with its template
};

struct Exit {
  ProcessId id = 0;
  int status = 0;  // exit status, where signal is 0
  int signal = 0;
  bool out_of_memory =
      false;             // the kernel killed it, or a process of its group, for its memory limit
  Usage usage;           // the last word
  bool lingers = false;  // only the first process has ended (SandboxSpec::lingers)
};

struct SandboxError {
  std::string message;
};

// One line of the isolation report: "memory limit: cgroup v1", or what is missing and why.
struct Feature {
  std::string name;  // "user namespace", "memory limit", "seccomp", "network namespace", ...
  bool in_force = false;
  std::string detail;  // how, or why not and what would help
};

// How long the kernel takes to move a process into its group: see docs/decisions/0012.
enum class Moves { quick, usual };

struct WardenOptions {
  std::string data_folder;  // for mount points and the record of what to clean up after a crash
  std::string hosts{};      // lines of /etc/hosts, for every sandbox, before those of the machine
  Moves moves = Moves::quick;
};

// Why Storage::disk cannot be had on this machine by this user, or empty.
std::string why_no_disk_tmp();

class Warden {
 public:
  // Forks the warden process. Call it before any thread exists. Throws std::system_error where it
  // cannot even start.
  static std::unique_ptr<Warden> launch(WardenOptions options);
  virtual ~Warden() = default;  // stops the warden, which kills every sandbox

  virtual std::vector<Feature> report() const = 0;

  virtual base::Task<std::expected<Started, SandboxError>> start(SandboxSpec spec) = 0;
  // Starts a zygote; start() may name it at once, and uses it from when it is ready. One that
  // cannot be, or ends, costs nothing but its use. kill() ends it.
  virtual ProcessId start_zygote(ZygoteSpec spec) = 0;
  // A new process out of a running template, with its own namespaces, /tmp, cgroup and limits.
  virtual base::Task<std::expected<Started, SandboxError>> clone(ProcessId of, std::string name,
                                                                 Limits limits) = 0;
  // Kills every process of the sandbox at once; the exit is reported as usual. Unknown ids are
  // ignored. Clones outlive their template, but where there are no cgroups they end with it.
  virtual void kill(ProcessId id) = 0;
  // Sends SIGTERM to the process that start() started, and to no other of the sandbox. Of a clone,
  // and of unknown ids: nothing.
  virtual void terminate(ProcessId id) = 0;
  // Changes the share of CPU of the process that start() started, and of what is in its group with
  // it. Of a clone, and of unknown ids: nothing.
  virtual void set_cpus(ProcessId id, double cpus) = 0;
  // What the group used so far, read from its cgroup (cheap: no message to the warden). nullopt
  // once it has ended, and where report() says that there is no usage accounting; Exit::usage then
  // has what the process itself used.
  virtual std::optional<Usage> usage(ProcessId id) const = 0;
  // Called once for each process that ended (twice where its sandbox lingers), on a thread of the
  // warden client, possibly before the coroutine of its start() or clone() has resumed. Set it
  // before the first start(). Returns when no call of the handler before is under way, and no
  // coroutine is being resumed; not to be called by a handler.
  virtual void on_exit(std::function<void(Exit)> handler) = 0;
};

}  // namespace mayfly::sandbox
