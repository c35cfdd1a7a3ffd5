#include "engine/counters.h"

#include <gtest/gtest.h>

#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

using Causes = std::map<ColdCause, std::int64_t>;

class ColdCauses : public EngineTest {
 protected:
  Causes causes() {
    Causes out;
    for (const auto& [key, count] : engine().stats().cold_causes) out[key.second] += count;
    return out;
  }
};

TEST_F(ColdCauses, TheFirstEventAndOneAfterAllWereIdleForTooLong) {
  use(echo());
  run_ok(function(), "1");
  run_ok(function(), "2");
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 1}}));
  clock().advance(std::chrono::seconds(300));
  engine().sweep();
  run_ok(function(), "3");
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 1}, {ColdCause::expired, 1}}));
  // All that was kept of the version is forgotten, but not that it ran.
  clock().advance(std::chrono::seconds(900));
  engine().sweep();
  ASSERT_TRUE(engine().versions().empty());
  run_ok(function(), "4");
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 1}, {ColdCause::expired, 2}}));
}

TEST_F(ColdCauses, ANewRevisionReplacesAndADeletedNameIsNewAgain) {
  use(echo());
  auto old = function_named("f");
  old->revision = "1";
  auto fresh = function_named("f");
  fresh->revision = "2";
  run_ok(old, "1");
  run_ok(fresh, "2");
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 1}, {ColdCause::replaced, 1}}));
  engine().retire(fresh->scope, "f", "$LATEST", "");
  auto again = function_named("f");
  again->revision = "3";
  run_ok(again, "3");
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 2}, {ColdCause::replaced, 1}}));
}

TEST_F(ColdCauses, EventsAtTheSameTimeScaleUp) {
  Gate gate(3);
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      gate.arrive();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  run_together(function(), {"1", "2", "3"});
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 1}, {ColdCause::scale_up, 2}}));
  EXPECT_EQ(engine().stats().clones, 3);
}

TEST_F(ColdCauses, ACrashIsToldAsTheCauseOfTheNextStart) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      if (event->payload == "0") return sandbox::Exit{};
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  run_ok(function(), "0");
  run_ok(function(), "1");
  EXPECT_EQ(causes(), (Causes{{ColdCause::first, 1}, {ColdCause::failed, 1}}));
}

TEST(Counters, FunctionsBehindTheMostAreCountedTogether) {
  Counters counters;
  ports::UsageRecord record;
  for (std::size_t i = 0; i < Counters::kMostFunctions + 7; ++i) {
    record.function = "f" + std::to_string(i);
    counters.observe(record);
  }
  const auto all = counters.functions();
  ASSERT_EQ(all.size(), Counters::kMostFunctions + 1);
  EXPECT_EQ(all.back().function, "");
  EXPECT_EQ(all.back().invocations, 7u);
}

TEST(Counters, AThrottleIsNoInvocation) {
  Counters counters;
  ports::UsageRecord record;
  record.function = "f";
  record.throttled = true;
  counters.observe(record);
  const auto all = counters.functions();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].throttles, 1u);
  EXPECT_EQ(all[0].invocations, 0u);
  EXPECT_EQ(all[0].duration.count, 0u);
}

}  // namespace
}  // namespace mayfly::engine::testing
