// Telemetry: what an extension has subscribed to of an environment's log and life, by the Telemetry
// API (PUT /2022-07-01/telemetry) or the older Logs API (PUT /2020-08-15/logs), buffered and posted
// to its HTTP listener inside the sandbox, or written to its TCP listener: a line each, over a
// connection for each batch.
//
// What is written before a subscription is kept until INIT is over, so that a subscriber sees all
// of it. In an isolated network listeners are reached over a socket that was made in there, one at
// a time. Threads: subscribe() any; the rest on the environment's loop. What a listener does not
// take in time is dropped, and told so (platform.logsDropped).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "engine/report/lines.h"
#include "http/client.h"
#include "http/io.h"
#include "http/message.h"
#include "wire/document.h"

namespace mayfly::engine {

class Telemetry : public std::enable_shared_from_this<Telemetry> {
 public:
  enum class Kind : unsigned { platform = 1, function = 2, extension = 4 };

  // `inside`: of an isolated sandbox, a TCP socket of its network that is not connected.
  enum class Network { host, isolated };
  Telemetry(http::Loop& loop, std::shared_ptr<http::Client> client, base::Clock& clock,
            Network network, base::UniqueFd inside)
      : loop_(loop),
        client_(std::move(client)),
        clock_(clock),
        isolated_(network == Network::isolated),
        inside_(std::move(inside)) {}

  static bool is_call(std::string_view path) {
    return path == "/2022-07-01/telemetry" || path == "/2020-08-15/logs";
  }
  // `extension`: the name of the one that asks.
  http::Response subscribe(const http::Request& request, const std::string& extension);

  // Is told, on the loop, of each that has subscribed.
  void listen(std::function<void(const Subscriber&)> listener) { listener_ = std::move(listener); }
  // Whether records are of use: there are subscribers, or there may still be some.
  bool wanted() const { return keeping_ || !subscriptions_.empty(); }
  // A complete record, JSON: {"time","type","record"}.
  void add(Kind kind, const std::string& record);
  void add_line(Kind kind, base::WallTime time, std::string_view line);
  void init_ended();  // who has not subscribed by now sees only what is to come
  void flush();
  void close();  // nothing is sent any more but what is on its way

 private:
  struct Subscription {
    enum class Protocol { http, tcp } protocol = Protocol::http;
    std::uint16_t port = 0;
    std::string path;
    unsigned kinds = 0;
    std::size_t most_items = 0, most_bytes = 0;
    std::chrono::milliseconds most_time{0};
    std::vector<std::string> items;
    std::size_t bytes = 0, dropped = 0;
    bool sending = false, waiting = false;
    std::unique_ptr<http::Loop::Token> timer;
  };
  using SubscriptionPointer = std::shared_ptr<Subscription>;

  static std::optional<std::string_view> take_destination(const wire::Document* destination,
                                                          Subscription& into);
  void accept(const SubscriptionPointer& made, const Subscriber& subscriber);
  void put(const SubscriptionPointer& to, const std::string& record);
  void send(const SubscriptionPointer& from);
  base::Task<void> deliver(SubscriptionPointer to, std::vector<std::string> records);
  base::UniqueFd socket() const;  // to connect from
  void posted(const SubscriptionPointer& to, std::size_t lost);

  http::Loop& loop_;
  const std::shared_ptr<http::Client> client_;
  base::Clock& clock_;
  const bool isolated_;
  std::atomic<std::size_t> count_{0};  // of subscriptions asked for
  // The rest is touched on the loop only.
  base::UniqueFd inside_;
  std::function<void(const Subscriber&)> listener_;
  std::vector<SubscriptionPointer> subscriptions_;
  bool keeping_ = true;  // INIT is under way
  std::vector<std::pair<Kind, std::string>> kept_;
  std::size_t kept_bytes_ = 0;
  bool inside_busy_ = false, closed_ = false;
};

}  // namespace mayfly::engine
