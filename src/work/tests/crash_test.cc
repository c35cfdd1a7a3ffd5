// Work on a real store and real loops: it runs, and it survives the death of its process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "work/record.h"
#include "work/tests/counting_queue.h"

namespace mayfly::work {
namespace {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mayfly-work-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::filesystem::path path;
};

std::string read(store::Store& store, std::string_view key) {
  auto transaction = store.begin();
  return base::sync_wait(transaction->get(key)).value().value_or("0");
}

void wait_until_no_work_is_left(store::Store& store) {
  for (;;) {
    const base::OneShot<bool> change = store.watch(work_prefix());
    auto transaction = store.begin();
    auto rows = base::sync_wait(transaction->range(store::prefix_query(work_prefix())));
    ASSERT_TRUE(rows);
    if (rows->rows.empty()) return;
    base::sync_wait(
        [](base::OneShot<bool> one) -> base::Task<void> { co_await one.wait(); }(change));
  }
}

// Runs the child until it has acknowledged `after` pieces of work, kills it, and answers the last
// acknowledged.
std::uint64_t run_and_kill(const std::filesystem::path& folder, int after) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = MAYFLY_BUILD_DIR "/src/work/work_crash_child";
  std::string argument = folder.string();
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) throw std::runtime_error("cannot start " + program);
  std::uint64_t last = 0;
  for (int i = 0; i < after; ++i) EXPECT_EQ(::read(ends[0], &last, sizeof(last)), sizeof(last));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (::read(ends[0], &last, sizeof(last)) == sizeof(last)) {
  }
  ::close(ends[0]);
  return last;
}

TEST(WorkOnDisk, WorkSurvivesTheDeathOfItsProcess) {
  TempFolder folder;
  std::mt19937_64 random(5);
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 6; ++round) {
    acknowledged = run_and_kill(folder.path / "s", 1 + static_cast<int>(random() % 100));
  }
  http::Io io(1);
  io.start();
  auto store = open_store(folder.path / "s");
  {
    CountingQueue queue(io, *store);
    wait_until_no_work_is_left(*store);
  }
  const std::uint64_t last = std::stoull(read(*store, last_key()));
  EXPECT_GE(last, acknowledged);
  for (std::uint64_t id = 1; id <= last; ++id) {
    EXPECT_GE(std::stoi(read(*store, count_key(std::to_string(id)))), 1) << id;
  }
}

TEST(WorkOnDisk, ManyThreadsEnqueueAndEachPieceRunsAsOftenAsItAsked) {
  TempFolder folder;
  http::Io io(1);
  io.start();
  auto store = open_store(folder.path / "s");
  CountingQueue queue(io, *store);
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string id = std::to_string(t * 50 + i);
        auto result = base::sync_wait(store::transact(
            *store, [&](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
              enqueue(transaction, {.kind = kCountKind,
                                    .scope = {},
                                    .payload = {},
                                    .not_before = queue.clock().now(),
                                    .id = id});
              co_return store::StoreResult<void>{};
            }));
        if (!result) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  wait_until_no_work_is_left(*store);
  for (int id = 0; id < 200; ++id) {
    EXPECT_EQ(read(*store, count_key(std::to_string(id))), id % 3 == 0 ? "2" : "1") << id;
  }
}

}  // namespace
}  // namespace mayfly::work
