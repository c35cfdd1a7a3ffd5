// The fixture of the engine's tests: real loops and sockets, a FakeWarden, a FakeClock, sinks that
// remember.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/ids.h"
#include "base/spawn.h"
#include "engine/engine.h"
#include "engine/tests/fake_warden.h"

namespace mayfly::engine::testing {

// Passes when `count` have arrived; wait() does not count.
class Gate {
 public:
  explicit Gate(int count) : left_(count) {}
  void arrive() {
    std::unique_lock lock(mutex_);
    if (--left_ <= 0) open_.notify_all();
    open_.wait_for(lock, std::chrono::seconds(20), [this] { return left_ <= 0; });
  }
  void wait() {
    std::unique_lock lock(mutex_);
    open_.wait_for(lock, std::chrono::seconds(20), [this] { return left_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable open_;
  int left_;
};

class MemoryLogs final : public ports::LogSink {
 public:
  void append(const base::Scope&, const std::string&, const std::string& stream,
              std::vector<ports::LogLine> lines) override {
    const std::lock_guard lock(mutex);
    streams.insert(stream);
    for (auto& line : lines) texts.push_back(std::move(line.text));
  }
  base::Task<void> flush() override { return base::Task<void>::ready(); }

  std::mutex mutex;
  std::vector<std::string> texts;
  std::set<std::string> streams;
};

class MemoryUsage final : public ports::UsageSink {
 public:
  void record(ports::UsageRecord record) override {
    const std::lock_guard lock(mutex);
    records.push_back(std::move(record));
  }
  void hold(const ports::HeldRecord& record) override {
    const std::lock_guard lock(mutex);
    held_mb_ms += record.mb_ms;
  }
  std::mutex mutex;
  std::vector<ports::UsageRecord> records;
  std::int64_t held_mb_ms = 0;
};

using RunResult = std::expected<Outcome, Refusal>;

class Waiting {
 public:
  explicit Waiting(std::future<RunResult> future) : future_(std::move(future)) {}
  bool ready() const { return ready_within(std::chrono::seconds(0)); }
  bool ready_within(std::chrono::milliseconds limit) const {
    return future_.wait_for(limit) == std::future_status::ready;
  }
  RunResult get() { return future_.get(); }

 private:
  std::future<RunResult> future_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    options_.runtimes_folder = "/nowhere";
    options_.most_spares = 0;  // spares_test.cc has them; others count processes
    io_.start();
  }
  ~EngineTest() override {
    engine_.reset();
    warden_.reset();
    server_.reset();
    io_.stop();
  }

  void use(Script script) {
    warden_ = std::make_unique<FakeWarden>(std::move(script));
    http::ServerOptions server;
    server.port = 0;
    server_ = std::make_unique<http::Server>(io_, server, nullptr);
    engine_ = std::make_unique<Engine>(
        options_, Engine::Parts{*warden_, io_, *server_, nullptr, logs_, usage_, clock_, ids_});
  }

  static Script echo() {
    return [](GuestEnd& guest) {
      if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
      while (auto event = guest.next_event()) guest.send(FrameType::result, event->payload);
      return sandbox::Exit{};
    };
  }
  // Echoes; an event that is held, or says "hold", arrives at `inside` and waits for `release`.
  enum class Held { marked, all };
  static Script holding(Gate& inside, Gate& release, Held held = Held::marked) {
    return [&inside, &release, held](GuestEnd& guest) {
      if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
      while (auto event = guest.next_event()) {
        if (held == Held::all || event->payload == "hold") {
          inside.arrive();
          release.wait();
        }
        guest.send(FrameType::result, event->payload);
      }
      return sandbox::Exit{};
    };
  }
  static Script answers(FrameType type, std::string payload) {
    return [=](GuestEnd& guest) {
      if (!guest.is_clone) guest.send(FrameType::ready, R"({"cloneable":true})");
      while (guest.next_event()) guest.send(type, payload);
      return sandbox::Exit{};
    };
  }

  std::shared_ptr<FunctionSpec> function_named(const std::string& name) {
    auto spec = std::make_shared<FunctionSpec>();
    spec->function = name;
    spec->version = "$LATEST";
    spec->revision = "1";
    spec->runtime = "python3.11";
    spec->handler = "app.handler";
    spec->log_group = "/aws/lambda/" + name;
    return spec;
  }
  std::shared_ptr<FunctionSpec> function() { return function_; }

  Event event(std::string payload) {
    Event event;
    event.request_id = "request-" + std::to_string(++requests_);
    event.payload = std::move(payload);
    return event;
  }
  RunResult run(std::shared_ptr<const FunctionSpec> spec, std::string payload) {
    return base::sync_wait(engine_->run(std::move(spec), event(std::move(payload))));
  }
  Outcome run_ok(std::shared_ptr<const FunctionSpec> spec, std::string payload) {
    RunResult result = run(std::move(spec), std::move(payload));
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return *result;
  }
  Waiting start(std::shared_ptr<const FunctionSpec> spec, std::string payload) {
    auto promise = std::make_shared<std::promise<RunResult>>();
    auto future = promise->get_future();
    base::spawn(engine_->run(std::move(spec), event(std::move(payload))),
                [promise](RunResult result) { promise->set_value(std::move(result)); });
    return Waiting(std::move(future));
  }
  std::vector<std::string> run_together(std::shared_ptr<const FunctionSpec> spec,
                                        std::vector<std::string> payloads) {
    std::vector<Waiting> waiting;
    for (auto& payload : payloads) waiting.push_back(start(spec, payload));
    std::vector<std::string> out;
    for (auto& one : waiting) {
      RunResult result = one.get();
      out.push_back(result ? result->payload : result.error().message);
    }
    return out;
  }
  // Something that another thread is about to bring about; fails after ten seconds.
  template <class Condition>
  void wait_for(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until);
      std::this_thread::yield();
    }
  }
  void warden_started(int count) {
    wait_for([&] { return warden_->started() >= count; });
  }

  std::vector<std::string> log_lines() {
    const std::lock_guard lock(logs_.mutex);
    return logs_.texts;
  }
  std::set<std::string> streams() {
    const std::lock_guard lock(logs_.mutex);
    return logs_.streams;
  }
  std::vector<ports::UsageRecord> usage() {
    const std::lock_guard lock(usage_.mutex);
    return usage_.records;
  }

  std::int64_t held_mb_ms() {
    const std::lock_guard lock(usage_.mutex);
    return usage_.held_mb_ms;
  }

  FakeWarden& warden() { return *warden_; }
  Engine& engine() { return *engine_; }
  base::FakeClock& clock() { return clock_; }

  EngineOptions options_;
  http::Io io_{2};
  base::FakeClock clock_;
  base::SequentialIds ids_;
  MemoryLogs logs_;
  MemoryUsage usage_;

 private:
  std::unique_ptr<FakeWarden> warden_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<FunctionSpec> function_ = function_named("f");
  std::atomic<int> requests_{0};
};

}  // namespace mayfly::engine::testing
