#include "sandbox/function_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/confine.h"
#include "sandbox/descriptors.h"
#include "sandbox/files.h"
#include "sandbox/init_messages.h"

namespace mayfly::sandbox {
namespace {

using Done = std::expected<void, std::string>;

Done fail(const std::string& what) { return std::unexpected(error_text(what, errno)); }

// From real root, unmapped here, to the sandbox's user. The capabilities inside the user namespace
// stay, since no id 0 is mapped in it.
Done become_inside_user() {
  if (::setresgid(kInsideGid, kInsideGid, kInsideGid) != 0) return fail("taking the inside group");
  if (::setresuid(kInsideUid, kInsideUid, kInsideUid) != 0) return fail("taking the inside user");
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return {};
}

// A name without a slash is looked up in the PATH of the program's own environment: an image's
// ENTRYPOINT may be just "python".
std::string find_program(const SandboxSpec& spec) {
  constexpr std::string_view kPath = "PATH=";
  const std::string& name = spec.argv[0];
  if (name.find('/') != std::string::npos) return name;
  for (const std::string& variable : spec.env) {
    if (!variable.starts_with(kPath)) continue;
    // By hand: this file is part of zygotes too, without the rest of Mayfly.
    std::string_view folders = std::string_view(variable).substr(kPath.size());
    while (!folders.empty()) {
      const std::string folder(folders.substr(0, folders.find(':')));
      folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
      std::string found = (folder.empty() ? "." : folder) + "/" + name;
      if (::access(found.c_str(), X_OK) == 0) return found;
    }
  }
  return name;
}

}  // namespace

void join_group(int setup) {
  if (!send_message(setup, {.kind = InitKind::main_here})) ::_exit(126);
  auto answer = receive_message(setup);
  if (!answer || answer->first.kind != InitKind::go) ::_exit(126);
}

int place_ends(const GuestEnds& ends) {
  // Numbers first moved out of the way of each other, then into place.
  const int report = ::fcntl(ends.setup, F_DUPFD_CLOEXEC, 64);
  std::vector<int> moved = {::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  for (const int end : {ends.output, ends.output, ends.control, ends.clones})
    moved.push_back(::fcntl(end, F_DUPFD_CLOEXEC, 64));
  for (const int pipe : ends.pipes) moved.push_back(::fcntl(pipe, F_DUPFD_CLOEXEC, 64));
  for (int place = 0; place < static_cast<int>(moved.size()); ++place) {
    const int from = moved[static_cast<std::size_t>(place)];
    if (report < 0 || from < 0 || ::dup2(from, place) != place)
      give_up(ends.setup, error_text("placing descriptors", errno));
  }
  for (const int each : moved) {
    if (each >= static_cast<int>(moved.size())) ::close(each);
  }
  return report;
}

void confine(const SandboxSpec& spec, const HostSide& host, const SeccompFilters& filters,
             int report) {
  auto checked = [report](const Done& done) {
    if (!done) give_up(report, done.error());
  };
  if (host.power == Power::root) checked(become_inside_user());
  leave_key_rings();
  checked(set_resource_limits(spec.limits));
  if (::chdir(spec.working_folder.c_str()) != 0)
    give_up(report, error_text("entering " + spec.working_folder, errno));
  checked(drop_capabilities());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    give_up(report, error_text("no_new_privs", errno));
  confine_unix_sockets();
  auto listener = load_filters(filters);
  if (!listener) give_up(report, listener.error());
  const int attached[] = {listener->get()};
  if (!send_message(report, {.kind = InitKind::listener}, attached)) ::_exit(126);
}

void run_function_process(const SandboxPlan& plan) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number <= SIGRTMAX; ++number) ::signal(number, SIG_DFL);
  join_group(plan.guest.setup);
  const int report = place_ends(plan.guest);
  std::vector<int> kept = {3, 4, report};
  for (std::size_t pipe = 0; pipe < plan.guest.pipes.size(); ++pipe)
    kept.push_back(static_cast<int>(5 + pipe));
  close_all_but(std::move(kept));

  std::vector<char*> argv, env;
  for (const std::string& argument : plan.spec.argv)
    argv.push_back(const_cast<char*>(argument.c_str()));
  for (const std::string& entry : plan.spec.env) env.push_back(const_cast<char*>(entry.c_str()));
  argv.push_back(nullptr);
  env.push_back(nullptr);
  confine(plan.spec, plan.host, plan.filters, report);
  // A program that was just unpacked is "busy" for as long as a process that the daemon forked
  // meanwhile, to start something else, holds the descriptor that it was written through: until
  // that one's own exec, so for a moment only.
  const std::string program = find_program(plan.spec);
  int error = 0;
  for (int left = 50; left > 0; --left) {
    ::execve(program.c_str(), argv.data(), env.data());
    error = errno;
    if (error != ETXTBSY) break;
    ::usleep(10'000);
  }
  give_up(report, error_text("starting " + plan.spec.argv[0], error));
}

}  // namespace mayfly::sandbox
