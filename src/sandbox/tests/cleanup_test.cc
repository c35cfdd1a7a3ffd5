// What is left when sandboxes, the daemon, or the daemon and the warden end: nothing.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <set>

#include "base/strings.h"
#include "sandbox/files.h"
#include "sandbox/tests/python_guest.h"

namespace mayfly::sandbox {
namespace {

namespace fs = std::filesystem;

// Empty where it is not there, or no longer: processes end while /proc is read.
std::string text_of(const fs::path& path) { return read_file(path).value_or(""); }

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir("/proc"), ::closedir};
  while (const dirent* entry = ::readdir(folder.get())) {
    if (const auto pid = base::parse_int(entry->d_name)) pids.push_back(static_cast<pid_t>(*pid));
  }
  return pids;
}

std::set<pid_t> processes_with(const std::string& marker) {
  std::set<pid_t> pids;
  for (pid_t pid : all_processes()) {
    if (text_of("/proc/" + std::to_string(pid) + "/cmdline").find(marker) != std::string::npos) {
      pids.insert(pid);
    }
  }
  return pids;
}

// The warden and, below it, every init.
std::set<pid_t> descendants_of(pid_t root) {
  std::map<pid_t, pid_t> parents;
  for (pid_t pid : all_processes()) {
    const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end = stat.rfind(')');
    if (end != std::string::npos) parents[pid] = std::atoi(stat.c_str() + end + 4);
  }
  std::set<pid_t> found{root};
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& [pid, parent] : parents)
      grew = (found.contains(parent) && found.insert(pid).second) || grew;
  }
  found.erase(root);
  return found;
}

// The warden's children but for the helper that keeps its groups.
std::set<pid_t> sandboxes_of(pid_t warden) {
  auto pids = descendants_of(warden);
  std::erase_if(pids, [](pid_t pid) {
    return text_of("/proc/" + std::to_string(pid) + "/comm") == "mayfly-groups\n";
  });
  return pids;
}

pid_t warden_of(pid_t daemon) {
  for (pid_t pid : descendants_of(daemon)) {
    if (text_of("/proc/" + std::to_string(pid) + "/comm") == "mayfly-warden\n") return pid;
  }
  return -1;
}

// Its folder in every mounted hierarchy: at the top, or below the group that the daemon is in.
std::vector<std::string> groups_of(pid_t warden) {
  std::vector<std::string> found;
  const std::string name = "/mayfly-" + std::to_string(warden);
  for (std::string_view line : base::split(text_of("/proc/self/cgroup"), '\n')) {
    const auto parts = base::split(line, ':');
    if (parts.size() != 3) continue;
    for (const char* kind :
         {"", "/unified", "/memory", "/pids", "/cpu", "/cpuacct", "/cpu,cpuacct"}) {
      for (const std::string& below : {std::string(), std::string(parts[2])}) {
        const std::string path = "/sys/fs/cgroup" + std::string(kind) + below + name;
        if (fs::exists(path)) found.push_back(path);
      }
    }
  }
  return found;
}

struct Held {
  std::vector<base::UniqueFd> handles;
  explicit Held(const std::set<pid_t>& pids) {
    for (pid_t pid : pids)
      handles.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  // True where all have ended within the tests' patience.
  bool all_end() const {
    for (const base::UniqueFd& each : handles) {
      pollfd wait{each.get(), POLLIN, 0};
      if (each && ::poll(&wait, 1, kPatienceMs) != 1) return false;
    }
    return true;
  }
};

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MAYFLY_THREAD_SANITIZER
#endif
#endif

class Cleanup : public PythonTest {
 protected:
  void SetUp() override {
    PythonTest::SetUp();
#ifdef MAYFLY_THREAD_SANITIZER
    // Its own thread makes each process one of two threads, which has no user namespaces, and forks
    // of which may start no threads.
    GTEST_SKIP() << "daemons in forks do not work under ThreadSanitizer";
#endif
  }
  // A daemon of its own in a child process, with a template, a clone, and a shell with children. It
  // says when it is up.
  pid_t run_daemon(const std::string& folder, const std::string& marker) {
    int up[2];
    EXPECT_EQ(::pipe2(up, O_CLOEXEC), 0);
    const pid_t daemon = ::fork();
    if (daemon == 0) {
      auto warden = Warden::launch({folder});
      SandboxSpec guest = spec();
      guest.argv.push_back(marker);
      auto parent = base::sync_wait(warden->start(guest));
      if (!parent) ::_exit(1);
      read_frame(parent->control.get());
      write_frame(parent->control.get(), 'w', "");
      auto child = base::sync_wait(warden->clone(parent->id, "child", Limits{}));
      if (!child) ::_exit(2);
      read_frame(child->control.get());
      SandboxSpec sleeper = shell("sleep 1000 & setsid sleep 1000 & exec sleep 1000");
      sleeper.argv.push_back(marker);
      auto other = base::sync_wait(warden->start(sleeper));
      if (!other || ::write(up[1], "u", 1) != 1) ::_exit(3);
      for (;;) ::pause();
    }
    ::close(up[1]);
    char byte = 0;
    EXPECT_EQ(::read(up[0], &byte, 1), 1) << "the daemon did not come up";
    ::close(up[0]);
    return daemon;
  }
};

TEST_F(Cleanup, ManyStartsAndClonesLeakNothing) {
  const pid_t warden = warden_of(::getpid());
  ASSERT_GT(warden, 0);
  const std::string folder = "/proc/" + std::to_string(warden);
  auto count = [](const fs::path& path) {
    return std::distance(fs::directory_iterator(path), fs::directory_iterator());
  };
  auto once = [this] {
    auto parent = start(spec());
    ASSERT_TRUE(parent);
    parent->wait_for_clones();
    auto child = clone(*parent);
    ASSERT_TRUE(child);
    warden_->kill(parent->id());
    ASSERT_TRUE(warden_.exit_of(parent->id()));
    warden_->kill(child->id());
    ASSERT_TRUE(warden_.exit_of(child->id()));
    SandboxSpec refused = shell("");
    refused.argv = {"/no/such/program"};
    EXPECT_FALSE(warden_.start(refused));
  };
  once();
  EXPECT_TRUE(Held(sandboxes_of(warden)).all_end());
  warden_->report();
  warden_->report();
  const auto mounts = text_of(folder + "/mountinfo");
  const auto warden_fds = ::geteuid() == 0 ? count(folder + "/fd") : 0;
  const auto own_fds = count("/proc/self/fd");
  for (int round = 0; round < 10; ++round) once();
  // The inits end just after the last exit was told; by the second answer the warden has noticed.
  EXPECT_TRUE(Held(sandboxes_of(warden)).all_end());
  warden_->report();
  warden_->report();
  EXPECT_EQ(text_of(folder + "/mountinfo"), mounts);
  if (::geteuid() == 0) EXPECT_EQ(count(folder + "/fd"), warden_fds);
  EXPECT_EQ(count("/proc/self/fd"), own_fds);
  EXPECT_TRUE(sandboxes_of(warden).empty());
  if (in_force(*warden_, "usage accounting")) EXPECT_FALSE(groups_of(warden).empty());
  warden_.stop();
  EXPECT_TRUE(groups_of(warden).empty());
}

TEST_F(Cleanup, AKilledDaemonTakesEverythingWithIt) {
  const std::string folder = make_folder("killed");
  const std::string marker = "killed-" + std::to_string(::getpid());
  const pid_t daemon = run_daemon(folder, marker);
  const pid_t warden = warden_of(daemon);
  ASSERT_GT(warden, 0);
  auto all = descendants_of(daemon);
  all.merge(processes_with(marker));
  EXPECT_GE(all.size(),
            6U);  // the warden, two inits, a nest, the template, its clone, the sleepers
  const Held held{all};
  ASSERT_EQ(::kill(daemon, SIGKILL), 0);
  ASSERT_EQ(::waitpid(daemon, nullptr, 0), daemon);
  EXPECT_TRUE(held.all_end());
  EXPECT_TRUE(processes_with(marker).empty());
  EXPECT_TRUE(groups_of(warden).empty());
  fs::remove_all(folder);
}

TEST_F(Cleanup, TheNextWardenRemovesWhatAKilledPairLeftBehind) {
  const std::string folder = make_folder("killed");
  const std::string marker = "pair-" + std::to_string(::getpid());
  const pid_t daemon = run_daemon(folder, marker);
  const pid_t warden = warden_of(daemon);
  ASSERT_GT(warden, 0);
  auto all = descendants_of(daemon);
  all.merge(processes_with(marker));
  const Held held{all};
  ASSERT_EQ(::kill(warden, SIGKILL), 0);
  ASSERT_EQ(::kill(daemon, SIGKILL), 0);
  ASSERT_EQ(::waitpid(daemon, nullptr, 0), daemon);
  // Every init dies with its warden, and with it all in its pid namespace.
  EXPECT_TRUE(held.all_end());
  EXPECT_TRUE(processes_with(marker).empty());
  {
    auto next = Warden::launch({folder});
    for (int round = 0; round < 1000 && !groups_of(warden).empty(); ++round) next->report();
    EXPECT_TRUE(groups_of(warden).empty());
  }
  fs::remove_all(folder);
}

TEST_F(Cleanup, AWardenThatDiesIsToldToThoseWhoWaitAndToTheExitHandler) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  const pid_t warden = warden_of(::getpid());
  ASSERT_GT(warden, 0);
  ASSERT_EQ(::kill(warden, SIGKILL), 0);
  auto exit = warden_.exit_of(guest->id());
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  auto refused = warden_.start(spec());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("warden"), std::string::npos);
  EXPECT_EQ(warden_->report().size(), 1U);
  const std::string folder = warden_.folder();
  warden_.stop();
  auto next = Warden::launch({folder});  // removes what the killed one left
  for (int round = 0; round < 1000 && !groups_of(warden).empty(); ++round) next->report();
  EXPECT_TRUE(groups_of(warden).empty());
}

TEST_F(Cleanup, AnOrdinaryUserHasSandboxesToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "this is the ordinary user's run";
  if (!fs::exists("/usr/bin/setpriv")) GTEST_SKIP() << "no setpriv";
  const std::string self = fs::read_symlink("/proc/self/exe");
  const std::string as_user = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
  if (::system((as_user + "test -x " + self).c_str()) != 0) {
    GTEST_SKIP() << "an ordinary user cannot reach " << self << ": check out where others may read";
  }
  const std::string filter = "Warden.*:Clone.*:Isolation.*:Cleanup.*";
  const std::string command =
      as_user + self + " --gtest_brief=1 --gtest_filter='" + filter + "' 2>&1";
  FILE* pipe = ::popen(command.c_str(), "re");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  char part[4096];
  while (std::fgets(part, sizeof part, pipe) != nullptr) output += part;
  const int status = ::pclose(pipe);
  if (output.find("cannot start sandboxes") != std::string::npos) {
    GTEST_SKIP() << "ordinary users cannot make user namespaces here:\n" << output;
  }
  EXPECT_EQ(status, 0) << output;
}

}  // namespace
}  // namespace mayfly::sandbox
