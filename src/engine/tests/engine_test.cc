// The engine against scripted guests: who gets which environment, what callers and logs are told,
// what ends when.
#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "base/spawn.h"
#include "base/strings.h"
#include "engine/tests/fake_warden.h"
#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

TEST_F(EngineTest, FunctionErrorIsPassedOnVerbatim) {
  use(answers(
      FrameType::error,
      R"({"errorMessage":"no","errorType":"ValueError","requestId":"request-1","stackTrace":[]})"));
  const Outcome outcome = run_ok(function(), "{}");
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.error_type, "ValueError");
  EXPECT_THAT(outcome.payload, HasSubstr(R"("errorMessage":"no")"));
  EXPECT_THAT(log_lines().back(), ::testing::Not(HasSubstr("Status")));
  EXPECT_TRUE(usage().back().error);
}

TEST_F(EngineTest, TimeoutKillsAndIsToldInLambdasWords) {
  Gate inside(1);
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) inside.arrive();  // never answers
    return sandbox::Exit{};
  });
  auto spec = function_named("slow");
  spec->timeout_s = 1;
  auto waiting = start(spec, "{}");
  inside.wait();
  clock().advance(std::chrono::milliseconds(999));
  engine().sweep();
  EXPECT_FALSE(waiting.ready());
  clock().advance(std::chrono::milliseconds(1));
  engine().sweep();
  const Outcome outcome = waiting.get().value();
  EXPECT_EQ(
      outcome.payload,
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: request-1 Error: Task timed out after 1.00 seconds"})");
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.duration_ms, 1000);
  EXPECT_THAT(log_lines().back(), HasSubstr("\tStatus: timeout"));
  EXPECT_EQ(engine().stats().idle, 0);
  EXPECT_EQ(engine().stats().busy, 0);
}

struct ExitCase {
  sandbox::Exit exit;
  std::string payload;
  std::string report;
};

class ExitTest : public EngineTest, public ::testing::WithParamInterface<ExitCase> {};

TEST_P(ExitTest, AnExitInsideAnEventIsToldInLambdasWords) {
  const ExitCase& wanted = GetParam();
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    if (guest.next_event()) {
      if (guest.is_clone) guest.print("last words");
      return wanted.exit;
    }
    return sandbox::Exit{};
  });
  const Outcome outcome = run_ok(function(), "{}");
  EXPECT_EQ(outcome.payload, wanted.payload);
  EXPECT_EQ(outcome.function_error, "Unhandled");
  const auto lines = log_lines();
  EXPECT_THAT(lines.back(), HasSubstr(wanted.report));
  EXPECT_THAT(lines, ::testing::Contains("last words"));
  // The next event finds the template, not the corpse.
  EXPECT_EQ(engine().stats().idle, 0);
}

sandbox::Exit exit_with(int status, int signal, bool oom) {
  sandbox::Exit exit;
  exit.status = status;
  exit.signal = signal;
  exit.out_of_memory = oom;
  return exit;
}

INSTANTIATE_TEST_SUITE_P(
    All, ExitTest,
    ::testing::Values(
        ExitCase{
            exit_with(1, 0, false),
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited with error: exit status 1"})",
            "Status: error\tError Type: Runtime.ExitError"},
        ExitCase{
            exit_with(0, 0, false),
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited without providing a reason"})",
            "Status: error\tError Type: Runtime.ExitError"},
        ExitCase{
            exit_with(0, 11, false),
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited with error: signal: segmentation fault"})",
            "Status: error\tError Type: Runtime.ExitError"},
        ExitCase{
            exit_with(0, 9, true),
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited with error: signal: killed"})",
            "Status: error\tError Type: Runtime.OutOfMemory"}));

TEST_F(EngineTest, InitErrorIsTheEventsAnswerAndTheNextEventTriesAgain) {
  std::atomic<bool> broken{true};
  use([&](GuestEnd& guest) {
    if (!guest.is_clone && broken) {
      guest.send(
          FrameType::init_error,
          R"({"errorMessage":"Unable to import module 'x'","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]})");
      return exit_with(1, 0, false);
    }
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) guest.send(FrameType::result, event->payload);
    return sandbox::Exit{};
  });
  const Outcome outcome = run_ok(function(), "1");
  EXPECT_EQ(outcome.error_type, "Runtime.ImportModuleError");
  EXPECT_THAT(outcome.payload, HasSubstr("Unable to import module 'x'"));
  EXPECT_THAT(log_lines(), ::testing::Contains(ContainsRegex(
                               "INIT_REPORT Init Duration: .* ms\tPhase: init\tStatus: "
                               "error\tError Type: Runtime.ImportModuleError")));
  EXPECT_THAT(log_lines(), ::testing::Contains(HasSubstr("Phase: invoke")));
  broken = false;
  EXPECT_EQ(run_ok(function(), "2").payload, "2");
}

TEST_F(EngineTest, ExitInInitIsAnExitError) {
  use([](GuestEnd&) { return exit_with(3, 0, false); });
  const Outcome outcome = run_ok(function(), "1");
  EXPECT_THAT(outcome.payload, HasSubstr("Runtime exited with error: exit status 3"));
}

TEST_F(EngineTest, AnInitThatIsLateRunsOnceMoreInsideTheInvocation) {
  std::atomic<int> starts{0};
  Gate first(1);
  use([&](GuestEnd& guest) {
    if (!guest.is_clone && starts++ == 0) {
      first.arrive();
      while (guest.receive()) {  // hangs
      }
      return sandbox::Exit{};
    }
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) guest.send(FrameType::result, event->payload);
    return sandbox::Exit{};
  });
  auto waiting = start(function(), "7");
  first.wait();
  // The guest may be that far before the engine has taken it over and started its budget: then time
  // has to pass again.
  do {
    clock().advance(std::chrono::seconds(10));
    engine().sweep();
  } while (!waiting.ready_within(std::chrono::milliseconds(200)));
  EXPECT_EQ(waiting.get().value().payload, "7");
  EXPECT_THAT(log_lines(),
              ::testing::Contains(ContainsRegex(
                  "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout")));
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

TEST_F(EngineTest, AccountConcurrencyThrottles) {
  options_.account_concurrency = 1;
  Gate inside(1), release(1);
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      inside.arrive();
      release.wait();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
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
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      if (event->payload == "hold") {
        inside.arrive();
        release.wait();
      }
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
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
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      if (event->payload == "hold") {
        inside.arrive();
        release.wait();
      }
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
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
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      inside.arrive();
      release.wait();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
  auto spec = function();
  auto one = start(spec, "1");
  inside.wait();
  engine().retire(spec->scope, spec->function, spec->version, "");
  release.arrive();
  EXPECT_EQ(one.get().value().payload, "1");
  EXPECT_EQ(engine().stats().idle, 0);
  wait_for([&] { return warden().alive() <= 1; });
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
    return exit_with(1, 0, false);
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
  use([&](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    while (auto event = guest.next_event()) {
      inside.arrive();
      release.wait();
      guest.send(FrameType::result, event->payload);
    }
    return sandbox::Exit{};
  });
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
