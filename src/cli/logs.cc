#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <thread>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/when.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 60s;
// Lines of different streams may arrive out of order by this much while following.
constexpr std::int64_t kOverlapMs = 10'000;

class LogReader {
 public:
  LogReader(const LogsCommand& command, const Target& target, Terminal& terminal)
      : command_(command),
        terminal_(terminal),
        client_(target, terminal.clock, kTimeout),
        group_(command.function.starts_with('/') ? command.function
                                                 : "/aws/lambda/" + command.function) {}

  void since(std::int64_t epoch_ms) { start_ms_ = epoch_ms; }
  const std::string& group() const { return group_; }

  // Prints what has come since the last call.
  std::expected<void, Problem> print_new() {
    std::string token;
    do {
      wire::Document input;
      input.set("logGroupName", group_);
      if (start_ms_ > 0) input.set("startTime", start_ms_);
      if (!command_.filter.empty()) input.set("filterPattern", command_.filter);
      if (!token.empty()) input.set("nextToken", token);
      auto output = client_.call("logs", "Logs_20140328.FilterLogEvents", input);
      if (!output) return std::unexpected(output.error());
      const auto* events = output->find("events");
      if (const auto* list = events == nullptr ? nullptr : events->as_list()) {
        for (const auto& event : *list) print(event);
      }
      token = text_at(*output, "nextToken");
    } while (!token.empty());
    terminal_.out.flush();
    forget_old();
    return {};
  }

 private:
  void print(const wire::Document& event) {
    const auto* time = event.find("timestamp");
    const std::int64_t at = time == nullptr ? 0 : time->as_int().value_or(0);
    if (command_.follow == Follow::yes && !seen_.emplace(text_at(event, "eventId"), at).second)
      return;
    newest_ms_ = std::max(newest_ms_, at);
    std::string message = text_at(event, "message");
    while (message.ends_with('\n')) message.pop_back();
    if (command_.timestamps == Timestamps::yes) {
      terminal_.out << base::iso8601_ms(base::from_epoch_ms(at)) << ' ';
    }
    terminal_.out << message << '\n';
  }

  // The next call asks from a little before the newest line; ids of older lines cannot come again.
  void forget_old() {
    if (newest_ms_ == 0) return;
    start_ms_ = std::max(start_ms_, newest_ms_ - kOverlapMs);
    std::erase_if(seen_, [this](const auto& entry) { return entry.second < start_ms_; });
  }

  const LogsCommand& command_;
  Terminal& terminal_;
  ApiClient client_;
  std::string group_;
  std::int64_t start_ms_ = 0;
  std::int64_t newest_ms_ = 0;
  std::map<std::string, std::int64_t> seen_;  // event id, time
};

}  // namespace

int run_logs(const LogsCommand& command, const Target& target, Terminal& terminal) {
  LogReader reader(command, target, terminal);
  if (!command.since.empty()) {
    const auto since = parse_when(command.since, terminal.clock.now());
    if (!since) {
      terminal.err << fmt::format(
          "--since: \"{}\" is neither an age (30s, 10m, 2h, 7d) nor a time "
          "(2026-01-31T12:00:00Z).\n",
          command.since);
      return kFailed;
    }
    reader.since(base::epoch_ms(*since));
  }
  bool waiting = false;
  for (;;) {
    const auto printed = reader.print_new();
    const bool missing = !printed && printed.error().code == "ResourceNotFoundException";
    if (!printed && !(missing && command.follow == Follow::yes)) {
      terminal.err << printed.error().text << '\n';
      if (missing) {
        terminal.err << fmt::format(
            "There is no log group {}. A function's appears with its first invocation: mayfly "
            "invoke {}\n",
            reader.group(), command.function);
      }
      return kFailed;
    }
    if (command.follow == Follow::no) return 0;
    if (missing && !std::exchange(waiting, true)) {
      terminal.err << fmt::format("Waiting for the first line in {} ...\n", reader.group());
    }
    std::this_thread::sleep_for(
        terminal.follow_every);  // FilterLogEvents does not wait for lines to come
  }
}

}  // namespace mayfly::cli
