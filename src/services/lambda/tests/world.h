// Lambda behind the real pipeline, on a store in memory and with functions that are C++.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/tests/front.h"
#include "base/strings.h"
#include "services/lambda/lambda.h"
#include "services/lambda/tests/fake_records.h"
#include "services/lambda/tests/temp_folder.h"
#include "services/lambda/tests/zips.h"
#include "store/faulty/faulty_store.h"
#include "store/memory/memory_store.h"
#include "work/tests/fake_alarm.h"

namespace mayfly::lambda::testing {

// Answers events as the test says and notes what it was asked.
class FakeRunner final : public FunctionRunner {
 public:
  using Body = std::function<std::expected<engine::Outcome, engine::Refusal>(
      const engine::FunctionSpec&, const engine::Event&)>;
  base::Task<std::expected<engine::Outcome, engine::Refusal>> run(SpecPointer function,
                                                                  engine::Event event) override {
    {
      std::lock_guard lock(mutex);
      specs.push_back(function);
      events.push_back(event);
    }
    auto outcome = body(*function, event);
    if (event.stream != nullptr) {
      if (outcome && !outcome->function_error) {
        event.stream->begin({}, {});
        event.stream->push(std::exchange(outcome->payload, {}));
      }
      event.stream->end();
    }
    co_return outcome;
  }
  base::Task<std::expected<void, std::string>> prepare(SpecPointer function) override {
    {
      std::lock_guard lock(mutex);
      prepared.push_back(function);
    }
    if (gate) co_await gate->wait();
    if (init_fails) co_return std::unexpected("no module named x");
    co_return std::expected<void, std::string>{};
  }
  void provision(SpecPointer function, std::int64_t count) override {
    std::lock_guard lock(mutex);
    provisions[function->function + ":" + function->version] = count;
  }
  engine::ProvisionedState provisioned(const base::Scope&, const std::string& function,
                                       const std::string& version) const override {
    const auto found = provisions.find(function + ":" + version);
    engine::ProvisionedState state;
    if (found == provisions.end()) return state;
    state.wanted = found->second;
    state.running = init_fails ? 0 : found->second;
    if (init_fails) state.failure = "FUNCTION_ERROR_INIT_FAILURE";
    return state;
  }
  void retire(const base::Scope&, const std::string& function, const std::string& version,
              const std::string& keep) override {
    std::lock_guard lock(mutex);
    retired.push_back(function + ":" + version + (keep.empty() ? "" : " but one"));
  }

  static std::expected<engine::Outcome, engine::Refusal> answer(std::string payload) {
    engine::Outcome outcome;
    outcome.payload = std::move(payload);
    return outcome;
  }
  static std::expected<engine::Outcome, engine::Refusal> error() {
    engine::Outcome outcome;
    outcome.payload = R"({"errorMessage":"boom","errorType":"ValueError"})";
    outcome.function_error = "Unhandled";
    return outcome;
  }
  static std::expected<engine::Outcome, engine::Refusal> throttle(engine::ThrottleReason reason) {
    return std::unexpected(engine::Refusal{engine::Refusal::Kind::throttled, reason, ""});
  }

  Body body = [](const engine::FunctionSpec&, const engine::Event& event) {
    return answer(event.payload);
  };
  std::mutex mutex;  // of what follows
  std::vector<SpecPointer> specs, prepared;
  std::vector<engine::Event> events;
  std::vector<std::string> retired;
  std::map<std::string, std::int64_t> provisions;  // "function:version" -> as told last
  std::optional<base::OneShot<bool>> gate;         // what prepare() waits for
  bool init_fails = false;
};

class FakeIssuer final : public ports::CredentialIssuer {
 public:
  explicit FakeIssuer(const base::Clock& clock) : clock_(clock) {}
  base::Task<wire::Result<ports::TemporaryCredentials>> issue(
      std::string role_arn, std::string session_name, std::chrono::seconds lifetime) override {
    std::size_t count = 0;
    {
      std::lock_guard lock(mutex_);
      issued.push_back(role_arn + " " + session_name);
      count = issued.size();
    }
    co_return ports::TemporaryCredentials{"ASIA" + std::to_string(count), "secret", "token",
                                          clock_.now() + lifetime};
  }
  std::vector<std::string> issued;

 private:
  std::mutex mutex_;
  const base::Clock& clock_;
};

// "AsyncEventAge f:live 60000", in the order in which they came.
class FakeMetrics final : public ports::MetricSink {
 public:
  void put(ports::FunctionMetric metric) override {
    std::string what =
        metric.qualifier.empty() ? metric.function : metric.function + ":" + metric.qualifier;
    if (!metric.mapping.empty()) what = "mapping";
    const std::lock_guard lock(mutex_);
    told.push_back(fmt::format("{} {} {}", metric.name, what, metric.value));
  }
  std::vector<std::string> told;

 private:
  std::mutex mutex_;
};

inline constexpr std::string_view kRole = "arn:aws:iam::000000000000:role/r";

class LambdaTest : public ::testing::Test {
 protected:
  using Reply = api::testing::Reply;

  LambdaTest() {
    lambda.attach(queue);
    EXPECT_TRUE(base::sync_wait(queue.start()).has_value());
  }
  ~LambdaTest() override {
    base::sync_wait(lambda.stop());
    base::sync_wait(queue.stop());
  }

  Reply call(std::string method, std::string target, std::string body = {},
             std::vector<std::pair<std::string, std::string>> headers = {}) {
    return front.call(std::move(method), std::move(target), std::move(body), std::move(headers));
  }
  // `more` is further members, with a leading comma.
  Reply create(const std::string& name, const std::string& more = {},
               const std::string& zip = python_zip()) {
    return call(
        "POST", "/2015-03-31/functions",
        R"({"FunctionName":")" + name + R"(","Role":")" + std::string(kRole) +
            R"(","Runtime":"python3.12","Handler":"index.lambda_handler","Code":{"ZipFile":")" +
            base::to_base64(zip) + "\"}" + more + "}");
  }
  Reply update_code(const std::string& name, const std::string& source,
                    const std::string& more = {}) {
    return call("PUT", "/2015-03-31/functions/" + name + "/code",
                R"({"ZipFile":")" + base::to_base64(python_zip(source)) + "\"" + more + "}");
  }
  Reply invoke(const std::string& name, std::string payload = "{}",
               std::vector<std::pair<std::string, std::string>> headers = {}) {
    return call("POST", "/2015-03-31/functions/" + name + "/invocations", std::move(payload),
                std::move(headers));
  }
  void advance(std::chrono::microseconds by) {
    clock.advance(by);
    alarm.fire_due();
    lambda_alarm.fire_due();
  }

  TempFolder folder;
  base::FakeClock clock;
  base::SequentialIds ids;
  store::MemoryStore store;
  store::FaultyStore faulty{store};  // none unless the test says so
  FakeRunner runner;
  FakeIssuer issuer{clock};
  FakeMetrics metrics;
  work::FakeAlarm alarm{clock}, lambda_alarm{clock};
  FakeRecords records;
  Lambda lambda{{.data_folder = folder.path() + "/lambda"},
                {faulty, clock, ids, runner, issuer, metrics, records, lambda_alarm}};
  work::WorkQueue queue{store, clock, ids, alarm};
  api::testing::Front front{{make_service(lambda)}, {&lambda.code_urls}};
};

}  // namespace mayfly::lambda::testing
