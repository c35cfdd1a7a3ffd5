// What callers and logs are told of functions that fail: errors, endings and time limits, in events
// and in INIT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "engine/engine.h"
#include "engine/tests/fake_warden.h"
#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

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

TEST_F(EngineTest, TheMemoryOfAnInitThatFailedIsReported) {
  use([](GuestEnd& guest) {
    guest.send(FrameType::init_error, R"({"errorMessage":"no","errorType":"ValueError"})");
    while (guest.receive()) {
    }
    return sandbox::Exit{};
  });
  EXPECT_EQ(run_ok(function(), "1").peak_memory_bytes, 11 << 20);
  EXPECT_THAT(log_lines(), ::testing::Contains(HasSubstr("Max Memory Used: 11 MB")));
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

}  // namespace
}  // namespace mayfly::engine::testing
