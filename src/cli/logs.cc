#include <fmt/format.h>

#include <thread>

#include "cli/commands.h"
#include "cli/log_reader.h"
#include "cli/when.h"

namespace mayfly::cli {

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
