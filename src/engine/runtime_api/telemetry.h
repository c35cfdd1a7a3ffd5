// Telemetry: what an extension has subscribed to of an environment's log and life, by the Telemetry
// API (PUT /2022-07-01/telemetry) or the older Logs API (PUT /2020-08-15/logs), buffered and posted
// to its HTTP listener inside the sandbox.
//
// The listener is reached where functions share the machine's network; in an isolated one, and for
// a TCP destination, a subscription is answered 202 as unsupported, as AWS does where it has none.
// Threads: subscribe() any; the rest on the environment's loop. What a listener does not take in
// time is dropped, and told so (platform.logsDropped).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/client.h"
#include "http/io.h"
#include "http/message.h"

namespace mayfly::engine {

class Telemetry : public std::enable_shared_from_this<Telemetry> {
 public:
  enum class Reach { yes, no };  // whether listeners in the sandbox can be reached
  enum class Kind : unsigned { platform = 1, function = 2 };

  Telemetry(http::Loop& loop, std::shared_ptr<http::Client> client, base::Clock& clock, Reach reach)
      : loop_(loop), client_(std::move(client)), clock_(clock), reach_(reach) {}

  static bool is_call(std::string_view path) {
    return path == "/2022-07-01/telemetry" || path == "/2020-08-15/logs";
  }
  // `extension`: the name of the one that asks.
  http::Response subscribe(const http::Request& request, const std::string& extension);

  bool wanted() const;
  // A complete record, JSON: {"time","type","record"}.
  void add(Kind kind, const std::string& record);
  void add_line(base::WallTime time, std::string_view line);
  void flush();
  void close();  // nothing is sent any more but what is on its way

 private:
  struct Subscription {
    std::string url, path;
    unsigned kinds = 0;
    std::size_t most_items = 0, most_bytes = 0;
    std::chrono::milliseconds most_time{0};
    std::vector<std::string> items;
    std::size_t bytes = 0, dropped = 0;
    bool sending = false;
    std::unique_ptr<http::Loop::Token> timer;
  };
  using SubscriptionPointer = std::shared_ptr<Subscription>;

  void put(const SubscriptionPointer& to, const std::string& record);
  void send(const SubscriptionPointer& from);
  base::Task<void> post(SubscriptionPointer to, std::string body, std::size_t count);

  http::Loop& loop_;
  const std::shared_ptr<http::Client> client_;
  base::Clock& clock_;
  const Reach reach_;
  mutable std::mutex mutex_;  // guards the list; each subscription is touched on the loop only
  std::vector<SubscriptionPointer> subscriptions_;
};

}  // namespace mayfly::engine
