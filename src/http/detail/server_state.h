// What the connections of one Server share.
//
// Lane is a server's part on one loop: its connections and their deadlines, touched on that loop's
// thread only
// (`count` apart). Deadlines are counted in ticks of one coarse timer a lane, which runs only while
// the lane has connections: a timer for each request would cost more than the request's parsing.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "http/detail/asio.h"
#include "http/server.h"

namespace mayfly::http::detail {

class Connection;

struct Listener {
  std::uint64_t id = 0;
  Handler handler;
  std::function<bool(std::string_view method, std::string_view target)> streams;
  std::function<bool(int socket)> admits;
  std::atomic<bool> closed{false};
  std::atomic<bool> draining{false};  // nothing after the request under way
  std::atomic<std::size_t> open{0};   // sockets
};

class Lane {
 public:
  Lane(AsioLoop& on, std::chrono::milliseconds tick) : loop(on), tick_(tick) {}

  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);
  // The tick behind which `timeout` from now has passed.
  std::uint64_t deadline(std::chrono::milliseconds timeout) const {
    return now_ + static_cast<std::uint64_t>(timeout / tick_) + 2;
  }
  std::string_view date();
  void shut_down() { timer_.reset(); }
  template <class Visit>
  void each(Visit visit) {
    const auto copy = connections_;  // a visit may close, and so remove, a connection
    for (const auto& connection : copy) visit(*connection);
  }

  AsioLoop& loop;
  std::atomic<std::size_t> count{0};  // given to this lane and not closed; read by whoever accepts

 private:
  void sweep();

  std::chrono::milliseconds tick_;
  std::uint64_t now_ = 0;
  std::unique_ptr<Loop::Token> timer_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  base::SystemClock clock_;
  std::int64_t date_second_ = -1;
  std::string date_;
};

struct ServerState {
  ServerState(Io& io, const Limits& given);

  // False, with nothing taken, where all requests together would hold more than
  // limits.total_body_bytes.
  bool charge(std::size_t bytes);
  void discharge(std::size_t bytes) { charged.fetch_sub(bytes, std::memory_order_relaxed); }
  void connection_opened(Listener& listener) {
    open.fetch_add(1, std::memory_order_relaxed);
    listener.open.fetch_add(1, std::memory_order_relaxed);
  }
  void connection_closed(Listener& listener);
  void connection_ended();

  const Limits limits;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::atomic<std::size_t> open{0};      // sockets
  std::atomic<std::size_t> alive{0};     // Connection objects; one may outlive its socket
  std::atomic<std::size_t> handlers{0};  // under way
  std::atomic<std::size_t> charged{0};
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable ended;  // open, a listener's open, or alive has fallen
};

}  // namespace mayfly::http::detail
