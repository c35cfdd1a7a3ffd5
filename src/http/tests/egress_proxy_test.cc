#include "http/egress_proxy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "http/detail/address.h"
#include "http/tests/raw_peer.h"

namespace mayfly::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::RawPeer;
using ::testing::StartsWith;

// Says back what it is told, with what it was told first; counts who came.
class Echo {
 public:
  Echo() : socket_(detail::listen_on("127.0.0.1", 0)) {
    ::fcntl(socket_.fd, F_SETFL, 0);
    thread_ = std::thread([this] {
      for (int fd; (fd = ::accept(socket_.fd, nullptr, nullptr)) >= 0; ::close(fd)) {
        ++came;
        char block[4096];
        for (ssize_t count; (count = ::recv(fd, block, sizeof block, 0)) > 0;)
          ::send(fd, block, static_cast<std::size_t>(count), MSG_NOSIGNAL);
      }
    });
  }
  ~Echo() {
    ::shutdown(socket_.fd, SHUT_RDWR);
    thread_.join();
    ::close(socket_.fd);
  }
  std::uint16_t port() const { return socket_.port; }
  std::atomic<int> came{0};

 private:
  detail::ListeningSocket socket_;
  std::thread thread_;
};

class EgressProxyTest : public ::testing::Test {
 protected:
  EgressProxyTest() { io_.start(); }
  ~EgressProxyTest() override {
    // What is closed is closed on the loops: they run until then.
    proxy_->remove_listener(id_);
    while (proxy_->open_connections() > 0) std::this_thread::yield();
    proxy_.reset();
    io_.stop();
  }

  void start(const std::string& rules, EgressLimits limits = {}) {
    proxy_.emplace(
        io_, *EgressRules::parse(rules), limits,
        [this](Loop&, std::string name) -> base::Task<std::vector<std::string>> {
          ++looked_up_;
          const auto found = names_.find(name);
          co_return found == names_.end() || found->second.empty()
              ? std::vector<std::string>{}
              : found->second[std::min<std::size_t>(looked_up_, found->second.size()) - 1];
        });
    const auto socket = detail::listen_on("127.0.0.1", 0);
    port_ = socket.port;
    id_ = proxy_->add_listener(socket.fd, "function");
  }
  // Where a client finds what it connects to directly: with the port that the server outside has.
  RawPeer direct(const char* address) {
    proxy_->remove_listener(id_);
    const auto proxy = detail::listen_on("127.0.0.1", 0);
    const auto socket = detail::listen_on(address, echo_.port());
    port_ = proxy.port;
    id_ = proxy_->add_listener(proxy.fd, "function", {socket.fd});
    return RawPeer(socket.port, address);
  }
  RawPeer client() const { return RawPeer(port_); }
  std::string answer(const std::string& request) {
    RawPeer peer = client();
    peer.send(request);
    return peer.read_to_end();
  }
  std::string connect_line(const std::string& host) const {
    return fmt::format("CONNECT {}:{} HTTP/1.1\r\n\r\n", host, echo_.port());
  }
  std::string local_rules() const { return fmt::format("*.test:{0},127.0.0.1:{0}", echo_.port()); }

  Echo echo_;
  Io io_{2};
  std::size_t looked_up_ = 0;
  // By name: the addresses of the first look-up, of the second ...
  std::map<std::string, std::vector<std::vector<std::string>>> names_;
  std::optional<EgressProxy> proxy_;
  std::uint16_t port_ = 0;
  EgressProxy::ListenerId id_ = 0;
};

TEST_F(EgressProxyTest, ATunnelCarriesBytesBothWaysAndEndsAsItsEndsDo) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(local_rules());
  RawPeer peer = client();
  peer.send(connect_line("in.test") + "early");
  EXPECT_THAT(peer.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(peer.read_exactly(5), "early");
  const std::string large(1 << 20, 'x');
  std::thread sender([&] { peer.send(large); });
  EXPECT_EQ(peer.read_exactly(large.size()), large);
  sender.join();
  peer.end_sending();
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(EgressProxyTest, AForwardedRequestReachesTheServerRewritten) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(local_rules());
  RawPeer peer = client();
  peer.send(fmt::format(
      "POST http://in.test:{}/path HTTP/1.1\r\nHost: in.test\r\nContent-Length: 4\r\n\r\nbody",
      echo_.port()));
  peer.end_sending();
  EXPECT_EQ(peer.read_to_end(),
            fmt::format("POST /path HTTP/1.1\r\nHost: in.test:{}\r\nConnection: "
                        "close\r\nContent-Length: 4\r\n\r\nbody",
                        echo_.port()));
}

TEST_F(EgressProxyTest, OtherHostsAreRefusedWithoutALookUp) {
  start(local_rules());
  const std::string refused = answer(connect_line("in.example.com"));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 403 Egress to in.example.com:"));
  EXPECT_THAT(refused, HasSubstr("--egress-allow"));
  EXPECT_THAT(answer("CONNECT in.test:1 HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer("CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(looked_up_, 0U);
  EXPECT_EQ(echo_.came, 0);
}

TEST_F(EgressProxyTest, ANameThatLeadsInsideIsRefused) {
  names_["in.test"] = {{"127.0.0.1", "10.0.0.1", "::1", "fe80::1", "169.254.169.254"}};
  start(fmt::format("*.test:{}", echo_.port()));
  EXPECT_THAT(answer(connect_line("in.test")), HasSubstr("not public"));
  EXPECT_EQ(echo_.came, 0);
}

// A second look-up would lead to this machine; there is none, and what was checked is what is used.
TEST_F(EgressProxyTest, ANameThatChangesItsAddressGainsNothing) {
  names_["in.test"] = {{"192.0.2.1"}, {"127.0.0.1"}};
  start(fmt::format("*.test:{0},192.0.2.1:{0}", echo_.port()), {.connect_timeout = 300ms});
  EXPECT_THAT(answer(connect_line("in.test")), ::testing::AnyOf("", StartsWith("HTTP/1.1 502 ")));
  EXPECT_EQ(looked_up_, 1U);
  EXPECT_EQ(echo_.came, 0);
}

TEST_F(EgressProxyTest, TheNextAddressIsTriedWhereOneDoesNotAnswer) {
  names_["in.test"] = {{"::1", "127.0.0.1"}};
  start(local_rules() + fmt::format(",[::1]:{}", echo_.port()));
  RawPeer peer = client();
  peer.send(connect_line("in.test"));
  EXPECT_THAT(peer.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(EgressProxyTest, BadRequestsAreAnswered) {
  start(local_rules());
  EXPECT_THAT(answer("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer("\x16\x03\x01\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer("CONNECT a.test:1 HTTP/1.1\r\nA: " + std::string(20'000, 'x')),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer(connect_line("nowhere.test")), StartsWith("HTTP/1.1 502 Cannot resolve"));
}

TEST_F(EgressProxyTest, WhoSaysNothingIsClosed) {
  start(local_rules(), {.head_timeout = 50ms});
  EXPECT_EQ(client().read_to_end(), "");
}

TEST_F(EgressProxyTest, AnIdleTunnelIsClosed) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(local_rules(), {.idle_timeout = 50ms});
  RawPeer peer = client();
  peer.send(connect_line("in.test"));
  peer.read_until("\r\n\r\n");
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(EgressProxyTest, ADirectConnectionIsForWhomItsAddressStandsFor) {
  names_["in.test"] = {{"127.0.0.1"}};
  names_["other.test"] = {{"10.0.0.1"}};
  start(fmt::format("other.test:{0},in.test:{0},127.0.0.1:{0}", echo_.port()));
  RawPeer peer = direct("127.64.0.2");
  peer.send("hello");
  EXPECT_EQ(peer.read_exactly(5), "hello");
  peer.end_sending();
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_EQ(direct("127.64.0.1").read_to_end(), "");  // leads to a private address
  EXPECT_EQ(direct("127.64.0.3").read_to_end(), "");  // stands for nobody
  EXPECT_EQ(echo_.came, 1);
}

TEST_F(EgressProxyTest, ADirectConnectionToAPortOfAnotherRuleIsRefused) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(fmt::format("in.test:1,127.0.0.1:{}", echo_.port()));
  EXPECT_EQ(direct("127.64.0.1").read_to_end(), "");
  EXPECT_EQ(echo_.came, 0);
}

TEST_F(EgressProxyTest, ConnectionsAreBounded) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(local_rules(), {.connections_of_listener = 2});
  RawPeer one = client(), two = client();
  one.send(connect_line("in.test"));
  one.read_until("\r\n\r\n");
  two.send("CONNECT");
  while (proxy_->open_connections() < 2) std::this_thread::yield();
  EXPECT_EQ(client().read_to_end(), "");
}

TEST_F(EgressProxyTest, DirectConnectionsCountWithThoseOfTheProxy) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(fmt::format("in.test:{0},127.0.0.1:{0}", echo_.port()), {.connections_of_listener = 2});
  RawPeer one = direct("127.64.0.1"), two(echo_.port(), "127.64.0.1");
  while (proxy_->open_connections() < 2) std::this_thread::yield();
  EXPECT_EQ(client().read_to_end(), "");
  EXPECT_EQ(RawPeer(echo_.port(), "127.64.0.1").read_to_end(), "");
  one.send("still");
  EXPECT_EQ(one.read_exactly(5), "still");
}

TEST_F(EgressProxyTest, ARemovedListenerClosesItsTunnels) {
  names_["in.test"] = {{"127.0.0.1"}};
  start(local_rules());
  RawPeer peer = client();
  peer.send(connect_line("in.test"));
  peer.read_until("\r\n\r\n");
  proxy_->remove_listener(id_);
  EXPECT_EQ(peer.read_to_end(), "");
  while (proxy_->open_connections() > 0) std::this_thread::yield();
}

}  // namespace
}  // namespace mayfly::http
