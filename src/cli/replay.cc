// replay: events that ended in a function's error, and one of them again.
#include <fmt/format.h>

#include <chrono>

#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 30s;
constexpr std::size_t kMaxErrorShown = 60;

std::string error_of(const wire::Document& event) {
  const wire::Document* error = event.find("Error");
  if (error == nullptr) return "";
  std::string text = text_at(*error, "errorType");
  const std::string message = text_at(*error, "errorMessage");
  if (!message.empty()) text += (text.empty() ? "" : ": ") + message;
  return printable(std::string_view(text).substr(0, kMaxErrorShown));
}

void print_list(const wire::Document& events, Terminal& terminal) {
  if (events.as_list() == nullptr || events.as_list()->empty()) {
    terminal.out << "No event has failed, or none is kept (mayfly serve --failed-events).\n";
    return;
  }
  Table table({{"TIME"}, {"FUNCTION"}, {"REQUEST ID"}, {"ERROR"}});
  for (const wire::Document& event : *events.as_list()) {
    const std::string qualifier = text_at(event, "Qualifier");
    table.row({text_at(event, "Time"),
               printable(text_at(event, "Function") + (qualifier.empty() ? "" : ":" + qualifier)),
               printable(text_at(event, "RequestId")), error_of(event)});
  }
  terminal.out << table.str() << "\nAgain: mayfly replay REQUEST_ID\n";
}

}  // namespace

int run_replay(const ReplayCommand& command, const Target& target, Terminal& terminal) {
  ApiClient client(target, terminal.clock, kTimeout);
  const auto encoded = [](const std::string& text) {
    return base::percent_encode(text, base::Slash::encode);
  };
  if (command.request_id.empty()) {
    const auto events = client.get("/_mayfly/failures?function=" + encoded(command.function));
    if (!events) {
      terminal.err << events.error().text << '\n';
      return kFailed;
    }
    if (command.format == Format::json) {
      terminal.out << wire::to_json(*events) << '\n';
    } else {
      print_list(*events, terminal);
    }
    return 0;
  }
  const auto event = client.get("/_mayfly/failures?id=" + encoded(command.request_id));
  if (!event) {
    terminal.err << event.error().text << "\nWhat there is: mayfly replay\n";
    return kFailed;
  }
  Target where = target;
  where.region = text_at(*event, "Region");
  InvokeCommand again;
  again.function = text_at(*event, "Function");
  again.qualifier = text_at(*event, "Qualifier");
  again.payload = text_at(*event, "Payload");
  return run_invoke(again, where, terminal);
}

}  // namespace mayfly::cli
