#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace mayfly::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  std::string out;
  std::size_t sent = 0;
  std::string in;
  SteadyClock::time_point started;
  bool busy = false;
};

int connect_to(const LoadOptions& options) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  inet_pton(AF_INET, options.host.c_str(), &address.sin_addr);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("cannot connect to " + options.host + ":" +
                             std::to_string(options.port));
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

// Length of the complete answer at the start of `in`, or 0 while it is incomplete.
std::size_t complete_answer(std::string_view in) {
  std::size_t head = in.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  std::size_t at =
      in.substr(0, head).find("ontent-");  // Content-Length, whatever the case of its first letter
  while (at != std::string_view::npos && at < head) {
    if (strncasecmp(in.data() + at + 7, "length:", 7) == 0) {
      std::size_t total = head + 4 + std::strtoull(in.data() + at + 14, nullptr, 10);
      return in.size() >= total ? total : 0;
    }
    at = in.substr(0, head).find("ontent-", at + 1);
  }
  if (in.substr(0, head).find("hunked") != std::string_view::npos) {
    std::size_t end = in.find("\r\n0\r\n\r\n", head);
    return end == std::string_view::npos ? 0 : end + 7;
  }
  return head + 4;  // 204 and the like
}

}  // namespace

double LoadResult::percentile(double fraction) const {
  if (latencies_ms.empty()) return 0;
  auto index = static_cast<std::size_t>(fraction * static_cast<double>(latencies_ms.size() - 1));
  return latencies_ms[index];
}

std::string http_request(std::string_view method, std::string_view path,
                         std::string_view header_lines, std::string_view body) {
  std::string out;
  out.append(method)
      .append(" ")
      .append(path)
      .append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n")
      .append(header_lines);
  out.append("Content-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
  return out;
}

LoadResult run_load(const LoadOptions& options, const MakeRequest& make_request) {
  LoadResult result;
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> connections(static_cast<std::size_t>(options.connections));
  const auto begin = SteadyClock::now();
  const auto deadline = begin + std::chrono::duration_cast<SteadyClock::duration>(
                                    std::chrono::duration<double>(options.seconds));
  std::uint64_t made = 0;
  std::size_t busy = 0;

  auto next = [&](Connection& connection) {
    if (SteadyClock::now() >= deadline ||
        (options.max_requests != 0 && made >= options.max_requests))
      return;
    connection.out = make_request(made++);
    connection.sent = 0;
    connection.busy = true;
    ++busy;
    connection.started = SteadyClock::now();
    while (connection.sent < connection.out.size()) {  // blocking socket: requests here are small
      ssize_t n = ::send(connection.fd, connection.out.data() + connection.sent,
                         connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      connection.sent += static_cast<std::size_t>(n);
    }
  };
  auto finish = [&](Connection& connection, bool ok) {
    connection.busy = false;
    --busy;
    ++result.requests;
    result.latencies_ms.push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - connection.started).count());
    if (!ok) {
      ++result.failures;
      if (result.first_failure.empty()) result.first_failure = connection.in.substr(0, 400);
    }
  };

  for (std::size_t i = 0; i < connections.size(); ++i) {
    connections[i].fd = connect_to(options);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  for (Connection& connection : connections) next(connection);

  std::vector<epoll_event> events(connections.size());
  std::string buffer(256 * 1024, '\0');
  while (busy > 0) {
    int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 10'000);
    if (ready == 0) break;  // a stuck server: what is missing shows as failures below
    for (int i = 0; i < ready; ++i) {
      Connection& connection = connections[events[static_cast<std::size_t>(i)].data.u64];
      ssize_t n = ::recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n <= 0) {
        if (connection.busy) finish(connection, false);
        ::close(connection.fd);
        connection.in.clear();
        connection.fd = connect_to(options);
        epoll_event event{.events = EPOLLIN,
                          .data = {.u64 = events[static_cast<std::size_t>(i)].data.u64}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection.fd, &event);
        next(connection);
        continue;
      }
      connection.in.append(buffer.data(), static_cast<std::size_t>(n));
      if (std::size_t length = complete_answer(connection.in); length > 0 && connection.busy) {
        finish(connection, connection.in.size() > 9 && connection.in[9] == '2');
        connection.in.erase(0, length);
        next(connection);
      }
    }
  }
  result.failures += busy;
  result.seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  std::ranges::sort(result.latencies_ms);
  for (Connection& connection : connections) ::close(connection.fd);
  ::close(epoll);
  return result;
}

}  // namespace mayfly::bench
