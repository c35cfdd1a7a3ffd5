// The ends of a server, and listeners that it serves besides its own address.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/one_shot.h"
#include "base/spawn.h"
#include "http/tests/server_fixture.h"

namespace mayfly::http {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using ::testing::EndsWith;
using testing::get;
using ::testing::HasSubstr;
using testing::RawPeer;
using ::testing::StartsWith;

int listen_unix(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(fd, 16), 0);
  return fd;
}

class ServerStop : public testing::ServerTest {
 protected:
  // In a handler: until release().
  base::Task<void> hold() {
    entered_.set(1);
    co_await gate_.wait();
  }
  void wait_entered() {
    base::sync_wait([](base::OneShot<int> shot) -> base::Task<int> {
      co_return co_await shot.wait();
    }(entered_));
  }
  void release() { gate_.set(1); }

 private:
  base::OneShot<int> entered_, gate_;
};

TEST_F(ServerStop, ServesAForeignListenerWithItsOwnHandler) {
  serve(echo);
  const std::string path =
      fmt::format("{}/mayfly-http-test-{}.sock", ::testing::TempDir(), ::getpid());
  std::filesystem::remove(path);
  const auto id =
      server_->add_listener(listen_unix(path), [](Request request) -> base::Task<Response> {
        co_return Response{.body = "unix from " + request.peer};
      });
  RawPeer peer(path);
  peer.send(get("/"));
  EXPECT_THAT(peer.read_response(), EndsWith("unix from unix"));
  RawPeer main = connect();
  main.send(get("/main"));
  EXPECT_THAT(main.read_response(), HasSubstr("X-Target: /main\r\n"));

  server_->remove_listener(id);
  EXPECT_TRUE(peer.at_end());
  main.send(get("/main"));
  EXPECT_THAT(main.read_response(), StartsWith("HTTP/1.1 200 "));
  server_->remove_listener(id);  // unknown by now: nothing happens
  std::filesystem::remove(path);
}

TEST_F(ServerStop, StopLetsARequestUnderWayEnd) {
  serve([&](Request) -> base::Task<Response> {
    co_await hold();
    co_return Response{.body = "served"};
  });
  RawPeer idle = connect();
  RawPeer busy = connect();
  busy.send(get("/"));
  wait_entered();
  std::size_t left = 99;
  std::thread stopper([&] { left = server_->stop(20s); });
  EXPECT_TRUE(idle.at_end());  // so stop is under way
  EXPECT_FALSE(connect().connected());
  release();
  const std::string response = busy.read_to_end();
  stopper.join();
  EXPECT_THAT(response, EndsWith("served"));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(left, 0U);
  EXPECT_EQ(server_->open_connections(), 0U);
}

TEST_F(ServerStop, StopClosesWhatDoesNotEndWithinTheGrace) {
  std::atomic<bool> ended{false};
  serve([&](Request) -> base::Task<Response> {
    co_await hold();
    ended = true;
    co_return Response{};
  });
  RawPeer peer = connect();
  peer.send(get("/"));
  wait_entered();
  EXPECT_EQ(server_->stop(10ms), 1U);
  EXPECT_TRUE(peer.at_end());
  EXPECT_EQ(server_->open_connections(), 0U);
  release();  // its answer has nowhere to go, and that must be all that happens
  while (!ended) std::this_thread::yield();
  EXPECT_EQ(server_->stop(0ms), 0U);
}

TEST_F(ServerStop, DrainEndsWhatItsOwnAddressServesAndLeavesOtherListeners) {
  serve([&](Request) -> base::Task<Response> {
    co_await hold();
    co_return Response{.body = "served"};
  });
  const std::string path =
      fmt::format("{}/mayfly-http-drain-{}.sock", ::testing::TempDir(), ::getpid());
  std::filesystem::remove(path);
  server_->add_listener(listen_unix(path), echo);
  RawPeer foreign(path);
  foreign.send(get("/before"));
  EXPECT_THAT(foreign.read_response(), HasSubstr("X-Target: /before\r\n"));
  RawPeer idle = connect();
  RawPeer busy = connect();
  busy.send(get("/"));
  wait_entered();
  std::size_t left = 99;
  std::thread drainer([&] { left = server_->drain(20s); });
  EXPECT_TRUE(idle.at_end());  // so it is under way
  EXPECT_FALSE(connect().connected());
  RawPeer late(path);
  late.send(get("/late"));
  EXPECT_THAT(late.read_response(), HasSubstr("X-Target: /late\r\n"));
  release();
  EXPECT_THAT(busy.read_to_end(), EndsWith("served"));
  drainer.join();
  EXPECT_EQ(left, 0U);
  foreign.send(get("/after"));
  EXPECT_THAT(foreign.read_response(), HasSubstr("X-Target: /after\r\n"));
  EXPECT_EQ(server_->drain(0ms), 0U);
  EXPECT_EQ(server_->stop(20s), 0U);
  EXPECT_TRUE(foreign.at_end());
  std::filesystem::remove(path);
}

TEST_F(ServerStop, DrainClosesWhatDoesNotEndWithinTheGrace) {
  serve([&](Request) -> base::Task<Response> {
    co_await hold();
    co_return Response{};
  });
  RawPeer peer = connect();
  peer.send(get("/"));
  wait_entered();
  EXPECT_EQ(server_->drain(10ms), 1U);
  EXPECT_TRUE(peer.at_end());
  release();
  while (server_->stop(0ms) != 0) std::this_thread::yield();
}

}  // namespace
}  // namespace mayfly::http
