// EgressProxy: the way out of an isolated network: a forward proxy (CONNECT, and http:// URLs) on a
// listener inside the sandbox, served by the daemon outside. Beside it, listeners for connections
// that are told nothing: whom they are for is behind the address that they came to
// (EgressRules::host_behind).
//
// A name is looked up here, once, and the connection goes to an address that was checked: a name
// that leads elsewhere at a second look-up gains nothing. What EgressRules do not allow is answered
// with 403 and a reason, and logged, at a bounded rate. After its head a connection is bytes that
// are passed on: TLS is end to end and not looked into, so whoever controls an allowed host
// controls what is behind it.
//
// Threads: members from any. Io outlives it. Failure: every refusal is an HTTP answer; a direct
// connection is closed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "http/egress_rules.h"
#include "http/io.h"

namespace mayfly::http {

struct EgressLimits {
  std::size_t connections = 4096;  // of all listeners
  std::size_t connections_of_listener = 256;
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{600'000};  // nothing in either direction
};

class EgressProxy {
 public:
  // Addresses of a name, as text; empty where there are none. Runs on one of Io's loops.
  using Resolve = std::function<base::Task<std::vector<std::string>>(Loop& loop, std::string name)>;

  // Null `resolve`: the system's resolver.
  EgressProxy(Io& io, EgressRules rules, EgressLimits limits = {}, Resolve resolve = nullptr);
  ~EgressProxy();  // closes everything
  EgressProxy(const EgressProxy&) = delete;
  EgressProxy& operator=(const EgressProxy&) = delete;

  // Takes listening stream sockets: of the proxy, and for direct connections. They share limits.
  // `who`: for the log.
  using ListenerId = std::uint64_t;
  ListenerId add_listener(int proxy_fd, std::string who, std::vector<int> direct_fds = {});
  // Closes them and their connections, soon.
  void remove_listener(ListenerId id);
  std::size_t open_connections() const;
  const EgressRules& rules() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mayfly::http
