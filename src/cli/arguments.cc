#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/strings.h"

namespace mayfly::cli {
namespace {

constexpr int kUsageError = 2;

// What the options write to, before it is judged.
struct Raw {
  TableArguments table;
  LoopArguments loop;
  BranchCommand branch;
  BackupCommand backup;
  RestoreCommand restore;
  std::string listen = "127.0.0.1:4566";
  std::string profile = "development";
  std::string network;
  std::string durability = "durable";
  std::string runtime_versions = "nearest";
  std::string table_throughput = "unlimited";
  std::string large_tmp = "memory";
  std::string favor_dynmods = "on";
  std::string log_level = "info";
  bool tail = false;
  bool follow = false;
  bool timestamps = false;
  bool json = false;
  bool dump_api = false;
  std::string compatibility;
  std::string payload;
  std::string endpoint;
  std::string region;
  ServeOptions serve;
  InvokeCommand invoke;
  ReplayCommand replay;
  LogsCommand logs;
  BillCommand bill;
};

std::optional<std::string> first_of(const Environment& environment,
                                    std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = environment(name); value && !value->empty()) return value;
  }
  return std::nullopt;
}

std::string default_data_dir(const Environment& environment) {
  if (auto own = first_of(environment, {"MAYFLY_DATA_DIR"})) return *own;
  if (auto data = first_of(environment, {"XDG_DATA_HOME"})) return *data + "/mayfly";
  if (auto home = first_of(environment, {"HOME"})) return *home + "/.local/share/mayfly";
  return "/var/lib/mayfly";
}

// "127.0.0.1:4566", "[::1]:4566", ":4566", "4566". An error is a sentence.
std::string read_listen(const std::string& text, ServeOptions& options) {
  const std::size_t colon = text.rfind(':');
  std::string address = colon == std::string::npos ? "" : text.substr(0, colon);
  const auto port = base::parse_int(colon == std::string::npos ? text : text.substr(colon + 1));
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (bracketed) address = address.substr(1, address.size() - 2);
  if (!port || *port < 0 || *port > 65535 || (!bracketed && address.contains(':'))) {
    return fmt::format("--listen: \"{}\" is not ADDRESS:PORT, as in 127.0.0.1:4566 or [::1]:4566",
                       text);
  }
  if (!address.empty()) options.address = address;
  options.port = static_cast<std::uint16_t>(*port);
  return "";
}

void add_serve(CLI::App& app, Raw& raw) {
  auto* serve = app.add_subcommand("serve", "Run the platform");
  serve->add_option("--listen", raw.listen, "Address and port; port 0 lets the system choose")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  serve
      ->add_option("--data-dir", raw.serve.data_dir,
                   "Where everything is stored; made if it does not exist")
      ->type_name("FOLDER")
      ->capture_default_str();
  serve
      ->add_option(
          "--stream-rate", raw.serve.stream_mib_per_second,
          "MiB a second of a streamed answer behind its first 6 MiB, 2 on AWS; 0: no limit")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  serve
      ->add_option("--images", raw.serve.images,
                   "Folder of container images, as OCI layouts or archives: NAME/ or NAME.tar "
                   "[DATA_DIR/images]")
      ->type_name("FOLDER")
      ->check(CLI::ExistingDirectory);
  serve
      ->add_option("--runtime-packs", raw.serve.runtime_packs,
                   "Folder of runtime packs, which teach further runtime names (java21, ...)")
      ->type_name("FOLDER")
      ->check(CLI::ExistingDirectory);
  serve
      ->add_option("--profile", raw.profile,
                   "development accepts any credentials; secured only keys it knows")
      ->check(CLI::IsMember({"development", "secured"}))
      ->capture_default_str();
  serve
      ->add_option("--network", raw.network,
                   "Of functions: host shares this machine's, isolated reaches Mayfly only [host; "
                   "isolated if secured]")
      ->check(CLI::IsMember({"host", "isolated"}));
  serve
      ->add_option("--runtime-versions", raw.runtime_versions,
                   "Where a function's runtime is not installed: nearest runs it on the nearest "
                   "version that is; exact refuses to create it")
      ->check(CLI::IsMember({"nearest", "exact"}))
      ->capture_default_str();
  serve
      ->add_option("--large-tmp", raw.large_tmp,
                   "Where /tmp is for functions with more EphemeralStorage than 512 MB: memory, "
                   "which counts against theirs, or disk, which needs root and is not cloned")
      ->check(CLI::IsMember({"memory", "disk"}))
      ->capture_default_str();
  serve
      ->add_option(
          "--favor-dynmods", raw.favor_dynmods,
          "on: have the kernel move processes between control groups at once, which clones "
          "need; as root, and for the whole machine")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  serve
      ->add_option("--egress-allow", raw.serve.egress_allow,
                   "Hosts that functions of an isolated network reach besides, through a proxy: "
                   "names, *.SUFFIX and addresses; without a port 443 and 80")
      ->type_name("HOST[:PORT],...");
  serve
      ->add_option("--allow-origin", raw.serve.allow_origins,
                   "Web pages that may use this endpoint, besides pages of this machine: "
                   "https://shop.example; * for any. A host in it may be this endpoint's name, too")
      ->type_name("ORIGIN,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  serve
      ->add_option("--durability", raw.durability,
                   "durable: a write that was answered is on disk; relaxed: faster, for tests")
      ->check(CLI::IsMember({"durable", "relaxed"}))
      ->capture_default_str();
  serve->add_option("--log-level", raw.log_level, "Of the daemon's own log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  serve->add_option("--default-region", raw.serve.region, "Region of requests that name none")
      ->type_name("REGION")
      ->capture_default_str();
  serve
      ->add_option("--max-concurrency", raw.serve.max_concurrency,
                   "Invocations at the same time, of all functions")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  serve
      ->add_option("--scaling-rate", raw.serve.scaling_rate,
                   "Environments that a function may gain in ten seconds, 1000 on AWS; 0: any")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  serve
      ->add_option("--table-throughput", raw.table_throughput,
                   "enforced: requests beyond the throughput that a DynamoDB table is given are "
                   "throttled, as on AWS")
      ->check(CLI::IsMember({"unlimited", "enforced"}))
      ->capture_default_str();
  serve
      ->add_option("--max-timeout", raw.serve.max_timeout,
                   "Seconds that a function's Timeout may be, 900 on AWS; 0: any. Beyond 900 API "
                   "Gateway waits as long as the function may take, too")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  serve
      ->add_option("--event-retry", raw.serve.event_retry,
                   "Seconds before the first retry of an asynchronous event that failed; the "
                   "second waits twice as long")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  serve
      ->add_option("--failed-events", raw.serve.failed_events,
                   "Events that ended in an error, kept of each function for mayfly replay [100; 0 "
                   "if secured]")
      ->check(CLI::Range(0, 100'000));
  serve
      ->add_option("--memory", raw.serve.memory_mb,
                   "MB for all function environments together; 0: three quarters of the machine")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  serve->add_option("--threads", raw.serve.threads, "I/O threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  serve->add_option("--parent-fd", raw.serve.parent_fd)->group("");  // not for people
  serve->footer(
      "Examples:\n"
      "  mayfly serve\n"
      "  mayfly serve --listen 127.0.0.1:4600 --data-dir /tmp/mayfly --durability relaxed\n"
      "  mayfly serve --listen 0.0.0.0:4566 --profile secured\n\n"
      "Then point any AWS tool at it:\n"
      "  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1\n"
      "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test");
}

void add_invoke(CLI::App& app, Raw& raw) {
  auto* invoke = app.add_subcommand("invoke", "Invoke a function and print its result");
  invoke->add_option("NAME", raw.invoke.function, "Name or ARN")->required();
  auto* event = invoke
                    ->add_option("-e,--event", raw.invoke.event_file,
                                 "File with the event, - for standard input")
                    ->type_name("FILE");
  invoke->add_option("-p,--payload", raw.payload, "The event itself, as JSON [{}]")
      ->type_name("JSON")
      ->excludes(event);
  invoke->add_option("-q,--qualifier", raw.invoke.qualifier, "Version or alias")->type_name("NAME");
  invoke
      ->add_option("--type", raw.invoke.type,
                   "Event does not wait for the result; DryRun only checks")
      ->check(CLI::IsMember({"RequestResponse", "Event", "DryRun"}))
      ->capture_default_str();
  invoke->add_flag("-t,--tail", raw.tail, "Print the log of this invocation too");
  invoke->footer(
      "The result goes to standard output, all else to standard error.\n"
      "Exit code: 0, 1 where the function failed, 2 where it could not be invoked.\n\n"
      "Examples:\n"
      "  mayfly invoke hello\n"
      "  mayfly invoke hello --payload '{\"name\": \"world\"}' --tail\n"
      "  jq -n '{id: 1}' | mayfly invoke orders --event -\n"
      "  mayfly invoke nightly --type Event");
}

void add_logs(CLI::App& app, Raw& raw) {
  auto* logs = app.add_subcommand("logs", "Print a function's log");
  logs->add_option("NAME", raw.logs.function, "A function, or a log group that starts with /")
      ->required();
  logs->add_flag("-f,--follow", raw.follow, "Go on with what comes, until interrupted");
  logs->add_option("-s,--since", raw.logs.since,
                   "From then: 30s, 10m, 2h, 7d ago, or 2026-01-31T12:00:00Z")
      ->type_name("TIME");
  logs->add_option("--filter", raw.logs.filter,
                   "Only lines that match this CloudWatch Logs filter pattern")
      ->type_name("PATTERN");
  logs->add_flag("-t,--timestamps", raw.timestamps, "Put the time before each line");
  logs->footer(
      "Examples:\n"
      "  mayfly logs hello\n"
      "  mayfly logs hello -f --since 10m\n"
      "  mayfly logs hello --filter ERROR -t");
}

void add_status_and_bill(CLI::App& app, Raw& raw) {
  auto* status = app.add_subcommand(
      "status", "Show what the daemon is and does: services, runtimes, isolation");
  status->add_flag("--json", raw.json, "As it comes from the API");
  status->footer("Exit code: 0 where the daemon answers, else 2.");

  auto* bill =
      app.add_subcommand("bill", "Show what each function used, and what AWS would charge for it");
  bill->add_option("--from", raw.bill.from,
                   "30s, 10m, 2h, 7d ago, 2026-01-31 or 2026-01-31T12:00:00Z [30d]")
      ->type_name("TIME");
  bill->add_option("--to", raw.bill.to, "Likewise [now]")->type_name("TIME");
  bill->add_flag("--json", raw.json, "As it comes from the API");
  bill->footer(
      "Examples:\n"
      "  mayfly bill\n"
      "  mayfly bill --from 24h\n"
      "  mayfly bill --from 2026-01-01 --to 2026-02-01 --json");
}

void add_replay(CLI::App& app, Raw& raw) {
  auto* replay = app.add_subcommand(
      "replay", "Run an event again that ended in the function's error, or list those that did");
  replay->add_option("REQUEST_ID", raw.replay.request_id, "Of the event; without one, the list");
  replay->add_option("-f,--function", raw.replay.function, "List those of this function only")
      ->type_name("NAME");
  replay->add_flag("--json", raw.json, "The list as it comes from the API");
  replay->footer(
      "The event is sent anew, as it was, to what its function is now.\n"
      "Exit code: 0, 1 where the function failed again, 2 where it could not be invoked.\n\n"
      "Examples:\n"
      "  mayfly replay --function orders\n"
      "  mayfly replay 8cba5ee2-6c1e-44cd-90f2-45ff5c6d1b2e");
}

void add_branch(CLI::App& app, Raw& raw) {
  auto* branch = app.add_subcommand(
      "branch", "Copies of all state, made in milliseconds and thrown away after, for tests");
  branch->require_subcommand(1);
  auto* create = branch->add_subcommand("create", "Copy everything and serve the copy");
  create->add_option("--name", raw.branch.name, "Letters, digits, - and _ [one is chosen]")
      ->type_name("NAME");
  auto* list = branch->add_subcommand("list", "Show the branches and where they answer");
  auto* remove = branch->add_subcommand("delete", "End a branch and throw it away");
  remove->add_option("NAME", raw.branch.name)->required();
  for (auto* each : {create, list}) each->add_flag("--json", raw.json, "As it comes from the API");
  branch->footer(
      "A branch is a daemon of its own on a copy of all tables, functions, APIs, users and logs.\n"
      "What happens in it is never seen in the original, nor the other way round.\n"
      "It ends with the daemon that it was made of, and its data with it.\n\n"
      "Examples:\n"
      "  export AWS_ENDPOINT_URL=$(mayfly branch create --name ci-7)\n"
      "  mayfly branch delete ci-7");
}

void add_backup(CLI::App& app, Raw& raw) {
  auto* backup = app.add_subcommand("backup", "Copy the whole running installation into a folder");
  backup->add_option("FOLDER", raw.backup.folder, "Of backups; each gets a folder in it")
      ->required();
  backup->add_option("--keep", raw.backup.keep, "Delete all but the newest N [all are kept]")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  backup->footer(
      "The copy is of one moment, whatever is written meanwhile; every file is verified. What an\n"
      "earlier backup in the folder has is neither copied nor stored again.\n\n"
      "Examples:\n"
      "  mayfly backup /backups/mayfly --keep 30\n"
      "  mayfly restore /backups/mayfly --data-dir /var/lib/mayfly-restored");

  auto* restore = app.add_subcommand("restore", "Make a data folder from a backup");
  restore
      ->add_option("BACKUP", raw.restore.backup,
                   "A folder of backups, of which the newest is taken, or one of them")
      ->required();
  restore->add_option("--data-dir", raw.restore.data_dir, "The folder to make; must not exist")
      ->required()
      ->type_name("FOLDER");
  restore->footer(
      "Every file is verified while it is copied; nothing is left behind where one is damaged.\n\n"
      "Examples:\n"
      "  mayfly restore /backups/mayfly --data-dir /var/lib/mayfly-restored\n"
      "  mayfly serve --data-dir /var/lib/mayfly-restored");
}

template <class Enum>
Enum chosen(const std::string& text,
            std::initializer_list<std::pair<std::string_view, Enum>> choices) {
  const auto* found =
      std::ranges::find(choices, text, [](const auto& choice) { return choice.first; });
  return found == choices.end() ? choices.begin()->second : found->second;
}

std::string finish_serve(Raw& raw, const std::vector<std::string>& arguments) {
  raw.serve.given = arguments;
  if (std::string wrong = read_listen(raw.listen, raw.serve); !wrong.empty()) return wrong;
  raw.serve.profile = chosen<Profile>(
      raw.profile, {{"development", Profile::development}, {"secured", Profile::secured}});
  if (raw.network.empty())
    raw.network = raw.serve.profile == Profile::secured ? "isolated" : "host";
  raw.serve.network =
      chosen<Network>(raw.network, {{"host", Network::host}, {"isolated", Network::isolated}});
  raw.serve.runtime_versions = chosen<RuntimeVersions>(
      raw.runtime_versions,
      {{"nearest", RuntimeVersions::nearest}, {"exact", RuntimeVersions::exact}});
  raw.serve.table_throughput = chosen<TableThroughput>(
      raw.table_throughput,
      {{"unlimited", TableThroughput::unlimited}, {"enforced", TableThroughput::enforced}});
  raw.serve.favor_dynmods = raw.favor_dynmods == "on";
  raw.serve.large_tmp =
      chosen<Storage>(raw.large_tmp, {{"memory", Storage::memory}, {"disk", Storage::disk}});
  raw.serve.durability = chosen<Durability>(
      raw.durability, {{"durable", Durability::durable}, {"relaxed", Durability::relaxed}});
  using base::LogLevel;
  raw.serve.log_level = chosen<LogLevel>(raw.log_level, {{"info", LogLevel::info},
                                                         {"debug", LogLevel::debug},
                                                         {"warn", LogLevel::warn},
                                                         {"error", LogLevel::error},
                                                         {"off", LogLevel::off}});
  return "";
}

Command command_of(const CLI::App& app, const CLI::App& invoke_app, Raw& raw) {
  if (app.got_subcommand("serve")) return std::move(raw.serve);
  if (app.got_subcommand("invoke")) {
    if (invoke_app.count("--payload") > 0) raw.invoke.payload = raw.payload;
    raw.invoke.tail = raw.tail ? ShowTail::always : ShowTail::on_error;
    return std::move(raw.invoke);
  }
  if (app.got_subcommand("logs")) {
    raw.logs.follow = raw.follow ? Follow::yes : Follow::no;
    raw.logs.timestamps = raw.timestamps ? Timestamps::yes : Timestamps::no;
    return std::move(raw.logs);
  }
  if (raw.table.chosen()) return raw.table.take();
  if (auto chosen = raw.loop.take())
    return std::visit([](auto& command) -> Command { return std::move(command); }, *chosen);
  const Format format = raw.json ? Format::json : Format::text;
  if (app.got_subcommand("branch")) {
    const auto* branch = app.get_subcommand("branch");
    raw.branch.action = branch->got_subcommand("create")   ? BranchCommand::Action::create
                        : branch->got_subcommand("delete") ? BranchCommand::Action::remove
                                                           : BranchCommand::Action::list;
    raw.branch.format = format;
    return std::move(raw.branch);
  }
  if (app.got_subcommand("backup")) return std::move(raw.backup);
  if (app.got_subcommand("restore")) return std::move(raw.restore);
  if (app.got_subcommand("replay")) {
    raw.replay.format = format;
    return std::move(raw.replay);
  }
  if (app.got_subcommand("status")) return StatusCommand{format};
  raw.bill.format = format;
  return std::move(raw.bill);
}

}  // namespace

std::expected<Parsed, Stop> parse_arguments(const std::vector<std::string>& arguments,
                                            const Environment& environment,
                                            const std::string& version) {
  Raw raw;
  raw.serve.data_dir = default_data_dir(environment);
  raw.endpoint = first_of(environment, {"MAYFLY_ENDPOINT", "AWS_ENDPOINT_URL"})
                     .value_or("http://127.0.0.1:4566");
  raw.region = first_of(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"}).value_or("us-east-1");

  CLI::App app("Mayfly: a serverless cloud in one binary, compatible with AWS.", "mayfly");
  app.set_version_flag("--version", "mayfly " + version);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_flag("--dump-api", raw.dump_api,
               "Print every operation that this build answers, as JSON");
  app.add_option("--compatibility", raw.compatibility,
                 "Write the pages that say what is compatible with AWS into this folder")
      ->type_name("FOLDER");
  app.add_option("--endpoint", raw.endpoint, "The daemon (or MAYFLY_ENDPOINT, or AWS_ENDPOINT_URL)")
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--region", raw.region, "Region of the request (or AWS_REGION)")
      ->type_name("REGION")
      ->capture_default_str();
  app.fallthrough();  // --endpoint is understood behind the command too
  app.require_subcommand(0, 1);
  add_serve(app, raw);
  add_invoke(app, raw);
  add_replay(app, raw);
  add_logs(app, raw);
  add_status_and_bill(app, raw);
  add_branch(app, raw);
  add_backup(app, raw);
  raw.loop.add(app);
  raw.table.add(app);
  app.footer(
      "Start here:\n"
      "  mayfly serve                 in one terminal\n"
      "  mayfly status                in another\n"
      "  mayfly COMMAND --help        what a command takes, with examples\n\n"
      "Functions are deployed with AWS's own tools: export "
      "AWS_ENDPOINT_URL=http://127.0.0.1:4566.\n"
      "Requests are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where they are set.");
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    return std::unexpected(Stop{code == 0 ? 0 : kUsageError, out.str() + err.str()});
  }

  Parsed parsed;
  parsed.target = {.endpoint = raw.endpoint,
                   .region = raw.region,
                   .access_key = first_of(environment, {"AWS_ACCESS_KEY_ID"}).value_or(""),
                   .secret_key = first_of(environment, {"AWS_SECRET_ACCESS_KEY"}).value_or(""),
                   .session_token = first_of(environment, {"AWS_SESSION_TOKEN"}).value_or("")};
  if (raw.dump_api) {
    parsed.command = DumpApi{};
    return parsed;
  }
  if (!raw.compatibility.empty()) {
    parsed.command = WriteCompatibility{raw.compatibility};
    return parsed;
  }
  if (app.get_subcommands().empty()) return std::unexpected(Stop{kUsageError, app.help()});
  if (const std::string wrong = finish_serve(raw, arguments); !wrong.empty()) {
    return std::unexpected(Stop{kUsageError, wrong + "\n"});
  }
  parsed.command = command_of(app, *app.get_subcommand("invoke"), raw);
  return parsed;
}

}  // namespace mayfly::cli
