#include "app/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "admin/parent.h"
#include "app/platform.h"
#include "base/log.h"
#include "http/egress_rules.h"
#include "sandbox/warden.h"

// Of jemalloc; null where the program was linked without it.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                       std::size_t new_size) __attribute__((weak));

namespace mayfly::app {
namespace {

constexpr std::chrono::seconds kGrace{20};
constexpr std::chrono::seconds kBranchGrace{1};

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

// What makes the options unsafe or impossible, as a sentence; empty where they are good.
std::string objection(const cli::ServeOptions& options) {
  if (!is_loopback(options.address) && options.profile != cli::Profile::secured) {
    return fmt::format(
        "Not listening on {}: the development profile accepts any credentials, so whoever reaches "
        "this address could run code "
        "here. Listen on 127.0.0.1, or use --profile secured.",
        options.address);
  }
  for (const std::string& origin : options.allow_origins) {
    const std::size_t mark = origin.find("://");
    if (origin == "*" || (mark != std::string::npos && mark > 0 && mark + 3 < origin.size() &&
                          origin.find('/', mark + 3) == std::string::npos)) {
      continue;
    }
    return fmt::format(
        "--allow-origin: {} is no origin; write it as browsers do, without a path: "
        "https://shop.example or http://192.168.1.5:3000.",
        origin);
  }
  if (const auto rules = http::EgressRules::parse(options.egress_allow); !rules) {
    return fmt::format("--egress-allow: {}", rules.error());
  } else if (!rules->empty() && options.network == cli::Network::host) {
    return "--egress-allow needs --network isolated: on this machine's own network functions reach "
           "every host.";
  }
  if (options.large_tmp == cli::Storage::disk) {
    if (const std::string why = sandbox::why_no_disk_tmp(); !why.empty())
      return "--large-tmp disk is not possible here: " + why;
  }
  if (options.data_dir.empty()) return "No data folder: say where with --data-dir DIR.";
  return {};
}

// Where the guest side of the runtimes is: beside the binary (a build folder), or installed.
std::string find_runtimes() {
  std::error_code error;
  const std::filesystem::path binary = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const std::filesystem::path& candidate :
       {binary.parent_path() / "runtimes", binary.parent_path() / "../lib/mayfly/runtimes"}) {
    if (std::filesystem::is_directory(candidate, error))
      return std::filesystem::weakly_canonical(candidate).string();
  }
  return {};
}

// Each environment holds a few descriptors; the usual soft limit of 1,024 ends the scaling long
// before memory does.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Isolation without which the secured profile runs nobody's code.
std::string missing_isolation(const cli::ServeOptions& options, const sandbox::Warden& warden) {
  std::set<std::string_view> needed{"own user for each function",
                                    "user namespace",
                                    "mount namespace",
                                    "pid namespace",
                                    "ipc namespace",
                                    "memory limit",
                                    "process limit",
                                    "seccomp"};
  if (options.network == cli::Network::isolated) needed.insert("network namespace");
  std::string missing;
  for (const sandbox::Feature& feature : warden.report()) {
    if (!feature.in_force && needed.contains(feature.name)) {
      missing += fmt::format("\n  {}: {}", feature.name, feature.detail);
    }
  }
  return missing;
}

void print_banner(const cli::ServeOptions& options, const Platform& platform,
                  const sandbox::Warden& warden, std::chrono::steady_clock::duration took) {
  const auto line = [](std::string_view name, std::string_view text) {
    fmt::print("  {:<11} {}\n", name, text);
  };
  fmt::print("Mayfly {} is ready ({} ms)\n", MAYFLY_VERSION,
             std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  line("endpoint", fmt::format("http://{}:{}", options.address, platform.port()));
  line("data",
       options.data_dir +
           (options.durability == cli::Durability::relaxed
                ? "  (relaxed: an acknowledged write survives this process, not a power cut)"
                : ""));
  line("profile", options.profile == cli::Profile::secured
                      ? "secured (only known keys with right signatures)"
                      : "development (any credentials are accepted)");
  line("network",
       options.network == cli::Network::isolated
           ? options.egress_allow.empty()
                 ? "isolated (functions reach this endpoint and nothing else)"
                 : fmt::format("isolated (functions reach this endpoint and {})",
                               options.egress_allow)
           : "host (functions share this machine's network; --network isolated cuts them off)");
  std::set<std::string> names;  // an interpreter may be there twice
  for (const engine::RuntimeInfo& runtime : platform.runtimes()) {
    if (runtime.lacks.empty()) names.insert(runtime.name);
  }
  const std::string runtimes = fmt::format("{}", fmt::join(names, ", "));
  line("runtimes",
       runtimes.empty() ? "custom runtimes only: no Python or Node.js was found" : runtimes);
  std::string in_force;
  for (const sandbox::Feature& feature : warden.report()) {
    if (feature.in_force) in_force += (in_force.empty() ? "" : ", ") + feature.name;
  }
  line("isolation", in_force.empty() ? "NONE" : in_force);
  for (const sandbox::Feature& feature : warden.report()) {
    if (!feature.in_force) line("  missing", feature.name + ": " + feature.detail);
  }
  std::fflush(stdout);
}

// jemalloc gives memory back only while others allocate, unless a thread of its own does it. After
// the warden, which must be forked before any thread.
void return_memory_in_background() {
  if (mallctl == nullptr) return;
  std::size_t most = 1;
  bool on = true;
  (void)mallctl("max_background_threads", nullptr, nullptr, &most, sizeof most);
  (void)mallctl("background_thread", nullptr, nullptr, &on, sizeof on);
}

int run(const cli::ServeOptions& options, const sigset_t& stop_signals) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string runtimes = find_runtimes();
  if (runtimes.empty()) {
    fmt::print(stderr,
               "mayfly: the folder `runtimes` that belongs beside this program is missing; build "
               "it with ./dev build.\n");
    return 2;
  }
  std::filesystem::create_directories(options.data_dir);
  // Item data and secrets are in it.
  std::filesystem::permissions(options.data_dir, std::filesystem::perms::owner_all);
  raise_descriptor_limit();
  if (options.parent_fd >= 0) ::fcntl(options.parent_fd, F_SETFD, FD_CLOEXEC);
  // Before the first thread: a forked copy of a threaded process could not be trusted with
  // anything.
  std::unique_ptr<sandbox::Warden> warden = sandbox::Warden::launch(
      {.data_folder = std::filesystem::absolute(options.data_dir).string(),
       .hosts = http::EgressRules::parse(options.egress_allow)->direct().hosts,
       .moves = options.favor_dynmods ? sandbox::Moves::quick : sandbox::Moves::usual});
  return_memory_in_background();
  if (options.profile == cli::Profile::secured) {
    if (std::string missing = missing_isolation(options, *warden); !missing.empty()) {
      fmt::print(stderr,
                 "mayfly: not starting: the secured profile needs isolation that this machine or "
                 "user cannot give:{}\n",
                 missing);
      return 2;
    }
  }
  {
    Platform platform(options, *warden, runtimes);
    platform.start();
    print_banner(options, platform, *warden, std::chrono::steady_clock::now() - begin);
    std::optional<admin::ParentWatch> parent;
    if (options.parent_fd >= 0) {
      parent.emplace(options.parent_fd);
      parent->announce(fmt::format("http://{}:{}", options.address, platform.port()));
    }
    int signal = 0;
    sigwait(&stop_signals, &signal);
    base::log_info("{}: ending; requests under way have {} s",
                   signal == SIGINT ? "interrupted" : "asked to end", kGrace.count());
    // Nobody waits for what a branch still does.
    platform.stop(parent ? kBranchGrace : kGrace);
  }
  return 0;
}

}  // namespace

int serve(const cli::ServeOptions& options) {
  if (std::string why = objection(options); !why.empty()) {
    fmt::print(stderr, "mayfly: {}\n", why);
    return 2;
  }
  base::set_log_level(options.log_level);
  // Blocked in every thread, so that sigwait() gets them; a peer that went away is an error of its
  // write.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(options, stop_signals);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mayfly: cannot start: {}\n", error.what());
    return 2;
  }
}

}  // namespace mayfly::app
