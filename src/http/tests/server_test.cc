#include "http/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "base/one_shot.h"
#include "base/spawn.h"
#include "http/detail/address.h"
#include "http/tests/server_fixture.h"

namespace mayfly::http {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using ::testing::EndsWith;
using testing::get;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawPeer;
using testing::ServerTest;
using ::testing::StartsWith;

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  serve(echo);
  RawPeer peer = connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.send("POST /p?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"));
    const std::string response = peer.read_response();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(response, HasSubstr("X-Target: /p?q=1\r\n"));
    EXPECT_THAT(response, EndsWith("\r\n\r\nhello"));
  }
  EXPECT_EQ(server_->open_connections(), 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  // The first handler ends last if they were run side by side.
  base::OneShot<int> gate;
  serve([&gate](Request request) -> base::Task<Response> {
    if (request.target == "/0") co_await gate.wait();
    co_return Response{.body = request.target};
  });
  RawPeer peer = connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += get(fmt::format("/{}", i));
  peer.send(all);
  gate.set(1);
  for (int i = 0; i < 50; ++i)
    EXPECT_THAT(peer.read_response(), EndsWith(fmt::format("\r\n\r\n/{}", i)));
}

TEST_F(ServerTest, JoinsChunkedRequestBodies) {
  serve(echo);
  RawPeer peer = connect();
  peer.send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nMayf\r\n");
  peer.send("2\r\nly\r\n0\r\n\r\n");
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\nMayfly"));
}

// A listener that streams: the handler starts before the body is there, reads it piece by piece and
// finds the trailer.
class StreamingServerTest : public ServerTest {
 protected:
  RawPeer connect_to(Handler handler) {
    serve(echo);
    const auto socket = detail::listen_on("127.0.0.1", 0);
    ListenerOptions options;
    options.streams = [](std::string_view method, std::string_view target) {
      return method == "POST" && target.starts_with("/stream");
    };
    server_->add_listener(socket.fd, std::move(handler), options);
    return RawPeer(socket.port);
  }
  static base::Task<Response> collect(Request request) {
    Response response;
    while (auto piece = co_await request.incoming->next()) response.body += *piece;
    response.body += request.incoming->whole() ? "|whole" : "|cut";
    for (const auto& [name, value] : request.incoming->trailers())
      response.body += "|" + name + "=" + value;
    co_return response;
  }
};

TEST_F(StreamingServerTest, TheHandlerReadsWhileTheBodyArrives) {
  base::OneShot<std::string> first;
  RawPeer peer = connect_to([&first](Request request) -> base::Task<Response> {
    auto piece = co_await request.incoming->next();
    first.set(piece.value_or("nothing"));
    co_return co_await collect(std::move(request));
  });
  peer.send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nMayf\r\n");
  EXPECT_EQ(base::sync_wait([](base::OneShot<std::string> wait) -> base::Task<std::string> {
              co_return co_await wait.wait();
            }(first)),
            "Mayf");
  peer.send("2\r\nly\r\n0\r\nError-Type: Odd\r\n\r\n");
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\nly|whole|Error-Type=Odd"));
}

TEST_F(StreamingServerTest, AWholeRequestInOnePieceAndTheNextOneBehindIt) {
  RawPeer peer = connect_to([](Request request) -> base::Task<Response> {
    if (request.incoming == nullptr) co_return Response{.body = "plain " + request.body};
    co_return co_await collect(std::move(request));
  });
  peer.send(
      "POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
      "POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
      "POST /other HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nc");
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\nab|whole"));
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\n|whole"));
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\nplain c"));
}

TEST_F(StreamingServerTest, ALargeBodyIsCarriedWhole) {
  RawPeer peer = connect_to([](Request request) -> base::Task<Response> {
    std::size_t total = 0;
    while (auto piece = co_await request.incoming->next()) total += piece->size();
    co_return Response{.body = fmt::format("{} {}", total, request.incoming->whole())};
  });
  const std::string chunk(1 << 20, 'x');
  std::thread sender([&] {
    peer.send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 80; ++i) peer.send(fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk));
    peer.send("0\r\n\r\n");
  });
  EXPECT_THAT(peer.read_response(), EndsWith(fmt::format("\r\n\r\n{} true", 80 << 20)));
  sender.join();
}

TEST_F(StreamingServerTest, ABodyThatIsCutOrMalformedIsNotWhole) {
  base::OneShot<std::string> first;
  RawPeer peer = connect_to([&first](Request request) -> base::Task<Response> {
    first.set((co_await request.incoming->next()).value_or("nothing"));
    co_return co_await collect(std::move(request));
  });
  peer.send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nMayf\r\n");
  base::sync_wait([](base::OneShot<std::string> wait) -> base::Task<std::string> {
    co_return co_await wait.wait();
  }(first));
  peer.send("zz\r\n");
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\n|cut"));
  EXPECT_EQ(peer.read_until("never"), "");  // such a connection takes no other request
}

TEST_F(StreamingServerTest, AHandlerThatDoesNotReadCostsTheConnectionOnly) {
  RawPeer peer = connect_to(
      [](Request) -> base::Task<Response> { co_return Response{.status = 413, .body = "no"}; });
  peer.send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nMayf\r\n");
  const std::string response = peer.read_response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(response, HasSubstr("Connection: close"));
}

TEST_F(ServerTest, CarriesLargeBodiesBothWays) {
  serve(echo);
  std::string body(6 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  RawPeer peer = connect();
  std::thread sender([&] {
    peer.send(fmt::format("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", body.size(),
                          body));
  });
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_TRUE(peer.read_exactly(body.size()) == body);
  sender.join();
}

TEST_F(ServerTest, SendsContinueBeforeTheBodyIsSent) {
  serve(echo);
  RawPeer peer = connect();
  peer.send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  EXPECT_THAT(peer.read_response(), EndsWith("\r\n\r\nok"));
}

TEST_F(ServerTest, RefusesATooLargeBodyInsteadOfContinue) {
  serve(echo, {.body_bytes = 10});
  EXPECT_THAT(
      answer("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, Http10ClosesUnlessAskedToKeep) {
  serve(echo);
  const std::string closed = answer("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(closed, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(closed, HasSubstr("Connection: close\r\n"));
  RawPeer peer = connect();
  for (int i = 0; i < 2; ++i) {
    peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(peer.read_response(), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  serve([](Request) -> base::Task<Response> { co_return Response{.body = "four"}; });
  RawPeer peer = connect();
  peer.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/"));
  EXPECT_THAT(peer.read_until("\r\n\r\n"), HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(peer.read_response(),
              EndsWith("\r\n\r\nfour"));  // and the next answer follows at once
}

TEST_F(ServerTest, NoContentHasNeitherBodyNorLength) {
  serve([](Request) -> base::Task<Response> {
    co_return Response{.status = 204, .body = "ignored"};
  });
  RawPeer peer = connect();
  peer.send(get("/") + get("/"));
  EXPECT_THAT(peer.read_until("\r\n\r\n"), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(peer.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 204 "));
}

// ---- Bad input: the right status, a sentence, and the end of the connection.

struct BadInput {
  const char* name;
  std::string bytes;
  int status;
};

TEST_F(ServerTest, RefusesBadInputAndCloses) {
  serve(echo, {.request_line = 100, .header_bytes = 500, .body_bytes = 1000});
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const BadInput inputs[] = {
      {"line", "GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"headers", get("/").substr(0, 20) + "A: " + std::string(600, 'a') + "\r\n\r\n", 431},
      {"body", post + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'a'), 413},
      {"chunk", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"smuggling",
       post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/admin"),
       400},
      {"version", "GET / HTTP/3.0\r\n\r\n", 505},
      {"expectation", post + "Expect: tea\r\n\r\n", 417},
  };
  for (const auto& input : inputs) {
    const std::string response = answer(input.bytes);
    EXPECT_THAT(response, StartsWith(fmt::format("HTTP/1.1 {} ", input.status))) << input.name;
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n")) << input.name;
    EXPECT_THAT(response, EndsWith(".\n")) << input.name;
    EXPECT_THAT(response, Not(HasSubstr("\nHTTP/1.1"))) << input.name << ": more than one answer";
  }
}

TEST_F(ServerTest, RefusesARequestThatEndsTooEarly) {
  std::atomic<int> handled{0};
  serve([&handled](Request) -> base::Task<Response> {
    ++handled;
    co_return Response{};
  });
  for (const std::string_view part :
       {"GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n",
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc",
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    RawPeer peer = connect();
    peer.send(part);
    peer.end_sending();
    EXPECT_THAT(peer.read_to_end(), StartsWith("HTTP/1.1 400 ")) << part;
  }
  RawPeer silent = connect();
  silent.end_sending();
  EXPECT_TRUE(silent.at_end());
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, AnswersAPeerThatHasEndedItsSide) {
  serve(echo);
  RawPeer peer = connect();
  peer.send(get("/1") + get("/2"));
  peer.end_sending();
  const std::string all = peer.read_to_end();
  EXPECT_THAT(all, HasSubstr("X-Target: /1\r\n"));
  EXPECT_THAT(all, HasSubstr("X-Target: /2\r\n"));
}

TEST_F(ServerTest, RefusesConnectionsAboveTheLimit) {
  serve(echo, {.connections = 1});
  RawPeer first = connect();
  first.send(get("/"));
  first.read_response();
  EXPECT_THAT(answer(get("/")), StartsWith("HTTP/1.1 503 "));
  first.send(get("/"));
  EXPECT_THAT(first.read_response(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, BoundsTheMemoryOfAllBodiesTogether) {
  base::OneShot<int> gate;
  base::OneShot<int> entered;
  serve(
      [&](Request request) -> base::Task<Response> {
        if (request.target == "/hold") {
          entered.set(1);
          co_await gate.wait();
        }
        co_return Response{.body = std::to_string(request.body.size())};
      },
      {.total_body_bytes = 250'000});
  const auto put = [](std::string_view target) {
    return fmt::format(
        "PUT {} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 150000\r\n\r\n{}",
        target, std::string(150'000, 'x'));
  };
  RawPeer holder = connect();
  holder.send(put("/hold"));
  base::sync_wait(
      [](base::OneShot<int> shot) -> base::Task<int> { co_return co_await shot.wait(); }(entered));
  EXPECT_THAT(answer(put("/")), StartsWith("HTTP/1.1 503 "));
  gate.set(1);
  EXPECT_THAT(holder.read_response(), EndsWith("\r\n\r\n150000"));
  EXPECT_TRUE(holder.at_end());
  EXPECT_THAT(answer(put("/")), StartsWith("HTTP/1.1 200 "));  // given back
}

// ---- Time

TEST_F(ServerTest, SlowHeadersAndBodiesTimeOut) {
  serve(echo, {.header_timeout = 50ms, .body_timeout = 50ms});
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nHos"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(answer("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408 "));
}

// One byte now and then must not extend the time that the whole header has.
TEST_F(ServerTest, ATricklingPeerTimesOutToo) {
  serve(echo, {.header_timeout = 60ms});
  RawPeer peer = connect();
  std::atomic<bool> done{false};
  std::thread trickle([&] {
    peer.send("GET / HTTP/1.1\r\nA: ");
    while (!done && peer.send("a")) std::this_thread::sleep_for(10ms);
  });
  const std::string response = peer.read_until("\r\n\r\n");
  done = true;
  trickle.join();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, IdleConnectionsAreClosedWithoutAWord) {
  serve(echo, {.idle_timeout = 50ms});
  RawPeer fresh = connect();
  RawPeer used = connect();
  used.send(get("/"));
  EXPECT_THAT(used.read_response(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(used.at_end());
  EXPECT_TRUE(fresh.at_end());
}

TEST_F(ServerTest, APeerThatDoesNotReadIsCutOff) {
  serve(
      [](Request) -> base::Task<Response> {
        co_return Response{.body = std::string(32 << 20, 'x')};
      },
      {.write_timeout = 50ms});
  RawPeer peer = connect();
  peer.send(get("/"));
  while (server_->open_connections() == 0) std::this_thread::yield();
  while (server_->open_connections() > 0) std::this_thread::yield();
  EXPECT_LT(peer.read_to_end().size(), std::size_t{32 << 20});
}

// ---- Handlers

TEST_F(ServerTest, RunsTheHandlerOnTheConnectionsExecutorAndReturnsToIt) {
  std::atomic<base::Executor*> before{nullptr};
  std::atomic<base::Executor*> after{nullptr};
  std::thread worker;
  serve([&](Request) -> base::Task<Response> {
    before = base::Executor::current();
    base::OneShot<int> shot;
    worker = std::thread([shot] { shot.set(1); });
    co_await shot.wait();
    after = base::Executor::current();
    co_return Response{.body = "done"};
  });
  RawPeer peer = connect();
  peer.send(get("/"));
  EXPECT_THAT(peer.read_response(), EndsWith("done"));
  worker.join();
  EXPECT_TRUE(before == &io_.loop(0) || before == &io_.loop(1));
  EXPECT_EQ(before, after);
}

// Resumes the coroutine on a thread that is no executor, so the handler ends there.
struct OnNewThread {
  std::thread& thread;
  static bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    std::thread& target = thread;  // the awaiter may be gone before the assignment is done
    target = std::thread([handle] { handle.resume(); });
  }
  static void await_resume() {}
};

TEST_F(ServerTest, AHandlerMayEndOnAnotherThread) {
  std::thread threads[3];
  std::atomic<std::size_t> next{0};
  serve([&](Request) -> base::Task<Response> {
    co_await OnNewThread{threads[next++]};
    co_return Response{.body = "from afar"};
  });
  RawPeer peer = connect();
  for (int i = 0; i < 3; ++i) {
    peer.send(get("/"));
    EXPECT_THAT(peer.read_response(), EndsWith("from afar"));
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(ServerTest, AnExceptionOfTheHandlerIsA500AndTheConnectionGoesOn) {
  base::set_log_level(base::LogLevel::off);
  serve([](Request request) -> base::Task<Response> {
    if (request.target == "/throw") throw std::runtime_error("secret detail");
    co_return Response{.body = "fine"};
  });
  RawPeer peer = connect();
  peer.send(get("/throw") + get("/"));
  const std::string failed = peer.read_response();
  EXPECT_THAT(failed, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(failed, Not(HasSubstr("secret")));
  EXPECT_THAT(peer.read_response(), EndsWith("fine"));
}

TEST_F(ServerTest, AHeaderThatWouldSplitTheResponseIsNotSent) {
  base::set_log_level(base::LogLevel::off);
  serve([](Request request) -> base::Task<Response> {
    Response response;
    if (request.target == "/value") response.headers.add("A", "b\r\nSet-Cookie: evil");
    if (request.target == "/name") response.headers.add("A: b\r\nEvil", "1");
    if (request.target == "/status") response.status = 42;
    response.headers.add("Content-Length", "999");
    response.headers.add("Transfer-Encoding", "chunked");
    co_return response;
  });
  RawPeer peer = connect();
  for (const char* target : {"/value", "/name", "/status"}) {
    peer.send(get(target));
    const std::string response = peer.read_response();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 500 ")) << target;
    EXPECT_THAT(response, Not(HasSubstr("vil"))) << target;
  }
  peer.send(get("/"));
  EXPECT_THAT(peer.read_response(), HasSubstr("Content-Length: 0\r\n"));
}

// ---- Streams

// Yields what the test puts in, one chunk at a time.
struct Script {
  std::vector<base::OneShot<std::optional<std::string>>> chunks{4};
  std::atomic<bool> destroyed{false};
};

class ScriptedStream final : public BodyStream {
 public:
  explicit ScriptedStream(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  ~ScriptedStream() override { script_->destroyed = true; }
  base::Task<std::optional<std::string>> next() override {
    auto chunk = co_await script_->chunks.at(next_++).wait();
    if (chunk == "throw") throw std::runtime_error("stream failed");
    co_return chunk;
  }

 private:
  std::shared_ptr<Script> script_;
  std::size_t next_ = 0;
};

Handler streaming(std::shared_ptr<Script> script) {
  return [script](Request) -> base::Task<Response> {
    Response response{.body = "head,"};
    response.stream = std::make_unique<ScriptedStream>(script);
    co_return response;
  };
}

TEST_F(ServerTest, StreamsEachChunkAtOnce) {
  auto script = std::make_shared<Script>();
  serve(streaming(script));
  RawPeer peer = connect();
  peer.send(get("/"));
  EXPECT_THAT(peer.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(peer.read_exactly(10), "5\r\nhead,\r\n");
  script->chunks[0].set("one");
  EXPECT_EQ(peer.read_exactly(8), "3\r\none\r\n");
  script->chunks[1].set(std::string());  // must not end the body
  script->chunks[2].set("twotwotwotwotwotwo");
  EXPECT_EQ(peer.read_exactly(24), "12\r\ntwotwotwotwotwotwo\r\n");
  script->chunks[3].set(std::nullopt);
  EXPECT_EQ(peer.read_exactly(5), "0\r\n\r\n");
}

TEST_F(ServerTest, StreamsToHttp10UntilTheClose) {
  auto script = std::make_shared<Script>();
  serve(streaming(script));
  script->chunks[0].set("one");
  script->chunks[1].set(std::nullopt);
  const std::string all = answer("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(all, EndsWith("\r\n\r\nhead,one"));
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
}

TEST_F(ServerTest, AStreamThatFailsIsCutSoThatThePeerKnows) {
  base::set_log_level(base::LogLevel::off);
  auto script = std::make_shared<Script>();
  serve(streaming(script));
  script->chunks[0].set("throw");
  EXPECT_THAT(answer(get("/")), EndsWith("5\r\nhead,\r\n"));
}

TEST_F(ServerTest, TheStreamIsDroppedWhenThePeerGoes) {
  auto script = std::make_shared<Script>();
  serve(streaming(script));
  {
    RawPeer peer = connect();
    peer.send(get("/"));
    peer.read_until("head,");
  }
  // The first write after the peer's close may still succeed; the next fails on its reset.
  script->chunks[0].set("one");
  script->chunks[1].set("two");
  script->chunks[2].set("three");
  script->chunks[3].set("four");
  while (!script->destroyed) std::this_thread::yield();
}

TEST_F(ServerTest, AnAddressInUseIsNamed) {
  serve(echo);
  try {
    Server second(io_, {.port = server_->port()}, echo);
    FAIL() << "two servers on one port";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr(fmt::format("cannot listen on 127.0.0.1:{}", server_->port())));
  }
}

TEST_F(ServerTest, SpreadsConnectionsEvenly) {
  std::mutex mutex;
  std::map<base::Executor*, int> per_loop;
  serve([&](Request) -> base::Task<Response> {
    std::lock_guard lock(mutex);
    ++per_loop[base::Executor::current()];
    co_return Response{};
  });
  std::vector<RawPeer> peers;
  for (int i = 0; i < 16; ++i) {
    peers.push_back(connect());
    peers.back().send(get("/"));
    peers.back().read_response();
  }
  EXPECT_THAT(per_loop, ::testing::ElementsAre(::testing::Pair(::testing::_, 8),
                                               ::testing::Pair(::testing::_, 8)));
}

}  // namespace
}  // namespace mayfly::http
