// Engine: runs functions. It knows function versions and events, no AWS API: services/lambda speaks
// the API and calls it.
//
// run() gives an event an environment of its own: an idle one (most recently used first), else a
// new one by the best rung of the cold-start ladder (spare, clone of the template, exec), at once;
// within the limits, else it throttles. Environments are reused, reaped by idle age and under
// memory pressure, down to zero; templates after their own idle age.
//
// Ownership: a FunctionSpec is immutable and shared; a new revision of the code or configuration is
// a new spec with another `revision`. Environments of an older revision take no new events and end
// when idle. Threads: any; coroutines resume on the executor they left. The lines START, END,
// REPORT and the function's output go to the LogSink before run() returns; one UsageRecord an
// invocation goes to the UsageSink.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/task.h"
#include "engine/response_stream.h"
#include "http/egress_proxy.h"
#include "http/io.h"
#include "http/server.h"
#include "ports/log_sink.h"
#include "ports/usage_sink.h"
#include "sandbox/warden.h"

namespace mayfly::engine {

enum class LogFormat { text, json };
// The least of the platform's own records that a JSON log shows.
enum class SystemLogLevel { debug, info, warn };

// Whether environments may be clones of a process that has run INIT. Off: each runs its own.
enum class Cloning { on, off };

// A function that is a container image: its own root file system, and what it starts.
struct ImageProgram {
  std::string root_folder;             // unpacked, read-only
  std::vector<std::string> argv;       // ENTRYPOINT and CMD; the first one may be looked up in PATH
  std::string working_folder = "/";    // as seen inside
  std::vector<std::string> variables;  // "NAME=value"
};

struct FunctionSpec {
  base::Scope scope;
  std::string function;  // name
  std::string version;   // "$LATEST" or a number
  std::string revision;  // changes whenever anything here changes
  std::string runtime;   // "python3.12", "nodejs20.x", "provided.al2023"
  std::string handler;
  std::map<std::string, std::string> environment;  // the user's
  std::map<std::string, std::string>
      credentials;                    // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  std::string code_folder;            // unpacked, read-only
  std::string opt_folder;             // merged layers, or empty
  std::optional<ImageProgram> image;  // in place of both, of runtime and of handler
  std::int64_t memory_mb = 128;
  std::int64_t timeout_s = 3;  // 0: no limit (profile)
  std::int64_t tmp_mb = 512;
  std::string log_group;  // "/aws/lambda/<name>"
  LogFormat log_format = LogFormat::text;
  SystemLogLevel system_log_level = SystemLogLevel::info;
  Cloning cloning = Cloning::on;
  std::string architecture = "x86_64";
  std::optional<std::int64_t> reserved_concurrency;  // of the function, all versions together
};

struct Event {
  std::string request_id;
  std::string payload;               // JSON
  std::string invoked_function_arn;  // as the caller named it
  std::string client_context;        // JSON, or empty
  std::string cognito_identity;      // JSON, or empty
  std::string trace_header;
  // Where set, the answer is delivered through it as it is written (engine/response_stream.h).
  std::shared_ptr<ResponseStream> stream = nullptr;
};

struct Outcome {
  std::string payload;                        // result, or the error JSON
  std::optional<std::string> function_error;  // "Unhandled"
  std::string error_type;  // "Sandbox.Timedout", "Runtime.ExitError", the function's own, or empty
  double duration_ms = 0;
  double init_ms = 0;
  std::int64_t billed_ms = 0;
  std::int64_t peak_memory_bytes = 0;
  ports::ColdStart cold_start = ports::ColdStart::none;
  std::string log_tail;  // last 4 KB, whole lines as written
};

enum class ThrottleReason {
  account_concurrency,   // ConcurrentInvocationLimitExceeded
  reserved_concurrency,  // ReservedFunctionConcurrentInvocationLimitExceeded
  machine_memory,        // no room on this machine
  scaling_rate,          // FunctionInvocationRateLimitExceeded: it may not grow faster
};

// Why an event did not reach the function at all.
struct Refusal {
  enum class Kind { throttled, invalid_runtime, unavailable } kind;
  ThrottleReason reason = ThrottleReason::account_concurrency;
  std::string message;
};

// A language runtime that was found on this machine.
struct RuntimeInfo {
  std::string name;         // "python3.11"
  std::string interpreter;  // "/usr/bin/python3.11"
  std::string version;      // "3.11.2"
  std::string lacks{};      // the part of its pack that is not there; functions cannot use it then
};

// Why an event found no environment that had run one before.
enum class ColdCause {
  first,     // nothing of this version had run yet
  scale_up,  // all others were busy
  replaced,  // what ran was of older code, configuration or credentials
  expired,   // they were idle for too long
  evicted,   // their memory was needed
  failed,    // the last one crashed or timed out
};

// Numbers of now, and counts since the start.
struct EnvironmentStats {
  std::int64_t templates = 0, idle = 0, busy = 0, starting = 0;
  std::int64_t prepared = 0;  // spares; counted in `idle` too
  std::int64_t waiting = 0;   // events for which an environment is being started
  std::int64_t pools = 0;     // revisions of versions of which anything is kept
  std::int64_t clones = 0;    // of idle and busy ones: by a template, not by a start of their own
  std::int64_t memory_charged_bytes = 0, memory_budget_bytes = 0;
  std::int64_t provisioned = 0;  // of the idle and busy ones
  std::map<ports::ColdStart, std::int64_t> cold_starts;
  std::map<std::pair<ports::ColdStart, ColdCause>, std::int64_t> cold_causes;
  std::int64_t invocations = 0, throttles = 0, errors = 0;
  std::map<ThrottleReason, std::int64_t> throttle_reasons;
  std::map<ColdCause, std::int64_t> ended;  // environments: expired, evicted, replaced or failed
};

// What is kept of one revision of a function version, and why it is or is not cloned: for people.
struct VersionState {
  base::Scope scope;
  std::string function, version, revision, runtime, interpreter;
  std::string
      cloning;  // "template ready", "not started", or the reason why this version is not cloned
  std::int64_t idle = 0, prepared = 0, busy = 0, starting = 0;
  std::int64_t waiting = 0, templates = 0;
  std::int64_t clones = 0;        // of idle, prepared and busy ones
  std::int64_t memory_bytes = 0;  // that they are taken to hold, the template included
  std::int64_t provisioned = 0;   // of the idle and busy ones
};

// How fast a streamed answer may be delivered. On Lambda: 6 MiB at once, then 2 MiB/s.
struct StreamPace {
  std::size_t burst_bytes = 6 << 20;
  std::size_t bytes_per_second = 0;  // 0: as fast as it is read
};

// What a function runs on whose runtime's version is not installed: the nearest one, or nothing.
enum class RuntimeVersions { nearest, exact };

// Provisioned concurrency of a version.
struct ProvisionedState {
  std::int64_t wanted = 0;
  std::int64_t running = 0;  // INIT is behind them
  std::string failure;       // why the last start failed; empty after one that did not
};

struct EngineOptions {
  std::string runtimes_folder;  // where runtimes/python etc. are installed
  std::string packs_folder;     // runtime packs of the user's, before those that are installed
  RuntimeVersions runtime_versions = RuntimeVersions::nearest;
  std::string data_folder;
  std::uint16_t endpoint_port = 4566;  // what AWS_ENDPOINT_URL names inside
  sandbox::Network network = sandbox::Network::host;
  // Of functions whose EphemeralStorage is above the default; on disk they are not cloned.
  sandbox::Storage large_tmp = sandbox::Storage::memory;
  std::int64_t account_concurrency = 1000;
  // Environments that one function may gain for its events in ten seconds; 0: any number. 1,000 on
  // AWS.
  std::int64_t scaling_rate = 0;
  std::uint64_t memory_budget_bytes = 0;  // of all environments; 0: three quarters of the machine
  std::int64_t most_environments = 0;     // 0: as many as this process may open descriptors for
  std::chrono::seconds environment_idle{300};
  std::chrono::seconds template_idle{900};
  std::chrono::seconds spare_idle{60};  // clones made ahead of events that did not come
  std::int64_t most_spares = 8;         // of one function version at a time; 0: none
  // Whether templates are forked from a process that has their interpreter and its SDK loaded.
  enum class Zygotes { on, off } zygotes = Zygotes::on;
  std::chrono::seconds init_timeout{10};
  std::size_t response_limit = 6'291'556;  // of one answer: 6 MiB and 100 bytes, as AWS counts it
  std::size_t stream_limit = 200 << 20;    // of one answer that goes through a ResponseStream
  StreamPace stream_pace;
};

class Engine {
 public:
  // Everything given by reference outlives the engine. `endpoint` answers requests that functions
  // send to 127.0.0.1:endpoint_port in an isolated network (the daemon's own handler).
  struct Parts {
    sandbox::Warden& warden;
    http::Io& io;
    http::Server& server;  // serves the Runtime API's listeners
    http::Handler endpoint;
    ports::LogSink& logs;
    ports::UsageSink& usage;
    base::Clock& clock;
    base::Ids& ids;
    http::EgressProxy* egress = nullptr;  // the way out of an isolated network, or none
  };
  Engine(EngineOptions options, Parts parts);
  ~Engine();  // ends every environment; not on a thread of `io`

  base::Task<std::expected<Outcome, Refusal>> run(std::shared_ptr<const FunctionSpec> function,
                                                  Event event);
  // Runs INIT ahead and keeps the template, so that the first event finds it; errors of INIT are
  // told, not kept.
  base::Task<std::expected<void, std::string>> prepare(
      std::shared_ptr<const FunctionSpec> function);
  // Deleted or replaced: idle environments and templates of every revision but `keep` end now, busy
  // ones after their event.
  void retire(const base::Scope& scope, const std::string& function, const std::string& version,
              const std::string& keep_revision);

  // Keeps `count` environments of that version running, from now on and whatever becomes of them;
  // 0 lets them go. Not remembered: the caller says so again after a start. Returns at once.
  void provision(const std::shared_ptr<const FunctionSpec>& function, std::int64_t count);
  ProvisionedState provisioned(const base::Scope& scope, const std::string& function,
                               const std::string& version) const;

  std::vector<RuntimeInfo> runtimes() const;
  std::vector<std::string> pack_runtimes() const;  // names that runtime packs teach
  // A sentence, or empty where this machine has what a function of this runtime runs on.
  std::string why_not_installed(const std::string& runtime) const;
  EnvironmentStats stats() const;
  std::vector<VersionState> versions() const;
  // Ends what was idle for too long, and acts on deadlines that have passed by the clock. The
  // engine does so by itself every second; tests with a clock of their own call it.
  void sweep();
  // Takes no new events, waits for those under way within `grace`, tells all environments to end.
  base::Task<void> stop(std::chrono::milliseconds grace);
  // After stop(): returns when every environment has ended. While `io` still runs, for that is
  // where they end; not on a thread of it.
  void shutdown();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::engine
