// branch: create, list, delete. The endpoint alone goes to standard output, so that a script can
// take it.
#include <fmt/format.h>

#include <chrono>

#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

constexpr std::chrono::seconds kTimeout{60};
constexpr const char* kBranches = "/_mayfly/branches";

double number_at(const wire::Document& document, std::string_view name) {
  const auto* member = document.find(name);
  return member == nullptr ? 0 : member->as_double().value_or(0);
}

std::string list_text(const wire::Document& answer) {
  const auto* list = answer.find("branches");
  const auto* branches = list == nullptr ? nullptr : list->as_list();
  if (branches == nullptr || branches->empty()) return "There is no branch.\n";
  Table table({{"NAME"}, {"ENDPOINT"}, {"STATE"}, {"CREATED"}});
  for (const auto& branch : *branches) {
    table.row({text_at(branch, "name"), text_at(branch, "endpoint"), text_at(branch, "state"),
               text_at(branch, "created")});
  }
  return table.str();
}

}  // namespace

int run_branch(const BranchCommand& command, const Target& target, Terminal& terminal) {
  using Action = BranchCommand::Action;
  ApiClient client(target, terminal.clock, kTimeout);
  if (command.action == Action::remove) {
    const auto path =
        fmt::format("{}/{}", kBranches, base::percent_encode(command.name, base::Slash::encode));
    const auto removed = client.own("DELETE", path);
    if (!removed) {
      terminal.err << removed.error().text << '\n';
      return kFailed;
    }
    return 0;
  }
  wire::Document body = wire::Document::map();
  if (!command.name.empty()) body.set("name", command.name);
  const auto answer = command.action == Action::create
                          ? client.own_json("POST", kBranches, wire::to_json(body))
                          : client.own_json("GET", kBranches);
  if (!answer) {
    terminal.err << answer.error().text << '\n';
    return kFailed;
  }
  if (command.format == Format::json) {
    terminal.out << wire::to_json(*answer) << '\n';
  } else if (command.action == Action::list) {
    terminal.out << list_text(*answer);
  } else {
    terminal.out << printable(text_at(*answer, "endpoint")) << '\n' << std::flush;
    terminal.err << fmt::format("branch {}: copied in {:.1f} ms, answering after {:.0f} ms\n",
                                printable(text_at(*answer, "name")),
                                number_at(*answer, "copied_ms"), number_at(*answer, "ready_ms"));
  }
  return 0;
}

}  // namespace mayfly::cli
