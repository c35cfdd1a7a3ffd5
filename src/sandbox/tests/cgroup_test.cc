// What is written to which file, on v2 and v1, against folders that stand for the kernel's: this
// machine has only one of the two, others have the other.
#include "sandbox/cgroup.h"

#include <gmock/gmock.h>

#include "sandbox/files.h"
#include "sandbox/tests/support.h"

namespace mayfly::sandbox {
namespace {

namespace fs = std::filesystem;

class FakeCgroups : public ::testing::Test {
 protected:
  void SetUp() override { root_ = make_folder("cgroup"); }
  void TearDown() override { fs::remove_all(root_); }
  // The kernel fills a new group with its files; here the folder is made beforehand.
  void put(const std::string& group, const std::vector<const char*>& files) {
    fs::create_directories(root_ + "/" + group);
    for (const char* file : files) put_file(root_ + "/" + group + "/" + file, "");
  }
  std::string read(const std::string& path) {
    return read_file(root_ + "/" + path).value_or("<none>");
  }

  std::string root_;
};

Limits limits() {
  Limits limits;
  limits.memory_bytes = 128 << 20;
  limits.cpus = 0.25;
  limits.pids = 77;
  return limits;
}

// make() makes the folders itself; its group in a fake hierarchy has no files, which it says.
TEST_F(FakeCgroups, AControllerThatRefusesIsToldAndNothingIsLeft) {
  CgroupLayout layout;
  layout.memory = {root_, true};
  const Cgroups cgroups{layout};
  const auto group = cgroups.make("g", limits());
  ASSERT_FALSE(group);
  EXPECT_NE(group.error().find("memory.max"), std::string::npos) << group.error();
  EXPECT_FALSE(fs::exists(root_ + "/g"));
}

TEST_F(FakeCgroups, OnV2) {
  CgroupLayout layout;
  layout.memory = layout.pids = layout.cpu = layout.usage = {root_, true};
  layout.kill_folder = root_;
  const Cgroups cgroups{layout};
  put("g", {"memory.max", "memory.swap.max", "memory.oom.group", "memory.events", "memory.stat",
            "memory.current", "memory.peak", "pids.max", "cpu.max", "cpu.max.burst", "cpu.stat",
            "cgroup.procs", "cgroup.kill"});
  const Group group = cgroups.existing("g");
  ASSERT_TRUE(group.set_limits(limits()));
  EXPECT_EQ(read("g/memory.max"), "134217728");
  EXPECT_EQ(read("g/memory.oom.group"), "1");
  EXPECT_EQ(read("g/memory.swap.max"), "0");
  EXPECT_EQ(read("g/pids.max"), "77");
  EXPECT_EQ(read("g/cpu.max"), "25000 100000");
  EXPECT_EQ(read("g/cpu.max.burst"), "25000");
  ASSERT_TRUE(group.set_cpus(0.5));
  EXPECT_EQ(read("g/cpu.max"), "50000 100000");
  EXPECT_EQ(read("g/cpu.max.burst"), "50000");
  ASSERT_TRUE(group.add(4711));
  EXPECT_EQ(read("g/cgroup.procs"), "4711");
  group.kill_all();
  EXPECT_EQ(read("g/cgroup.kill"), "1");
  put_file(root_ + "/g/memory.events",
           "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 1\n");
  EXPECT_EQ(group.out_of_memory_kills(), 1);
  put_file(root_ + "/g/memory.stat", "anon 1234\nfile 5\nanon_thp 9\n");
  EXPECT_EQ(group.anonymous_bytes(), 1234);
  put_file(root_ + "/g/memory.current", "1000\n");
  put_file(root_ + "/g/memory.peak", "3000\n");
  put_file(root_ + "/g/cpu.stat", "usage_usec 42\nuser_usec 40\nsystem_usec 2\n");
  UsageReader reader{group.usage_files(100)};
  const auto usage = reader.read();
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->memory_bytes, 1100);
  EXPECT_EQ(usage->peak_memory_bytes, 3100);
  EXPECT_EQ(usage->cpu_us, 42);
}

TEST_F(FakeCgroups, OnV1) {
  CgroupLayout layout;
  for (const char* name : {"memory", "pids", "cpu", "cpuacct"})
    fs::create_directory(root_ + "/" + name);
  layout.memory = {root_ + "/memory", false};
  layout.pids = {root_ + "/pids", false};
  layout.cpu = {root_ + "/cpu", false};
  layout.usage = {root_ + "/cpuacct", false};
  const Cgroups cgroups{layout};
  put("memory/g",
      {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", "memory.stat",
       "memory.usage_in_bytes", "memory.max_usage_in_bytes", "cgroup.procs"});
  put("pids/g", {"pids.max", "cgroup.procs"});
  put("cpu/g", {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cgroup.procs"});
  put("cpuacct/g", {"cpuacct.usage", "cgroup.procs"});
  const Group group = cgroups.existing("g");
  ASSERT_TRUE(group.set_limits(limits()));
  EXPECT_EQ(read("memory/g/memory.limit_in_bytes"), "134217728");
  EXPECT_EQ(read("memory/g/memory.memsw.limit_in_bytes"), "134217728");
  EXPECT_EQ(read("pids/g/pids.max"), "77");
  EXPECT_EQ(read("cpu/g/cpu.cfs_quota_us"), "25000");
  EXPECT_EQ(read("cpu/g/cpu.cfs_period_us"), "100000");
  ASSERT_TRUE(group.set_cpus(0.5));
  EXPECT_EQ(read("cpu/g/cpu.cfs_quota_us"), "50000");
  EXPECT_EQ(read("cpu/g/cpu.cfs_burst_us"), "50000");
  ASSERT_TRUE(group.add(4711));
  for (const char* name : {"memory", "pids", "cpu", "cpuacct"}) {
    EXPECT_EQ(read(std::string(name) + "/g/cgroup.procs"), "4711") << name;
  }
  put_file(root_ + "/memory/g/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  EXPECT_EQ(group.out_of_memory_kills(), 3);
  put_file(root_ + "/memory/g/memory.usage_in_bytes", "1000\n");
  put_file(root_ + "/memory/g/memory.max_usage_in_bytes", "2000\n");
  put_file(root_ + "/cpuacct/g/cpuacct.usage", "42000\n");
  const auto usage = UsageReader{group.usage_files(0)}.read();
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->peak_memory_bytes, 2000);
  EXPECT_EQ(usage->cpu_us, 42);
}

TEST_F(FakeCgroups, WhatIsMissingIsReportedWithItsReason) {
  const Cgroups cgroups{CgroupLayout{}, {"making /x: Permission denied"}};
  for (const Feature& feature : cgroups.report()) {
    EXPECT_FALSE(feature.in_force) << feature.name;
    EXPECT_EQ(feature.detail, "making /x: Permission denied");
  }
  EXPECT_FALSE(cgroups.any());
  const auto group = cgroups.make("g", limits());
  ASSERT_TRUE(group);
  EXPECT_TRUE(group->add(1));
  EXPECT_FALSE(UsageReader{group->usage_files(0)}.read());
  EXPECT_TRUE(group->remove());
}

// Of the real kernel: the hierarchy is there for as long as it is held, at the least.
TEST(CgroupMoves, AreFavouredWhileTheDescriptorIsHeld) {
  const base::UniqueFd held = Cgroups::favor_moves();
  if (!held) GTEST_SKIP() << "needs root, and Linux 6.0";
  EXPECT_THAT(read_file("/proc/self/cgroup").value_or(""), ::testing::HasSubstr(":name=mayfly:"));
}

}  // namespace
}  // namespace mayfly::sandbox
