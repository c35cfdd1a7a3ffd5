#include "engine/runtime_api/telemetry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/spawn.h"
#include "base/strings.h"
#include "engine/runtime_api/line_sender.h"
#include "engine/runtime_api/replies.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::string_view kLogsPath = "/2020-08-15/logs";
constexpr std::string_view kSchemaVersions[] = {"2022-07-01", "2022-12-13", "2025-01-29"};
constexpr std::size_t kMostSubscriptions = 10;
constexpr std::size_t kMostWaiting = 4 * 1024 * 1024;  // while the listener has not taken the last
constexpr std::size_t kMostKept = 256 * 1024;  // of what INIT wrote, for who is still to come

std::string record_of(base::WallTime time, std::string_view type, wire::Document body) {
  wire::Document document = wire::Document::map();
  document.set("time", base::iso8601_ms(time));
  document.set("type", type);
  document.set("record", std::move(body));
  return wire::to_json(document);
}

// A number of `buffering` within its bounds; nullopt where it is outside.
std::optional<std::int64_t> bounded(const wire::Document* buffering, std::string_view name,
                                    std::int64_t normal, std::int64_t least, std::int64_t most) {
  const wire::Document* value = buffering != nullptr ? buffering->find(name) : nullptr;
  if (value == nullptr) return normal;
  const auto number = value->as_int();
  if (!number || *number < least || *number > most) return std::nullopt;
  return *number;
}

std::string_view text_of(const wire::Document* in, std::string_view name) {
  const wire::Document* value = in != nullptr ? in->find(name) : nullptr;
  return value != nullptr && value->as_string() != nullptr ? std::string_view(*value->as_string())
                                                           : std::string_view{};
}

std::optional<std::uint16_t> port_of(std::optional<std::int64_t> number) {
  if (!number || *number < 1 || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

http::Response invalid(std::string_view what) { return refuse(400, "ValidationError", what); }

}  // namespace

// {"protocol": "HTTP", "URI": "http://sandbox.localdomain:PORT/..."}, {"protocol": "TCP", "port":
// PORT}: what is wrong with it, or nullopt.
std::optional<std::string_view> Telemetry::take_destination(const wire::Document* destination,
                                                            Subscription& into) {
  const std::string_view protocol = text_of(destination, "protocol");
  if (protocol == "TCP") {
    into.protocol = Subscription::Protocol::tcp;
    const wire::Document* number = destination->find("port");
    const auto port = port_of(number != nullptr ? number->as_int() : std::nullopt);
    if (!port) return "destination.port is not a port";
    into.port = *port;
    return std::nullopt;
  }
  if (protocol != "HTTP") return "destination.protocol is unknown";
  std::string_view uri = text_of(destination, "URI");
  if (uri.empty()) uri = text_of(destination, "uri");
  constexpr std::string_view kHosts[] = {"http://sandbox.localdomain:", "http://sandbox:"};
  std::string_view rest;
  for (const std::string_view host : kHosts) {
    if (uri.starts_with(host)) rest = uri.substr(host.size());
  }
  const std::size_t slash = rest.find('/');
  const auto port = port_of(base::parse_int(rest.substr(0, slash)));
  if (!port) return "destination.URI is not http://sandbox.localdomain:PORT";
  into.port = *port;
  into.path = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  return std::nullopt;
}

http::Response Telemetry::subscribe(const http::Request& request, const std::string& extension) {
  if (request.method != "PUT") return refuse(405, "MethodNotAllowed", "Method not allowed");
  const auto body = wire::parse_json(request.body);
  if (!body || body->as_map() == nullptr) return invalid("The request is not a JSON object");
  // The version may be left out in the Logs API only.
  const bool logs_api = request.raw_path() == kLogsPath;
  const std::string_view version = text_of(&*body, "schemaVersion");
  const bool known = std::ranges::find(kSchemaVersions, version) != std::end(kSchemaVersions) ||
                     (logs_api && (version.empty() || version.starts_with("202")));
  if (!known) return invalid("schemaVersion is unknown");
  auto made = std::make_shared<Subscription>();
  const wire::Document* types = body->find("types");
  if (types == nullptr || types->as_list() == nullptr || types->as_list()->empty())
    return invalid("types is missing");
  for (const wire::Document& each : *types->as_list()) {
    const std::string type = each.as_string() != nullptr ? *each.as_string() : std::string{};
    if (type == "platform") {
      made->kinds |= static_cast<unsigned>(Kind::platform);
    } else if (type == "extension") {
      made->kinds |= static_cast<unsigned>(Kind::extension);
    } else if (type == "function") {
      made->kinds |= static_cast<unsigned>(Kind::function);
    } else {
      return invalid("types has an unknown member");
    }
  }
  const wire::Document* buffering = body->find("buffering");
  const auto items = bounded(buffering, "maxItems", 10'000, 1000, 10'000);
  const auto bytes = bounded(buffering, "maxBytes", 262'144, 262'144, 1'048'576);
  const auto time = bounded(buffering, "timeoutMs", 1000, 25, 30'000);
  if (!items || !bytes || !time) return invalid("buffering is out of its bounds");
  made->most_items = static_cast<std::size_t>(*items);
  made->most_bytes = static_cast<std::size_t>(*bytes);
  made->most_time = std::chrono::milliseconds(*time);

  if (auto fault = take_destination(body->find("destination"), *made)) return invalid(*fault);

  if (count_.fetch_add(1) >= kMostSubscriptions) return invalid("too many subscriptions");
  Subscriber subscriber;
  subscriber.api = logs_api ? Subscriber::Api::logs : Subscriber::Api::telemetry;
  subscriber.name = extension;
  for (const wire::Document& each : *types->as_list())
    subscriber.types.push_back(*each.as_string());
  loop_.post([self = shared_from_this(), made, subscriber = std::move(subscriber)] {
    self->accept(made, subscriber);
  });
  http::Response response;
  response.headers.add("Content-Type", "text/plain");
  response.body = "OK";
  return response;
}

void Telemetry::accept(const SubscriptionPointer& made, const Subscriber& subscriber) {
  if (closed_) return;
  subscriptions_.push_back(made);
  for (const auto& [kind, record] : kept_) {
    if ((made->kinds & static_cast<unsigned>(kind)) != 0) put(made, record);
  }
  add(Kind::platform, telemetry_records().subscription(clock_.now(), subscriber));
  if (listener_) listener_(subscriber);
}

void Telemetry::add(Kind kind, const std::string& record) {
  if (record.empty()) return;
  for (const SubscriptionPointer& each : subscriptions_) {
    if ((each->kinds & static_cast<unsigned>(kind)) != 0) put(each, record);
  }
  if (keeping_ && kept_bytes_ + record.size() <= kMostKept) {
    kept_bytes_ += record.size();
    kept_.emplace_back(kind, record);
  }
}

void Telemetry::init_ended() {
  keeping_ = false;
  kept_.clear();
}

void Telemetry::add_line(Kind kind, base::WallTime time, std::string_view line) {
  if (!wanted()) return;
  // A line that is a JSON object stays one.
  wire::Document body{std::string(line)};
  if (line.starts_with('{')) {
    if (auto parsed = wire::parse_json(line)) body = std::move(*parsed);
  }
  add(kind, record_of(time, kind == Kind::function ? "function" : "extension", std::move(body)));
}

void Telemetry::put(const SubscriptionPointer& to, const std::string& record) {
  if (to->bytes + record.size() > kMostWaiting) {
    ++to->dropped;
    return;
  }
  to->bytes += record.size();
  to->items.push_back(record);
  if (to->items.size() >= to->most_items || to->bytes >= to->most_bytes) return send(to);
  if (to->timer) return;
  to->timer = loop_.after(to->most_time, [weak = weak_from_this(), of = std::weak_ptr(to)] {
    const auto self = weak.lock();
    const auto due = of.lock();  // not held by its own timer
    if (!self || !due) return;
    due->timer.reset();
    self->send(due);
  });
}

void Telemetry::send(const SubscriptionPointer& from) {
  if (closed_ || from->sending || from->items.empty()) return;
  if (inside_busy_) {
    from->waiting = true;
    return;
  }
  from->timer.reset();
  if (from->dropped > 0) {
    wire::Document lost = wire::Document::map();
    lost.set("reason", "The listener did not take them in time");
    lost.set("droppedRecords", static_cast<std::int64_t>(std::exchange(from->dropped, 0)));
    from->items.push_back(record_of(clock_.now(), "platform.logsDropped", std::move(lost)));
  }
  from->bytes = 0;
  from->sending = true;
  inside_busy_ = isolated_;
  base::spawn(deliver(from, std::exchange(from->items, {})));
}

// Of an isolated sandbox, never one of the machine's own network.
base::UniqueFd Telemetry::socket() const {
  if (!isolated_)
    return base::UniqueFd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  return base::UniqueFd{inside_ ? ::fcntl(inside_.get(), F_DUPFD_CLOEXEC, 0) : -1};
}

base::Task<void> Telemetry::deliver(SubscriptionPointer to, std::vector<std::string> records) {
  const auto self = shared_from_this();
  base::UniqueFd from = socket();
  bool taken = false;
  if (from && to->protocol == Subscription::Protocol::tcp) {
    taken = co_await send_lines(loop_, std::move(from), to->port,
                                fmt::format("{}\n", fmt::join(records, "\n")));
  } else if (from) {
    http::Request request;
    request.method = "POST";
    request.target = to->path;
    request.headers.add("Content-Type", "application/json");
    request.body = fmt::format("[{}]", fmt::join(records, ","));
    std::string url = fmt::format("http://127.0.0.1:{}", to->port);
    http::Client::Via via;
    if (isolated_) via.socket = std::move(from);
    const auto answer = co_await client_->send(std::move(url), std::move(request), std::move(via));
    taken = answer && answer->status < 400;
  }
  loop_.post([self, to, lost = taken ? 0 : records.size()] { self->posted(to, lost); });
}

void Telemetry::posted(const SubscriptionPointer& to, std::size_t lost) {
  to->sending = false;
  to->dropped += lost;
  if (!isolated_) return send(to);
  if (!inside_) return;  // closed meanwhile
  // The copy that was used is closed, the socket itself still has its connection: dissolving it
  // makes it usable again (connect(2), AF_UNSPEC).
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  ::connect(inside_.get(), &nobody, sizeof nobody);
  inside_busy_ = false;
  to->waiting = !to->items.empty();  // behind the others
  const auto after = std::ranges::find(subscriptions_, to);
  if (after != subscriptions_.end())
    std::rotate(subscriptions_.begin(), after + 1, subscriptions_.end());
  for (const SubscriptionPointer& each : subscriptions_) {
    if (std::exchange(each->waiting, false)) send(each);
    if (inside_busy_) break;
  }
}

void Telemetry::close() {
  init_ended();
  closed_ = true;
  listener_ = nullptr;
  for (const SubscriptionPointer& each : subscriptions_) each->timer.reset();
  subscriptions_.clear();
  inside_.reset();
}

void Telemetry::flush() {
  for (const SubscriptionPointer& each : subscriptions_) send(each);
}

}  // namespace mayfly::engine
