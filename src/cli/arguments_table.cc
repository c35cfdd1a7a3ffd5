#include "cli/arguments_table.h"

#include <algorithm>
#include <utility>

namespace mayfly::cli {
namespace {

using Action = TableCommand::Action;
using Format = TableCommand::Format;

constexpr std::pair<const char*, Action> kActions[] = {{"list", Action::list},
                                                       {"scan", Action::scan},
                                                       {"get", Action::get},
                                                       {"put", Action::put},
                                                       {"delete", Action::remove},
                                                       {"export", Action::export_items},
                                                       {"import", Action::import_items}};

constexpr std::pair<const char*, Format> kFormats[] = {
    {"plain", Format::plain}, {"dynamodb", Format::dynamodb}, {"csv", Format::csv}};

}  // namespace

void TableArguments::add(CLI::App& app) {
  app_ = app.add_subcommand("table", "Look into DynamoDB tables and change them");
  app_->require_subcommand(1);
  auto* list = app_->add_subcommand("list", "Show the tables");
  auto* scan = app_->add_subcommand("scan", "Show items");
  auto* get = app_->add_subcommand("get", "Show one item");
  auto* put = app_->add_subcommand("put", "Write an item, in place of one with the same key");
  auto* remove = app_->add_subcommand("delete", "Delete an item");
  auto* exporting = app_->add_subcommand("export", "Write all items as lines of JSON, or as CSV");
  auto* importing = app_->add_subcommand("import", "Put the items of such a file");
  for (auto* each : {scan, get, put, remove, exporting, importing})
    each->add_option("TABLE", command_.table)->required();
  for (auto* each : {list, scan, get})
    each->add_flag("--json", json_, "A line of plain JSON each, as for programs");
  for (auto* each : {get, remove})
    each->add_option("KEY", command_.words, "NAME=VALUE of each key attribute")->required();
  auto* item = put->add_option("--item", command_.item, "The item as JSON, - for standard input")
                   ->type_name("JSON");
  put->add_option("ATTRIBUTES", command_.words, "NAME=VALUE; a value that is JSON is taken as such")
      ->excludes(item);
  scan->add_option("--limit", command_.limit, "At most so many items")->capture_default_str();
  scan->add_flag("--all", all_, "Every item");
  scan->add_option("--index", command_.index, "Of this secondary index")->type_name("NAME");
  scan->add_option("--filter", command_.filter, "Only items that meet a filter expression")
      ->type_name("EXPRESSION");
  scan->add_option("--name", command_.names, "#NAME=ATTRIBUTE of the expression");
  scan->add_option("--value", command_.values, ":NAME=VALUE of the expression");
  exporting->add_option("FILE", command_.file, "[standard output]");
  exporting
      ->add_option("--format", format_,
                   "dynamodb keeps every type; plain and csv are for other programs [dynamodb]")
      ->check(CLI::IsMember({"dynamodb", "plain", "csv"}));
  importing->add_option("FILE", command_.file, "[standard input]");
  importing
      ->add_option("--format", format_,
                   "[by the file's name and each line; csv has the names in its first line]")
      ->check(CLI::IsMember({"dynamodb", "plain", "csv"}));
  app_->footer(
      "Examples:\n"
      "  mayfly table scan Orders --filter 'total > :t' --value :t=100\n"
      "  mayfly table get Orders id=42\n"
      "  mayfly table put Orders id=42 total=9.50 tags='[\"new\"]'\n"
      "  mayfly table export Orders orders.jsonl\n"
      "  mayfly table import Orders orders.jsonl\n\n"
      "Exit code of get: 1 where there is no such item.");
}

TableCommand TableArguments::take() {
  for (const auto& [name, action] : kActions) {
    if (app_->got_subcommand(name)) command_.action = action;
  }
  if (all_) command_.limit = 0;
  if (json_) command_.format = Format::plain;
  if (command_.action == Action::export_items) command_.format = Format::dynamodb;
  if (command_.action == Action::import_items) {
    command_.format = command_.file.ends_with(".csv") ? Format::csv : Format::by_content;
  }
  const auto* named =
      std::ranges::find(kFormats, format_, [](const auto& format) { return format.first; });
  if (named != std::end(kFormats)) command_.format = named->second;
  return std::move(command_);
}

}  // namespace mayfly::cli
