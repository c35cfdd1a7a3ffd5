// The engine against scripted guests: who gets which environment, what callers and logs are told,
// what ends when.
#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/spawn.h"
#include "engine/tests/fake_warden.h"
#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(EngineTest, FirstEventStartsTheTemplateAndAClone) {
  use(echo());
  const Outcome outcome = run_ok(function(), R"({"a":1})");
  EXPECT_EQ(outcome.payload, R"({"a":1})");
  EXPECT_FALSE(outcome.function_error);
  EXPECT_EQ(outcome.cold_start, ports::ColdStart::template_init);
  EXPECT_EQ(warden().started(), 1);
  EXPECT_EQ(warden().cloned(), 1);
}

TEST_F(EngineTest, SecondEventIsWarm) {
  use(echo());
  run_ok(function(), "1");
  const Outcome outcome = run_ok(function(), "2");
  EXPECT_EQ(outcome.payload, "2");
  EXPECT_EQ(outcome.cold_start, ports::ColdStart::none);
  EXPECT_EQ(outcome.init_ms, 0);
  EXPECT_EQ(warden().cloned(), 1);
}

TEST_F(EngineTest, LogLinesAreThoseOfLambda) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) {
      guest.print("loading\n");
      guest.send(FrameType::ready, R"({"cloneable":true})");
    }
    while (auto event = guest.next_event()) {
      guest.print("one\ntwo");
      guest.send(FrameType::result, "null");
    }
    return sandbox::Exit{};
  });
  const Outcome outcome = run_ok(function(), "{}");
  const std::vector<std::string> lines = log_lines();
  ASSERT_GE(lines.size(), 7U);
  EXPECT_THAT(lines[0],
              ContainsRegex("^INIT_START Runtime Version: python:3\\.[0-9]+\\.v[0-9]+\tRuntime "
                            "Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$"));
  EXPECT_EQ(lines[1], "loading");
  const std::size_t start = lines.size() - 5;
  EXPECT_EQ(lines[start], "START RequestId: request-1 Version: $LATEST");
  EXPECT_EQ(lines[start + 1], "one");
  EXPECT_EQ(lines[start + 2], "two");
  EXPECT_EQ(lines[start + 3], "END RequestId: request-1");
  EXPECT_THAT(lines[start + 4], ContainsRegex("^REPORT RequestId: request-1\tDuration: "
                                              "[0-9]+\\.[0-9]{2} ms\tBilled Duration: [0-9]+ ms\t"
                                              "Memory Size: 128 MB\tMax Memory Used: 11 MB\t"));
  EXPECT_EQ(outcome.log_tail,
            lines[start] + "\none\ntwo\n" + lines[start + 3] + "\n" + lines[start + 4] + "\n");
  // INIT and the first event share one stream.
  EXPECT_EQ(streams().size(), 1U);
}

TEST_F(EngineTest, JsonLogFormatWritesPlatformRecords) {
  use(echo());
  auto spec = function_named("json");
  spec->log_format = LogFormat::json;
  run_ok(spec, "{}");
  const auto lines = log_lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], HasSubstr(R"("type":"platform.initStart")"));
  EXPECT_THAT(
      lines[1],
      HasSubstr(
          R"("type":"platform.start","record":{"requestId":"request-1","version":"$LATEST"})"));
  EXPECT_THAT(lines[2], HasSubstr(R"("type":"platform.report")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("status":"success")"));
}

TEST_F(EngineTest, TheSystemLogLevelChoosesAmongPlatformRecords) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      const bool fails = event->payload == "\"fail\"";
      guest.send(fails ? FrameType::error : FrameType::result,
                 fails ? R"({"errorType":"Odd"})" : "null");
    }
    return sandbox::Exit{};
  });
  auto spec = function_named("json");
  spec->log_format = LogFormat::json;
  spec->system_log_level = SystemLogLevel::warn;
  run_ok(spec, "{}");
  EXPECT_TRUE(log_lines().empty());
  run_ok(spec, "\"fail\"");
  const auto lines = log_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr(R"("type":"platform.runtimeDone")"));
  EXPECT_THAT(lines[0], HasSubstr(R"("status":"error","errorType":"Odd")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("type":"platform.report")"));
  auto debug = function_named("debug");
  debug->log_format = LogFormat::json;
  debug->system_log_level = SystemLogLevel::debug;
  run_ok(debug, "{}");
  EXPECT_THAT(log_lines()[3], HasSubstr(R"("type":"platform.initRuntimeDone")"));
  EXPECT_THAT(log_lines()[4], HasSubstr(R"("type":"platform.initReport")"));
  EXPECT_THAT(log_lines()[6], HasSubstr(R"("type":"platform.runtimeDone")"));
}

TEST_F(EngineTest, EventsAtTheSameTimeGetEnvironmentsOfTheirOwn) {
  Gate gate(3);
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      gate.arrive();  // passes only when three events are inside at once
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  auto results = run_together(function(), {"1", "2", "3"});
  EXPECT_THAT(results, ElementsAre("1", "2", "3"));
  EXPECT_EQ(warden().started(), 1);  // one template for all of them
  EXPECT_EQ(warden().cloned(), 3);
  EXPECT_EQ(engine().stats().idle, 3);
}

TEST_F(EngineTest, AFunctionThatCannotBeClonedIsStartedAnewAndSaysWhy) {
  Gate gate(2);
  use([&](GuestEnd& guest) {
    guest.send(FrameType::ready, R"({"cloneable":false,"reason":"2 threads"})");
    while (auto event = guest.next_event()) {
      gate.arrive();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  run_together(function(), {"1", "2"});
  EXPECT_EQ(warden().started(), 2);
  EXPECT_EQ(warden().cloned(), 0);
  ASSERT_EQ(engine().versions().size(), 1U);
  EXPECT_EQ(engine().versions()[0].cloning, "2 threads");
}

TEST_F(EngineTest, InitHasAWholeCpuAndEventsTheFunctionsShare) {
  constexpr double kShare = 128.0 / 1769.0;
  use(echo());
  run_ok(function(), "{}");
  EXPECT_EQ(warden().cpus()[0], 1.0);  // a template never handles an event
  EXPECT_EQ(warden().cpus()[1], kShare);
}

TEST_F(EngineTest, TheCpuOfInitEndsWithItWhereTheProcessHandlesEvents) {
  std::atomic<double> in_init = 0;
  use([&](GuestEnd& guest) {
    in_init = warden().cpus()[0];
    guest.send(FrameType::ready, R"({"cloneable":false,"reason":"2 threads"})");
    while (auto event = guest.next_event()) guest.send(FrameType::result, event->payload);
    return sandbox::Exit{};
  });
  run_ok(function(), "{}");
  EXPECT_EQ(in_init, 1.0);
  EXPECT_THAT(warden().cpus(), ElementsAre(128.0 / 1769.0));
}

TEST_F(EngineTest, AWarmEnvironmentTakesTheEventThatWaitsForASlowStart) {
  Gate cloning(1), release(1);
  std::atomic<int> clones{0};
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) {
      // Not cloneable: each environment runs INIT; the second one's never ends.
      if (clones++ == 1) {
        cloning.arrive();
        while (guest.receive()) {
        }
        return sandbox::Exit{};
      }
      guest.send(FrameType::ready, R"({"cloneable":false,"reason":"test"})");
    }
    while (auto event = guest.next_event()) {
      if (event->payload == "1") release.wait();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  auto one = start(function(), "1");
  warden_started(1);
  auto two = start(function(), "2");
  cloning.wait();
  EXPECT_FALSE(two.ready());
  release.arrive();
  EXPECT_EQ(one.get().value().payload, "1");
  EXPECT_EQ(two.get().value().payload, "2");
}

TEST_F(EngineTest, AStartThatIsNotNeededAnyMoreServesTheNextEvent) {
  Gate inside(1), release(1), starting(1);
  std::atomic<int> starts{0};
  use([&](GuestEnd& guest) {
    if (starts++ == 1) {
      starting.arrive();
      while (guest.receive()) {  // the second start never ends
      }
      return sandbox::Exit{};
    }
    guest.send(FrameType::ready, R"({"cloneable":false,"reason":"test"})");
    while (auto event = guest.next_event()) {
      if (event->payload == "1") {
        inside.arrive();
        release.wait();
      }
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  auto one = start(function(), "1");
  inside.wait();
  auto two = start(function(), "2");
  starting.wait();
  release.arrive();
  EXPECT_EQ(one.get().value().payload, "1");
  EXPECT_EQ(two.get().value().payload, "2");
  auto three = start(function(), "3");
  EXPECT_EQ(three.get().value().payload, "3");
  EXPECT_EQ(warden().started(), 2);
}

TEST_F(EngineTest, PrepareRunsInitAheadAndTellsItsErrors) {
  use(echo());
  auto prepared = base::sync_wait(engine().prepare(function()));
  EXPECT_TRUE(prepared);
  EXPECT_EQ(engine().stats().templates, 1);
  EXPECT_EQ(run_ok(function(), "1").cold_start, ports::ColdStart::clone);
}

TEST_F(EngineTest, PrepareTellsWhatIsWrong) {
  use([](GuestEnd& guest) {
    guest.send(FrameType::init_error,
               R"({"errorMessage":"bad","errorType":"Runtime.HandlerNotFound"})");
    sandbox::Exit exit;
    exit.status = 1;
    return exit;
  });
  auto prepared = base::sync_wait(engine().prepare(function()));
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error(), "Runtime.HandlerNotFound: bad");
}

TEST_F(EngineTest, UnknownRuntimesAreRefused) {
  use(echo());
  auto spec = function_named("f");
  spec->runtime = "cobol85";
  const auto outcome = run(spec, "1");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Refusal::Kind::invalid_runtime);
  EXPECT_EQ(outcome.error().message, "runtime cobol85 is not supported");
}

TEST_F(EngineTest, ASandboxThatCannotStartIsARefusalWithItsReason) {
  use(echo());
  warden().refuse("no user namespaces on this machine");
  const auto outcome = run(function(), "1");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Refusal::Kind::unavailable);
  EXPECT_EQ(outcome.error().message, "no user namespaces on this machine");
  EXPECT_EQ(engine().stats().starting, 0);
}

TEST_F(EngineTest, LargePayloadsPassBothWays) {
  use(echo());
  const std::string six_megabytes = "\"" + std::string(6 * 1024 * 1024 - 2, 'x') + "\"";
  EXPECT_EQ(run_ok(function(), six_megabytes).payload, six_megabytes);
}

TEST_F(EngineTest, AnAnswerBeyondTheLimitIsAnError) {
  use(answers(FrameType::result, std::string(6'291'557, '1')));
  const Outcome outcome = run_ok(function(), "{}");
  EXPECT_EQ(
      outcome.payload,
      R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."})");
}

TEST_F(EngineTest, AGuestThatDoesNotSpeakTheProtocolIsKilled) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    if (guest.next_event()) {
      const std::string nonsense(100, '\xff');
      guest.print("x");
      (void)!::write(guest.control(), nonsense.data(), nonsense.size());
      while (guest.receive()) {
      }
    }
    return sandbox::Exit{};
  });
  const Outcome outcome = run_ok(function(), "{}");
  EXPECT_THAT(outcome.payload, HasSubstr("signal: killed"));
}

TEST_F(EngineTest, AFloodOfOutputIsCutIntoLinesAndPassedOn) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (guest.next_event()) {
      guest.print(std::string(3 * 256 * 1024, 'a'));
      for (int i = 0; i < 1000; ++i) guest.print("line of a thousand lines\n");
      guest.send(FrameType::result, "1");
    }
    return sandbox::Exit{};
  });
  const Outcome outcome = run_ok(function(), "{}");
  EXPECT_EQ(outcome.log_tail.size(), 4096U);
  std::size_t longest = 0, plain = 0;
  for (const std::string& line : log_lines()) {
    longest = std::max(longest, line.size());
    plain += line.ends_with("line of a thousand lines") ? 1 : 0;
  }
  EXPECT_EQ(longest, 256U * 1024);
  EXPECT_EQ(plain, 1000U);
}

TEST_F(EngineTest, StopWaitsForEventsUnderWayAndTakesNoMore) {
  Gate inside(1), release(1);
  use(holding(inside, release, Held::all));
  auto one = start(function(), "1");
  inside.wait();
  std::thread stopping([&] { base::sync_wait(engine().stop(std::chrono::seconds(60))); });
  auto never = function_named("never");  // throttled before, refused once the engine stops
  never->reserved_concurrency = 0;
  wait_for([&] {
    const auto refused = run(never, "2");
    return !refused && refused.error().kind == Refusal::Kind::unavailable;
  });
  release.arrive();
  EXPECT_EQ(one.get().value().payload, "1");
  stopping.join();
  wait_for([&] { return warden().alive() == 0; });
}

TEST_F(EngineTest, ManyEventsFromManyThreadsAreEachAnsweredOnce) {
  use(echo());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string payload = std::to_string(t * 1000 + i);
        const auto outcome = run(function(), payload);
        if (outcome && outcome->payload == payload) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
  EXPECT_EQ(engine().stats().invocations, 800);
  EXPECT_LE(warden().cloned(), 16);
}

}  // namespace
}  // namespace mayfly::engine::testing
