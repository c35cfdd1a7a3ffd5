#include "base/task.h"

#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>
#include <thread>

#include "base/one_shot.h"
#include "base/spawn.h"

namespace mayfly::base {
namespace {

Task<int> number(int value) { co_return value; }
Task<int> sum(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await sum(depth - 1);
}
Task<int> thrower() {
  throw std::runtime_error("broken");
  co_return 0;
}

TEST(Task, YieldsItsValueToTheAwaiter) { EXPECT_EQ(sync_wait(number(7)), 7); }

TEST(Task, ReadyNeedsNoFrameAndDoesNotSuspend) {
  EXPECT_EQ(sync_wait(Task<std::string>::ready("done")), "done");
  sync_wait(Task<void>::ready());
}

TEST(Task, DeepChainsReturnBySymmetricTransfer) { EXPECT_EQ(sync_wait(sum(20'000)), 20'000); }

TEST(Task, CarriesAnExceptionToTheAwaiter) {
  EXPECT_THROW(sync_wait(thrower()), std::runtime_error);
}

TEST(Task, DestroyedBeforeItRanFreesItsFrame) {
  auto shared = std::make_shared<int>(1);
  {
    auto body = [](std::shared_ptr<int> held) -> Task<void> {
      *held = 2;
      co_return;
    };
    Task<void> task = body(shared);
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_EQ(*shared, 1) << "a task that nobody awaits does not run";
}

class ManualExecutor final : public Executor {
 public:
  void post(std::move_only_function<void()> work) override { queue.push_back(std::move(work)); }
  void run() {
    ExecutorScope scope(this);
    while (!queue.empty()) {
      auto work = std::move(queue.front());
      queue.pop_front();
      work();
    }
  }
  std::deque<std::move_only_function<void()>> queue;
};

Task<void> wait_into(OneShot<int> shot, int& out) { out = co_await shot.wait(); }

TEST(OneShot, ResumesOnTheExecutorThatWasLeft) {
  ManualExecutor executor;
  OneShot<int> shot;
  int out = 0;
  executor.post([&] { spawn(wait_into(shot, out)); });
  executor.run();
  std::thread([shot] { shot.set(5); }).join();
  EXPECT_EQ(out, 0) << "the value may be used only on the executor";
  executor.run();
  EXPECT_EQ(out, 5);
}

TEST(OneShot, SetBeforeWaitDoesNotSuspend) {
  OneShot<int> shot;
  shot.set(3);
  int out = 0;
  spawn(wait_into(shot, out));
  EXPECT_EQ(out, 3);
}

// set() and wait() race: whichever comes second must see the first. TSan checks the ordering.
TEST(OneShot, SetAndWaitMayRace) {
  for (int i = 0; i < 2'000; ++i) {
    OneShot<int> shot;
    std::thread setter([shot, i] { shot.set(i); });
    EXPECT_EQ(sync_wait([](OneShot<int> s) -> Task<int> { co_return co_await s.wait(); }(shot)), i);
    setter.join();
  }
}

}  // namespace
}  // namespace mayfly::base
