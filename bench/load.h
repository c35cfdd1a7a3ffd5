// A closed-loop HTTP/1.1 load generator: one thread, epoll, keep-alive, one request in flight on
// each connection.
//
// It shares the machine with what it measures, so it does as little as it can: requests are made by
// the caller as bytes, answers are only framed (Content-Length, or chunked until the last chunk)
// and their status checked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mayfly::bench {

struct LoadResult {
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;  // another status than 2xx, or a broken connection
  double seconds = 0;
  std::vector<double> latencies_ms;  // sorted
  std::string first_failure;

  double rate() const { return seconds > 0 ? static_cast<double>(requests) / seconds : 0; }
  double percentile(double fraction) const;
};

// Makes the whole request, head and body, for the n-th request of all.
using MakeRequest = std::function<std::string(std::uint64_t n)>;

struct LoadOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 4566;
  int connections = 1;
  double seconds = 3;
  std::uint64_t max_requests = 0;  // 0: only time ends it
};

LoadResult run_load(const LoadOptions& options, const MakeRequest& make_request);

// "POST /path HTTP/1.1" with Host, Content-Length and the given further header lines (each ended by
// \r\n).
std::string http_request(std::string_view method, std::string_view path,
                         std::string_view header_lines, std::string_view body);

}  // namespace mayfly::bench
