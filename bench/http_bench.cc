// The floor of the platform: an HTTP echo on Mayfly's own server, with nothing above it.
//
//   http_bench                    loads itself and prints requests/s and latency at 1 and 16
//   connections http_bench --serve PORT       only serves, for wrk and the like
//   --threads N (I/O threads, default one a core)   --seconds N   --body BYTES (echoed with POST;
//   0: GET)
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "http/server.h"
#include "load.h"

namespace {

using namespace std::chrono_literals;

struct Options {
  int threads = 0;
  int serve_port = -1;
  std::size_t body = 0;
  double seconds = 3;
};

mayfly::base::Task<mayfly::http::Response> echo(mayfly::http::Request request) {
  mayfly::http::Response response;
  response.body = request.body.empty() ? "ok" : std::move(request.body);
  co_return response;
}

void load(std::uint16_t port, int connections, const Options& options) {
  const std::string request = mayfly::bench::http_request(options.body == 0 ? "GET" : "POST", "/",
                                                          "", std::string(options.body, 'x'));
  const auto result = mayfly::bench::run_load(
      {.port = port, .connections = connections, .seconds = options.seconds},
      [&request](std::uint64_t) { return request; });
  if (result.failures > 0) fmt::print("{} failures: {}\n", result.failures, result.first_failure);
  const auto us = [&result](double fraction) { return result.percentile(fraction) * 1000; };
  fmt::print("{:>11}  {:>12.0f}  {:>8.1f}  {:>8.1f}  {:>8.1f}\n", connections, result.rate(),
             us(0.5), us(0.99), us(0.999));
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
    if (name == "--seconds") options.seconds = static_cast<double>(value);
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
