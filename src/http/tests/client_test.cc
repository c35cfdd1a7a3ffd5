#include "http/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "base/spawn.h"
#include "http/detail/address.h"
#include "http/detail/request_head.h"
#include "http/detail/response_parser.h"
#include "http/server.h"

namespace mayfly::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A peer with a script: for each connection, reads one request's head and sends the next answer as
// it stands.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers)
      : socket_(detail::listen_on("127.0.0.1", 0)), answers_(std::move(answers)) {
    ::fcntl(socket_.fd, F_SETFL, 0);  // blocking
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    ::shutdown(socket_.fd, SHUT_RDWR);  // wakes accept()
    thread_.join();
    ::close(socket_.fd);
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", socket_.port); }
  std::vector<std::string> requests;

 private:
  void run() {
    for (const auto& answer : answers_) {
      const int fd = ::accept(socket_.fd, nullptr, nullptr);
      if (fd < 0) return;
      std::string request;
      char block[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = ::recv(fd, block, sizeof(block), 0);
        if (count <= 0) break;
        request.append(block, static_cast<std::size_t>(count));
      }
      requests.push_back(request);
      ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::shutdown(fd, SHUT_WR);
      while (::recv(fd, block, sizeof(block), 0) > 0) {
      }
      ::close(fd);
    }
  }

  detail::ListeningSocket socket_;
  std::vector<std::string> answers_;
  std::thread thread_;
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() { io_.start(); }
  ~ClientTest() override {
    client_.reset();
    server_.reset();
    io_.stop();
  }

  void serve(Handler handler, Limits limits = {}) {
    server_.emplace(io_, ServerOptions{.port = 0, .limits = limits}, std::move(handler));
    server_->start();
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }
  void use(ClientOptions options) { client_.emplace(io_, options); }
  std::expected<Response, std::string> send(const std::string& to, Request request) {
    if (!client_) use({});
    return base::sync_wait(client_->send(to, std::move(request)));
  }
  std::string failure(const std::string& to, Request request) {
    auto result = send(to, std::move(request));
    return result ? fmt::format("answered {}", result->status) : result.error();
  }
  static Request get(std::string target) {
    Request request;
    request.method = "GET";
    request.target = std::move(target);
    return request;
  }
  static Request post(std::string body) {
    Request request;
    request.method = "POST";
    request.target = "/";
    request.body = std::move(body);
    return request;
  }

  Io io_{1};
  std::optional<Server> server_;
  std::optional<Client> client_;
};

TEST_F(ClientTest, SendsAndReceives) {
  serve([](Request request) -> base::Task<Response> {
    Response response{.status = 201,
                      .body = request.method + " " + request.target + " " + request.body};
    response.headers.add("X-Host", std::string(request.headers.get("Host").value_or("")));
    response.headers.add("X-Own", std::string(request.headers.get("X-Own").value_or("")));
    co_return response;
  });
  Request request = post("body");
  request.target = "/a%2Fb?c=d";
  request.headers.add("X-Own", "1");
  const auto response = send(url(), std::move(request));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "POST /a%2Fb?c=d body");
  EXPECT_EQ(response->headers.get("X-Host"), url().substr(7));
  EXPECT_EQ(response->headers.get("X-Own"), "1");
}

TEST_F(ClientTest, ReusesAConnection) {
  std::mutex mutex;
  std::set<std::string> peers;
  serve([&](Request request) -> base::Task<Response> {
    std::lock_guard lock(mutex);
    peers.insert(request.peer);
    co_return Response{.body = std::string(100'000, 'x')};
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(url(), get("/"))->body.size(), 100'000U);
  EXPECT_EQ(peers.size(), 1U);
}

TEST_F(ClientTest, AConnectionThatThePeerHasClosedIsNotUsedAgain) {
  std::atomic<int> handled{0};
  serve(
      [&handled](Request) -> base::Task<Response> {
        ++handled;
        co_return Response{};
      },
      {.idle_timeout = 20ms});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failure(url(), post("x")), "answered 200");  // a POST, which must not be sent twice
    while (server_->open_connections() > 0) std::this_thread::yield();
  }
  EXPECT_EQ(handled, 3);
}

TEST_F(ClientTest, ReadsStreamsHeadsAndBodiesThatEndWithTheConnection) {
  class Count final : public BodyStream {
    base::Task<std::optional<std::string>> next() override {
      if (++number_ > 3) co_return std::nullopt;
      co_return fmt::format("{},", number_);
    }
    int number_ = 0;
  };
  serve([](Request) -> base::Task<Response> {
    Response response;
    response.stream = std::make_unique<Count>();
    co_return response;
  });
  EXPECT_EQ(send(url(), get("/"))->body, "1,2,3,");
  Request head = get("/");
  head.method = "HEAD";
  EXPECT_EQ(send(url(), std::move(head))->body, "");
  ScriptedServer until_close({"HTTP/1.1 200 OK\r\n\r\nuntil the end"});
  EXPECT_EQ(send(until_close.url(), get("/"))->body, "until the end");
}

TEST_F(ClientTest, SkipsInterimAnswers) {
  ScriptedServer peer(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
       "HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"});
  const auto response = send(peer.url(), get("/"));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->body, "ok");
}

TEST_F(ClientTest, SaysWhyThereIsNoAnswer) {
  const auto closed = detail::listen_on("127.0.0.1", 0);
  ::close(closed.fd);
  const std::string nobody = fmt::format("http://127.0.0.1:{}", closed.port);
  EXPECT_EQ(failure(nobody, get("/")),
            fmt::format("connection refused: 127.0.0.1:{}", closed.port));
  EXPECT_THAT(failure("http://no-such-host.invalid", get("/")),
              StartsWith("cannot resolve no-such-host.invalid"));
  EXPECT_THAT(failure("ftp://h", get("/")), HasSubstr("is not a URL"));
}

TEST_F(ClientTest, RefusesBrokenAnswers) {
  ScriptedServer peer(
      {"nonsense\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"});
  EXPECT_THAT(failure(peer.url(), get("/")), HasSubstr("not valid HTTP"));
  EXPECT_THAT(failure(peer.url(), get("/")), HasSubstr("closed without an answer"));
  EXPECT_THAT(failure(peer.url(), get("/")), HasSubstr("ended before the answer was complete"));
  EXPECT_THAT(failure(peer.url(), get("/")), HasSubstr("not valid HTTP"));
  EXPECT_THAT(failure(peer.url(), get("/")), HasSubstr("not valid HTTP"));
}

TEST_F(ClientTest, LimitsTheAnswer) {
  use({.response_limit = 1000});
  const std::string large(1001, 'x');
  ScriptedServer peer({"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + large,
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + large,
                       "HTTP/1.1 200 OK\r\n\r\n" + large,
                       "HTTP/1.1 200 OK\r\nA: " + std::string(300'000, 'a') + "\r\n\r\n"});
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(failure(peer.url(), get("/")), StartsWith("the answer is larger than"));
  EXPECT_THAT(failure(peer.url(), get("/")), StartsWith("the answer's headers are too large"));
}

TEST_F(ClientTest, GivesUpAfterTheTotalTime) {
  use({.total_timeout = 30ms});
  const auto silent = detail::listen_on("127.0.0.1", 0);  // the kernel accepts, nobody answers
  EXPECT_EQ(failure(fmt::format("http://127.0.0.1:{}", silent.port), get("/")),
            fmt::format("no answer within 30 ms: 127.0.0.1:{}", silent.port));
  ::close(silent.fd);
}

TEST_F(ClientTest, DoesNotSendWhatWouldBreakOutOfALine) {
  serve([](Request) -> base::Task<Response> { co_return Response{}; });
  Request header = get("/");
  header.headers.add("A", "b\r\nC: d");
  EXPECT_THAT(failure(url(), std::move(header)), HasSubstr("header cannot be sent"));
  EXPECT_THAT(failure(url(), get("/ HTTP/1.1\r\nA: b")), HasSubstr("target cannot be sent"));
  Request method = get("/");
  method.method = "GET /x";
  EXPECT_THAT(failure(url(), std::move(method)), HasSubstr("method cannot be sent"));
}

// A handler calling out (an HTTP integration) goes on on its own loop.
TEST_F(ClientTest, ResumesOnTheExecutorItLeft) {
  use({});
  serve([this](Request request) -> base::Task<Response> {
    if (request.target == "/inner") co_return Response{.body = "inner"};
    auto* const before = base::Executor::current();
    auto inner = co_await client_->send(url(), get("/inner"));
    co_return Response{.body = inner && before == base::Executor::current() ? inner->body
                                                                            : "elsewhere"};
  });
  EXPECT_EQ(send(url(), get("/outer"))->body, "inner");
}

// A server without a certificate that anybody vouches for must not get the request.
TEST_F(ClientTest, TlsToAPlainServerFails) {
  serve([](Request) -> base::Task<Response> { co_return Response{}; });
  EXPECT_THAT(failure("https" + url().substr(4), get("/")), HasSubstr("TLS handshake failed"));
}

TEST(Origin, IsReadFromUrls) {
  using detail::parse_origin;
  EXPECT_EQ(parse_origin("http://example.com/")->name(), "example.com:80");
  EXPECT_EQ(parse_origin("http://example.com")->authority(), "example.com");
  EXPECT_EQ(parse_origin("HTTPS://example.com:8443")->authority(), "example.com:8443");
  EXPECT_EQ(parse_origin("https://[::1]")->name(), "[::1]:443");
  for (const char* bad :
       {"", "localhost:4566", "http://", "http://:80", "http://h:0", "http://h:65536", "http://h:x",
        "http://user@h", "http://h/path", "http://[::1", "http://h\r\n"}) {
    EXPECT_FALSE(parse_origin(bad)) << bad;
  }
}

TEST(ResponseParser, TakesAnswersInPiecesOfAnySize) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t piece = 1; piece < answer.size(); ++piece) {
    detail::ResponseParser parser(100, detail::ResponseParser::Body::expected);
    auto status = detail::ResponseParser::Status::need_more;
    std::string pending;
    for (std::size_t at = 0; at < answer.size(); at += piece) {
      pending += answer.substr(at, piece);
      const auto step = parser.feed(pending);
      pending.erase(0, step.consumed);
      status = step.status;
    }
    ASSERT_EQ(status, detail::ResponseParser::Status::complete) << piece;
    Response response = parser.take();
    EXPECT_EQ(response.body, "abc");
    EXPECT_FALSE(response.headers.has("X"));
  }
}

}  // namespace
}  // namespace mayfly::http
