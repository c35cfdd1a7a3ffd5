// What the engine costs: warm invoke beside a bare socketpair round trip to the same handler, cold
// starts by rung, and the memory of idle environments. Run as root or as a user with user
// namespaces; prints one table.
//
//   engine_bench [runtimes folder]      (default: the build's own)
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/one_shot.h"
#include "base/spawn.h"
#include "engine/engine.h"
#include "engine/guest/frames.h"

namespace {

using namespace mayfly;
using Steady = std::chrono::steady_clock;

double us_since(Steady::time_point from) {
  return std::chrono::duration<double, std::micro>(Steady::now() - from).count();
}

struct Row {
  double p50 = 0, p99 = 0;
};
Row percentiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  if (values.empty()) return {};
  return {values[values.size() / 2], values[values.size() * 99 / 100]};
}
void print(const char* name, const std::vector<double>& us) {
  const Row row = percentiles(us);
  std::printf("%-58s %10.1f us %10.1f us   (%zu)\n", name, row.p50, row.p99, us.size());
  std::fflush(stdout);
}

class NullLogs final : public ports::LogSink {
 public:
  void append(const base::Scope&, const std::string&, const std::string&,
              std::vector<ports::LogLine>) override {}
  base::Task<void> flush() override { return base::Task<void>::ready(); }
};
// Real time, moved ahead at will: how idle environments are made to age.
class OffsetClock final : public base::Clock {
 public:
  base::WallTime now() const override { return system_.now() + offset_.load(); }
  base::MonotonicTime monotonic() const override { return system_.monotonic() + offset_.load(); }
  void skip(std::chrono::seconds by) { offset_ = offset_.load() + by; }

 private:
  base::SystemClock system_;
  std::atomic<std::chrono::microseconds> offset_{std::chrono::microseconds{0}};
};
class NullUsage final : public ports::UsageSink {
 public:
  void record(ports::UsageRecord) override {}
};

std::string g_folder;

std::shared_ptr<engine::FunctionSpec> function(const std::string& name, const std::string& file,
                                               const std::string& code, const std::string& runtime,
                                               const std::string& handler) {
  const std::string folder = g_folder + "/" + name;
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/" + file) << code;
  auto spec = std::make_shared<engine::FunctionSpec>();
  spec->function = name;
  spec->version = "$LATEST";
  spec->revision = "1";
  spec->runtime = runtime;
  spec->handler = handler;
  spec->code_folder = folder;
  spec->memory_mb = 1769;
  spec->timeout_s = 30;
  spec->credentials = {{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}};
  spec->log_group = "/aws/lambda/" + name;
  return spec;
}

std::atomic<int> g_requests{0};

engine::Event event(std::string payload) {
  engine::Event event;
  event.request_id = "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + ++g_requests);
  event.payload = std::move(payload);
  event.invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
  return event;
}

void check(const std::expected<engine::Outcome, engine::Refusal>& outcome) {
  if (!outcome) {
    std::fprintf(stderr, "refused: %s\n", outcome.error().message.c_str());
    std::exit(1);
  }
  if (outcome->function_error) {
    std::fprintf(stderr, "failed: %s\n", outcome->payload.c_str());
    std::exit(1);
  }
}

// Events one after the other on a loop of the engine's own, as an HTTP connection would send them.
base::Task<std::vector<double>> series(engine::Engine& engine,
                                       std::shared_ptr<const engine::FunctionSpec> spec,
                                       int count) {
  std::vector<double> out;
  for (int i = 0; i < count; ++i) {
    engine::Event one = event(R"({"key":"value","n":1})");
    const auto start = Steady::now();
    auto outcome = co_await engine.run(spec, std::move(one));
    out.push_back(us_since(start));
    check(outcome);
  }
  co_return out;
}

template <class T>
T on_loop(http::Loop& loop, std::function<base::Task<T>()> make) {
  base::OneShot<T> done;
  loop.post([make = std::move(make), done] {
    base::spawn(make(), [done](T value) { done.set(std::move(value)); });
  });
  return base::sync_wait(
      [](base::OneShot<T> wait) -> base::Task<T> { co_return co_await wait.wait(); }(done));
}

double throughput(engine::Engine& engine, http::Io& io,
                  const std::shared_ptr<engine::FunctionSpec>& spec, int lanes, int each) {
  const auto start = Steady::now();
  std::vector<base::OneShot<bool>> done(static_cast<std::size_t>(lanes));
  for (int lane = 0; lane < lanes; ++lane) {
    auto signal = done[static_cast<std::size_t>(lane)];
    io.loop(static_cast<std::size_t>(lane) % io.size()).post([&engine, spec, each, signal] {
      base::spawn(series(engine, spec, each), [signal](std::vector<double>) { signal.set(true); });
    });
  }
  for (auto& signal : done) {
    base::sync_wait([](base::OneShot<bool> wait) -> base::Task<bool> {
      co_return co_await wait.wait();
    }(signal));
  }
  return lanes * each / (us_since(start) / 1e6);
}

// The floor: the same interpreter and runtime, started plainly, driven by blocking writes and reads
// on a socketpair.
std::vector<double> bare_round_trip(const std::string& interpreter, const std::string& runtimes,
                                    const std::string& code, int count) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::exit(1);
  const std::string root = "LAMBDA_TASK_ROOT=" + code;
  const std::string program = runtimes + "/python/bootstrap.py";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], 3);
    ::close(4);
    ::fcntl(3, F_SETFD, 0);
    const char* argv[] = {interpreter.c_str(), program.c_str(), nullptr};
    const char* env[] = {root.c_str(), "_HANDLER=app.handler", "AWS_LAMBDA_FUNCTION_NAME=f",
                         nullptr};
    ::execve(argv[0], const_cast<char**>(argv), const_cast<char**>(env));
    ::_exit(127);
  }
  ::close(ends[1]);
  engine::FrameReader reader;
  const auto receive = [&] {
    std::array<char, 65536> step;
    while (true) {
      auto frame = reader.next();
      if (frame && *frame) return;
      const ssize_t got = ::recv(ends[0], step.data(), step.size(), 0);
      if (got <= 0) std::exit(1);
      reader.append({step.data(), static_cast<std::size_t>(got)});
    }
  };
  receive();  // R
  std::string payload;
  const std::string meta =
      R"({"deadlineMs":2000000000000,"requestId":"00000000-0000-4000-8000-000000000000"})";
  engine::append_u32(payload, meta.size());
  payload += meta + R"({"key":"value","n":1})";
  const std::string frame =
      engine::frame_header(engine::FrameType::invoke, payload.size()) + payload;
  std::vector<double> out;
  for (int i = 0; i < count; ++i) {
    const auto start = Steady::now();
    if (::send(ends[0], frame.data(), frame.size(), 0) < 0) std::exit(1);
    receive();
    out.push_back(us_since(start));
  }
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return out;
}

std::vector<double> plain_process(const std::string& interpreter, const std::string& code,
                                  int count) {
  std::vector<double> out;
  for (int i = 0; i < count; ++i) {
    const auto start = Steady::now();
    const pid_t pid = ::fork();
    if (pid == 0) {
      const char* argv[] = {interpreter.c_str(), "-c", code.c_str(), nullptr};
      ::execv(argv[0], const_cast<char**>(argv));
      ::_exit(127);
    }
    ::waitpid(pid, nullptr, 0);
    out.push_back(us_since(start));
  }
  return out;
}

// Proportional set size of every Python process that is another user's: a function's. In KiB.
std::vector<double> pss_of_guests() {
  std::vector<double> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string name;
    std::ifstream comm(entry.path() / "comm");
    std::getline(comm, name);
    struct stat status{};
    if (!name.starts_with("python") || ::stat(entry.path().c_str(), &status) != 0 ||
        status.st_uid == ::geteuid()) {
      continue;  // the zygote is the daemon's user
    }
    std::ifstream rollup(entry.path() / "smaps_rollup");
    std::string text;
    while (std::getline(rollup, text)) {
      if (text.starts_with("Pss:")) out.push_back(std::stod(text.substr(4)));
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string runtimes = argc > 1 ? argv[1] : MAYFLY_BUILD_DIR "/runtimes";
  std::string path = "/tmp/mayfly-engine-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return 1;
  ::chmod(path.c_str(), 0755);
  g_folder = path;

  const std::string echo = "def handler(event, context):\n    return event\n";
  const std::string with_sdk =
      "import boto3\ntable = boto3.resource('dynamodb', "
      "region_name='us-east-1').Table('Orders')\n" +
      echo;
  const auto plain = function("plain", "app.py", echo, "python3.11", "app.handler");
  const auto sdk = function("sdk", "app.py", with_sdk, "python3.11", "app.handler");
  const auto node = function("node", "index.js", "exports.handler = async (event) => event;",
                             "nodejs20.x", "index.handler");
  const auto node_sdk =
      function("node-sdk", "index.js",
               "const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');\n"
               "const client = new DynamoDBClient({});\n"
               "exports.handler = async (event) => event;",
               "nodejs20.x", "index.handler");
  // The SDK as a function's own package brings it; what the tests have installed.
  std::error_code no_sdk;
  std::filesystem::copy(MAYFLY_SOURCE_DIR "/tests/api/js/node_modules",
                        node_sdk->code_folder + "/node_modules",
                        std::filesystem::copy_options::recursive, no_sdk);

  {  // Before the warden and its threads: these fork.
    std::printf("%-58s %13s %13s\n", "", "p50", "p99");
    print("floor: socketpair round trip to the Python runtime",
          bare_round_trip("/usr/bin/python3.11", runtimes, plain->code_folder, 20'000));
    print("peer: new process, python3 -c 'import boto3'",
          plain_process("/usr/bin/python3.11", "import boto3", 10));
    print("peer: new process, python3 -c pass", plain_process("/usr/bin/python3.11", "pass", 10));
  }

  auto warden = sandbox::Warden::launch({path + "/warden"});
  http::Io io(2);
  io.start();
  OffsetClock clock;
  base::RandomIds ids;
  NullLogs logs;
  NullUsage usage;
  http::ServerOptions server_options;
  server_options.port = 0;
  http::Server server(io, server_options, nullptr);
  {
    engine::EngineOptions options;
    options.runtimes_folder = runtimes;
    options.network = sandbox::Network::isolated;
    engine::Engine engine(
        options, engine::Engine::Parts{*warden, io, server, nullptr, logs, usage, clock, ids});

    on_loop<std::vector<double>>(io.loop(0), [&] { return series(engine, plain, 200); });
    print("warm invoke, engine.run on one loop",
          on_loop<std::vector<double>>(io.loop(0), [&] { return series(engine, plain, 20'000); }));
    std::printf("%-58s %10.0f /s\n", "warm invokes, 16 at once on 2 loops",
                throughput(engine, io, plain, 16, 3'000));

    // The environment that each start leaves is reaped by age before the next; its template is not.
    const auto reap = [&] {
      clock.skip(std::chrono::seconds(301));
      engine.sweep();
    };
    const auto clones = [&](const std::shared_ptr<engine::FunctionSpec>& spec, int count) {
      if (auto ready = base::sync_wait(engine.prepare(spec)); !ready)
        std::fprintf(stderr, "%s\n", ready.error().c_str());
      std::vector<double> out;
      for (int i = 0; i < count; ++i) {
        reap();
        ::usleep(5'000);  // the last one's end is not part of the next one's start
        const auto start = Steady::now();
        auto outcome = base::sync_wait(engine.run(spec, event("1")));
        out.push_back(us_since(start));
        check(outcome);
        if (outcome->cold_start != ports::ColdStart::clone) {
          std::fprintf(stderr, "not a clone but %d\n", static_cast<int>(outcome->cold_start));
        }
      }
      reap();
      return out;
    };
    const auto spares = [&](const std::shared_ptr<engine::FunctionSpec>& spec, int count) {
      std::vector<double> out;
      for (int i = 0; i < count; ++i) {
        reap();
        (void)base::sync_wait(engine.prepare(spec));
        while (engine.stats().idle == 0) ::usleep(1'000);
        ::usleep(5'000);
        const auto start = Steady::now();
        auto outcome = base::sync_wait(engine.run(spec, event("1")));
        out.push_back(us_since(start));
        check(outcome);
        if (outcome->cold_start != ports::ColdStart::spare)
          std::fprintf(stderr, "not a spare but %d\n", static_cast<int>(outcome->cold_start));
      }
      reap();
      return out;
    };
    const auto execs = [&](const std::shared_ptr<engine::FunctionSpec>& spec, int count) {
      std::vector<double> out;
      for (int i = 0; i < count; ++i) {
        auto revision = std::make_shared<engine::FunctionSpec>(*spec);
        revision->revision = "exec-" + std::to_string(i);
        const auto start = Steady::now();
        check(base::sync_wait(engine.run(revision, event("1"))));
        out.push_back(us_since(start));
        engine.retire(spec->scope, spec->function, spec->version, "");
        ::usleep(50'000);  // its end is not part of the next one's start
      }
      return out;
    };
    // From nothing but the zygote: what comes on top of the function's own INIT, which the handler
    // answers in milliseconds.
    const auto over_init = [&](const std::shared_ptr<engine::FunctionSpec>& spec, int count) {
      std::vector<double> out;
      for (int i = 0; i < count; ++i) {
        auto revision = std::make_shared<engine::FunctionSpec>(*spec);
        revision->revision = "first-" + std::to_string(i);
        const auto start = Steady::now();
        auto outcome = base::sync_wait(engine.run(revision, event("1")));
        const double took = us_since(start);
        check(outcome);
        if (i > 0) out.push_back(took - std::stod(outcome->payload) * 1000);  // 0 brings the zygote
        engine.retire(spec->scope, spec->function, spec->version, "");
        ::usleep(i > 0 ? 100'000 : 1'000'000);
      }
      return out;
    };
    print("cold start by clone, no SDK", clones(plain, 100));
    print("cold start by clone, boto3 and a resource loaded in INIT", clones(sdk, 100));
    print("cold start from a spare, the same function", spares(sdk, 100));
    print("cold start by clone, Node.js, no SDK", clones(node, 100));
    if (!no_sdk) {
      print("cold start by clone, Node.js, SDK v3 and a DynamoDB client", clones(node_sdk, 100));
      print("cold start from a spare, the same function", spares(node_sdk, 100));
    }
    auto unclonable = function("unclonable", "app.py", echo, "python3.11", "app.handler");
    unclonable->environment["MAYFLY_CLONE"] = "off";
    print("cold start by exec, Python", execs(unclonable, 10));
    print("first start: template INIT and clone, Python with boto3", execs(sdk, 5));
    auto node_alone = std::make_shared<engine::FunctionSpec>(*node);
    node_alone->cloning = engine::Cloning::off;
    print("cold start by exec, Node.js", execs(node_alone, 10));
    print("first start: template INIT and clone, Node.js", execs(node, 10));

    const auto timed = function("timed", "app.py",
                                "import time\nbegan = time.perf_counter()\n" + with_sdk +
                                    "took = (time.perf_counter() - began) * 1000\n"
                                    "def handler(event, context):\n    return took\n",
                                "python3.11", "app.handler");
    print("over INIT, scaled to zero, no template: Python with boto3", over_init(timed, 21));
    const auto node_timed =
        function("node-timed", "index.js",
                 "const began = performance.now();\n"
                 "const https = require('https');\n"
                 "const took = performance.now() - began;\nexports.handler = async () => took;",
                 "nodejs20.x", "index.handler");
    print("over INIT, scaled to zero, no template: Node.js", over_init(node_timed, 21));

    // Ten idle clones and their template, nothing else.
    engine.retire(plain->scope, plain->function, plain->version, "");
    engine.retire(sdk->scope, sdk->function, sdk->version, "");
    ::usleep(200'000);
    auto sleeping =
        function("sleeping", "app.py",
                 "import boto3, time\ndef handler(event, context):\n    time.sleep(1)\n",
                 "python3.11", "app.handler");
    throughput(engine, io, sleeping, 10, 1);
    const auto pss = pss_of_guests();
    double sum = 0;
    for (const double one : pss) sum += one;
    std::printf("%-58s %10.1f MiB each, %zu processes with boto3 (PSS)\n",
                "memory of idle environments",
                pss.empty() ? 0 : sum / static_cast<double>(pss.size()) / 1024, pss.size());
  }
  server.stop(std::chrono::milliseconds(0));
  io.stop();
  warden.reset();
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}
