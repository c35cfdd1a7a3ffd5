#include "cli/log_reader.h"

#include <chrono>

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 60s;
// Lines of different streams may arrive out of order by this much while following.
constexpr std::int64_t kOverlapMs = 10'000;

}  // namespace

LogReader::LogReader(const LogsCommand& command, const Target& target, Terminal& terminal)
    : command_(command),
      terminal_(terminal),
      client_(target, terminal.clock, kTimeout),
      group_(command.function.starts_with('/') ? command.function
                                               : "/aws/lambda/" + command.function) {}

std::expected<void, Problem> LogReader::print_new() {
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

void LogReader::print(const wire::Document& event) {
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
void LogReader::forget_old() {
  if (newest_ms_ == 0) return;
  start_ms_ = std::max(start_ms_, newest_ms_ - kOverlapMs);
  std::erase_if(seen_, [this](const auto& entry) { return entry.second < start_ms_; });
}

}  // namespace mayfly::cli
