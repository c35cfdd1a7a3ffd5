// HTTP/1.1 client with a pool of kept-alive connections, for HTTP integrations and for the command
// line.
//
// A failure before an answer came is an error value with a plain sentence ("connection refused:
// 127.0.0.1:4566"). Threads: any; the coroutine resumes on the executor it left.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "http/io.h"
#include "http/message.h"

namespace mayfly::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{60'000};
  std::size_t response_limit = 64 * 1024 * 1024;
  std::size_t idle_per_host = 32;
};

class Client {
 public:
  Client(Io& io, ClientOptions options);
  ~Client();
  // `url` names scheme, host and port ("http://127.0.0.1:4566"); request.target is the path. Host
  // is set from the url where the request has none.
  base::Task<std::expected<Response, std::string>> send(std::string url, Request request) {
    return send(std::move(url), std::move(request), {});
  }
  // A TCP socket to connect from, over IPv4, for one request only: one that was made in another
  // network namespace. None: as without.
  struct Via {
    base::UniqueFd socket;
  };
  base::Task<std::expected<Response, std::string>> send(std::string url, Request request, Via via);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::http
