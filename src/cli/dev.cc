// mayfly dev: a function whose code is a folder that somebody works in.
#include <fmt/format.h>
#include <poll.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/folder_watch.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/dev_guess.h"
#include "cli/log_reader.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kTimeout = 60s;
constexpr std::string_view kMark = ".mayfly";
constexpr std::string_view kRole = "arn:aws:iam::000000000000:role/mayfly-dev";
constexpr auto kLookEvery = 20ms;  // for the end of an update
constexpr auto kLookFor = 30s;

volatile std::sig_atomic_t interrupted = 0;

class Deployment {
 public:
  Deployment(ApiClient& client, DevCommand command, fs::path folder)
      : client_(client), command_(std::move(command)), folder_(std::move(folder)) {}

  const DevCommand& command() const { return command_; }

  // Fills in what was not said.
  Answer<void> complete() {
    if (command_.name.empty()) command_.name = function_name(folder_.filename().string());
    if (!command_.handler.empty() && !command_.runtime.empty()) return {};
    const std::optional<DevGuess> guess = guess_handler(folder_);
    if (command_.handler.empty()) {
      if (!guess)
        return problem(
            "Neither app.py nor index.mjs nor another usual name is there: --handler says what to "
            "call.");
      command_.handler = guess->handler;
    }
    if (!command_.runtime.empty()) return {};
    const auto status = client_.get("/_mayfly/status");
    if (!status) return std::unexpected(status.error());
    std::vector<std::string> names;
    const auto* runtimes = status->find("runtimes");
    if (const auto* map = runtimes == nullptr ? nullptr : runtimes->as_map()) {
      for (const auto& [name, text] : *map) names.push_back(name);
    }
    command_.runtime = newest_runtime(names, guess ? guess->language : "python");
    if (command_.runtime.empty())
      return problem("The daemon has no runtime for it; --runtime names one.");
    return {};
  }

  Answer<void> deploy() {
    const auto found = request("GET", path(), {});
    if (!found && found.error().code != "ResourceNotFoundException")
      return std::unexpected(found.error());
    return found ? update() : create();
  }

 private:
  static std::unexpected<Problem> problem(std::string text) {
    return std::unexpected(Problem{std::move(text), ""});
  }

  std::string path() const {
    return "/2015-03-31/functions/" + base::percent_encode(command_.name, base::Slash::encode);
  }

  wire::Document code() const {
    wire::Document code = wire::Document::map();
    code.set("S3Bucket", "hot-reload");
    code.set("S3Key", folder_.string());
    return code;
  }

  Answer<void> create() {
    wire::Document body = wire::Document::map();
    body.set("FunctionName", command_.name);
    body.set("Runtime", command_.runtime);
    body.set("Handler", command_.handler);
    body.set("Role", kRole);
    body.set("Timeout", 30);
    body.set("MemorySize", 512);
    body.set("Code", code());
    auto made = request("POST", "/2015-03-31/functions", wire::to_json(body));
    if (!made) return std::unexpected(made.error());
    return settled();
  }

  Answer<void> update() {
    auto updated = request("PUT", path() + "/code", wire::to_json(code()));
    if (!updated) return std::unexpected(updated.error());
    if (auto done = settled(); !done) return done;
    if (text_at(*updated, "Runtime") == command_.runtime &&
        text_at(*updated, "Handler") == command_.handler)
      return {};
    wire::Document body = wire::Document::map();
    body.set("Runtime", command_.runtime);
    body.set("Handler", command_.handler);
    updated = request("PUT", path() + "/configuration", wire::to_json(body));
    if (!updated) return std::unexpected(updated.error());
    return settled();
  }

  Answer<void> settled() {
    const auto until = std::chrono::steady_clock::now() + kLookFor;
    while (std::chrono::steady_clock::now() < until) {
      const auto state = request("GET", path() + "/configuration", {});
      if (!state) return std::unexpected(state.error());
      if (text_at(*state, "State") != "Pending" &&
          text_at(*state, "LastUpdateStatus") != "InProgress")
        return {};
      std::this_thread::sleep_for(kLookEvery);
    }
    return problem("The function did not become active.");
  }

  Answer<wire::Document> request(std::string_view method, std::string target, std::string body) {
    http::Request request;
    request.method = method;
    request.target = std::move(target);
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    request.body = std::move(body);
    const auto response = client_.send("lambda", std::move(request));
    if (!response) return std::unexpected(response.error());
    if (response->status / 100 != 2) return std::unexpected(client_.problem_of(*response));
    auto document = wire::parse_json(response->body);
    if (!document) return problem("The answer is not JSON.");
    return std::move(*document);
  }

  ApiClient& client_;
  DevCommand command_;
  const fs::path folder_;
};

int fail(Terminal& terminal, const Problem& problem) {
  terminal.err << problem.text << '\n';
  return kFailed;
}

// Until SIGINT, or until nobody answers.
int follow(const std::string& function, const fs::path& folder, const Target& target,
           Terminal& terminal) {
  base::FolderWatch watch(folder);
  LogsCommand logs;
  logs.function = function;
  logs.follow = Follow::yes;
  LogReader reader(logs, target, terminal);
  reader.since(base::epoch_ms(terminal.clock.now()));
  while (interrupted == 0) {
    const std::set<std::string> changed = watch.drain();
    if (!changed.empty()) {
      std::string names;
      for (const std::string& name : changed) {
        if (names.size() > 100) {
          names += ", ...";
          break;
        }
        names += (names.empty() ? "" : ", ") + printable(name);
      }
      terminal.err << fmt::format("-- changed: {}; live at the next event\n", names);
    }
    const auto printed = reader.print_new();
    // The group comes with the first line.
    if (!printed && printed.error().code != "ResourceNotFoundException")
      return fail(terminal, printed.error());
    pollfd readable{watch.fd(), POLLIN, 0};
    ::poll(&readable, 1, static_cast<int>(terminal.follow_every.count()));
  }
  terminal.err << fmt::format("\nThe function stays: mayfly invoke {}\n", function);
  return 0;
}

}  // namespace

int run_dev(const DevCommand& command, const Target& target, Terminal& terminal) {
  std::error_code error;
  const fs::path folder = fs::canonical(command.folder, error);
  if (error || !fs::is_directory(folder))
    return fail(terminal, {fmt::format("{} is no folder.", command.folder), ""});
  ApiClient client(target, terminal.clock, kTimeout);
  Deployment deployment(client, command, folder);
  if (auto done = deployment.complete(); !done) return fail(terminal, done.error());
  if (!fs::exists(folder / kMark)) {
    std::ofstream mark(folder / kMark);
    mark << "Functions of Mayfly may have this folder as their code (mayfly dev). Delete this file "
            "to end that.\n";
    if (!mark.flush())
      return fail(terminal, {fmt::format("Cannot write {}.", (folder / kMark).string()), ""});
  }
  if (auto done = deployment.deploy(); !done) return fail(terminal, done.error());
  const DevCommand& chosen = deployment.command();
  terminal.err << fmt::format(
      "{} is {} ({}, {}). Edits are live at the next event; Ctrl-C ends this and leaves the "
      "function.\n  mayfly invoke {} --payload '{{}}'\n",
      chosen.name, folder.string(), chosen.handler, chosen.runtime, chosen.name);
  struct sigaction on_interrupt{};
  on_interrupt.sa_handler = [](int) { interrupted = 1; };
  ::sigaction(SIGINT, &on_interrupt, nullptr);
  return follow(chosen.name, folder, target, terminal);
}

}  // namespace mayfly::cli
