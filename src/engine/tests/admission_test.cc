// Who may have an environment and who has to give one up: concurrency, rates, memory, time without
// use, retirement.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/tests/fake_warden.h"
#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

TEST_F(EngineTest, AccountConcurrencyThrottles) {
  options_.account_concurrency = 1;
  Gate inside(1), release(1);
  use(holding(inside, release, Held::all));
  auto one = start(function(), "1");
  inside.wait();
  const auto two = run(function_named("other"), "2");
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().kind, Refusal::Kind::throttled);
  EXPECT_EQ(two.error().reason, ThrottleReason::account_concurrency);
  EXPECT_TRUE(usage().back().throttled);
  release.arrive();
  EXPECT_TRUE(one.get());
  EXPECT_EQ(run_ok(function(), "3").payload, "3");
}

TEST_F(EngineTest, ReservedConcurrencyLimitsOneFunctionAndLeavesTheOthers) {
  options_.account_concurrency = 2;
  Gate inside(1), release(1);
  use(holding(inside, release));
  auto reserved = function_named("reserved");
  reserved->reserved_concurrency = 1;
  auto one = start(reserved, "hold");
  inside.wait();
  const auto two = run(reserved, "2");
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().reason, ThrottleReason::reserved_concurrency);
  EXPECT_TRUE(run(function_named("other"), "3"));
  release.arrive();
  EXPECT_TRUE(one.get());
  auto none = function_named("blocked");
  none->reserved_concurrency = 0;
  ASSERT_FALSE(run(none, "4"));
}

TEST_F(EngineTest, MemoryPressureEndsTheOldestIdleEnvironmentFirst) {
  // Templates and environments hold 10 MiB each; the first start of a function is taken to need 64.
  options_.memory_budget_bytes = 80ULL << 20;
  use(echo());
  run_ok(function_named("a"), "1");
  clock().advance(std::chrono::seconds(1));
  run_ok(function_named("b"), "1");
  EXPECT_EQ(engine().stats().idle, 1);
  EXPECT_EQ(run_ok(function_named("b"), "2").cold_start, ports::ColdStart::none);
  EXPECT_EQ(engine().stats().templates, 2);
}

TEST_F(EngineTest, WhereNoMoreEnvironmentsFitTheOldestIdleOneEnds) {
  options_.most_environments = 4;  // two templates and two clones
  use(echo());
  for (const char* name : {"a", "b", "c"}) {
    run_ok(function_named(name), "1");
    clock().advance(std::chrono::seconds(1));
  }
  EXPECT_LE(warden().alive(), 4);
  EXPECT_EQ(run_ok(function_named("c"), "2").cold_start, ports::ColdStart::none);
}

TEST_F(EngineTest, AFunctionMayNotGrowFasterThanItsRate) {
  options_.scaling_rate = 1;
  Gate inside(1), release(1);
  use(holding(inside, release));
  auto one = start(function(), "hold");
  inside.wait();
  const auto two = run(function(), "2");
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().reason, ThrottleReason::scaling_rate);
  EXPECT_TRUE(run(function_named("other"), "3"));
  release.arrive();
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(run(function(), "4"));  // it has an environment, and needs no other
  EXPECT_EQ(engine().stats().busy, 0);
}

TEST_F(EngineTest, NoMemoryAtAllThrottles) {
  options_.memory_budget_bytes = 1;
  use(echo());
  const auto outcome = run(function(), "1");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason, ThrottleReason::machine_memory);
  EXPECT_EQ(warden().started(), 0);
}

TEST_F(EngineTest, IdleEnvironmentsAndThenTemplatesAreReapedDownToZero) {
  use(echo());
  run_ok(function(), "1");
  EXPECT_EQ(warden().alive(), 2);
  clock().advance(std::chrono::seconds(299));
  engine().sweep();
  EXPECT_EQ(engine().stats().idle, 1);
  clock().advance(std::chrono::seconds(1));
  engine().sweep();
  EXPECT_EQ(engine().stats().idle, 0);
  EXPECT_EQ(engine().stats().templates, 1);
  EXPECT_EQ(run_ok(function(), "2").cold_start, ports::ColdStart::clone);
  clock().advance(std::chrono::seconds(900));
  engine().sweep();
  EXPECT_EQ(engine().stats().templates, 0);
  wait_for([&] { return warden().alive() == 0; });
  EXPECT_TRUE(engine().versions().empty());
}

TEST_F(EngineTest, RetireEndsOldRevisionsAndKeepsTheNewOne) {
  use(echo());
  auto old = function_named("f");
  old->revision = "1";
  auto fresh = function_named("f");
  fresh->revision = "2";
  run_ok(old, "1");
  run_ok(fresh, "1");
  EXPECT_EQ(engine().stats().idle, 2);
  engine().retire(old->scope, "f", "$LATEST", "2");
  EXPECT_EQ(engine().stats().idle, 1);
  EXPECT_EQ(engine().stats().templates, 1);
  EXPECT_EQ(run_ok(fresh, "2").cold_start, ports::ColdStart::none);
  // An event that was resolved before the update is still served, and leaves nothing behind.
  EXPECT_EQ(run_ok(old, "3").payload, "3");
  EXPECT_EQ(engine().stats().idle, 1);
}

TEST_F(EngineTest, ABusyEnvironmentOfARetiredRevisionEndsAfterItsEvent) {
  Gate inside(1), release(1);
  use(holding(inside, release, Held::all));
  auto spec = function();
  auto one = start(spec, "1");
  inside.wait();
  engine().retire(spec->scope, spec->function, spec->version, "");
  release.arrive();
  EXPECT_EQ(one.get().value().payload, "1");
  EXPECT_EQ(engine().stats().idle, 0);
  wait_for([&] { return warden().alive() <= 1; });
}

}  // namespace
}  // namespace mayfly::engine::testing
