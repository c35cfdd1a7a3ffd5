// Kills a process that commits under load, again and again, and finds each acknowledged commit,
// whole, in order.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <random>

#include "store/conformance/harness.h"
#include "store/tests/crash_child.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

using crash::kThreads;
using Acknowledged = std::array<std::uint64_t, kThreads>;

class Child {
 public:
  explicit Child(const std::filesystem::path& folder) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = MAYFLY_BUILD_DIR "/src/store/store_crash_child";
    std::string argument = folder.string();
    char* const arguments[] = {program.data(), argument.data(), nullptr};
    const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    reports_ = ends[0];
    if (failed != 0) throw std::runtime_error("cannot start " + program);
  }
  ~Child() { ::close(reports_); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // False when the child has ended and nothing is left to read.
  bool next(crash::Report& report) const {
    return ::read(reports_, &report, sizeof(report)) == sizeof(report);
  }

  // How it ended.
  int kill() const {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return status;
  }

 private:
  pid_t pid_ = 0;
  int reports_ = -1;
};

void run_and_kill(const std::filesystem::path& folder, std::uint64_t after,
                  Acknowledged& acknowledged) {
  const Child child(folder);
  crash::Report report;
  auto note = [&] {
    ASSERT_EQ(report.number, acknowledged[report.thread] + 1) << "a thread's commits have no gaps";
    acknowledged[report.thread] = report.number;
  };
  for (std::uint64_t i = 0; i < after; ++i) {
    ASSERT_TRUE(child.next(report)) << "the child ended by itself";
    note();
  }
  const int status = child.kill();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  while (child.next(report)) note();  // acknowledged before it died, not read yet
}

// `acknowledged` becomes what is stored: one more commit a thread may have been stored but not
// reported.
void check(Store& store, Acknowledged& acknowledged) {
  auto transaction = store.begin();
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    const std::uint64_t last =
        std::stoull(get(*transaction, crash::last_key(thread)).value_or("0"));
    EXPECT_GE(last, acknowledged[thread]) << "an acknowledged commit is lost";
    EXPECT_LE(last, acknowledged[thread] + 1);
    acknowledged[thread] = last;
    const std::uint64_t erased = last / 50 * 50;
    for (std::uint64_t n = 1; n <= last + 1; ++n) {
      const bool expected = n <= last && (erased == 0 || n >= erased - 40);
      for (char kind : {'a', 'b'}) {
        EXPECT_EQ(get(*transaction, crash::row_key(kind, thread, n)).has_value(), expected)
            << kind << n;
      }
    }
  }
  // The log has every commit once, and each thread's in order.
  RangeQuery query = prefix_query(crash::log_prefix());
  query.limit = 1'000'000;
  query.max_bytes = 1 << 30;
  Acknowledged seen{};
  for (const KeyValue& row : range(*transaction, query).rows) {
    KeyReader reader(row.key);
    ASSERT_TRUE(reader.skip(crash::log_prefix()));
    ASSERT_TRUE(reader.sequence());
    const std::uint64_t thread = reader.u64().value();
    EXPECT_EQ(std::stoull(row.value), ++seen[thread]);
  }
  EXPECT_EQ(seen, acknowledged);
}

TEST(Crash, KillingLosesNothingAcknowledged) {
  TempFolder folder;
  std::mt19937_64 random(20);
  Acknowledged acknowledged{};
  for (int round = 0; round < 10 && !testing::Test::HasFailure(); ++round) {
    run_and_kill(folder.path() / "s", 1 + random() % 250, acknowledged);
    auto store = open_rocks({.path = folder.path() / "s"});
    check(*store, acknowledged);
    EXPECT_FALSE(testing::Test::HasFailure()) << "round " << round;
  }
}

}  // namespace
}  // namespace mayfly::store::conformance
