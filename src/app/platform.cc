#include "app/platform.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <utility>

#include "admin/branches.h"
#include "admin/endpoint.h"
#include "admin/snapshots.h"
#include "api/describe.h"
#include "api/health.h"
#include "api/metrics.h"
#include "api/pipeline.h"
#include "api/router.h"
#include "app/housekeeping.h"
#include "app/numbers.h"
#include "app/status.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/spawn.h"
#include "base/strings.h"
#include "engine/meter.h"
#include "http/client.h"
#include "http/egress_proxy.h"
#include "http/io.h"
#include "http/server.h"
#include "identity/authenticator.h"
#include "identity/credentials.h"
#include "services/apigateway/apigateway.h"
#include "services/apigateway/execute/endpoint.h"
#include "services/autoscaling/autoscaling.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/expiry_sweeper.h"
#include "services/dynamodb/followed_streams.h"
#include "services/iam/iam.h"
#include "services/lambda/execute/function_urls.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/sts/sts.h"
#include "store/rocksdb/rocks_store.h"
#include "wire/json.h"
#include "wire/timestamp.h"
#include "work/loop_alarm.h"
#include "work/queue.h"

namespace mayfly::app {
namespace {

std::unique_ptr<store::RocksStore> open_store(const cli::ServeOptions& options) {
  store::RocksOptions rocks;
  rocks.path = std::filesystem::path(options.data_dir) / "store";
  rocks.durability = options.durability == cli::Durability::relaxed ? store::Durability::relaxed
                                                                    : store::Durability::durable;
  // Of this machine's memory a 32nd, as use fills it.
  constexpr std::size_t kLeastCache = 64UL << 20, kMostCache = 1UL << 30;
  rocks.block_cache_bytes =
      std::clamp<std::size_t>(base::physical_memory() / 32, kLeastCache, kMostCache);
  auto opened = store::RocksStore::open(std::move(rocks));
  if (!opened) throw std::runtime_error(opened.error().detail);
  return std::move(*opened);
}

// How a branch is served: as this daemon is, but elsewhere, and without waiting for the disk, as it
// is thrown away after a crash anyhow.
admin::BranchOptions branch_options(const cli::ServeOptions& options) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < options.given.size(); ++i) {
    const std::string& word = options.given[i];
    const std::string name = word.substr(0, word.find('='));
    constexpr std::string_view kOwn[] = {"--listen", "--data-dir", "--durability", "--parent-fd"};
    if (word == "serve") continue;
    if (std::ranges::find(kOwn, name) == std::end(kOwn)) {
      words.push_back(word);
    } else if (name == word) {
      ++i;  // its value is the next word
    }
  }
  words.insert(words.end(), {"--durability", "relaxed"});
  return {.data_folder = std::filesystem::absolute(options.data_dir),
          .program = "/proc/self/exe",
          .arguments = std::move(words),
          .address = options.address.contains(':') ? "[" + options.address + "]" : options.address};
}

engine::Prices load_prices(const std::string& runtimes_folder) {
  // Installed beside the runtimes.
  const auto path = std::filesystem::path(runtimes_folder).parent_path() / "data" / "prices.json";
  auto prices = engine::Prices::load(path.string());
  if (!prices) throw std::runtime_error(prices.error());
  return std::move(*prices);
}

std::optional<base::WallTime> parse_time(const std::string& text) {
  if (auto ms = base::parse_int(text)) return base::from_epoch_ms(*ms);
  const auto time = wire::parse_iso8601(text);
  if (!time) return std::nullopt;
  return base::from_epoch_ms(static_cast<std::int64_t>(time->epoch_seconds * 1000));
}

// Null: nobody's functions get out.
std::unique_ptr<http::EgressProxy> egress_proxy(const cli::ServeOptions& options, http::Io& io) {
  auto rules = http::EgressRules::parse(options.egress_allow);
  if (!rules) throw std::runtime_error(rules.error());
  if (rules->empty() || options.network != cli::Network::isolated) return nullptr;
  return std::make_unique<http::EgressProxy>(io, std::move(*rules));
}

constexpr std::int64_t kAwsMaxTimeout = 900;  // seconds

std::string public_endpoint(const cli::ServeOptions& options, std::uint16_t port) {
  return fmt::format("http://{}:{}", options.address, port);
}

engine::EngineOptions engine_options(const cli::ServeOptions& options, std::string runtimes_folder,
                                     std::uint16_t port) {
  engine::EngineOptions out;
  out.runtimes_folder = std::move(runtimes_folder);
  out.packs_folder = options.runtime_packs;
  out.runtime_versions = options.runtime_versions == cli::RuntimeVersions::exact
                             ? engine::RuntimeVersions::exact
                             : engine::RuntimeVersions::nearest;
  out.stream_pace.bytes_per_second = static_cast<std::size_t>(options.stream_mib_per_second) << 20;
  out.data_folder = options.data_dir;
  out.endpoint_port = port;
  out.network = options.network == cli::Network::isolated ? sandbox::Network::isolated
                                                          : sandbox::Network::host;
  out.large_tmp =
      options.large_tmp == cli::Storage::disk ? sandbox::Storage::disk : sandbox::Storage::memory;
  out.account_concurrency = options.max_concurrency;
  out.scaling_rate = options.scaling_rate;
  out.memory_budget_bytes = static_cast<std::uint64_t>(options.memory_mb) << 20;
  return out;
}

identity::Profile profile_of(const cli::ServeOptions& options) {
  return options.profile == cli::Profile::secured ? identity::Profile::secured
                                                  : identity::Profile::development;
}

std::string status_json(const cli::ServeOptions& options, const sandbox::Warden& warden,
                        const engine::Engine& engine, std::uint16_t port, base::WallTime started) {
  const engine::EnvironmentStats stats = engine.stats();
  wire::Document isolation = wire::Document::map();
  for (const sandbox::Feature& feature : warden.report()) {
    isolation.set(feature.name, feature.in_force ? feature.detail : "MISSING: " + feature.detail);
  }
  wire::Document runtimes = wire::Document::map();
  for (const engine::RuntimeInfo& runtime : engine.runtimes()) {
    // The first of a name is the one that functions get.
    if (runtimes.find(runtime.name) == nullptr) {
      runtimes.set(runtime.name, fmt::format("{} ({})", runtime.interpreter, runtime.version));
    }
  }
  wire::Document cold = wire::Document::map();
  for (const auto& [rung, count] : stats.cold_starts) cold.set(engine::rung_name(rung), count);
  wire::Document causes = wire::Document::map();
  for (const auto& [key, count] : stats.cold_causes)
    causes.set(fmt::format("{} {}", engine::rung_name(key.first), cause_name(key.second)), count);
  wire::Document environments = wire::Document::map();
  environments.set("busy", stats.busy);
  environments.set("idle", stats.idle);
  environments.set("starting", stats.starting);
  environments.set("templates", stats.templates);
  wire::Document invocations = wire::Document::map();
  invocations.set("all", stats.invocations);
  invocations.set("errors", stats.errors);
  invocations.set("throttles", stats.throttles);
  invocations.set("waiting", stats.waiting);
  invocations.set("cold_starts", std::move(cold));
  invocations.set("cold_starts_by_cause", std::move(causes));
  wire::Document functions = wire::Document::map();
  for (const engine::VersionState& version : engine.versions()) {
    functions.set(fmt::format("{}:{}", version.function, version.version),
                  fmt::format("{} busy, {} idle, {} starting; cloning: {}", version.busy,
                              version.idle, version.starting, version.cloning));
  }
  wire::Document status = wire::Document::map();
  status.set("endpoint", public_endpoint(options, port));
  status.set("data_folder", options.data_dir);
  status.set("started", base::iso8601_ms(started));
  status.set("profile", options.profile == cli::Profile::secured ? "secured" : "development");
  status.set("network", options.network == cli::Network::isolated ? "isolated" : "host");
  status.set("large_tmp", options.large_tmp == cli::Storage::disk ? "disk" : "memory");
  status.set("egress", options.network == cli::Network::host ? "every host"
                       : options.egress_allow.empty()        ? "none"
                                                             : options.egress_allow);
  status.set("durability", options.durability == cli::Durability::relaxed ? "relaxed" : "durable");
  status.set("environments", std::move(environments));
  status.set("invocations", std::move(invocations));
  status.set("functions", std::move(functions));
  status.set("isolation", std::move(isolation));
  status.set("runtimes", std::move(runtimes));
  return wire::to_json(status);
}

}  // namespace

// Every invocation's usage goes to the counters, the bill and the metrics.
class UsageFanOut final : public ports::UsageSink {
 public:
  UsageFanOut(engine::Counters& counters, ports::UsageSink& first, ports::UsageSink& second)
      : counters_(counters), first_(first), second_(second) {}
  void record(ports::UsageRecord record) override {
    counters_.observe(record);
    first_.record(record);
    second_.record(std::move(record));
  }
  void hold(const ports::HeldRecord& record) override {
    first_.hold(record);
    second_.hold(record);
  }

 private:
  engine::Counters& counters_;
  ports::UsageSink& first_;
  ports::UsageSink& second_;
};

// In the order of construction; destroyed the other way round.
struct Platform::Parts {
  const cli::ServeOptions options;
  sandbox::Warden& warden;
  base::SystemClock clock;
  base::RandomIds ids;
  const base::WallTime started = clock.now();
  api::Metrics metrics;

  std::unique_ptr<store::RocksStore> store;
  http::Io io;
  // The server needs a handler before the pipeline exists; it is set before the server starts.
  std::unique_ptr<api::Pipeline> pipeline;
  http::Server server;
  http::Client client;
  std::unique_ptr<http::EgressProxy> egress;
  work::LoopAlarm alarm;
  work::WorkQueue queue;
  work::LoopAlarm metrics_alarm, embedded_alarm;
  work::LoopAlarm expiry_alarm, lambda_alarm;

  cloudwatch::Cloudwatch cloudwatch;
  logs::Logs logs;
  iam::Iam iam;
  sts::Sts sts;
  autoscaling::Autoscaling autoscaling;
  dynamodb::Dynamodb dynamodb;
  dynamodb::ExpirySweeper sweeper;
  dynamodb::FollowedStreams streams;
  engine::Meter meter;
  engine::Counters counters;
  UsageFanOut usage_sinks;
  engine::Engine engine;
  lambda::EngineRunner runner;
  lambda::Lambda lambda;
  apigateway::ApiGateway gateway;

  identity::CredentialChain credentials;
  identity::Authenticator authenticator;

  apigateway::Endpoint execute_api;
  lambda::FunctionUrls function_urls;
  PageEndpoint status_page;
  PageEndpoint usage_page;
  Numbers numbers;
  PageEndpoint top_page;
  PageEndpoint failures_page;
  admin::Snapshots snapshots;
  admin::Branches branches;
  admin::Endpoint admin_api;
  std::unique_ptr<api::HealthEndpoint> health;
  std::unique_ptr<api::Router> router;
  Housekeeping housekeeping;

  Parts(const cli::ServeOptions& given, sandbox::Warden& the_warden, std::string runtimes_folder)
      : options(given),
        warden(the_warden),
        store(open_store(options)),
        io(options.threads),
        server(io, server_options(options),
               [this](http::Request request) { return pipeline->handle(std::move(request)); }),
        client(io, {}),
        egress(egress_proxy(options, io)),
        alarm(io.any(), clock),
        queue(*store, clock, ids, alarm),
        metrics_alarm(io.any(), clock),
        embedded_alarm(io.any(), clock),
        expiry_alarm(io.any(), clock),
        lambda_alarm(io.any(), clock),
        cloudwatch(*store, clock, metrics_alarm, embedded_alarm),
        logs(*store, clock, cloudwatch.embedded),
        iam(*store, clock, ids),
        sts(*store, clock, ids),
        autoscaling(*store, ids),
        dynamodb(*store, clock, ids, autoscaling.settings,
                 options.table_throughput == cli::TableThroughput::enforced
                     ? dynamodb::Throughputs::enforced
                     : dynamodb::Throughputs::unlimited),
        sweeper(dynamodb, expiry_alarm),
        streams(dynamodb),
        meter(*store, io, clock, load_prices(runtimes_folder)),
        usage_sinks(counters, meter, cloudwatch.functions),
        engine(engine_options(options, std::move(runtimes_folder), server.port()),
               {.warden = warden,
                .io = io,
                .server = server,
                .endpoint =
                    [this](http::Request request) { return pipeline->handle(std::move(request)); },
                .logs = logs.sink,
                .usage = usage_sinks,
                .clock = clock,
                .ids = ids,
                .egress = egress.get()}),
        runner(engine),
        lambda(lambda_options(), {.store = *store,
                                  .clock = clock,
                                  .ids = ids,
                                  .runner = runner,
                                  .issuer = sts.sessions,
                                  .metrics = cloudwatch.functions,
                                  .records = streams,
                                  .alarm = lambda_alarm}),
        gateway(*store, clock, ids, lambda.invoker, client, gateway_settings()),
        credentials({&sts.sessions, &iam.access_keys}),
        authenticator({.profile = profile_of(options), .default_scope = {.region = options.region}},
                      credentials, clock),
        execute_api(gateway, apigateway::timers_of(io)),
        function_urls(lambda, authenticator),
        status_page("/_mayfly/status", callers(),
                    [this](std::string) -> base::Task<http::Response> {
                      return base::Task<http::Response>::ready(json_page(
                          200, status_json(options, warden, engine, server.port(), started)));
                    }),
        usage_page("/_mayfly/usage", callers(),
                   [this](std::string query) { return usage(std::move(query)); }),
        numbers{engine, counters, *store, server, clock, started},
        top_page("/_mayfly/top", callers(),
                 [this](std::string) -> base::Task<http::Response> {
                   return base::Task<http::Response>::ready(json_page(200, numbers.top_json()));
                 }),
        failures_page("/_mayfly/failures", callers(),
                      [this](std::string query) { return failures(std::move(query)); }),
        snapshots(*store, std::filesystem::absolute(options.data_dir), clock, ids),
        branches(*store, branch_options(options), clock, ids),
        admin_api(snapshots, branches, authenticator, ids),
        housekeeping(io.any(), clock, logs, cloudwatch, dynamodb, lambda, sts) {}

  Callers callers() const {
    return options.profile == cli::Profile::secured ? Callers::this_machine : Callers::any;
  }

  static http::ServerOptions server_options(const cli::ServeOptions& options) {
    http::ServerOptions out;
    out.address = options.address == "localhost" ? "127.0.0.1" : options.address;
    out.port = options.port;
    return out;
  }

  apigateway::Settings gateway_settings() const {
    apigateway::Settings out;
    out.public_endpoint = public_endpoint(options, server.port());
    if (options.max_timeout == 0 || options.max_timeout > kAwsMaxTimeout)
      out.integration_timeout.reset();
    return out;
  }

  lambda::Options lambda_options() const {
    lambda::Options out;
    out.data_folder = (std::filesystem::absolute(options.data_dir) / "lambda").string();
    out.account_concurrency = static_cast<std::int32_t>(options.max_concurrency);
    out.limits.timeout_seconds = options.max_timeout == 0
                                     ? std::numeric_limits<std::int32_t>::max()
                                     : static_cast<std::int32_t>(options.max_timeout);
    if (options.failed_events >= 0) {
      out.failed_events = static_cast<std::size_t>(options.failed_events);
    } else if (options.profile == cli::Profile::secured) {
      out.failed_events = 0;  // events of all accounts, for whoever is on this machine
    }
    out.retry_pause = std::chrono::seconds{options.event_retry};
    out.limits.pack_runtimes = engine.pack_runtimes();
    if (options.runtime_versions == cli::RuntimeVersions::exact)
      out.limits.why_not_installed = [this](const std::string& runtime) {
        return engine.why_not_installed(runtime);
      };
    out.public_endpoint = public_endpoint(options, server.port());
    out.images_folder = options.images.empty() ? options.data_dir + "/images" : options.images;
    if (options.profile == cli::Profile::development) out.hot_reload = lambda::HotReload::allowed;
    return out;
  }

  // from and to: ISO 8601 or epoch milliseconds.
  base::Task<http::Response> usage(std::string query);
  base::Task<http::Response> failures(std::string query);
};

namespace {

std::vector<api::Service> services_of(lambda::Lambda& lambda, dynamodb::Dynamodb& dynamodb,
                                      apigateway::ApiGateway& gateway,
                                      cloudwatch::Cloudwatch& cloudwatch, logs::Logs& logs,
                                      iam::Iam& iam, sts::Sts& sts,
                                      autoscaling::Autoscaling& autoscaling) {
  return {lambda::make_service(lambda),
          dynamodb::make_service(dynamodb),
          dynamodb::make_streams_service(dynamodb),
          apigateway::make_service(gateway),
          cloudwatch::make_service(cloudwatch),
          logs::make_service(logs),
          iam::make_service(iam),
          sts::make_service(sts),
          autoscaling::make_service(autoscaling)};
}

// Runs `fn()`, which yields a task, on the loop's thread.
template <class Fn>
auto on(http::Loop& loop, Fn fn) -> std::invoke_result_t<Fn&> {
  base::OneShot<bool> hop;
  loop.post([hop] { hop.set(true); });
  co_await hop.wait();
  co_return co_await fn();
}

// What can only be refused at start is an exception with a sentence.
template <class Result>
void must(Result result, std::string_view what) {
  if (result) return;
  if constexpr (requires { result.error().message; }) {
    throw std::runtime_error(fmt::format("{}: {}", what, result.error().message));
  } else {
    throw std::runtime_error(fmt::format("{}: {}", what, result.error().detail));
  }
}

}  // namespace

base::Task<http::Response> Platform::Parts::usage(std::string query) {
  const std::string from_text = query_value(query, "from");
  const std::string to_text = query_value(query, "to");
  const std::optional<base::WallTime> from =
      from_text.empty() ? std::optional(clock.now() - std::chrono::days{30})
                        : parse_time(from_text);
  const std::optional<base::WallTime> to =
      to_text.empty() ? std::optional(clock.now()) : parse_time(to_text);
  if (!from || !to || *from >= *to) {
    co_return json_page(
        400,
        R"({"message":"from and to are times (2026-01-31T12:00:00Z or epoch milliseconds), from the earlier."})");
  }
  auto report = co_await meter.usage_report(*from, *to);
  if (!report) co_return json_page(503, R"({"message":"The store cannot be read now."})");
  co_return json_page(200, std::move(*report));
}

base::Task<http::Response> Platform::Parts::failures(std::string query) {
  const std::string id = query_value(query, "id");
  auto found = id.empty() ? co_await lambda.failed_events.list(query_value(query, "function"))
                          : co_await lambda.failed_events.find(id);
  if (!found) co_return json_page(503, R"({"message":"The store cannot be read now."})");
  if (found->is_null()) co_return json_page(404, R"({"message":"No failed event has that id."})");
  co_return json_page(200, wire::to_json(*found));
}

Platform::Platform(const cli::ServeOptions& options, sandbox::Warden& warden,
                   std::string runtimes_folder)
    : parts_(std::make_unique<Parts>(options, warden, std::move(runtimes_folder))) {
  Parts& parts = *parts_;
  dynamodb::handle_work(parts.dynamodb, parts.queue);
  parts.lambda.attach(parts.queue);
  std::vector<api::Service> services =
      services_of(parts.lambda, parts.dynamodb, parts.gateway, parts.cloudwatch, parts.logs,
                  parts.iam, parts.sts, parts.autoscaling);
  std::vector<std::string> names;
  for (const api::Service& service : services) names.emplace_back(service.info.name);
  parts.health = std::make_unique<api::HealthEndpoint>(
      std::move(names), MAYFLY_VERSION, parts.metrics, [&parts] { return parts.store->warning(); },
      [&parts] { return parts.numbers.prometheus(); });
  // Paths of our own come first: an API may have any path below its own host, but none of these.
  std::vector<api::HttpEndpoint*> endpoints{
      &parts.execute_api,   &parts.function_urls, parts.health.get(),
      &parts.status_page,   &parts.usage_page,    &parts.top_page,
      &parts.failures_page, &parts.admin_api,     &parts.lambda.code_urls};
  parts.router = std::make_unique<api::Router>(std::move(services), std::move(endpoints));
  parts.pipeline = std::make_unique<api::Pipeline>(
      api::PipelineOptions{.profile = profile_of(options),
                           .trusted_origins = options.allow_origins},
      *parts.router, parts.authenticator, parts.clock, parts.ids, parts.metrics);
}

Platform::~Platform() {
  if (parts_) parts_->io.stop();
}

void Platform::start() {
  Parts& parts = *parts_;
  parts.io.start();
  must(base::sync_wait(on(parts.io.any(), [&parts] { return parts.queue.start(); })),
       "the durable work cannot be taken up");
  must(base::sync_wait(on(parts.io.any(), [&parts] { return parts.lambda.start(); })),
       "the functions cannot be taken up");
  parts.io.any().post([&parts] { parts.sweeper.start(); });
  parts.housekeeping.start();
  parts.server.start();
}

// Outside in: first nobody can ask for more, then what was asked for ends, then what it ran on.
// Functions reach the endpoint and their Runtime API until they have ended.
void Platform::stop(std::chrono::milliseconds grace) {
  Parts& parts = *parts_;
  const auto until = std::chrono::steady_clock::now() + grace;
  const std::size_t left = parts.server.drain(grace);
  if (left > 0) base::log_warn("{} requests did not end in time", left);
  base::sync_wait(parts.housekeeping.stop());
  base::sync_wait(parts.sweeper.stop());
  // The engine before the queue: an asynchronous event may run for long; what is cut off stays in
  // the queue and runs again at the next start.
  parts.lambda.stopping();
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
  base::sync_wait(parts.engine.stop(std::max(rest, std::chrono::milliseconds{0})));
  base::sync_wait(parts.lambda.stop());
  base::sync_wait(parts.queue.stop());
  parts.engine.shutdown();
  parts.server.stop(std::chrono::milliseconds{0});
  base::sync_wait(parts.logs.sink.flush());
  if (auto kept = base::sync_wait(parts.cloudwatch.flush()); !kept) {
    base::log_warn("the last metrics were not kept: {}", kept.error().detail);
  }
  if (auto kept = base::sync_wait(parts.meter.flush()); !kept) {
    base::log_warn("the last usage was not kept: {}", kept.error().detail);
  }
  parts.io.stop();
}

namespace {

// A service of which only the operation table is wanted.
// SAFETY: make_service() keeps the address and reads nothing through it.
template <class S>
S& unopened() {
  alignas(S) static std::byte storage[sizeof(S)];
  return *reinterpret_cast<S*>(storage);
}

std::vector<api::Service> unopened_services() {
  return services_of(unopened<lambda::Lambda>(), unopened<dynamodb::Dynamodb>(),
                     unopened<apigateway::ApiGateway>(), unopened<cloudwatch::Cloudwatch>(),
                     unopened<logs::Logs>(), unopened<iam::Iam>(), unopened<sts::Sts>(),
                     unopened<autoscaling::Autoscaling>());
}

}  // namespace

std::string describe_api() { return api::dump_api(unopened_services()); }

std::vector<std::pair<std::string, std::string>> describe_compatibility() {
  std::vector<std::pair<std::string, std::string>> pages;
  std::string index =
      "# What is compatible\n\nWritten from the operation tables (`mayfly --compatibility "
      "docs/compatibility`); do not edit. An "
      "operation that AWS has and that is not there answers with an error that names it.\n\n| "
      "service | operations | of AWS's "
      "|\n|---|---|---|\n";
  for (const api::Service& service : unopened_services()) {
    pages.emplace_back(service.info.name, api::compatibility_markdown(service));
    index += fmt::format("| [{}]({}.md) | {} | {} |\n", service.info.title, service.info.name,
                         service.operations.size(), service.info.known.size());
  }
  pages.emplace_back("README", std::move(index));
  return pages;
}

std::uint16_t Platform::port() const { return parts_->server.port(); }
std::vector<engine::RuntimeInfo> Platform::runtimes() const { return parts_->engine.runtimes(); }

}  // namespace mayfly::app
