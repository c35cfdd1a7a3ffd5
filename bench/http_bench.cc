// The floor of the platform: an HTTP echo on Mayfly's own server, with nothing above it.
//
//   http_bench                    loads itself and prints requests/s and latency at 1 and 16
//   connections http_bench --serve PORT       only serves, for wrk and the like
//   --threads N (I/O threads, default one a core)   --seconds N   --body BYTES (echoed with POST;
//   0: GET)
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "http/server.h"

namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  int threads = 0;
  int serve_port = -1;
  std::size_t body = 0;
  std::chrono::seconds time{3};
};

mayfly::base::Task<mayfly::http::Response> echo(mayfly::http::Request request) {
  mayfly::http::Response response;
  response.body = request.body.empty() ? "ok" : std::move(request.body);
  co_return response;
}

// One blocking connection: the cheapest client there is, so that the server is what is measured.
class Loader {
 public:
  Loader(std::uint16_t port, std::size_t body) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
    request_ = body == 0 ? "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
                         : fmt::format(
                               "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                               body, std::string(body, 'x'));
  }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader() { ::close(fd_); }

  bool round_trip() {
    if (::send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) return false;
    std::size_t received = 0;
    do {
      const ssize_t count = ::recv(fd_, buffer_, sizeof(buffer_), 0);
      if (count <= 0) return false;
      if (answer_size_ == 0) {
        const std::string_view text(buffer_, static_cast<std::size_t>(count));
        const std::size_t end = text.find("\r\n\r\n");
        const std::size_t length = text.find("Content-Length: ");
        if (end == text.npos || length == text.npos) return false;
        answer_size_ = end + 4 + std::strtoull(text.data() + length + 16, nullptr, 10);
      }
      received += static_cast<std::size_t>(count);
    } while (received < answer_size_);
    return true;
  }

 private:
  int fd_;
  std::string request_;
  std::size_t answer_size_ = 0;
  char buffer_[256 * 1024];
};

void load(std::uint16_t port, int connections, const Options& options) {
  std::vector<std::vector<float>> times(static_cast<std::size_t>(connections));
  const auto begin = SteadyClock::now();
  const auto end = begin + options.time;
  std::vector<std::thread> threads;
  for (auto& own : times) {
    threads.emplace_back([&own, port, end, &options] {
      auto loader = std::make_unique<Loader>(port, options.body);
      for (auto now = SteadyClock::now(); now < end;) {
        if (!loader->round_trip()) std::abort();
        const auto after = SteadyClock::now();
        own.push_back(std::chrono::duration<float, std::micro>(after - now).count());
        now = after;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> spent = SteadyClock::now() - begin;
  std::vector<float> all;
  for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
  std::ranges::sort(all);
  const auto at = [&all](double share) {
    return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  fmt::print("{:>11}  {:>12.0f}  {:>8.1f}  {:>8.1f}  {:>8.1f}\n", connections,
             static_cast<double>(all.size()) / spent.count(), at(0.5), at(0.99), at(0.999));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const auto value = mayfly::base::parse_int(argv[i + 1]).value_or(0);
    if (name == "--threads") options.threads = static_cast<int>(value);
    if (name == "--serve") options.serve_port = static_cast<int>(value);
    if (name == "--seconds") options.time = std::chrono::seconds{value};
    if (name == "--body") options.body = static_cast<std::size_t>(value);
  }
  mayfly::http::Io io(options.threads);
  io.start();
  const auto port = static_cast<std::uint16_t>(std::max(options.serve_port, 0));
  mayfly::http::Server server(io, {.port = port}, echo);
  server.start();
  if (options.serve_port >= 0) {
    fmt::print("http://127.0.0.1:{}\n", server.port());
    std::fflush(stdout);
    ::pause();
    return 0;
  }
  fmt::print("HTTP echo, {} I/O threads, {} byte body, load generator on the same machine\n",
             io.size(), options.body);
  fmt::print("connections    requests/s    p50 us    p99 us  p99.9 us\n");
  for (const int connections : {1, 16}) load(server.port(), connections, options);
  server.stop(1s);
  return 0;
}
