// The fixture of tests with the real warden, real interpreters and real time: a function is a
// folder of files.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "engine/tests/fixture.h"

namespace mayfly::engine::testing {

class RealEngineTest : public ::testing::Test {
 protected:
  // The warden is forked before this process has threads, and serves all tests of the suite.
  static void SetUpTestSuite() {
    std::string path = "/tmp/mayfly-engine-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) FAIL() << "mkdtemp";
    std::filesystem::permissions(path, std::filesystem::perms(0755));
    folder_ = new std::string(path);
    warden_ = sandbox::Warden::launch({path + "/warden"}).release();
  }
  static void TearDownTestSuite() {
    delete warden_;
    std::error_code ignored;
    std::filesystem::remove_all(*folder_, ignored);
    delete folder_;
  }

  void SetUp() override {
    options_.runtimes_folder = MAYFLY_BUILD_DIR "/runtimes";
    options_.network = network_;
    io_.start();
    http::ServerOptions server;
    server.port = 0;
    server_ = std::make_unique<http::Server>(io_, server, nullptr);
    make_engine();
  }
  void make_engine() {
    engine_.reset();
    engine_ = std::make_unique<Engine>(
        options_, Engine::Parts{*warden_, io_, *server_,
                                [](http::Request request) -> base::Task<http::Response> {
                                  http::Response response;
                                  response.body = "endpoint " + request.target;
                                  co_return response;
                                },
                                logs_, usage_, clock_, ids_});
  }
  void TearDown() override {
    engine_.reset();
    server_.reset();
    io_.stop();
  }

  using Files = std::map<std::string, std::string>;
  std::shared_ptr<FunctionSpec> function(const Files& files,
                                         const std::string& runtime = "python3.11",
                                         const std::string& handler = "app.handler") {
    const std::string name = "f" + std::to_string(++functions_);
    const std::string folder = *folder_ + "/code-" + std::to_string(++folders_);
    for (const auto& [path, text] : files) {
      const std::string file = folder + "/" + path;
      std::filesystem::create_directories(std::filesystem::path(file).parent_path());
      std::ofstream(file) << text;
      if (text.starts_with("#!") || text.starts_with("\x7f"
                                                     "ELF"))
        ::chmod(file.c_str(), 0755);
    }
    auto spec = std::make_shared<FunctionSpec>();
    spec->function = name;
    spec->version = "$LATEST";
    spec->revision = "1";
    spec->runtime = runtime;
    spec->handler = handler;
    spec->code_folder = folder;
    spec->memory_mb = 512;
    spec->timeout_s = 20;
    spec->log_group = "/aws/lambda/" + name;
    spec->credentials = {{"AWS_ACCESS_KEY_ID", "AKIATEST"},
                         {"AWS_SECRET_ACCESS_KEY", "secret"},
                         {"AWS_SESSION_TOKEN", "token"}};
    return spec;
  }
  std::shared_ptr<FunctionSpec> python(const std::string& code) {
    return function({{"app.py", code}});
  }

  RunResult run(std::shared_ptr<const FunctionSpec> spec, std::string payload) {
    Event event;
    event.request_id = "request-" + std::to_string(++requests_);
    event.payload = std::move(payload);
    event.invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:" + spec->function;
    return base::sync_wait(engine_->run(std::move(spec), std::move(event)));
  }
  Outcome run_ok(std::shared_ptr<const FunctionSpec> spec, std::string payload = "{}") {
    RunResult result = run(std::move(spec), std::move(payload));
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return *result;
  }
  // The answer of a run, chunk by chunk as they came; `each` is called for each before the next is
  // read.
  struct Streamed {
    std::optional<ResponseStream::Start> start;
    std::string bytes;
    Outcome outcome;
  };
  Streamed run_streamed(std::shared_ptr<const FunctionSpec> spec, std::string payload,
                        const std::function<void(const std::string&)>& each = nullptr) {
    auto stream = std::make_shared<ResponseStream>();
    Event event;
    event.request_id = "request-" + std::to_string(++requests_);
    event.payload = std::move(payload);
    event.stream = stream;
    auto promise = std::make_shared<std::promise<RunResult>>();
    base::spawn(engine_->run(std::move(spec), std::move(event)),
                [promise](RunResult result) { promise->set_value(std::move(result)); });
    Streamed out;
    out.start = base::sync_wait(stream->started());
    while (auto chunk = base::sync_wait(stream->next())) {
      if (each) each(*chunk);
      out.bytes += *chunk;
    }
    RunResult result = promise->get_future().get();
    if (result) out.outcome = *result;
    EXPECT_TRUE(result) << result.error().message;
    return out;
  }
  // The payload of a run that the function answered without an error.
  std::string answer(const std::shared_ptr<FunctionSpec>& spec, std::string payload = "{}") {
    const Outcome outcome = run_ok(spec, std::move(payload));
    EXPECT_FALSE(outcome.function_error) << outcome.payload << "\n" << all_log();
    return outcome.payload;
  }
  std::string all_log() {
    const std::lock_guard lock(logs_.mutex);
    std::string text;
    for (const auto& line : logs_.texts) text += line + "\n";
    return text;
  }
  Engine& engine() { return *engine_; }

  sandbox::Network network_ = sandbox::Network::host;
  EngineOptions options_;
  http::Io io_{2};
  base::SystemClock clock_;
  base::RandomIds ids_;
  MemoryLogs logs_;
  MemoryUsage usage_;
  static inline sandbox::Warden* warden_ = nullptr;
  static inline std::string* folder_ = nullptr;
  static inline int folders_ = 0;

 private:
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Engine> engine_;
  int functions_ = 0;
  std::atomic<int> requests_ = 0;
};

}  // namespace mayfly::engine::testing
