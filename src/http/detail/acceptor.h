// Acceptor: accepts from one listening socket and gives each connection to the lane with the
// fewest.
//
// Why one acceptor a listener and not one a thread with SO_REUSEPORT: the kernel spreads by hash,
// which puts 16 connections on two threads 11 to 5 as often as not, and SO_REUSEPORT lets a second
// daemon take the same port. Threads: start() and stop() from any; the rest on its loop.
#pragma once

#include <memory>

#include "http/detail/server_state.h"

namespace mayfly::http::detail {

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  // Takes `fd`, a listening stream socket that does not block.
  Acceptor(std::shared_ptr<ServerState> server, std::shared_ptr<Listener> listener, AsioLoop& loop,
           int fd);
  ~Acceptor();

  void start();
  void stop();  // closes the socket, soon
  const std::shared_ptr<Listener>& listener() const { return listener_; }
  AsioLoop& loop() { return loop_; }

 private:
  void watch();
  void accept();
  void pause(std::chrono::milliseconds time);
  void hand_over(int fd);
  void close_socket();

  std::shared_ptr<ServerState> server_;
  std::shared_ptr<Listener> listener_;
  AsioLoop& loop_;
  int fd_;
  int family_;
  std::unique_ptr<Loop::Token> token_;
};

}  // namespace mayfly::http::detail
