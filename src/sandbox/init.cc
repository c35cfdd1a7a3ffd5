#include "sandbox/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <set>
#include <utility>

#include "sandbox/channel.h"
#include "sandbox/descriptors.h"
#include "sandbox/files.h"
#include "sandbox/function_process.h"
#include "sandbox/init_messages.h"
#include "sandbox/inside_network.h"

namespace mayfly::sandbox {
namespace {

using Done = std::expected<void, std::string>;

Done fail(const std::string& what) { return std::unexpected(error_text(what, errno)); }

Done write_id_map(const std::string& process, uid_t uid, gid_t gid) {
  const std::string user = std::to_string(kInsideUid) + " " + std::to_string(uid) + " 1";
  const std::string group = std::to_string(kInsideGid) + " " + std::to_string(gid) + " 1";
  const std::pair<const char*, std::string> files[] = {
      {"/setgroups", "deny"}, {"/uid_map", user}, {"/gid_map", group}};
  for (const auto& [name, text] : files) {
    const std::string file = "/proc/" + process + name;
    if (auto done = write_file(file, text); !done)
      return std::unexpected(error_text(file, done.error()));
  }
  return {};
}

// Where the machine itself runs out of memory, functions go before the daemon and everybody else;
// also where the daemon is protected, which they would inherit. Written with CAP_SYS_RESOURCE it is
// the least that they can have; else they can take it back, down to what the daemon has.
Done go_first_without_memory() {
  constexpr const char* kFile = "/proc/self/oom_score_adj";
  constexpr long kScore = 500;
  const long now = std::strtol(read_file(kFile).value_or("0").c_str(), nullptr, 10);
  if (now >= kScore) return {};  // a container may have more, and lowering it is refused
  if (auto done = write_file(kFile, std::to_string(kScore)); !done)
    return std::unexpected(error_text(kFile, done.error()));
  return {};
}

// An ordinary user maps itself, the only id it may. The files of a process that is not dumpable
// belong to root, so it is dumpable for this moment; sandboxed processes have the same user anyway
// where there is no root.
Done map_self(uid_t uid, gid_t gid) {
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  auto done = write_id_map("self", uid, gid);
  if (done) done = go_first_without_memory();
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return done;
}

// With real root's power the warden, outside, writes the map: no id inside is that of a real user
// of the machine.
Done ask_for_map(int channel) {
  if (!send_message(channel, {.kind = InitKind::map_me}))
    return std::unexpected("the warden is gone");
  auto answer = receive_message(channel);
  if (!answer || answer->first.kind != InitKind::mapped)
    return std::unexpected("the warden wrote no id map");
  return {};
}

// In effect only: namespaces made now belong to the sandbox's user, but its processes may not
// signal this one, for that goes by the real and the saved user.
Done act_as_inside_user() {
  // Not through the C library, which would look for the threads of a zygote that was forked.
  constexpr auto kAsItIs = static_cast<uid_t>(-1);
  if (::syscall(SYS_setresgid, kAsItIs, kInsideGid, kAsItIs) != 0)
    return fail("acting as the inside group");
  if (::syscall(SYS_setresuid, kAsItIs, kInsideUid, kAsItIs) != 0)
    return fail("acting as the inside user");
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return {};
}

void drain(int signals) {
  signalfd_siginfo info{};
  while (::read(signals, &info, sizeof info) > 0) {
  }
}

// Reaps children; tells the warden of those that it watches.
class Reaper {
 public:
  explicit Reaper(int channel) : channel_(channel) {}

  void watch(pid_t pid) {
    const auto known = std::ranges::find(recent_, pid, &InitMessage::value);
    if (known == recent_.end()) {
      watched_.insert(pid);
    } else {
      (void)send_message(channel_, *known);
      recent_.erase(known);
    }
  }

  // It has not been reaped, so its number is nobody else's.
  bool waits_for(pid_t pid) const { return watched_.contains(pid); }

  // False where nothing is left that could ever end.
  bool reap() {
    int status = 0;
    rusage used{};
    pid_t pid = 0;
    while ((pid = ::wait4(-1, &status, WNOHANG, &used)) > 0) {
      InitMessage message{.kind = InitKind::exited, .value = pid, .status = status};
      message.cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000 +
                       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
      message.peak_memory_bytes = used.ru_maxrss * 1024;
      if (watched_.erase(pid) > 0) {
        (void)send_message(channel_, message);
        continue;
      }
      // It may be a clone whose pid the warden is just about to name, and not only an orphan.
      recent_.push_back(message);
      if (recent_.size() > 64) recent_.pop_front();
    }
    return pid == 0 || errno != ECHILD;
  }

 private:
  int channel_;
  std::set<pid_t> watched_;
  std::deque<InitMessage> recent_;
};

// What a nest is made with.
struct NestPlan {
  const SandboxPlan& sandbox;
  int channel = -1;
  std::uint64_t tmp_bytes = 0;
  TemplateFiles files = TemplateFiles::now;
};

[[noreturn]] void run_nest_init(const NestPlan& nest, int mapped) {
  const SandboxPlan& plan = nest.sandbox;
  const int channel = nest.channel;
  close_all_but({channel, mapped});
  auto check = [channel](const Done& done) {
    if (!done) give_up(channel, done.error());
  };
  if (plan.host.power == Power::user) {
    check(map_self(kInsideUid, kInsideGid));
  } else {
    char token = 0;
    if (::read(mapped, &token, 1) != 1) ::_exit(126);
  }
  ::close(mapped);
  auto templates_tmp = renew_private_mounts(nest.tmp_bytes);
  if (!templates_tmp) give_up(channel, templates_tmp.error());
  const auto copy_files = [&] {
    check(copy_tmp(*templates_tmp));
    templates_tmp->reset();
  };
  if (nest.files == TemplateFiles::now) copy_files();
  std::vector<base::UniqueFd> attached;
  constexpr const char* kNamespaces[] = {"user", "mnt", "pid", "ipc", "uts", "net"};
  const bool isolated = plan.spec.network == Network::isolated;
  for (const char* name : kNamespaces) {
    if (!isolated && std::string_view(name) == "net") continue;
    const std::string path = std::string("/proc/self/ns/") + name;
    attached.emplace_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!attached.back()) give_up(channel, error_text(path, errno));
  }
  if (isolated) {
    check(bring_up_loopback());
    check(add_own_addresses(plan.spec));
    auto listeners = open_listeners(plan.spec);
    if (!listeners) give_up(channel, listeners.error());
    for (base::UniqueFd& listener : *listeners) attached.push_back(std::move(listener));
  }
  std::vector<int> numbers;
  for (const base::UniqueFd& fd : attached) numbers.push_back(fd.get());
  if (!send_message(channel, {.kind = InitKind::furnished}, numbers)) ::_exit(126);
  attached.clear();

  const base::UniqueFd signals = block_and_take_child_signals();
  for (;;) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (!wait_for_word(channel, signals.get())) continue;
    auto message = receive_message(channel);
    if (!message || message->first.kind != InitKind::complete) ::_exit(0);  // the warden lets go
    copy_files();
    if (!send_message(channel, {.kind = InitKind::completed})) ::_exit(126);
  }
}

// Real root's way to a nest. Its user namespace has to be owned by the sandbox's user, for that is
// what lets a stand-by enter it; so a helper takes that user and makes it. It borrows this
// process's memory until it ends: that of a zygote takes long to copy, and the nest's init needs a
// copy anyway. The map is written by this process, which still may.
std::expected<Child, std::string> make_nest_as_inside_user(const NestPlan& plan) {
  auto told = make_channel();
  auto mapped = make_channel();
  if (!told || !mapped) return std::unexpected("no descriptors left");
  const pid_t helper = ::vfork();
  if (helper < 0) return std::unexpected(error_text("vfork", errno));
  if (helper == 0) {
    if (auto done = act_as_inside_user(); !done) give_up(told->second.get(), done.error());
    auto child = clone_with(namespaces_of(plan.sandbox.spec.network, Power::user));
    if (!child)
      give_up(told->second.get(), error_text("making namespaces for a clone", child.error()));
    if (child->pid == 0) run_nest_init(plan, mapped->second.get());
    const int handle[] = {child->handle.get()};
    (void)send_message(told->second.get(), {.kind = InitKind::prepared, .value = child->pid},
                       handle);
    ::_exit(0);
  }
  told->second.reset();
  mapped->second.reset();
  auto answer = receive_message(told->first.get());
  while (::waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!answer) return std::unexpected("the helper that makes namespaces ended");
  if (answer->first.kind != InitKind::prepared)
    return std::unexpected(std::string(answer->first.text));
  Child child{answer->first.value, {}};
  if (!answer->second.fds.empty()) child.handle = std::move(answer->second.fds[0]);
  if (auto done = write_id_map(std::to_string(child.pid), kInsideUid, kInsideGid); !done) {
    return std::unexpected(done.error());  // it reads the end of `mapped` and exits
  }
  (void)send_packet(mapped->first.get(), "m", {}, Wait::yes);
  return child;
}

std::expected<Child, std::string> make_nest_as_is(const NestPlan& plan) {
  auto child = clone_with(namespaces_of(plan.sandbox.spec.network, Power::user));
  if (!child) return std::unexpected(error_text("making namespaces for a clone", child.error()));
  if (child->pid == 0) run_nest_init(plan, -1);
  return std::move(*child);
}

void make_nest(const SandboxPlan& plan, Reaper& reaper, const InitMessage& order,
               const Packet& packet) {
  if (packet.fds.empty()) return;
  const int channel = packet.fds[0].get();
  const NestPlan nest{plan, channel, order.bytes, static_cast<TemplateFiles>(order.status)};
  auto child =
      plan.host.power == Power::root ? make_nest_as_inside_user(nest) : make_nest_as_is(nest);
  if (!child) {
    InitMessage message{.kind = InitKind::failed};
    std::strncpy(message.text, child.error().c_str(), sizeof message.text - 1);
    (void)send_message(channel, message);
    return;
  }
  reaper.watch(child->pid);
  const int handle[] = {child->handle.get()};
  (void)send_message(plan.channel,
                     {.kind = InitKind::prepared, .value = child->pid, .status = order.value},
                     handle);
}

}  // namespace

std::expected<Child, int> clone_with(unsigned long namespaces) {
  int handle = -1;
  const long pid =
      ::syscall(SYS_clone, namespaces | CLONE_PIDFD | SIGCHLD, nullptr, &handle, nullptr, nullptr);
  if (pid < 0) return std::unexpected(errno);
  return Child{static_cast<pid_t>(pid), base::UniqueFd{pid == 0 ? -1 : handle}};
}

unsigned long namespaces_of(Network network, Power power) {
  unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (power == Power::user) flags |= CLONE_NEWUSER;
  if (network == Network::isolated) flags |= CLONE_NEWNET;
  return flags;
}

base::UniqueFd block_and_take_child_signals() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  return base::UniqueFd{::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK)};
}

bool wait_for_word(int channel, int signals) {
  pollfd both[] = {{channel, POLLIN, 0}, {signals, POLLIN, 0}};
  while (::poll(both, 2, -1) < 0 && errno == EINTR) {
  }
  if (both[1].revents != 0) drain(signals);
  return both[0].revents != 0;
}

std::expected<void, std::string> furnish_sandbox(const HostSide& host, Network network,
                                                 const std::string& image_folder) {
  if (host.power == Power::root) {
    if (auto done = go_first_without_memory(); !done) return done;
  } else {
    if (auto done = map_self(host.uid, host.gid); !done) return done;
  }
  if (auto done = begin_root(host, image_folder); !done) return done;
  if (::sethostname("sandbox", 7) != 0) return fail("naming the sandbox");
  if (network == Network::isolated) {
    if (auto done = bring_up_loopback(); !done) return done;
  }
  // A sandbox does not outlive its warden.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  return {};
}

std::expected<std::vector<base::UniqueFd>, std::string> complete_sandbox(const HostSide& host,
                                                                         const SandboxSpec& spec,
                                                                         int channel) {
  if (auto done = finish_root(host, spec); !done) return std::unexpected(done.error());
  const bool isolated = spec.network == Network::isolated;
  std::vector<base::UniqueFd> sockets;
  if (isolated) {
    if (auto done = add_own_addresses(spec); !done) return std::unexpected(done.error());
    // While there is the power to take ports below 1024.
    auto opened = open_listeners(spec);
    if (!opened) return std::unexpected(opened.error());
    sockets = std::move(*opened);
  }
  // With real root's power everything above is owned by the machine's own user namespace: nothing
  // inside can ever have a capability over these mounts and this network. Only then is the power
  // given up. This process stays real root's by number, but holds capabilities inside its user
  // namespace only; so the sandbox's user cannot signal it, and it can write the id maps of nests,
  // whose files belong to root.
  if (host.power == Power::root) {
    if (auto done = leave_groups(); !done) return std::unexpected(done.error());
    if (::unshare(CLONE_NEWUSER) != 0)
      return std::unexpected(error_text("making a user namespace", errno));
    if (auto done = ask_for_map(channel); !done) return std::unexpected(done.error());
  }
  // Both are forgotten with the rights.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (isolated && spec.inside_socket) {
    sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!sockets.back()) return std::unexpected(error_text("a socket inside", errno));
  }
  return sockets;
}

std::expected<void, std::string> leave_groups() {
  // Not through the C library, which would look for the threads of a zygote that was forked.
  if (::syscall(SYS_setgroups, 0, nullptr) != 0) return fail("leaving groups");
  return {};
}

void serve_sandbox(const SandboxPlan& plan, pid_t main, std::vector<base::UniqueFd> sockets,
                   base::UniqueFd signals) {
  std::vector<int> numbers;
  for (const base::UniqueFd& each : sockets) numbers.push_back(each.get());
  if (!send_message(plan.channel, {.kind = InitKind::started, .value = main}, numbers))
    ::_exit(126);
  sockets.clear();
  Reaper reaper{plan.channel};
  reaper.watch(main);
  for (;;) {
    if (!reaper.reap() && plan.spec.lingers) ::_exit(0);
    if (!wait_for_word(plan.channel, signals.get())) continue;
    auto message = receive_message(plan.channel);
    if (!message) ::_exit(0);  // the warden has let go: the sandbox ends with its init
    if (message->first.kind == InitKind::prepare)
      make_nest(plan, reaper, message->first, message->second);
    if (message->first.kind == InitKind::watch) reaper.watch(message->first.value);
    if (message->first.kind == InitKind::terminate && reaper.waits_for(main)) ::kill(main, SIGTERM);
  }
}

void run_sandbox_init(const SandboxPlan& plan) {
  std::vector<int> guests = {plan.guest.setup, plan.guest.control, plan.guest.output,
                             plan.guest.clones};
  guests.insert(guests.end(), plan.guest.pipes.begin(), plan.guest.pipes.end());
  std::vector<int> needed = guests;
  needed.push_back(plan.channel);
  close_all_but(std::move(needed));
  ::prctl(PR_SET_NAME, kInitName, 0, 0, 0);
  const auto check = [&plan](const Done& done) {
    if (!done) give_up(plan.channel, done.error());
  };
  check(furnish_sandbox(plan.host, plan.spec.network, plan.spec.image_folder));
  auto sockets = complete_sandbox(plan.host, plan.spec, plan.channel);
  if (!sockets) give_up(plan.channel, sockets.error());
  base::UniqueFd signals = block_and_take_child_signals();
  const pid_t main = ::fork();
  if (main < 0) give_up(plan.channel, error_text("fork", errno));
  if (main == 0) run_function_process(plan);
  for (const int fd : guests) ::close(fd);
  serve_sandbox(plan, main, std::move(*sockets), std::move(signals));
}

}  // namespace mayfly::sandbox
