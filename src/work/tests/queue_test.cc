#include "work/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/log.h"
#include "base/spawn.h"
#include "store/faulty/faulty_store.h"
#include "store/memory/memory_store.h"
#include "work/record.h"
#include "work/tests/fake_alarm.h"

namespace mayfly::work {
namespace {

using namespace std::chrono_literals;
using store::StoreResult;
using store::Transaction;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A queue on a store in memory. Nothing here has an executor, so each thing happens inside the call
// that causes it.
class QueueTest : public testing::Test {
 protected:
  void enqueue_at(base::WallTime due, std::string id, std::string kind = "test",
                  store::Store* to = nullptr) {
    auto result = base::sync_wait(store::transact(
        to ? *to : store_, [&](Transaction& transaction) -> base::Task<StoreResult<void>> {
          enqueue(transaction, {.kind = kind,
                                .scope = {"123456789012", "eu-west-1"},
                                .payload = "payload of " + id,
                                .not_before = due,
                                .id = id});
          co_return StoreResult<void>{};
        }));
    ASSERT_TRUE(result);
  }

  // A handler that notes what it ran and answers what `outcome_` says.
  WorkHandler noting() {
    return [this](Work work) -> base::Task<WorkOutcome> {
      ran_.push_back(work.id + "#" + std::to_string(work.attempt));
      last_ = work;
      co_return outcome_(work);
    };
  }

  void advance(std::chrono::microseconds by) {
    clock_.advance(by);
    alarm_.fire_due();
  }

  std::size_t stored() {
    auto transaction = store_.begin();
    return base::sync_wait(transaction->range(store::prefix_query(work_prefix())))->rows.size();
  }

  base::FakeClock clock_;
  base::SequentialIds ids_;
  FakeAlarm alarm_{clock_};
  store::MemoryStore store_;
  std::vector<std::string> ran_;
  Work last_;
  std::function<WorkOutcome(const Work&)> outcome_ = [](const Work&) {
    return WorkOutcome::done();
  };
};

TEST_F(QueueTest, RunsWhatIsDueAndForgetsIt) {
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 4, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  enqueue_at(clock_.now(), "a");
  EXPECT_THAT(ran_, ElementsAre("a#1"));
  EXPECT_EQ(last_.payload, "payload of a");
  EXPECT_EQ(last_.scope, (base::Scope{"123456789012", "eu-west-1"}));
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, WorkThatWasThereBeforeTheStartRuns) {
  enqueue_at(clock_.now(), "a");
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 4, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  EXPECT_THAT(ran_, ElementsAre("a#1"));
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, WorkOfATransactionThatFailsDoesNotExist) {
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 4, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  auto result = base::sync_wait(
      store::transact(store_, [&](Transaction& transaction) -> base::Task<StoreResult<void>> {
        enqueue(
            transaction,
            {.kind = "test", .scope = {}, .payload = "", .not_before = clock_.now(), .id = "a"});
        co_return std::unexpected(
            store::StoreError{store::StoreErrorCode::unavailable, "changed my mind"});
      }));
  EXPECT_FALSE(result);
  EXPECT_THAT(ran_, IsEmpty());
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, NothingRunsBeforeItsTime) {
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 4, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  enqueue_at(clock_.now() + 60s, "minute");
  enqueue_at(clock_.now() + 30s, "half");
  EXPECT_THAT(ran_, IsEmpty());
  advance(29s);
  EXPECT_THAT(ran_, IsEmpty());
  advance(1s);
  EXPECT_THAT(ran_, ElementsAre("half#1"));
  advance(30s);
  EXPECT_THAT(ran_, ElementsAre("half#1", "minute#1"));
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, EarlierWorkRunsFirst) {
  enqueue_at(clock_.now() - 1s, "c");
  enqueue_at(clock_.now() - 3s, "a");
  enqueue_at(clock_.now() - 2s, "b");
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 1, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  EXPECT_THAT(ran_, ElementsAre("a#1", "b#1", "c#1"));
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, RetriesCountAttemptsAndMayChangeThePayload) {
  outcome_ = [this](const Work& work) {
    if (work.attempt == 1) return WorkOutcome::retry_at(clock_.now() + 60s);
    if (work.attempt == 2) return WorkOutcome::retry_with(clock_.now() + 120s, "progress");
    return WorkOutcome::done();
  };
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 4, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  enqueue_at(clock_.now(), "a");
  EXPECT_THAT(ran_, ElementsAre("a#1"));
  advance(60s);
  EXPECT_THAT(ran_, ElementsAre("a#1", "a#2"));
  EXPECT_EQ(last_.payload, "payload of a");
  advance(119s);
  EXPECT_EQ(ran_.size(), 2U);
  advance(1s);
  EXPECT_THAT(ran_, ElementsAre("a#1", "a#2", "a#3"));
  EXPECT_EQ(last_.payload, "progress");
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, AThrowingHandlerRunsAgainLater) {
  int calls = 0;
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 4, [&](Work) -> base::Task<WorkOutcome> {
    if (++calls < 3) throw std::runtime_error("broken handler");
    co_return WorkOutcome::done();
  });
  ASSERT_TRUE(base::sync_wait(queue.start()));
  enqueue_at(clock_.now(), "a");
  EXPECT_EQ(calls, 1);
  advance(2s);
  EXPECT_EQ(calls, 2);
  advance(4s);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(queue.stop());
}

// Handlers that wait until the test lets them go.
class Held {
 public:
  WorkHandler handler() {
    return [this](Work work) -> base::Task<WorkOutcome> {
      base::OneShot<bool> go;
      waiting_.emplace(work.id, go);
      co_await go.wait();
      co_return WorkOutcome::done();
    };
  }
  std::set<std::string> running() const {
    std::set<std::string> ids;
    for (const auto& [id, go] : waiting_) ids.insert(id);
    return ids;
  }
  void release(const std::string& id) {
    const base::OneShot<bool> go = waiting_.at(id);
    waiting_.erase(id);
    go.set(true);
  }

 private:
  std::map<std::string, base::OneShot<bool>> waiting_;
};

TEST_F(QueueTest, ConcurrencyIsBoundedForEachKind) {
  Held slow;
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("slow", 2, slow.handler());
  queue.handle("test", 4, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  for (const char* id : {"1", "2", "3", "4"}) enqueue_at(clock_.now(), id, "slow");
  EXPECT_THAT(slow.running(), ElementsAre("1", "2"));
  enqueue_at(clock_.now(), "a");
  EXPECT_THAT(ran_, ElementsAre("a#1")) << "one kind does not hold up another";
  slow.release("1");
  EXPECT_THAT(slow.running(), ElementsAre("2", "3"));
  slow.release("2");
  slow.release("3");
  slow.release("4");
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, StopWaitsForWhatRunsAndBeginsNothing) {
  Held slow;
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("slow", 1, slow.handler());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  enqueue_at(clock_.now(), "1", "slow");
  enqueue_at(clock_.now(), "2", "slow");
  bool stopped = false;
  base::spawn([](WorkQueue& which, bool& out) -> base::Task<void> {
    co_await which.stop();
    out = true;
  }(queue, stopped));
  EXPECT_FALSE(stopped);
  slow.release("1");
  EXPECT_TRUE(stopped);
  EXPECT_THAT(slow.running(), IsEmpty());
  EXPECT_EQ(stored(), 1U) << "what was not begun stays";
}

TEST_F(QueueTest, StoppingAQueueThatNeverStartedReturns) {
  WorkQueue queue(store_, clock_, ids_, alarm_);
  base::sync_wait(queue.stop());
}

// A process that dies in the middle of a run leaves a lease. Here its handler just never ends
// before the other starts.
TEST_F(QueueTest, ADeadOwnersWorkRunsAgainAndItsLateAnswerCountsForNothing) {
  Held dead;
  FakeAlarm other_alarm(clock_);
  WorkQueue first(store_, clock_, ids_, alarm_);
  first.handle("test", 1, dead.handler());
  ASSERT_TRUE(base::sync_wait(first.start()));
  enqueue_at(clock_.now(), "a");
  EXPECT_THAT(dead.running(), ElementsAre("a"));

  Held alive;
  std::vector<int> attempts;
  WorkQueue second(store_, clock_, ids_, other_alarm);
  second.handle("test", 1, [&](Work work) {
    attempts.push_back(work.attempt);
    return alive.handler()(std::move(work));
  });
  ASSERT_TRUE(base::sync_wait(second.start()));
  EXPECT_THAT(attempts, ElementsAre(2)) << "the attempt that was cut off counts";
  dead.release("a");
  EXPECT_EQ(stored(), 1U) << "it is the second owner's now";
  alive.release("a");
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(first.stop());
  base::sync_wait(second.stop());
}

TEST_F(QueueTest, AmongSeveralOwnersOnlyALeaseThatRanOutIsTaken) {
  const QueueOptions options{.owners = Owners::several, .lease = 60s};
  Held dead;
  FakeAlarm dead_alarm(clock_);  // never fires: that owner does not renew
  WorkQueue first(store_, clock_, ids_, dead_alarm, options);
  first.handle("test", 1, dead.handler());
  ASSERT_TRUE(base::sync_wait(first.start()));
  enqueue_at(clock_.now(), "a");

  WorkQueue second(store_, clock_, ids_, alarm_, options);
  second.handle("test", 1, noting());
  ASSERT_TRUE(base::sync_wait(second.start()));
  EXPECT_THAT(ran_, IsEmpty());
  advance(59s);
  EXPECT_THAT(ran_, IsEmpty());
  advance(1s);
  EXPECT_THAT(ran_, ElementsAre("a#2"));
  dead.release("a");
  base::sync_wait(first.stop());
  base::sync_wait(second.stop());
}

TEST_F(QueueTest, ALivingOwnerRenewsItsLease) {
  const QueueOptions options{.owners = Owners::several, .lease = 60s};
  Held slow;
  FakeAlarm first_alarm(clock_);
  WorkQueue first(store_, clock_, ids_, first_alarm, options);
  first.handle("test", 1, slow.handler());
  ASSERT_TRUE(base::sync_wait(first.start()));
  enqueue_at(clock_.now(), "a");
  WorkQueue second(store_, clock_, ids_, alarm_, options);
  second.handle("test", 1, noting());
  ASSERT_TRUE(base::sync_wait(second.start()));
  for (int i = 0; i < 30; ++i) {
    clock_.advance(10s);
    first_alarm.fire_due();
    alarm_.fire_due();
  }
  EXPECT_THAT(ran_, IsEmpty());
  slow.release("a");
  EXPECT_EQ(stored(), 0U);
  base::sync_wait(first.stop());
  base::sync_wait(second.stop());
}

TEST_F(QueueTest, AHandlerCanEndItsWorkInItsOwnTransaction) {
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 1, [&](Work work) -> base::Task<WorkOutcome> {
    auto result = co_await store::transact(
        store_, [&](Transaction& transaction) -> base::Task<StoreResult<bool>> {
          auto ours = co_await queue.finish_in(transaction, work);
          if (ours && *ours) transaction.put("effect", work.id);
          co_return ours;
        });
    EXPECT_TRUE(result && *result);
    co_return WorkOutcome::done();
  });
  ASSERT_TRUE(base::sync_wait(queue.start()));
  enqueue_at(clock_.now(), "a");
  EXPECT_EQ(stored(), 0U);
  auto transaction = store_.begin();
  EXPECT_EQ(*base::sync_wait(transaction->get("effect")), "a");
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, DamagedRecordsArePutAside) {
  auto transaction = store_.begin();
  transaction->put(ready_key("test", clock_.now() - 1s, "bad"), "no record");
  ASSERT_TRUE(base::sync_wait(store_.commit(std::move(transaction))));
  enqueue_at(clock_.now(), "good");
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 1, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  EXPECT_THAT(ran_, ElementsAre("good#1"));
  EXPECT_EQ(stored(), 1U) << "it is kept";
  base::sync_wait(queue.stop());
}

TEST_F(QueueTest, WorkOfUnknownKindsStays) {
  enqueue_at(clock_.now(), "a", "from the future");
  WorkQueue queue(store_, clock_, ids_, alarm_);
  queue.handle("test", 1, noting());
  ASSERT_TRUE(base::sync_wait(queue.start()));
  EXPECT_EQ(stored(), 1U);
  base::sync_wait(queue.stop());
}

// Every failure that a store can answer, at random: all work runs, and nothing is left.
TEST_F(QueueTest, AStoreThatFailsLosesNoWork) {
  base::set_log_level(base::LogLevel::off);  // it warns at each of them
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    store::FaultyStore faulty(store_);
    ran_.clear();
    FakeAlarm alarm(clock_);
    WorkQueue queue(faulty, clock_, ids_, alarm);
    queue.handle("test", 3, noting());
    outcome_ = [this](const Work& work) {
      return work.attempt % 2 == 1 ? WorkOutcome::retry_at(clock_.now() + 1s) : WorkOutcome::done();
    };
    ASSERT_TRUE(base::sync_wait(queue.start()));
    faulty.set_plan({.seed = seed,
                     .conflict = 0.2,
                     .unavailable = 0.2,
                     .unknown_applied = 0.1,
                     .unknown_dropped = 0.1,
                     .read_unavailable = 0.1});
    for (int i = 0; i < 20; ++i) {
      enqueue_at(clock_.now(), std::to_string(i));
    }
    auto step = [&] {
      clock_.advance(1s);
      alarm.fire_due();
    };
    for (int i = 0; i < 100; ++i) step();
    faulty.set_plan({});
    for (int i = 0; i < 10; ++i) step();
    base::sync_wait(queue.stop());
    std::set<std::string> ran;
    for (const std::string& run : ran_) ran.insert(run.substr(0, run.find('#')));
    EXPECT_EQ(ran.size(), 20U) << "seed " << seed;
    EXPECT_EQ(stored(), 0U) << "seed " << seed;
  }
  base::set_log_level(base::LogLevel::info);
}

}  // namespace
}  // namespace mayfly::work
