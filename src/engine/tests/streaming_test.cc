// Answers that are delivered as they are written: the stream itself, framed guests and the engine
// between them.
#include <gmock/gmock.h>

#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Start = ResponseStream::Start;
using Mode = ResponseStream::Mode;

class StreamingTest : public EngineTest {
 protected:
  struct Call {
    std::shared_ptr<ResponseStream> stream;
    Waiting outcome;
    std::optional<Start> started() { return base::sync_wait(stream->started()); }
    std::optional<std::string> next() { return base::sync_wait(stream->next()); }
    std::string rest() {
      std::string all;
      while (auto chunk = next()) all += *chunk;
      return all;
    }
    Outcome end() {
      RunResult result = outcome.get();
      if (result) return *result;
      ADD_FAILURE() << result.error().message;
      return {};
    }
  };
  Call stream(std::shared_ptr<const FunctionSpec> spec, std::string payload = "{}") {
    auto stream = std::make_shared<ResponseStream>();
    Event event = this->event(std::move(payload));
    event.stream = stream;
    auto promise = std::make_shared<std::promise<RunResult>>();
    auto future = promise->get_future();
    base::spawn(engine().run(std::move(spec), std::move(event)),
                [promise](RunResult result) { promise->set_value(std::move(result)); });
    return {std::move(stream), Waiting(std::move(future))};
  }
  // A guest that answers each event by `act`.
  void use_guest(std::function<void(GuestEnd&, const std::string&)> act) {
    use([act = std::move(act)](GuestEnd& guest) {
      if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
      while (auto event = guest.next_event()) act(guest, event->payload);
      return sandbox::Exit{};
    });
  }
};

TEST_F(StreamingTest, ChunksArriveBeforeTheHandlerEnds) {
  Gate gate(2);
  use_guest([&](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "text/plain");
    guest.send(FrameType::stream_chunk, "first");
    gate.arrive();  // goes on only when the test has the first chunk
    guest.send(FrameType::stream_chunk, "second");
    guest.send(FrameType::stream_end, "");
  });
  Call call = stream(function());
  const auto start = call.started();
  ASSERT_TRUE(start);
  EXPECT_EQ(start->mode, Mode::streaming);
  EXPECT_EQ(start->content_type, "text/plain");
  EXPECT_EQ(call.next(), "first");
  EXPECT_FALSE(call.outcome.ready());
  gate.arrive();
  EXPECT_EQ(call.rest(), "second");
  const Outcome outcome = call.end();
  EXPECT_FALSE(outcome.function_error);
  EXPECT_EQ(outcome.payload, "");
  EXPECT_THAT(outcome.log_tail, HasSubstr("REPORT RequestId: request-1"));
}

TEST_F(StreamingTest, ABufferedAnswerIsOneChunk) {
  use(echo());
  Call call = stream(function(), "\"whole\"");
  EXPECT_EQ(call.started()->mode, Mode::buffered);
  EXPECT_EQ(call.rest(), "\"whole\"");
  EXPECT_EQ(call.end().payload, "");
}

TEST_F(StreamingTest, WithoutAStreamTheAnswerIsCollected) {
  use_guest([](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    guest.send(FrameType::stream_chunk, "a");
    guest.send(FrameType::stream_chunk, "b");
    guest.send(FrameType::stream_end, "");
  });
  EXPECT_EQ(run_ok(function(), "{}").payload, "ab");
  EXPECT_EQ(run_ok(function(), "{}").payload, "ab");  // and the environment serves on
}

TEST_F(StreamingTest, CollectedAnswersHaveTheLimitOfAResponse) {
  options_.response_limit = 10;
  use_guest([](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    guest.send(FrameType::stream_chunk, "123456");
    guest.send(FrameType::stream_chunk, "7890+");
    guest.send(FrameType::stream_end, "");
  });
  EXPECT_EQ(run_ok(function(), "{}").error_type, "Function.ResponseSizeTooLarge");
}

TEST_F(StreamingTest, AStreamHasALimitOfItsOwn) {
  options_.response_limit = 5;
  options_.stream_limit = 10;
  use_guest([](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    for (int i = 0; i < 3; ++i) guest.send(FrameType::stream_chunk, "12345");
    guest.send(FrameType::stream_end, "");
  });
  Call call = stream(function());
  ASSERT_TRUE(call.started());
  EXPECT_EQ(call.rest(), "1234512345");
  EXPECT_EQ(call.end().error_type, "Function.ResponseSizeTooLarge");
}

TEST_F(StreamingTest, ErrorsBeforeAndInTheMiddle) {
  use_guest([](GuestEnd& guest, const std::string& payload) {
    if (payload == "\"before\"") return guest.send(FrameType::error, R"({"errorType":"Early"})");
    guest.send(FrameType::stream_begin, "");
    guest.send(FrameType::stream_chunk, "half");
    guest.send(FrameType::stream_error, R"({"errorType":"Late"})");
  });
  Call early = stream(function(), "\"before\"");
  EXPECT_FALSE(early.started());
  EXPECT_EQ(early.next(), std::nullopt);
  EXPECT_EQ(early.end().payload, R"({"errorType":"Early"})");
  Call late = stream(function(), "\"middle\"");
  ASSERT_TRUE(late.started());
  EXPECT_EQ(late.rest(), "half");
  const Outcome outcome = late.end();
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.error_type, "Late");
  EXPECT_EQ(outcome.payload, R"({"errorType":"Late"})");
}

TEST_F(StreamingTest, ARuntimeThatDiesMidStreamHasTruncatedItsAnswer) {
  use([](GuestEnd& guest) {
    if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
    if (!guest.next_event()) return sandbox::Exit{};
    guest.send(FrameType::stream_begin, "");
    guest.send(FrameType::stream_chunk, "half");
    sandbox::Exit exit;
    exit.status = 3;
    return exit;
  });
  Call call = stream(function());
  ASSERT_TRUE(call.started());
  EXPECT_EQ(call.rest(), "half");
  const Outcome outcome = call.end();
  EXPECT_EQ(outcome.error_type, "Runtime.TruncatedResponse");
  EXPECT_THAT(outcome.log_tail, HasSubstr("Status: error\tError Type: Runtime.TruncatedResponse"));
}

TEST_F(StreamingTest, TheTimeLimitHoldsMidStream) {
  use_guest([](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    guest.send(FrameType::stream_chunk, "half");
    guest.receive();  // until it is killed
  });
  Call call = stream(function());
  ASSERT_TRUE(call.started());
  EXPECT_EQ(call.next(), "half");
  clock().advance(4s);
  engine().sweep();
  EXPECT_EQ(call.rest(), "");
  EXPECT_EQ(call.end().error_type, "Sandbox.Timedout");
}

// What nobody reads stays in the guest: only so much is taken, and all of it arrives once it is
// read.
TEST_F(StreamingTest, ASlowReaderHoldsTheFunctionBack) {
  std::atomic<int> sent{0};
  use_guest([&](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    const std::string chunk(64 * 1024, 'x');
    for (; sent < 200; ++sent) guest.send(FrameType::stream_chunk, chunk);
    guest.send(FrameType::stream_end, "");
  });
  Call call = stream(function());
  ASSERT_TRUE(call.started());
  // It stops by itself: the sockets' buffers and the high-water mark are far below 200 chunks.
  int before = -1;
  for (int quiet = 0; quiet < 20; quiet = sent == before ? quiet + 1 : 0) {
    before = sent;
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_LT(sent, 150);
  EXPECT_EQ(call.rest().size(), 200U * 64 * 1024);
  EXPECT_FALSE(call.end().function_error);
  // The environment is not held any more.
  Call again = stream(function());
  EXPECT_TRUE(again.started());
  again.stream->abandon();
  EXPECT_FALSE(again.end().function_error);
}

TEST_F(StreamingTest, AReaderThatLeavesLetsTheFunctionEnd) {
  use_guest([](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    const std::string chunk(64 * 1024, 'x');
    for (int i = 0; i < 200; ++i) guest.send(FrameType::stream_chunk, chunk);
    guest.send(FrameType::stream_end, "");
  });
  Call call = stream(function());
  ASSERT_TRUE(call.started());
  ASSERT_TRUE(call.next());
  call.stream->abandon();
  EXPECT_EQ(call.next(), std::nullopt);
  EXPECT_FALSE(call.end().function_error);
}

TEST_F(StreamingTest, ThePaceFollowsTheBurst) {
  options_.stream_pace = {.burst_bytes = 1000, .bytes_per_second = 100'000};
  use_guest([](GuestEnd& guest, const std::string&) {
    guest.send(FrameType::stream_begin, "");
    for (int i = 0; i < 4; ++i) guest.send(FrameType::stream_chunk, std::string(1000, 'x'));
    guest.send(FrameType::stream_end, "");
  });
  const auto started = std::chrono::steady_clock::now();
  Call call = stream(function());
  ASSERT_TRUE(call.started());
  EXPECT_EQ(call.rest().size(), 4000U);
  call.end();
  // 3,000 bytes behind the burst, at 100,000 a second: the timers are real, the fake clock stands
  // still, so each wait is counted from the burst's end: 10 + 20 + 30 ms.
  EXPECT_GE(std::chrono::steady_clock::now() - started, 55ms);
}

TEST_F(StreamingTest, FramesOutOfOrderEndTheEnvironment) {
  use_guest([](GuestEnd& guest, const std::string& type) {
    guest.send(static_cast<FrameType>(type[0]), "");
    guest.receive();  // until it is killed
  });
  for (const char* type : {"c", "d", "x"}) {
    Call call = stream(function(), type);
    EXPECT_FALSE(call.started());
    EXPECT_EQ(call.end().error_type, "Runtime.ExitError");
  }
}

TEST_F(StreamingTest, ARefusalEndsTheStream) {
  options_.account_concurrency = 0;
  use(echo());
  Call call = stream(function());
  EXPECT_FALSE(call.started());
  EXPECT_FALSE(call.outcome.get());
}

}  // namespace
}  // namespace mayfly::engine::testing
