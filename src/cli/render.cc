#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/api_client.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

bool is_scalar(const wire::Document& value) { return !value.is_map() && !value.is_list(); }

std::string scalar_text(const wire::Document& value) {
  if (const auto* text = value.as_string()) return printable(*text);
  if (value.is_null()) return "-";
  if (const auto truth = value.as_bool()) return *truth ? "yes" : "no";
  return wire::to_json(value);
}

void outline(const wire::Document& value, std::size_t indent, std::string& out);

void outline_list(const wire::DocumentList& list, std::size_t indent, std::string& out) {
  for (const auto& item : list) {
    if (is_scalar(item)) {
      out += std::string(indent, ' ') + "- " + scalar_text(item) + '\n';
      continue;
    }
    std::string inner;
    outline(item, indent + 2, inner);
    // The item's first line carries the dash.
    if (inner.size() > indent + 2) inner.replace(indent, 2, "- ");
    out += inner;
  }
}

void outline(const wire::Document& value, std::size_t indent, std::string& out) {
  if (const auto* list = value.as_list()) return outline_list(*list, indent, out);
  const auto* map = value.as_map();
  if (map == nullptr) {
    out += std::string(indent, ' ') + scalar_text(value) + '\n';
    return;
  }
  std::size_t width = 0;
  for (const auto& [name, member] : *map) {
    if (is_scalar(member)) width = std::max(width, name.size());
  }
  for (const auto& [name, member] : *map) {
    const std::string label = std::string(indent, ' ') + printable(name) + ':';
    const auto* list = member.as_list();
    const auto* inner = member.as_map();
    if (is_scalar(member)) {
      out += label + std::string(width - name.size() + 1, ' ') + scalar_text(member) + '\n';
    } else if ((list != nullptr && list->empty()) || (inner != nullptr && inner->empty())) {
      out += label + " none\n";
    } else if (list != nullptr && std::ranges::all_of(*list, is_scalar)) {
      out += label;
      for (std::size_t i = 0; i < list->size(); ++i)
        out += (i == 0 ? " " : ", ") + scalar_text((*list)[i]);
      out += '\n';
    } else {
      out += label + '\n';
      outline(member, indent + 2, out);
    }
  }
}

std::optional<double> number_at(const wire::Document& row, std::string_view name) {
  const auto* member = row.find(name);
  return member == nullptr ? std::nullopt : member->as_double();
}

std::string count_at(const wire::Document& row, std::string_view name) {
  const auto number = number_at(row, name);
  return number ? with_thousands(std::llround(*number)) : "-";
}

std::string decimal_at(const wire::Document& row, std::string_view name, int places,
                       std::string_view unit = "") {
  const auto number = number_at(row, name);
  return number ? fmt::format("{:.{}f}{}", *number, places, unit) : "-";
}

// Small amounts keep two digits that mean something: $0.0000021.
std::string money_at(const wire::Document& row, std::string_view name) {
  const auto amount = number_at(row, name);
  if (!amount) return "-";
  if (*amount == 0) return "$0";
  const int places =
      std::clamp(2 - static_cast<int>(std::ceil(std::log10(std::abs(*amount)))), 2, 12);
  return fmt::format("${:.{}f}", *amount, places);
}

std::string share_at(const wire::Document& row, std::string_view name) {
  const auto share = number_at(row, name);
  if (!share) return "-";
  return fmt::format("{:.{}f} %", *share * 100, *share < 0.01 ? 3 : 1);
}

// "7 (clone 5, exec 2)"
std::string cold_starts_at(const wire::Document& row) {
  const auto* counts = row.find("cold_starts");
  const auto* map = counts == nullptr ? nullptr : counts->as_map();
  if (map == nullptr) return "-";
  std::int64_t total = 0;
  std::string kinds;
  for (const auto& [kind, value] : *map) {
    const std::int64_t count = value.as_int().value_or(0);
    if (count == 0) continue;
    total += count;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, count);
  }
  return total == 0 ? "0" : fmt::format("{} ({})", total, kinds);
}

std::vector<std::string> bill_row(std::string name, const wire::Document& row) {
  return {std::move(name),
          count_at(row, "requests"),
          count_at(row, "errors"),
          count_at(row, "billed_ms"),
          decimal_at(row, "gb_seconds", 3),
          decimal_at(row, "cpu_seconds", 3),
          decimal_at(row, "peak_memory_mb", 0, " MB"),
          cold_starts_at(row),
          money_at(row, "aws_cost_usd"),
          share_at(row, "machine_share")};
}

}  // namespace

std::string render_outline(const wire::Document& document) {
  std::string out;
  outline(document, 0, out);
  return out;
}

std::string render_bill(const wire::Document& usage) {
  std::string out = fmt::format("Usage from {} to {}\n\n", printable(text_at(usage, "from")),
                                printable(text_at(usage, "to")));
  const auto* functions = usage.find("functions");
  const auto* list = functions == nullptr ? nullptr : functions->as_list();
  if (list == nullptr || list->empty()) return out + "No function ran in this time.\n";
  Table table({{"FUNCTION"},
               {"REQUESTS", Align::right},
               {"ERRORS", Align::right},
               {"BILLED MS", Align::right},
               {"GB-S", Align::right},
               {"CPU S", Align::right},
               {"PEAK", Align::right},
               {"COLD STARTS"},
               {"ON AWS", Align::right},
               {"OF MACHINE", Align::right}});
  for (const auto& row : *list) table.row(bill_row(text_at(row, "function"), row));
  if (const auto* total = usage.find("total")) {
    table.rule();
    table.row(bill_row("total", *total));
  }
  out += table.str();
  if (const std::string date = text_at(usage, "prices_as_of"); !date.empty()) {
    out += fmt::format("\nON AWS: list prices of {}, without the free tier.\n", printable(date));
  }
  return out;
}

}  // namespace mayfly::cli
