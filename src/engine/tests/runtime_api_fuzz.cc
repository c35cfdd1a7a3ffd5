// The Runtime API and the Extensions API against calls of hostile processes in any order, while the
// engine does its part: no event is answered twice, the runtime is ready once, nothing reaches the
// engine after the end, and no call waits for ever.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/spawn.h"
#include "engine/runtime_api/extensions.h"
#include "engine/runtime_api/session.h"

namespace mayfly::engine {
namespace {

constexpr std::size_t kResponseLimit = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

class Bytes {
 public:
  explicit Bytes(std::string_view all) : rest_(all) {}
  bool more() const { return !rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto out = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return out;
  }
  std::string text() {
    const std::string out(rest_.substr(0, byte()));
    rest_.remove_prefix(std::min(out.size(), rest_.size()));
    return out;
  }

 private:
  std::string_view rest_;
};

// Runs what is posted when it is told to, as another thread would.
class QueueLoop final : public http::Loop {
 public:
  void post(std::move_only_function<void()> work) override { work_.push_back(std::move(work)); }
  std::unique_ptr<Token> watch_readable(int, std::function<void()>) override {
    return std::make_unique<Token>();
  }
  std::unique_ptr<Token> watch_writable(int, std::function<void()>) override {
    return std::make_unique<Token>();
  }
  std::unique_ptr<Token> after(std::chrono::microseconds, std::function<void()>) override {
    return std::make_unique<Token>();  // no time passes
  }
  base::Task<void> sleep(std::chrono::microseconds) override { co_return; }
  void run() {
    while (!work_.empty()) {
      auto next = std::move(work_.front());
      work_.pop_front();
      next();
    }
  }

 private:
  std::deque<std::move_only_function<void()>> work_;
};

class Body final : public http::IncomingBody {
 public:
  explicit Body(Bytes& bytes) {
    for (int left = bytes.byte() % 4; left > 0; --left) {
      if (std::string piece = bytes.text(); !piece.empty()) pieces_.push_back(std::move(piece));
    }
    whole_ = bytes.byte() % 2 == 0;
    if (bytes.byte() % 2 == 0) {
      trailers_.add("Lambda-Runtime-Function-Error-Type", bytes.text());
      trailers_.add("Lambda-Runtime-Function-Error-Body", bytes.text());
    }
  }
  base::Task<std::optional<std::string>> next() override {
    using Answer = base::Task<std::optional<std::string>>;
    if (pieces_.empty()) return Answer::ready(std::nullopt);
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    return Answer::ready(std::move(piece));
  }
  bool whole() const override { return whole_; }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  std::deque<std::string> pieces_;
  bool whole_ = true;
  http::Headers trailers_;
};

class Engine final : public RuntimeApiSession::Listener {
 public:
  void api_ready() override { require(!closed && !std::exchange(ready, true)); }
  void api_init_failed(Answer) override { require(!closed && !ready); }
  void api_answered(Answer answer) override {
    end();
    require(answer.is_error || answer.payload.size() <= kResponseLimit + 255);
  }
  void api_stream_begins(std::string) override { require(!closed && under_way); }
  void api_stream_chunk(std::string bytes) override {
    require(!closed && under_way && !bytes.empty());
  }
  void api_stream_ends(std::optional<Answer>) override { end(); }
  void api_truncated() override { end(); }
  void end() { require(!closed && std::exchange(under_way, false)); }

  bool ready = false, under_way = false, closed = false;
};

const char* const kPaths[] = {"/2018-06-01/runtime/invocation/next",
                              "/2018-06-01/runtime/invocation/1/response",
                              "/2018-06-01/runtime/invocation/1/error",
                              "/2018-06-01/runtime/init/error",
                              "/2018-06-01/runtime/restore/next",
                              "/2020-01-01/extension/register",
                              "/2020-01-01/extension/event/next",
                              "/2020-01-01/extension/init/error",
                              "/2020-01-01/extension/exit/error",
                              "/2022-07-01/telemetry",
                              "/2020-08-15/logs"};
const char* const kNames[] = {"Lambda-Extension-Name",
                              "Lambda-Extension-Identifier",
                              "Lambda-Extension-Accept-Feature",
                              "Lambda-Extension-Function-Error-Type",
                              "Lambda-Runtime-Function-Error-Type",
                              "Lambda-Runtime-Function-Response-Mode",
                              "Content-Type"};

http::Request request_of(Bytes& bytes, const std::vector<std::string>& identifiers) {
  http::Request request;
  const std::uint8_t method = bytes.byte() % 4;
  request.method = method == 0 ? "GET" : method == 1 ? "POST" : method == 2 ? "PUT" : bytes.text();
  const std::size_t path = bytes.byte() % (std::size(kPaths) + 1);
  request.target = path < std::size(kPaths) ? kPaths[path] : "/" + bytes.text();
  for (int left = bytes.byte() % 4; left > 0; --left) {
    const std::string name = kNames[bytes.byte() % std::size(kNames)];
    if (name == "Lambda-Extension-Identifier" && !identifiers.empty()) {
      request.headers.add(name, identifiers[bytes.byte() % identifiers.size()]);
    } else {
      request.headers.add(name, bytes.text());
    }
  }
  if (bytes.byte() % 2 == 0 && RuntimeApiSession::streams(request.method, request.target)) {
    request.incoming = std::make_shared<Body>(bytes);
  } else {
    request.body = bytes.text();
  }
  return request;
}

void run(Bytes bytes) {
  QueueLoop loop;
  base::FakeClock clock;
  base::SequentialIds ids;
  Engine engine;
  auto spec = std::make_shared<FunctionSpec>();
  spec->function = "f";
  auto session = std::make_shared<RuntimeApiSession>(loop, kResponseLimit);
  session->attach(&engine);
  auto telemetry =
      std::make_shared<Telemetry>(loop, nullptr, clock, Telemetry::Network::host, base::UniqueFd{});
  auto extensions = std::make_shared<Extensions>(loop, ids, spec,
                                                 std::vector<std::string>{"external"}, telemetry);
  extensions->attach([&engine] { require(!engine.closed); });
  std::vector<std::string> identifiers;
  std::size_t calls = 0, answers = 0;
  Event event;
  event.request_id = "1";
  event.payload = "{}";

  const auto close = [&] {
    session->close();
    session->attach(nullptr);
    extensions->close();
    engine.closed = true;
  };
  while (bytes.more() && !engine.closed) {
    switch (bytes.byte() % 8) {
      case 0:
        loop.run();
        break;
      case 1:
        if (!engine.ready || std::exchange(engine.under_way, true)) break;
        session->invoke(event, 1);
        extensions->invoke(event, 1);
        break;
      case 2:
        session->set_flow(bytes.byte() % 2 == 0 ? Guest::Flow::hold : Guest::Flow::go);
        break;
      case 3:
        if (bytes.byte() == 0) extensions->init_ended();
        break;
      case 4:
        if (bytes.byte() == 0) extensions->shut_down("spindown", 1);
        break;
      case 5:
        if (bytes.byte() == 0) close();
        break;
      default: {
        http::Request request = request_of(bytes, identifiers);
        ++calls;
        const auto answered = [&](http::Response response) {
          ++answers;
          require(response.status >= 200 && response.status < 600);
          if (auto id = response.headers.get("Lambda-Extension-Identifier"))
            identifiers.emplace_back(*id);
        };
        base::spawn(Extensions::is_call(request.raw_path()) ? extensions->handle(std::move(request))
                                                            : session->handle(std::move(request)),
                    answered);
      }
    }
    (void)extensions->states();
    (void)extensions->waiting();
  }
  if (!engine.closed) {
    loop.run();
    close();
  }
  loop.run();
  require(answers == calls);
}

}  // namespace
}  // namespace mayfly::engine

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mayfly::engine::run(mayfly::engine::Bytes({reinterpret_cast<const char*>(data), size}));
  return 0;
}
