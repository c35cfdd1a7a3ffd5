// status and bill: one GET each, rendered.
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/when.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 30s;

int fail(Terminal& terminal, const Problem& problem) {
  terminal.err << problem.text << '\n';
  return kFailed;
}

}  // namespace

int run_status(const StatusCommand& command, const Target& target, Terminal& terminal) {
  ApiClient client(target, terminal.clock, kTimeout);
  const auto health = client.get("/_mayfly/health");
  if (!health) return fail(terminal, health.error());
  const auto status = client.get("/_mayfly/status");
  if (!status) return fail(terminal, status.error());
  if (command.format == Format::json) {
    wire::Document both;
    both.set("health", *health);
    both.set("status", *status);
    terminal.out << wire::to_json(both) << '\n';
    return 0;
  }
  terminal.out << fmt::format("Mayfly at {}\n\n", target.endpoint) << render_outline(*health);
  terminal.out << '\n' << render_outline(*status);
  return 0;
}

int run_bill(const BillCommand& command, const Target& target, Terminal& terminal) {
  const auto now = terminal.clock.now();
  const auto read = [&](const std::string& text, const char* fallback) {
    return parse_when(text.empty() ? fallback : text, now);
  };
  const auto from = read(command.from, "30d");
  const auto to = read(command.to, "0s");
  if (!from || !to) {
    terminal.err << fmt::format(
        "{}: \"{}\" is neither an age (30s, 10m, 2h, 7d) nor a time (2026-01-31, "
        "2026-01-31T12:00:00Z).\n",
        from ? "--to" : "--from", from ? command.to : command.from);
    return kFailed;
  }
  if (*from >= *to) {
    terminal.err << "--from has to be before --to.\n";
    return kFailed;
  }
  const auto encoded = [](base::WallTime time) {
    return base::percent_encode(base::iso8601_ms(time), base::Slash::encode);
  };
  ApiClient client(target, terminal.clock, kTimeout);
  const auto usage =
      client.get(fmt::format("/_mayfly/usage?from={}&to={}", encoded(*from), encoded(*to)));
  if (!usage) return fail(terminal, usage.error());
  terminal.out << (command.format == Format::json ? wire::to_json(*usage) + '\n'
                                                  : render_bill(*usage));
  return 0;
}

}  // namespace mayfly::cli
