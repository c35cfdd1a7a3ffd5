// DynamoDB alone: HTTP server, pipeline, service and embedded store in one process, fsynced, loaded
// over HTTP with signed requests by a generator on the same machine; beside the same server with an
// operation that does nothing.
//
//   dynamodb_bench [--seconds N] [--folder DIR]   prints the table, and what expressions cost
//   dynamodb_bench --serve PORT [--folder DIR]    only serves, for clients and tests
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "api/pipeline.h"
#include "base/spawn.h"
#include "base/strings.h"
#include "http/server.h"
#include "identity/authenticator.h"
#include "load.h"
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/model/expression/parser.h"
#include "services/dynamodb/tests/fake_scaling.h"
#include "store/rocksdb/rocks_store.h"
#include "work/loop_alarm.h"
#include "work/queue.h"

namespace {

using namespace mayfly;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  int serve_port = -1;
  double seconds = 3;
  std::filesystem::path folder;
};

std::unique_ptr<store::RocksStore> open_store(const std::filesystem::path& folder) {
  store::RocksOptions options;
  options.path = folder;
  auto opened = store::RocksStore::open(std::move(options));
  if (!opened) {
    fmt::print(stderr, "dynamodb_bench: {}\n", opened.error().detail);
    std::exit(1);
  }
  return std::move(*opened);
}

class Daemon {
 public:
  Daemon(const std::filesystem::path& folder, int port)
      : store_(open_store(folder)),
        server_(io_, {.port = static_cast<std::uint16_t>(port)},
                [this](http::Request request) { return pipeline_.handle(std::move(request)); }) {
    dynamodb::handle_work(service_, queue_);
    io_.start();
    if (!base::sync_wait(queue_.start())) std::exit(1);
    server_.start();
  }
  ~Daemon() {
    server_.stop(std::chrono::seconds(1));
    base::sync_wait(queue_.stop());
    store_.reset();
    io_.stop();
  }
  std::uint16_t port() const { return server_.port(); }
  // A request from within, and its answer.
  std::string call(std::string_view operation, std::string body) {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.body = std::move(body);
    request.headers.add("Host", "localhost:4566");
    request.headers.add("X-Amz-Target", fmt::format("DynamoDB_20120810.{}", operation));
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    return base::sync_wait(pipeline_.handle(std::move(request))).body;
  }

 private:
  base::SystemClock clock_;
  base::RandomIds ids_;
  http::Io io_{0};
  std::unique_ptr<store::RocksStore> store_;
  work::LoopAlarm alarm_{io_.any(), clock_};
  work::WorkQueue queue_{*store_, clock_, ids_, alarm_};
  dynamodb::FakeScaling scaling_;
  dynamodb::Dynamodb service_{*store_, clock_, ids_, scaling_};
  api::Metrics metrics_;
  identity::StaticCredentials credentials_{{}};
  identity::Authenticator authenticator_{
      {.profile = identity::Profile::development, .default_scope = {}}, credentials_, clock_};
  api::Router router_{{dynamodb::make_service(service_)}, {}};
  api::Pipeline pipeline_{{}, router_, authenticator_, clock_, ids_, metrics_};
  http::Server server_;
};

std::string request(std::string_view operation, std::string_view body) {
  // The development profile accepts any signature; the daemon still reads and parses it.
  const std::string headers = fmt::format(
      "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
      "SignedHeaders=host;x-amz-date;x-amz-target, Signature={:064}\r\nX-Amz-Date: "
      "20260101T000000Z\r\n"
      "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.{}\r\n",
      0, operation);
  return bench::http_request("POST", "/", headers, body);
}

constexpr std::uint64_t kKeys = 20'000;

std::string item(std::uint64_t n) {
  return fmt::format(
      R"({{"TableName":"bench","Item":{{"id":{{"S":"key-{:010}"}},"customer":{{"S":"customer-{}"}},"total":{{"N":"{}.50"}},"note":{{"S":"{:0100}"}}}}}})",
      n % kKeys, n % 100, n % 1000, n);
}

void row(std::uint16_t port, std::string_view name, int connections, double seconds,
         const bench::MakeRequest& make) {
  const bench::LoadResult result =
      bench::run_load({.port = port, .connections = connections, .seconds = seconds}, make);
  if (result.failures > 0) fmt::print("{} failures: {}\n", result.failures, result.first_failure);
  fmt::print("{:<34} {:>11} {:>12.0f} {:>9.2f} {:>9.2f}\n", name, connections, result.rate(),
             result.percentile(0.5), result.percentile(0.99));
  std::fflush(stdout);
}

template <class Work>
void time_of(std::string_view name, Work work) {
  constexpr int kRounds = 200'000;
  const auto begin = SteadyClock::now();
  for (int i = 0; i < kRounds; ++i) work();
  const std::chrono::duration<double, std::nano> took = SteadyClock::now() - begin;
  fmt::print("{:<58} {:>8.0f} ns\n", name, took.count() / kRounds);
}

dynamodb::Placeholders some_values() {
  dynamodb::Placeholders placeholders;
  (void)placeholders.add_value(":one", dynamodb::Value(dynamodb::Number::of(1)));
  (void)placeholders.add_value(":s", dynamodb::Value(std::string("text")));
  (void)placeholders.add_name("#n", "name");
  placeholders.sort();
  return placeholders;
}

void model_costs() {
  using namespace dynamodb;
  Item value;
  for (int i = 0; i < 10; ++i)
    value.set(fmt::format("attribute{}", i), Value(std::string(20, 'x')));
  value.set("n", Value(Number::of(7)));
  const std::string stored = encode_item(value);
  auto values = some_values();
  fmt::print("\nof which the model\n");
  time_of("parse attribute_not_exists(id)", [&] {
    (void)parse_condition(ExpressionKind::condition, "attribute_not_exists(id)", values);
  });
  time_of("parse #n = :s AND (n BETWEEN :one AND :one OR m.k[3] <> :s)", [&] {
    (void)parse_condition(ExpressionKind::condition,
                          "#n = :s AND (n BETWEEN :one AND :one OR m.k[3] <> :s)", values);
  });
  time_of("parse SET n = n + :one, #n = if_not_exists(#n, :s)",
          [&] { (void)parse_update("SET n = n + :one, #n = if_not_exists(#n, :s)", values); });
  const auto update = parse_update("SET n = n + :one, #n = if_not_exists(#n, :s)", values);
  time_of("apply it to an item of 11 attributes", [&] { (void)apply(*update, value); });
  time_of("encode an item of 11 attributes", [&] { (void)encode_item(value); });
  time_of("decode it", [&] { (void)decode_item(stored); });
}

// From a request until what it began is done, which `look` says.
template <class Look>
void time_until(std::string_view name, double megabytes, Look look) {
  const auto begin = SteadyClock::now();
  while (!look()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::chrono::duration<double> took = SteadyClock::now() - begin;
  fmt::print("{:<46} {:>8.2f} s {:>8.1f} MB/s {:>10.0f} items/s\n", name, took.count(),
             megabytes / took.count(), kKeys / took.count());
  std::fflush(stdout);
}

// What point-in-time recovery costs writers, and how quick backups and restores are.
void recovery_costs(Daemon& daemon, const Options& options) {
  const auto says = [&daemon](std::string_view operation, const std::string& body,
                              std::string_view text) {
    return daemon.call(operation, body).find(text) != std::string::npos;
  };
  const double megabytes = 250.0 * kKeys / 1e6;  // an item as DynamoDB counts it
  fmt::print("\nbackups of {} items\n", kKeys);
  const std::string made =
      daemon.call("CreateBackup", R"({"TableName":"bench","BackupName":"bench"})");
  constexpr std::string_view kBefore = R"("BackupArn":")";
  const std::size_t at = made.find(kBefore) + kBefore.size();
  const std::string arn = made.substr(at, made.find('"', at) - at);
  time_until("CreateBackup until AVAILABLE", megabytes, [&] {
    return says("DescribeBackup", fmt::format(R"({{"BackupArn":"{}"}})", arn), "AVAILABLE");
  });
  daemon.call("RestoreTableFromBackup",
              fmt::format(R"({{"TargetTableName":"copy","BackupArn":"{}"}})", arn));
  time_until("RestoreTableFromBackup until ACTIVE", megabytes, [&] {
    return says("DescribeTable", R"({"TableName":"copy"})", R"("TableStatus":"ACTIVE")");
  });
  daemon.call(
      "UpdateContinuousBackups",
      R"({"TableName":"bench","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}})");
  const double begin = base::epoch_seconds(base::SystemClock().now());
  fmt::print("{:<34} {:>11} {:>12} {:>9} {:>9}\n", "with point-in-time recovery", "connections",
             "requests/s", "p50 ms", "p99 ms");
  for (const int connections : {1, 16, 64}) {
    row(daemon.port(), "PutItem, fsynced", connections, options.seconds,
        [](std::uint64_t n) { return request("PutItem", item(n * 7919)); });
  }
  const std::string refused = daemon.call(
      "RestoreTableToPointInTime",
      fmt::format(
          R"({{"SourceTableName":"bench","TargetTableName":"moment","RestoreDateTime":{:.3f}}})",
          begin + 0.001));
  if (refused.find("CREATING") == std::string::npos) fmt::print("{}\n", refused);
  time_until("RestoreTableToPointInTime, behind all of them", megabytes, [&] {
    return says("DescribeTable", R"({"TableName":"moment"})", R"("TableStatus":"ACTIVE")");
  });
}

void print_table(const Options& options) {
  Daemon daemon(options.folder, 0);
  const std::uint16_t port = daemon.port();
  bench::run_load({.port = port, .max_requests = 1}, [](std::uint64_t) {
    return request(
        "CreateTable",
        R"({"TableName":"bench","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
  });
  bench::run_load({.port = port, .connections = 16, .seconds = 600, .max_requests = kKeys},
                  [](std::uint64_t n) { return request("PutItem", item(n)); });
  fmt::print("{:<34} {:>11} {:>12} {:>9} {:>9}\n", "operation", "connections", "requests/s",
             "p50 ms", "p99 ms");
  for (const int connections : {1, 16, 64}) {
    row(port, "DescribeLimits (does nothing)", connections, options.seconds,
        [](std::uint64_t) { return request("DescribeLimits", "{}"); });
    row(port, "GetItem", connections, options.seconds, [](std::uint64_t n) {
      return request("GetItem",
                     fmt::format(R"({{"TableName":"bench","Key":{{"id":{{"S":"key-{:010}"}}}}}})",
                                 n * 7919 % kKeys));
    });
    row(port, "PutItem, fsynced", connections, options.seconds,
        [](std::uint64_t n) { return request("PutItem", item(n * 7919)); });
    row(port, "UpdateItem ADD, fsynced", connections, options.seconds, [](std::uint64_t n) {
      return request(
          "UpdateItem",
          fmt::format(
              R"({{"TableName":"bench","Key":{{"id":{{"S":"key-{:010}"}}}},"UpdateExpression":"ADD hits :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}}}})",
              n * 7919 % kKeys));
    });
    row(port, "Scan, 100 items", connections, options.seconds,
        [](std::uint64_t) { return request("Scan", R"({"TableName":"bench","Limit":100})"); });
  }
  recovery_costs(daemon, options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--serve")
      options.serve_port = static_cast<int>(base::parse_int(argv[i + 1]).value_or(0));
    if (name == "--seconds")
      options.seconds = static_cast<double>(base::parse_int(argv[i + 1]).value_or(3));
    if (name == "--folder") options.folder = argv[i + 1];
  }
  const bool temporary = options.folder.empty();
  if (temporary) {
    options.folder =
        std::filesystem::temp_directory_path() / fmt::format("dynamodb_bench.{}", ::getpid());
  }
  if (options.serve_port >= 0) {
    Daemon daemon(options.folder, options.serve_port);
    fmt::print("http://127.0.0.1:{}\n", daemon.port());
    std::fflush(stdout);
    ::pause();
  } else {
    print_table(options);
    model_costs();
  }
  if (temporary) std::filesystem::remove_all(options.folder);
  return 0;
}
