#include "http/client.h"

#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/one_shot.h"
#include "base/spawn.h"
#include "base/strings.h"
#include "http/detail/request_head.h"
#include "http/detail/response_parser.h"
#include "http/detail/transport.h"

namespace mayfly::http {

using namespace std::chrono_literals;
using namespace detail;

namespace {

using Result = std::expected<Response, std::string>;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kIdleTime = 30s;
constexpr std::size_t kReadBlock = 16 * 1024;

// co_await outcome_of([&](Transport::Done done) { start something });
struct Outcome {
  Error error;
  std::size_t count = 0;
};
template <class Start>
auto outcome_of(Start start) {
  struct Awaiter {
    Start start;
    Outcome outcome{};
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      start([this, handle](Error error, std::size_t count) {
        outcome = {error, count};
        handle.resume();
      });
    }
    Outcome await_resume() const noexcept { return outcome; }
  };
  return Awaiter{std::move(start)};
}

std::string lower_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] + ('a' - 'A'));
  return text;
}

// Connections at rest, of one loop, used on its thread only.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(AsioLoop& on, std::size_t per_host) : loop(on), per_host_(per_host) {}

  std::unique_ptr<Transport> take(const Origin& origin) {
    const auto found = idle_.find(origin);
    while (found != idle_.end() && !found->second.empty()) {
      auto transport =
          std::move(found->second.back().transport);  // the most recent: most likely alive
      found->second.pop_back();
      if (!transport->stale()) return transport;
    }
    return nullptr;
  }

  void put(const Origin& origin, std::unique_ptr<Transport> transport) {
    auto& list = idle_[origin];
    if (closed_ || list.size() >= per_host_) return;
    list.push_back({std::move(transport), SteadyClock::now()});
    schedule();
  }

  void close() {
    closed_ = true;
    timer_.reset();
    idle_.clear();
  }

  AsioLoop& loop;

 private:
  struct Idle {
    std::unique_ptr<Transport> transport;
    SteadyClock::time_point since;
  };

  void schedule() {
    if (timer_ != nullptr) return;
    timer_ = loop.after(kIdleTime / 2, [self = weak_from_this()] {
      if (const auto pool = self.lock()) pool->sweep();
    });
  }

  void sweep() {
    timer_.reset();
    const auto oldest = SteadyClock::now() - kIdleTime;
    for (auto each = idle_.begin(); each != idle_.end();) {
      std::erase_if(each->second, [oldest](const Idle& idle) { return idle.since < oldest; });
      each = each->second.empty() ? idle_.erase(each) : std::next(each);
    }
    if (!idle_.empty()) schedule();
  }

  std::size_t per_host_;
  bool closed_ = false;
  std::map<Origin, std::vector<Idle>> idle_;
  std::unique_ptr<Loop::Token> timer_;
};

struct Shared {
  ClientOptions options;
  std::vector<std::shared_ptr<Pool>> pools;
  std::once_flag tls_once;
  std::unique_ptr<asio::ssl::context> tls;  // made when first needed: it reads all the certificates

  asio::ssl::context& tls_context() {
    std::call_once(tls_once, [this] { tls = make_tls_context(); });
    return *tls;
  }
};

// A request sent again must not do twice what it does (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method) {
  static constexpr std::string_view kMethods[] = {"GET",    "HEAD",    "PUT",
                                                  "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(kMethods, method) != std::end(kMethods);
}

// One request and its answer, on one loop's thread.
class Exchange {
 public:
  Exchange(std::shared_ptr<Shared> shared, std::shared_ptr<Pool> pool, Origin origin,
           base::UniqueFd socket)
      : shared_(std::move(shared)),
        pool_(std::move(pool)),
        origin_(std::move(origin)),
        socket_(std::move(socket)),
        given_(static_cast<bool>(socket_)),
        resolver_(pool_->loop.context()),
        begin_(SteadyClock::now()) {}

  base::Task<Result> run(Request request) {
    auto bytes = serialize(request, origin_);
    if (!bytes) co_return std::unexpected(bytes.error());
    if (!given_) transport_ = pool_->take(origin_);
    bool reused = transport_ != nullptr;
    for (;;) {
      if (transport_ == nullptr) {
        const auto limit =
            std::min(shared_->options.connect_timeout, shared_->options.total_timeout);
        set_deadline(limit);
        const std::string failure = co_await connect();
        if (!failure.empty()) co_return std::unexpected(explain(failure, limit));
      }
      set_deadline(shared_->options.total_timeout);
      const bool head = request.method == "HEAD";
      auto result = co_await transfer(
          *bytes, head ? ResponseParser::Body::none : ResponseParser::Body::expected);
      // A connection at rest may be closed by the peer in the moment it is used: nobody's failure.
      if (!result && reused && !answer_started_ && !timed_out_ && is_idempotent(request.method)) {
        transport_.reset();
        reused = false;
        continue;
      }
      timer_.reset();
      if (!result)
        co_return std::unexpected(explain(result.error(), shared_->options.total_timeout));
      if (keep_ && !given_) pool_->put(origin_, std::move(transport_));
      co_return result;
    }
  }

 private:
  std::string explain(const std::string& failure, std::chrono::milliseconds limit) const {
    if (timed_out_) return fmt::format("no answer within {} ms: {}", limit.count(), origin_.name());
    return fmt::format("{}: {}", failure, origin_.name());
  }

  void set_deadline(std::chrono::milliseconds limit) {
    const auto left = std::max<SteadyClock::duration>(begin_ + limit - SteadyClock::now(), 0us);
    timer_ = pool_->loop.after(std::chrono::ceil<std::chrono::microseconds>(left), [this] {
      timed_out_ = true;
      resolver_.cancel();
      if (transport_) transport_->close();
    });
  }

  // Empty, or why not.
  base::Task<std::string> connect() {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    Error error;
    if (const auto address = asio::ip::make_address(origin_.host, error); !error) {
      endpoints.emplace_back(address, origin_.port);
    } else {
      const auto found = co_await outcome_of([&](Transport::Done done) {
        resolver_.async_resolve(
            origin_.host, std::to_string(origin_.port),
            [&endpoints, done = std::move(done)](Error failed, const auto& results) mutable {
              for (const auto& entry : results) endpoints.push_back(entry.endpoint());
              done(failed, 0);
            });
      });
      if (found.error || endpoints.empty())
        co_return fmt::format("cannot resolve {}", origin_.host);
    }
    for (const auto& endpoint : endpoints) {
      if (timed_out_) break;
      transport_ = origin_.scheme == Scheme::http
                       ? make_plain_transport(pool_->loop)
                       : make_tls_transport(pool_->loop, shared_->tls_context(), origin_.host);
      if (socket_) transport_->socket().assign(asio::ip::tcp::v4(), socket_.release(), error);
      const auto connected = co_await outcome_of([&](Transport::Done done) {
        transport_->socket().async_connect(
            endpoint, [done = std::move(done)](Error failed) mutable { done(failed, 0); });
      });
      error = connected.error;
      if (!error) break;
    }
    if (error || timed_out_) co_return lower_first(error.message());
    transport_->socket().set_option(asio::ip::tcp::no_delay(true), error);
    const auto shaken =
        co_await outcome_of([&](Transport::Done done) { transport_->handshake(std::move(done)); });
    if (shaken.error) co_return fmt::format("TLS handshake failed ({})", shaken.error.message());
    co_return std::string();
  }

  base::Task<Result> transfer(std::string_view bytes, ResponseParser::Body body) {
    keep_ = false;
    const auto written = co_await outcome_of([&](Transport::Done done) {
      transport_->write(asio::const_buffer(bytes.data(), bytes.size()), std::move(done));
    });
    // A peer that refuses a large body may answer and close while we still write: its answer
    // counts.
    std::optional<ResponseParser> parser;
    parser.emplace(shared_->options.response_limit, body);
    std::string pending;
    for (;;) {
      const std::size_t had = pending.size();
      pending.resize(had + kReadBlock);
      const auto read = co_await outcome_of([&](Transport::Done done) {
        transport_->read(asio::mutable_buffer(pending.data() + had, kReadBlock), std::move(done));
      });
      pending.resize(had + read.count);
      if (read.count > 0) answer_started_ = true;
      if (read.error) {
        const Error cause = written.error ? written.error : read.error;
        if (read.error == asio::error::eof && parser->started()) {
          if (parser->end_of_input() == ResponseParser::Status::complete) co_return parser->take();
          co_return std::unexpected(parser->failure());
        }
        if (cause == asio::error::eof)
          co_return std::unexpected("the connection was closed without an answer");
        co_return std::unexpected(lower_first(cause.message()));
      }
      for (;;) {
        const auto step = parser->feed(pending);
        pending.erase(0, step.consumed);
        if (step.status == ResponseParser::Status::failed)
          co_return std::unexpected(parser->failure());
        if (step.status == ResponseParser::Status::need_more) break;
        Response response = parser->take();
        // 100 Continue, 103 Early Hints: the answer is still to come.
        if (response.status / 100 == 1) {
          parser.emplace(shared_->options.response_limit, body);
          continue;
        }
        keep_ = parser->keep_alive() && pending.empty() && !written.error;
        co_return response;
      }
    }
  }

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Pool> pool_;
  Origin origin_;
  base::UniqueFd socket_;
  const bool given_;
  asio::ip::basic_resolver<asio::ip::tcp, AsioExecutor> resolver_;
  SteadyClock::time_point begin_;
  std::unique_ptr<Transport> transport_;
  bool timed_out_ = false;
  bool answer_started_ = false;
  bool keep_ = false;
  std::unique_ptr<Loop::Token> timer_;  // last: it refers to the others
};

base::Task<Result> run_exchange(std::shared_ptr<Shared> shared, std::shared_ptr<Pool> pool,
                                Origin origin, Request request, base::UniqueFd socket) {
  Exchange exchange(std::move(shared), std::move(pool), std::move(origin), std::move(socket));
  co_return co_await exchange.run(std::move(request));
}

}  // namespace

struct Client::Impl {
  Io& io;
  std::shared_ptr<Shared> shared;
};

Client::Client(Io& io, ClientOptions options)
    : impl_(std::make_unique<Impl>(io, std::make_shared<Shared>())) {
  impl_->shared->options = options;
  for (auto& loop : io.impl().loops) {
    impl_->shared->pools.push_back(std::make_shared<Pool>(*loop, options.idle_per_host));
  }
}

Client::~Client() {
  for (auto& pool : impl_->shared->pools) {
    pool->loop.post([pool] { pool->close(); });
  }
}

base::Task<std::expected<Response, std::string>> Client::send(std::string url, Request request,
                                                              Via via) {
  auto origin = parse_origin(url);
  if (!origin) co_return std::unexpected(origin.error());
  auto& pools = impl_->shared->pools;
  for (auto& pool : pools) {
    if (pool->loop.is_current()) {
      co_return co_await run_exchange(impl_->shared, pool, std::move(*origin), std::move(request),
                                      std::move(via.socket));
    }
  }
  // Comes from elsewhere: runs on a loop, and returns to the executor it came from.
  const auto number = impl_->io.impl().next.fetch_add(1, std::memory_order_relaxed) % pools.size();
  base::OneShot<Result> shot;
  pools[number]->loop.post([shot, shared = impl_->shared, pool = pools[number],
                            origin = std::move(*origin), request = std::move(request),
                            socket = std::move(via.socket)]() mutable {
    base::spawn(run_exchange(std::move(shared), std::move(pool), std::move(origin),
                             std::move(request), std::move(socket)),
                [shot](Result result) { shot.set(std::move(result)); });
  });
  co_return co_await shot.wait();
}

}  // namespace mayfly::http
