#include "admin/branches.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "admin/copy.h"
#include "admin/errors.h"
#include "admin/parent.h"
#include "base/log.h"

namespace mayfly::admin {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::size_t kMaxBranches = 64;
constexpr milliseconds kStartPatience{30'000};
constexpr milliseconds kEndPatience{5'000};

bool good_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string tail_of(const fs::path& log) {
  constexpr std::streamoff kTail = 1000;
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  return {std::istreambuf_iterator<char>(file), {}};
}

// True where it ended within that time.
bool wait_for_end(pid_t pid, milliseconds patience) {
  const base::UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd waiting{.fd = handle.get(), .events = POLLIN, .revents = 0};
  return handle && ::poll(&waiting, 1, static_cast<int>(patience.count())) == 1;
}

// Starts the program with nothing of ours but one end of a socket; 0, or why not.
int spawn(pid_t& pid, const std::vector<std::string>& command, const fs::path& log, int life) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&files, life, kParentFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // The parent's threads have their signals blocked, and a child would inherit that. A group of its
  // own: an interrupt at the terminal is for the parent.
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  const int failed =
      ::posix_spawn(&pid, command[0].c_str(), &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return failed;
}

// The line that a child writes once it answers; empty where it ended or was too slow.
std::string read_announcement(int life) {
  std::string line;
  pollfd waiting{.fd = life, .events = POLLIN, .revents = 0};
  while (!line.ends_with('\n')) {
    char block[256];
    if (::poll(&waiting, 1, static_cast<int>(kStartPatience.count())) <= 0) return "";
    const ssize_t count = ::read(life, block, sizeof(block));
    if (count <= 0) return "";
    line.append(block, static_cast<std::size_t>(count));
  }
  line.pop_back();
  return line;
}

}  // namespace

Branches::Branches(store::Checkpointable& store, BranchOptions options, const base::Clock& clock,
                   base::Ids& ids)
    : store_(store),
      options_(std::move(options)),
      folder_(options_.data_folder / "branches"),
      clock_(clock),
      ids_(ids) {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Branches::~Branches() {
  worker_.stop();
  for (auto& [name, child] : children_) child.life.reset();  // all at the same time
  for (auto& [name, child] : children_) end(child);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

base::Task<wire::Result<Branch>> Branches::create(std::string name) {
  return worker_.run([this, name = std::move(name)] { return create_now(name); });
}

wire::Result<Branch> Branches::create_now(std::string name) {
  if (name.empty()) name = "branch-" + ids_.text(6, base::kLowerAlphanumeric);
  if (!good_name(name)) {
    return wire::fail(wire::kValidation, "A branch's name has 1 to 64 letters, digits, - and _.");
  }
  if (children_.contains(name)) {
    return wire::fail(kExists, fmt::format("There is a branch {} already.", name));
  }
  if (children_.size() >= kMaxBranches) {
    return wire::fail(kTooMany, fmt::format("There are {} branches; delete one.", kMaxBranches));
  }
  const base::MonotonicTime begin = clock_.monotonic();
  const auto since = [&] {
    return std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic() - begin);
  };
  auto copied = copy_installation(store_, options_.data_folder, folder_of(name));
  if (!copied) return store_failed(std::move(copied).error());
  Child child;
  child.branch = {.name = name, .endpoint = "", .created = clock_.now(), .copied = since()};
  if (auto started = start(child); !started) {
    std::error_code ignored;
    fs::remove_all(folder_of(name), ignored);
    return std::unexpected(std::move(started).error());
  }
  child.branch.ready = since();
  return children_.emplace(name, std::move(child)).first->second.branch;
}

wire::Result<void> Branches::start(Child& child) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return wire::fail(wire::kInternalFailure,
                      fmt::format("no socket for the branch: {}", std::strerror(errno)));
  }
  child.life.reset(ends[0]);
  base::UniqueFd theirs(ends[1]);
  const fs::path folder = folder_of(child.branch.name);
  std::vector<std::string> command{
      options_.program, "serve",         "--listen",    options_.address + ":0",
      "--data-dir",     folder.string(), "--parent-fd", std::to_string(kParentFd)};
  command.insert(command.end(), options_.arguments.begin(), options_.arguments.end());
  if (const int failed = spawn(child.pid, command, folder / "log", theirs.get()); failed != 0) {
    return wire::fail(wire::kInternalFailure,
                      fmt::format("cannot start {}: {}", options_.program, std::strerror(failed)));
  }
  theirs.reset();  // so that its end is seen here
  child.branch.endpoint = read_announcement(child.life.get());
  if (!child.branch.endpoint.empty()) return {};
  const std::string log = tail_of(folder / "log");
  end(child);
  return wire::fail(wire::kInternalFailure, "The branch did not start: " + log);
}

void Branches::end(Child& child) {
  child.life.reset();  // which asks it to end
  if (!wait_for_end(child.pid, kEndPatience)) {
    base::log_warn("branch {} does not end and is killed", child.branch.name);
    ::kill(child.pid, SIGKILL);
  }
  while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

base::Task<std::vector<Branch>> Branches::list() {
  return worker_.run([this] {
    std::vector<Branch> branches;
    for (auto& [name, child] : children_) {
      child.branch.alive = !wait_for_end(child.pid, milliseconds{0});
      branches.push_back(child.branch);
    }
    return branches;
  });
}

base::Task<wire::Result<void>> Branches::remove(std::string name) {
  return worker_.run([this, name = std::move(name)]() -> wire::Result<void> {
    const auto found = children_.find(name);
    if (found == children_.end()) {
      return wire::fail(kNotFound, fmt::format("There is no branch {}.", name.substr(0, 64)));
    }
    end(found->second);
    children_.erase(found);
    std::error_code error;
    fs::remove_all(folder_of(name), error);
    if (error) base::log_warn("files of branch {} stay: {}", name, error.message());
    return {};
  });
}

}  // namespace mayfly::admin
