// A server on a port of its own, and peers that speak to it byte by byte.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"
#include "http/tests/raw_peer.h"

namespace mayfly::http::testing {

inline base::Task<Response> echo(Request request) {
  Response response;
  response.headers.add("X-Method", request.method);
  response.headers.add("X-Target", request.target);
  response.body = std::move(request.body);
  co_return response;
}

inline std::string get(std::string_view target) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target);
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { io_.start(); }
  ~ServerTest() override {
    server_.reset();
    io_.stop();
  }

  void serve(Handler handler, Limits limits = {}) {
    server_.emplace(io_, ServerOptions{.port = 0, .limits = limits}, std::move(handler));
    server_->start();
  }
  RawPeer connect() { return RawPeer(server_->port()); }
  // What the server answers to `bytes`, sent on a connection of their own, until it closes.
  std::string answer(std::string_view bytes) {
    RawPeer peer = connect();
    peer.send(bytes);
    return peer.read_to_end();
  }

  Io io_{2};
  std::optional<Server> server_;
};

}  // namespace mayfly::http::testing
