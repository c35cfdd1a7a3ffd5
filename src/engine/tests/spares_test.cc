// Spares: how many, for how long, and who goes first. A faked warden and clock.
#include <gmock/gmock.h>

#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

class Spares : public EngineTest {
 protected:
  Spares() { options_.most_spares = 8; }

  // Answers once `count` events are inside at once.
  Script together(Gate& gate) {
    return [&gate](GuestEnd& guest) {
      if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
      while (auto event = guest.next_event()) {
        if (event->payload != "alone") gate.arrive();
        guest.send(FrameType::result, event->payload);
      }
      return sandbox::Exit{};
    };
  }
  std::int64_t free() { return engine().stats().idle; }
};

TEST_F(Spares, OneEventAtATimeNeedsNone) {
  use(echo());
  for (int i = 0; i < 5; ++i) run_ok(function(), "1");
  EXPECT_EQ(warden().cloned(), 1);
}

TEST_F(Spares, AQuarterMoreThanWasSeenAtATime) {
  Gate gate(8);
  use(together(gate));
  run_together(function(), std::vector<std::string>(8, "1"));
  wait_for([&] { return free() == 10; });
  EXPECT_EQ(engine().stats().starting, 0);
}

TEST_F(Spares, NoMoreThanTheFunctionMayHave) {
  Gate gate(4);
  use(together(gate));
  auto spec = function();
  spec->reserved_concurrency = 4;
  run_together(spec, std::vector<std::string>(4, "1"));
  wait_for([&] { return free() == 4 && engine().stats().starting == 0; });
  EXPECT_EQ(warden().cloned(), 4);
}

TEST_F(Spares, ADeploymentHasOneThatCostsItsEventNothing) {
  use(echo());
  EXPECT_TRUE(base::sync_wait(engine().prepare(function())));
  wait_for([&] { return free() == 1; });
  EXPECT_EQ(engine().versions()[0].prepared, 1);
  clock().advance(std::chrono::seconds(30));  // it waits, which nobody pays for
  EXPECT_TRUE(usage().empty());
  const Outcome outcome = run_ok(function(), "1");
  EXPECT_EQ(outcome.cold_start, ports::ColdStart::spare);
  EXPECT_EQ(outcome.init_ms, 0);
  EXPECT_EQ(outcome.billed_ms, 1);  // the least that is billed: the clock stood still
  ASSERT_EQ(usage().size(), 1U);
  EXPECT_EQ(usage()[0].billed_ms, 1);
  EXPECT_EQ(warden().cloned(), 1);
}

TEST_F(Spares, GoAfterAMinuteAndWhatWasSeenIsForgotten) {
  Gate gate(2);
  use(together(gate));
  run_together(function(), {"1", "2"});
  wait_for([&] { return engine().versions()[0].prepared == 1; });
  clock().advance(std::chrono::seconds(59));
  engine().sweep();
  EXPECT_EQ(engine().versions()[0].prepared, 1);
  clock().advance(std::chrono::seconds(1));
  engine().sweep();
  EXPECT_EQ(engine().versions()[0].prepared, 0);
  EXPECT_EQ(engine().versions()[0].idle, 2);
  wait_for([&] { return warden().alive() == 3; });
}

TEST_F(Spares, AreGivenUpBeforeAnythingElse) {
  Gate gate(2);
  // The template, two environments and a spare; the first environment of another function is taken
  // to need 64 MB.
  options_.memory_budget_bytes = 100ULL << 20;
  use(together(gate));
  EXPECT_TRUE(base::sync_wait(engine().prepare(function())));
  run_together(function(), {"1", "2"});
  wait_for([&] { return engine().versions()[0].prepared == 1; });
  auto other = function_named("g");
  other->memory_mb = 128;
  EXPECT_EQ(run_ok(other, "alone").payload, "alone");
  EXPECT_EQ(engine().versions()[0].prepared, 0);
  EXPECT_EQ(engine().versions()[0].idle, 2);
}

TEST_F(Spares, ManyDeploymentsAreNotAllPrepared) {
  options_.memory_budget_bytes = 4ULL << 30;  // a sixteenth: 256 MB
  use(echo());
  EXPECT_TRUE(base::sync_wait(engine().prepare(function_named("called"))));
  run_ok(function_named("called"), "1");
  for (int i = 0; i < 60; ++i)
    EXPECT_TRUE(base::sync_wait(engine().prepare(function_named("f" + std::to_string(i)))));
  wait_for([&] { return engine().stats().starting == 0; });
  std::int64_t prepared = 0;
  std::vector<std::string> ready;
  for (const VersionState& version : engine().versions()) {
    prepared += version.prepared;
    if (version.prepared > 0 || version.idle > 0) ready.push_back(version.function);
  }
  EXPECT_GT(prepared, 4);
  EXPECT_LT(prepared, 40);
  EXPECT_THAT(ready, ::testing::IsSupersetOf({"called", "f59"}));
  EXPECT_THAT(ready, ::testing::Not(::testing::Contains("f0")));
  // One that gave up its place starts as any other.
  EXPECT_EQ(run_ok(function_named("f0"), "1").payload, "1");
}

TEST_F(Spares, HoweverMuchMemoryThereIsNotEachOfManyDeploymentsIsPrepared) {
  options_.memory_budget_bytes = 4ULL << 40;
  use(echo());
  for (int i = 0; i < 60; ++i)
    EXPECT_TRUE(base::sync_wait(engine().prepare(function_named("f" + std::to_string(i)))));
  wait_for([&] { return engine().stats().starting == 0; });
  std::vector<std::string> ready;
  for (const VersionState& version : engine().versions()) {
    if (version.prepared > 0 || version.idle > 0) ready.push_back(version.function);
  }
  EXPECT_GE(ready.size(), 30);
  EXPECT_LE(ready.size(), 32);
  EXPECT_THAT(ready, ::testing::Contains("f59"));
  EXPECT_THAT(ready, ::testing::Not(::testing::Contains("f0")));
}

TEST_F(Spares, NoneWhereTheyAreSwitchedOff) {
  options_.most_spares = 0;
  Gate gate(4);
  use(together(gate));
  run_together(function(), std::vector<std::string>(4, "1"));
  EXPECT_EQ(warden().cloned(), 4);
}

}  // namespace
}  // namespace mayfly::engine::testing
