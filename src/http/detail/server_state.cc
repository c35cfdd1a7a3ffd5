#include "http/detail/server_state.h"

#include <algorithm>

#include "http/detail/connection.h"
#include "http/detail/response_head.h"

namespace mayfly::http::detail {

using namespace std::chrono_literals;

void Lane::add(std::shared_ptr<Connection> connection) {
  connections_.insert(std::move(connection));
  if (timer_ == nullptr) timer_ = loop.after(tick_, [this] { sweep(); });
}

void Lane::remove(Connection& connection) { connections_.erase(connection.shared_from_this()); }

void Lane::sweep() {
  ++now_;
  timer_.reset();
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& connection : connections_) {
    if (connection->deadline() <= now_) late.push_back(connection);
  }
  for (const auto& connection : late) connection->expire();
  if (!connections_.empty()) timer_ = loop.after(tick_, [this] { sweep(); });
}

std::string_view Lane::date() {
  const std::int64_t second = base::epoch_ms(clock_.now()) / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

ServerState::ServerState(Io& io, const Limits& given) : limits(given) {
  const auto shortest = std::min(
      {limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
  const auto tick = std::clamp<std::chrono::milliseconds>(shortest / 8, 5ms, 1s);
  for (auto& loop : io.impl().loops) lanes.push_back(std::make_unique<Lane>(*loop, tick));
}

bool ServerState::charge(std::size_t bytes) {
  const std::size_t before = charged.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes <= limits.total_body_bytes) return true;
  discharge(bytes);
  return false;
}

void ServerState::connection_closed(Listener& listener) {
  const bool last_of_listener = listener.open.fetch_sub(1, std::memory_order_acq_rel) == 1;
  const bool last = open.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (!last && !(last_of_listener && listener.draining)) return;
  std::lock_guard lock(mutex);
  ended.notify_all();
}

void ServerState::connection_ended() {
  alive.fetch_sub(1, std::memory_order_acq_rel);
  if (!stopping) return;
  std::lock_guard lock(mutex);
  ended.notify_all();
}

}  // namespace mayfly::http::detail
