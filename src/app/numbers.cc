#include "app/numbers.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "wire/json.h"

namespace mayfly::app {
namespace {

using base::Exposition;
using Kind = Exposition::Kind;

std::string_view reason_name(engine::ThrottleReason reason) {
  constexpr std::string_view kNames[] = {"account_concurrency", "reserved_concurrency",
                                         "machine_memory", "scaling_rate"};
  const auto index = static_cast<std::size_t>(reason);
  return index < std::size(kNames) ? kNames[index] : "other";
}

double number(std::int64_t value) { return static_cast<double>(value); }

// Of this process, without those of functions.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  long long all = 0, resident = 0;
  statm >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double open_descriptors() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count;
}

void expose_engine(Exposition& out, const engine::EnvironmentStats& stats) {
  out.family("mayfly_environments", Kind::gauge, "Environments of functions, by what they do.");
  out.sample({{"state", "busy"}}, number(stats.busy));
  out.sample({{"state", "idle"}}, number(stats.idle - stats.prepared));
  out.sample({{"state", "spare"}}, number(stats.prepared));
  out.sample({{"state", "starting"}}, number(stats.starting));
  out.sample({{"state", "template"}}, number(stats.templates));
  out.family("mayfly_environments_by_rung", Kind::gauge,
             "Idle and busy environments, by how they came to be.");
  out.sample({{"rung", "clone"}}, number(stats.clones));
  out.sample({{"rung", "exec"}}, number(stats.busy + stats.idle - stats.clones));
  out.family("mayfly_environments_ended_total", Kind::counter,
             "Environments that are gone, by cause.");
  for (const auto& [cause, count] : stats.ended)
    out.sample({{"cause", std::string(cause_name(cause))}}, number(count));
  out.family("mayfly_events_waiting", Kind::gauge, "Events that wait for an environment.");
  out.sample({}, number(stats.waiting));
  out.family(
      "mayfly_cold_starts_total", Kind::counter,
      "Events that found no environment which had run one, by rung of the ladder and cause.");
  for (const auto& [key, count] : stats.cold_causes)
    out.sample({{"rung", std::string(engine::rung_name(key.first))},
                {"cause", std::string(cause_name(key.second))}},
               number(count));
  out.family("mayfly_throttles_total", Kind::counter, "Events that were refused, by limit.");
  for (const auto& [reason, count] : stats.throttle_reasons)
    out.sample({{"reason", std::string(reason_name(reason))}}, number(count));
  out.family("mayfly_environment_memory_bytes", Kind::gauge,
             "What all environments are taken to hold, and may.");
  out.sample({{"of", "held"}}, number(stats.memory_charged_bytes));
  out.sample({{"of", "budget"}}, number(stats.memory_budget_bytes));
}

void expose_platform(Exposition& out, const Numbers& numbers) {
  const store::RocksStore::Counts store = numbers.store.counts();
  const auto one = [&](std::string_view name, Kind kind, std::string_view help, double value) {
    out.family(name, kind, help);
    out.sample({}, value);
  };
  one("mayfly_store_commits_total", Kind::counter, "Transactions that were written.",
      static_cast<double>(store.commits));
  one("mayfly_store_groups_total", Kind::counter,
      "Groups of them, each with one sync where durable.", static_cast<double>(store.groups));
  one("mayfly_store_refused_total", Kind::counter,
      "Transactions that were not: conflicts, limits, a disk that fails.",
      static_cast<double>(store.refused));
  one("mayfly_store_written_bytes_total", Kind::counter, "Keys and values of written groups.",
      static_cast<double>(store.bytes));
  const store::RocksStore::Levels levels = numbers.store.levels();
  out.family("mayfly_store_bytes", Kind::gauge,
             "In the last level of the store, and above it, where reads look first.");
  out.sample({{"level", "last"}}, static_cast<double>(levels.last));
  out.sample({{"level", "above"}}, static_cast<double>(levels.above));
  const http::ServerLoad load = numbers.server.load();
  one("mayfly_http_connections", Kind::gauge, "Open connections, of functions too.",
      static_cast<double>(load.connections));
  one("mayfly_http_requests_under_way", Kind::gauge, "Requests whose answer is not made yet.",
      static_cast<double>(load.under_way));
  one("mayfly_http_buffered_bytes", Kind::gauge, "Memory of bodies and large headers.",
      static_cast<double>(load.buffered_bytes));
  one("process_resident_memory_bytes", Kind::gauge, "Memory of the daemon, without functions.",
      resident_bytes());
  one("process_cpu_seconds_total", Kind::counter,
      "Processor time of the daemon, without functions.", cpu_seconds());
  one("process_open_fds", Kind::gauge, "Open file descriptors.", open_descriptors());
  one("process_start_time_seconds", Kind::gauge, "When the daemon started, since the epoch.",
      base::epoch_seconds(numbers.started));
}

wire::Document counts_of(const engine::FunctionCounters& counters) {
  wire::Document out = wire::Document::map();
  out.set("account", counters.scope.account);
  out.set("region", counters.scope.region);
  out.set("function", counters.function);
  out.set("invocations", counters.invocations);
  out.set("errors", counters.errors);
  out.set("throttles", counters.throttles);
  out.set("cpu_us", counters.cpu_us);
  out.set("peak_memory_bytes", counters.peak_memory_bytes);
  wire::Document cold = wire::Document::map();
  for (const auto& [rung, count] : counters.cold_starts) cold.set(engine::rung_name(rung), count);
  out.set("cold_starts", std::move(cold));
  // [bucket, count] of base::Histogram, those that are not empty.
  wire::Document buckets = wire::Document::list();
  for (std::size_t i = 0; i < base::Histogram::kBuckets; ++i) {
    if (counters.duration.buckets[i] == 0) continue;
    wire::Document pair = wire::Document::list();
    pair.push_back(static_cast<std::int64_t>(i));
    pair.push_back(counters.duration.buckets[i]);
    buckets.push_back(std::move(pair));
  }
  out.set("duration_ms_sum", counters.duration.sum);
  out.set("duration_buckets", std::move(buckets));
  return out;
}

}  // namespace

std::string_view cause_name(engine::ColdCause cause) {
  constexpr std::string_view kNames[] = {"first",   "scale_up", "replaced",
                                         "expired", "evicted",  "failed"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string Numbers::prometheus() const {
  Exposition out;
  expose_engine(out, engine.stats());
  counters.expose(out);
  expose_platform(out, *this);
  return out.take();
}

std::string Numbers::top_json() const {
  const engine::EnvironmentStats stats = engine.stats();
  wire::Document environments = wire::Document::map();
  environments.set("busy", stats.busy);
  environments.set("idle", stats.idle - stats.prepared);
  environments.set("spare", stats.prepared);
  environments.set("starting", stats.starting);
  environments.set("template", stats.templates);
  environments.set("clones", stats.clones);
  environments.set("waiting", stats.waiting);
  wire::Document causes = wire::Document::map();
  for (const auto& [key, count] : stats.cold_causes) {
    const std::string_view name = cause_name(key.second);
    const wire::Document* before = causes.find(name);
    causes.set(name, count + (before == nullptr ? 0 : before->as_int().value_or(0)));
  }
  wire::Document versions = wire::Document::list();
  for (const engine::VersionState& state : engine.versions()) {
    wire::Document version = wire::Document::map();
    version.set("account", state.scope.account);
    version.set("region", state.scope.region);
    version.set("function", state.function);
    version.set("version", state.version);
    version.set("runtime", state.runtime);
    version.set("busy", state.busy);
    version.set("idle", state.idle);
    version.set("spare", state.prepared);
    version.set("starting", state.starting);
    version.set("template", state.templates);
    version.set("waiting", state.waiting);
    version.set("clones", state.clones);
    version.set("memory_bytes", state.memory_bytes);
    version.set("cloning", state.cloning);
    versions.push_back(std::move(version));
  }
  wire::Document functions = wire::Document::list();
  for (const engine::FunctionCounters& one : counters.functions())
    functions.push_back(counts_of(one));

  wire::Document top = wire::Document::map();
  top.set("time_ms", base::epoch_ms(clock.now()));
  top.set("started_ms", base::epoch_ms(started));
  top.set("cores", static_cast<std::int64_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  top.set("memory_held_bytes", stats.memory_charged_bytes);
  top.set("memory_budget_bytes", stats.memory_budget_bytes);
  top.set("daemon_memory_bytes", static_cast<std::int64_t>(resident_bytes()));
  top.set("daemon_cpu_seconds", cpu_seconds());
  top.set("environments", std::move(environments));
  top.set("cold_starts_by_cause", std::move(causes));
  top.set("versions", std::move(versions));
  top.set("functions", std::move(functions));
  return wire::to_json(top);
}

}  // namespace mayfly::app
