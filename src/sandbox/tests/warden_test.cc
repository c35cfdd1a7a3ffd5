// Starting, watching, limiting and ending processes, through the public surface.
#include "sandbox/warden.h"

#include <array>
#include <fstream>

#include "base/strings.h"
#include "sandbox/tests/support.h"

namespace mayfly::sandbox {
namespace {

struct Ran {
  std::string output;
  Exit exit;
};

Ran run(TestWarden& warden, SandboxSpec spec) {
  auto started = warden.start(std::move(spec));
  if (!started) {
    ADD_FAILURE() << started.error().message;
    return {};
  }
  std::string output = read_all(started->output.get());
  auto exit = warden.exit_of(started->id);
  if (!exit) ADD_FAILURE() << "no exit was told; output: " << output;
  return {std::move(output), exit.value_or(Exit{})};
}

TEST(Warden, StartsAProgramAndTellsItsOutputAndExit) {
  TestWarden warden;
  const Ran ran = run(warden, shell("echo hello; echo error >&2; exit 3"));
  EXPECT_EQ(ran.output, "hello\nerror\n");
  EXPECT_EQ(ran.exit.status, 3);
  EXPECT_EQ(ran.exit.signal, 0);
  EXPECT_FALSE(ran.exit.out_of_memory);
}

TEST(Warden, TellsTheSignalThatEndedAProgram) {
  TestWarden warden;
  EXPECT_EQ(run(warden, shell("kill -TERM $$")).exit.signal, SIGTERM);
  EXPECT_EQ(run(warden, shell("kill -KILL $$")).exit.signal, SIGKILL);
  EXPECT_EQ(run(warden, shell("kill -ABRT $$")).exit.signal, SIGABRT);
}

TEST(Warden, RefusesAProgramThatIsNotThere) {
  TestWarden warden;
  SandboxSpec spec = shell("");
  spec.argv = {"/no/such/program"};
  auto started = warden.start(spec);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("/no/such/program"), std::string::npos)
      << started.error().message;
  EXPECT_NE(started.error().message.find("No such file"), std::string::npos)
      << started.error().message;
}

TEST(Warden, RefusesAFolderThatIsNotThereAndBadRequests) {
  TestWarden warden;
  SandboxSpec missing = shell("true");
  missing.code_folder = "/no/such/folder";
  EXPECT_FALSE(warden.start(missing));
  SandboxSpec escaping = shell("true");
  escaping.binds = {{"/usr", "/../../etc"}};
  EXPECT_FALSE(warden.start(escaping));
  SandboxSpec unnamed = shell("true");
  unnamed.name = "../x";
  EXPECT_FALSE(warden.start(unnamed));
  SandboxSpec odd = shell("true");
  odd.env = {"NOVALUE"};
  EXPECT_FALSE(warden.start(odd));
  EXPECT_FALSE(warden.clone(12345));
}

TEST(Warden, ControlIsDescriptorThree) {
  TestWarden warden;
  auto started = warden.start(shell("read line <&3; echo \"got $line\" >&3"));
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_EQ(::send(started->control.get(), "word\n", 5, MSG_NOSIGNAL), 5);
  EXPECT_EQ(read_all(started->control.get()), "got word\n");
}

TEST(Warden, KillEndsTheWholeTreeAndTellsIt) {
  TestWarden warden;
  auto started = warden.start(shell("sleep 1000 & sleep 1000 & echo up; wait"));
  ASSERT_TRUE(started) << started.error().message;
  char up[3];
  pollfd wait{started->output.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, kPatienceMs), 1);
  ASSERT_EQ(::read(started->output.get(), up, 3), 3);
  EXPECT_EQ(warden->usage(started->id).has_value(), in_force(*warden, "usage accounting"));
  warden->kill(started->id);
  auto exit = warden.exit_of(started->id);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(read_all(started->output.get()), "");  // nobody holds the pipe any more
  EXPECT_FALSE(warden->usage(started->id));
}

TEST(Warden, ProcessesThatWereLeftRunningEndWithTheirProgram) {
  TestWarden warden;
  const Ran ran =
      run(warden, shell("(setsid sh -c 'sleep 1000 & sleep 1000') & sleep 0.1; exit 4"));
  EXPECT_EQ(ran.exit.status, 4);
  EXPECT_EQ(ran.output, "");
}

TEST(Warden, WhatLingersEndsWhenItIsKilled) {
  TestWarden warden;
  SandboxSpec spec = shell("( sleep 1000 & ); exit 4");
  spec.lingers = true;
  auto started = warden.start(spec);
  ASSERT_TRUE(started) << started.error().message;
  const auto first = warden.first_exit_of(started->id);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, 4);
  EXPECT_FALSE(warden.has_exited(started->id));
  EXPECT_EQ(warden->usage(started->id).has_value(), in_force(*warden, "usage accounting"));
  warden->kill(started->id);
  const auto last = warden.exit_of(started->id);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->status, 4);
  EXPECT_EQ(read_all(started->output.get()), "");
}

TEST(Warden, WhatLingersEndsWithItsLastProcess) {
  TestWarden warden;
  SandboxSpec spec = shell("( ( sleep 0.1; echo last words ) & ); exit 4");
  spec.lingers = true;
  const Ran ran = run(warden, spec);
  EXPECT_EQ(ran.output, "last words\n");
  EXPECT_EQ(ran.exit.status, 4);
}

TEST(Warden, FurtherPipesAreTheDescriptorsFromFiveOn) {
  TestWarden warden;
  SandboxSpec spec = shell("echo five >&5; echo six >&6; ls /proc/self/fd | tail -n +8; echo one");
  spec.pipes = 2;
  auto started = warden.start(spec);
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(warden.exit_of(started->id));
  ASSERT_EQ(started->pipes.size(), 2U);
  EXPECT_EQ(read_all(started->output.get()), "7\none\n");  // ls has its folder open
  EXPECT_EQ(read_all(started->pipes[0].get()), "five\n");
  EXPECT_EQ(read_all(started->pipes[1].get()), "six\n");
}

TEST(Warden, CountsTimeAndMemory) {
  TestWarden warden;
  const Ran ran = run(warden, shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
  EXPECT_GT(ran.exit.usage.cpu_us, 5'000);
  EXPECT_LT(ran.exit.usage.cpu_us, 20'000'000);
  EXPECT_GT(ran.exit.usage.peak_memory_bytes, 100'000);
  EXPECT_LT(ran.exit.usage.peak_memory_bytes, 100'000'000);
}

// The CPU time in 100 ms that the kernel allows a process of these groups (/proc/PID/cgroup).
std::string cpu_quota(const std::string& groups) {
  for (std::string_view line : base::split(groups, '\n')) {
    const auto parts = base::split(line, ':');
    if (parts.size() != 3 || !parts[2].contains("/mayfly-")) continue;
    const std::string group(parts[2]);
    for (const std::string& file : {"/sys/fs/cgroup" + group + "/cpu.max",
                                    "/sys/fs/cgroup/cpu" + group + "/cpu.cfs_quota_us"}) {
      std::string quota;
      if (std::ifstream(file) >> quota) return quota;
    }
  }
  return "";
}

TEST(Warden, TheShareOfCpuCanBeChanged) {
  TestWarden warden;
  if (!in_force(*warden, "cpu limit")) GTEST_SKIP() << "no cgroups: no CPU limit";
  auto started = warden.start(shell("cat /proc/self/cgroup; echo; exec sleep 1000"));
  ASSERT_TRUE(started) << started.error().message;
  std::string groups;
  while (!groups.contains("\n\n")) {
    pollfd wait{started->output.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, kPatienceMs), 1);
    std::array<char, 4096> part{};
    const ssize_t got = ::read(started->output.get(), part.data(), part.size());
    ASSERT_GT(got, 0);
    groups.append(part.data(), static_cast<std::size_t>(got));
  }
  EXPECT_EQ(cpu_quota(groups), "100000") << groups;
  warden->set_cpus(started->id, 0.25);
  (void)warden->report();  // the warden takes one request after the other
  EXPECT_EQ(cpu_quota(groups), "25000");
  warden->set_cpus(started->id, 0);
  warden->set_cpus(started->id + 1, 1);
  (void)warden->report();
  EXPECT_EQ(cpu_quota(groups), "25000");
  warden->kill(started->id);
  EXPECT_TRUE(warden.exit_of(started->id));
}

TEST(Warden, FoldersAreWhereTheyBelong) {
  TestWarden warden;
  const std::string code = make_folder("code"), opt = make_folder("opt"),
                    runtime = make_folder("runtime");
  put_file(code + "/a", "code");
  put_file(opt + "/a", "opt");
  put_file(runtime + "/a", "runtime");
  put_file(runtime + "/tool", "tool");
  SandboxSpec spec = shell("pwd; cat /var/task/a /opt/a /var/runtime/a /usr/../here/is/it");
  spec.code_folder = code;
  spec.opt_folder = opt;
  spec.runtime_folder = runtime;
  spec.binds = {{runtime + "/tool", "/here/is/it"}};
  EXPECT_EQ(run(warden, spec).output, "/var/task\ncodeoptruntimetool");
  for (const auto& folder : {code, opt, runtime}) std::filesystem::remove_all(folder);
}

TEST(Warden, ReportsWhatIsInForce) {
  TestWarden warden;
  const auto features = warden->report();
  ASSERT_GT(features.size(), 8U);
  for (const Feature& feature : features) {
    EXPECT_FALSE(feature.name.empty());
    EXPECT_FALSE(feature.detail.empty()) << feature.name;
    std::printf("  %-28s %-4s %s\n", feature.name.c_str(), feature.in_force ? "yes" : "NO",
                feature.detail.c_str());
  }
}

}  // namespace
}  // namespace mayfly::sandbox
