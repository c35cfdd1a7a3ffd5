// Provisioned concurrency: environments that are there before events, and stay. A faked warden and
// clock.
#include <gmock/gmock.h>

#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

class ProvisionedTest : public EngineTest {
 protected:
  ProvisionedState state() {
    const auto spec = function();
    return engine().provisioned(spec->scope, spec->function, spec->version);
  }
  void provision(const std::shared_ptr<FunctionSpec>& spec, std::int64_t count) {
    engine().provision(spec, count);
    wait_for([&] { return state().running == count && engine().stats().starting == 0; });
  }
};

TEST_F(ProvisionedTest, AreRunningBeforeAnyEventAndCostItNothing) {
  use(echo());
  const auto spec = function();
  provision(spec, 3);
  EXPECT_EQ(engine().stats().idle, 3);
  EXPECT_EQ(engine().versions()[0].provisioned, 3);
  const Outcome outcome = run_ok(spec, "1");
  EXPECT_EQ(outcome.cold_start, ports::ColdStart::none);
  EXPECT_EQ(outcome.init_ms, 0);
  EXPECT_EQ(usage()[0].provisioned, ports::Provisioned::used);
  EXPECT_EQ(engine().stats().idle, 3);
}

TEST_F(ProvisionedTest, CostWhatTheyHoldForAsLongAsTheyAreThere) {
  use(echo());
  const auto spec = function();
  provision(spec, 2);
  EXPECT_EQ(held_mb_ms(), 0);
  clock().advance(std::chrono::seconds(10));
  engine().sweep();
  EXPECT_EQ(held_mb_ms(), 2 * 10'000 * spec->memory_mb);
  provision(spec, 1);
  clock().advance(std::chrono::seconds(1));
  provision(spec, 0);
  EXPECT_EQ(held_mb_ms(), (2 * 10'000 + 1'000) * spec->memory_mb);
  clock().advance(std::chrono::hours(1));
  engine().sweep();
  EXPECT_EQ(held_mb_ms(), (2 * 10'000 + 1'000) * spec->memory_mb);
}

TEST_F(ProvisionedTest, WhatComesBeyondThemIsStartedOnDemand) {
  Gate gate(3);
  use([&gate](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      gate.arrive();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  const auto spec = function();
  provision(spec, 2);
  run_together(spec, {"1", "2", "3"});
  int used = 0, spilled = 0;
  for (const ports::UsageRecord& record : usage()) {
    used += record.provisioned == ports::Provisioned::used ? 1 : 0;
    spilled += record.provisioned == ports::Provisioned::spilled ? 1 : 0;
  }
  EXPECT_EQ(used, 2);
  EXPECT_EQ(spilled, 1);
}

TEST_F(ProvisionedTest, AreNeitherReapedNorGivenUpForOthers) {
  options_.most_environments = 4;
  use(echo());
  provision(function(), 2);
  clock().advance(std::chrono::hours(2));
  engine().sweep();
  EXPECT_EQ(state().running, 2);
  for (const char* other : {"a", "b", "c"}) {
    (void)run(function_named(other), "1");
    EXPECT_EQ(state().running, 2) << other;
  }
}

TEST_F(ProvisionedTest, OneThatEndsIsReplaced) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      if (event->payload == "\"die\"") return sandbox::Exit{};
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  const auto spec = function();
  provision(spec, 2);
  EXPECT_TRUE(run_ok(spec, "\"die\"").function_error);
  wait_for([&] { return state().running == 2 && engine().stats().starting == 0; });
  EXPECT_EQ(engine().stats().idle, 2);
}

TEST_F(ProvisionedTest, FewerAreLetGoAndNoneIsNone) {
  use(echo());
  const auto spec = function();
  provision(spec, 3);
  provision(spec, 1);
  wait_for([&] { return engine().stats().idle == 1; });
  provision(spec, 0);
  wait_for([&] { return engine().stats().idle == 0; });
}

TEST_F(ProvisionedTest, ANewRevisionTakesThemOver) {
  use(echo());
  const auto old = function();
  provision(old, 2);
  auto fresh = std::make_shared<FunctionSpec>(*old);
  fresh->revision = "renewed";
  run_ok(fresh, "1");
  wait_for([&] { return state().running == 2 && engine().stats().starting == 0; });
  run_ok(fresh, "2");
  EXPECT_EQ(usage().back().provisioned, ports::Provisioned::used);
}

TEST_F(ProvisionedTest, AnInitThatFailsIsToldAndTriedAgainLater) {
  // Guests that start late outlive this function.
  const auto broken = std::make_shared<std::atomic<bool>>(true);
  use([broken](GuestEnd& guest) {
    if (*broken) {
      guest.send(FrameType::init_error, R"({"errorMessage":"no","errorType":"ImportError"})");
      return sandbox::Exit{};
    }
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) guest.send(FrameType::result, event->payload);
    return sandbox::Exit{};
  });
  engine().provision(function(), 2);
  wait_for([&] { return !state().failure.empty() && engine().stats().starting == 0; });
  EXPECT_EQ(state().running, 0);
  *broken = false;
  clock().advance(std::chrono::minutes(2));
  engine().sweep();
  wait_for([&] { return state().running == 2; });
  EXPECT_EQ(state().failure, "");
}

TEST_F(ProvisionedTest, TheirConcurrencyIsTheirsWhateverOthersHold) {
  options_.account_concurrency = 2;
  Gate gate(2);
  use([&gate](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      if (event->payload == "\"wait\"") gate.arrive();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  const auto spec = function();
  provision(spec, 1);
  auto one = start(function_named("other"), "\"wait\"");
  const auto refused = run(function_named("other"), "2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, ThrottleReason::account_concurrency);
  EXPECT_EQ(run_ok(spec, "3").payload, "3");
  gate.arrive();
  EXPECT_TRUE(one.get());
}

}  // namespace
}  // namespace mayfly::engine::testing
