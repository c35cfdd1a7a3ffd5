#include "cli/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/api_client.h"
#include "cli/table.h"

namespace mayfly::cli {
namespace {

constexpr std::size_t kReadings = 11;  // ten intervals
constexpr std::size_t kAround = 6;     // lines that are no rows: summary, titles, keys
constexpr std::string_view kSortNames[] = {"rate", "p50",    "p99", "errors", "cold starts",
                                           "busy", "memory", "cpu", "name"};

std::int64_t int_at(const wire::Document& document, std::string_view name) {
  const wire::Document* member = document.find(name);
  return member == nullptr ? 0 : member->as_int().value_or(0);
}

std::map<std::string, std::int64_t> counts_at(const wire::Document& document,
                                              std::string_view name) {
  std::map<std::string, std::int64_t> out;
  const wire::Document* member = document.find(name);
  if (const auto* map = member == nullptr ? nullptr : member->as_map()) {
    for (const auto& [key, value] : *map) out[key] = value.as_int().value_or(0);
  }
  return out;
}

template <class Fn>
void each_of(const wire::Document& document, std::string_view name, Fn fn) {
  const wire::Document* member = document.find(name);
  if (const auto* list = member == nullptr ? nullptr : member->as_list()) {
    for (const auto& item : *list) fn(item);
  }
}

// Names of another region or account say so; most installations have one of each.
std::string name_of(const wire::Document& item) {
  std::string name = text_at(item, "function");
  if (name.empty()) return "(others)";
  const std::string region = text_at(item, "region");
  const std::string account = text_at(item, "account");
  if (account != "000000000000") name += "@" + account;
  if (region != "us-east-1") name += "@" + region;
  return name;
}

// Within seven characters: 0.123, 12.3, 1234, 1234.5 s.
std::string ms_text(double ms) {
  if (ms <= 0) return "-";
  if (ms < 10) return fmt::format("{:.2f}", ms);
  if (ms < 1000) return fmt::format("{:.1f}", ms);
  if (ms < 100'000) return fmt::format("{:.0f}", ms);
  return fmt::format("{:.0f}s", ms / 1000);
}

std::string rate_text(double rate) {
  if (rate <= 0) return "-";
  if (rate < 100) return fmt::format("{:.1f}", rate);
  return fmt::format("{:.0f}", rate);
}

std::string count_text(std::int64_t count) {
  if (count == 0) return "-";
  if (count < 100'000) return fmt::format("{}", count);
  if (count < 10'000'000) return fmt::format("{}k", count / 1000);
  return fmt::format("{}M", count / 1'000'000);
}

std::string mb_text(std::int64_t bytes) {
  if (bytes == 0) return "-";
  return fmt::format("{:.{}f}", static_cast<double>(bytes) / (1 << 20), bytes < 10 << 20 ? 1 : 0);
}

std::string share_text(double share) {
  if (share < 0.0005) return "-";
  return fmt::format("{:.1f}", share * 100);
}

std::string age_text(std::int64_t ms) {
  const std::int64_t s = std::max<std::int64_t>(ms, 0) / 1000;
  if (s >= 86'400) return fmt::format("{}d {:02}:{:02}", s / 86'400, s / 3600 % 24, s / 60 % 60);
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string fit(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  text.resize(width > 0 ? width - 1 : 0);
  if (width > 0) text += '~';
  return text;
}

}  // namespace

TopReading read_top(const wire::Document& answer) {
  TopReading out;
  out.time_ms = int_at(answer, "time_ms");
  out.started_ms = int_at(answer, "started_ms");
  out.cores = std::max<std::int64_t>(int_at(answer, "cores"), 1);
  out.memory_held = int_at(answer, "memory_held_bytes");
  out.memory_budget = int_at(answer, "memory_budget_bytes");
  out.daemon_memory = int_at(answer, "daemon_memory_bytes");
  if (const auto* cpu = answer.find("daemon_cpu_seconds"))
    out.daemon_cpu_seconds = cpu->as_double().value_or(0);
  out.environments = counts_at(answer, "environments");
  out.causes = counts_at(answer, "cold_starts_by_cause");
  each_of(answer, "versions", [&](const wire::Document& item) {
    TopFunction& function = out.functions[name_of(item)];
    function.busy += int_at(item, "busy");
    function.idle += int_at(item, "idle");
    function.spare += int_at(item, "spare");
    function.starting += int_at(item, "starting");
    function.templates += int_at(item, "template");
    function.clones += int_at(item, "clones");
    function.memory_bytes += int_at(item, "memory_bytes");
  });
  each_of(answer, "functions", [&](const wire::Document& item) {
    TopFunction& function = out.functions[name_of(item)];
    function.invocations = int_at(item, "invocations");
    function.errors = int_at(item, "errors");
    function.throttles = int_at(item, "throttles");
    function.cpu_us = int_at(item, "cpu_us");
    for (const auto& [rung, count] : counts_at(item, "cold_starts")) function.cold_starts += count;
    each_of(item, "duration_buckets", [&](const wire::Document& pair) {
      const auto* list = pair.as_list();
      if (list == nullptr || list->size() != 2) return;
      const std::int64_t bucket = (*list)[0].as_int().value_or(-1);
      const std::int64_t count = (*list)[1].as_int().value_or(0);
      if (bucket < 0 || bucket >= static_cast<std::int64_t>(base::Histogram::kBuckets) || count < 0)
        return;
      function.duration.buckets[static_cast<std::size_t>(bucket)] =
          static_cast<std::uint64_t>(count);
      function.duration.count += static_cast<std::uint64_t>(count);
    });
  });
  return out;
}

struct TopView::Row {
  std::string name;
  TopFunction now;
  double rate = 0, throttle_rate = 0, cpu_share = 0, p50 = 0, p99 = 0;
};

void TopView::add(TopReading reading) {
  problem_.clear();
  // A daemon that has started again counts from nothing.
  if (!readings_.empty() && readings_.back().started_ms != reading.started_ms) readings_.clear();
  readings_.push_back(std::move(reading));
  if (readings_.size() > kReadings) readings_.pop_front();
}

std::vector<TopView::Row> TopView::rows() const {
  std::vector<Row> out;
  if (readings_.empty()) return out;
  const TopReading& now = readings_.back();
  const TopReading& before = readings_[readings_.size() > 1 ? readings_.size() - 2 : 0];
  const TopReading& oldest = readings_.front();
  const double seconds = std::max(static_cast<double>(now.time_ms - before.time_ms) / 1000, 0.001);
  const TopFunction none;
  const auto of = [&](const TopReading& reading, const std::string& name) -> const TopFunction& {
    // Of the first reading there is nothing to compare with: its counts are all of the past.
    if (readings_.size() < 2) return now.functions.at(name);
    const auto found = reading.functions.find(name);
    return found == reading.functions.end() ? none : found->second;
  };
  for (const auto& [name, function] : now.functions) {
    Row row{name, function};
    const TopFunction& last = of(before, name);
    row.rate = static_cast<double>(function.invocations - last.invocations) / seconds;
    row.throttle_rate = static_cast<double>(function.throttles - last.throttles) / seconds;
    row.cpu_share = static_cast<double>(function.cpu_us - last.cpu_us) / 1e6 / seconds /
                    static_cast<double>(now.cores);
    const base::Histogram lately = function.duration.since(of(oldest, name).duration);
    row.p50 = lately.percentile(0.5);
    row.p99 = lately.percentile(0.99);
    out.push_back(std::move(row));
  }
  const auto value = [this](const Row& row) -> double {
    switch (sort_) {
      case TopSort::rate:
        return row.rate;
      case TopSort::p50:
        return row.p50;
      case TopSort::p99:
        return row.p99;
      case TopSort::errors:
        return static_cast<double>(row.now.errors);
      case TopSort::cold:
        return static_cast<double>(row.now.cold_starts);
      case TopSort::busy:
        return static_cast<double>(row.now.busy);
      case TopSort::memory:
        return static_cast<double>(row.now.memory_bytes);
      case TopSort::cpu:
        return row.cpu_share;
      case TopSort::name:
        return 0;
    }
    return 0;
  };
  // What is equal goes by name, or rows would jump.
  std::ranges::sort(out, [&](const Row& a, const Row& b) {
    const double first = value(a), second = value(b);
    return first != second ? first > second : a.name < b.name;
  });
  if (reversed_) std::ranges::reverse(out);
  return out;
}

std::vector<std::string> TopView::summary() const {
  if (readings_.empty()) return {fmt::format("mayfly top  {}", endpoint_), "", ""};
  const TopReading& now = readings_.back();
  const TopReading& before = readings_[readings_.size() > 1 ? readings_.size() - 2 : 0];
  double rate = 0, cpu = 0;
  for (const Row& row : rows()) {
    rate += row.rate;
    cpu += row.cpu_share;
  }
  const double seconds = std::max(static_cast<double>(now.time_ms - before.time_ms) / 1000, 0.001);
  const double daemon_cpu = (now.daemon_cpu_seconds - before.daemon_cpu_seconds) / seconds /
                            static_cast<double>(now.cores);
  const auto state = [&](const char* name) {
    const auto found = now.environments.find(name);
    return found == now.environments.end() ? 0 : found->second;
  };
  std::string causes;
  for (const auto& [cause, count] : now.causes)
    causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", count, printable(cause));
  return {fmt::format("mayfly top  {}  up {}  {} events/s  {} waiting", endpoint_,
                      age_text(now.time_ms - now.started_ms), rate_text(rate), state("waiting")),
          fmt::format("environments {} busy {} idle {} spare {} starting ({} clones) {} templates",
                      state("busy"), state("idle"), state("spare"), state("starting"),
                      state("clones"), state("template")),
          fmt::format("memory {} of {} MB  cpu {}%  daemon {} MB {}%  cold: {}",
                      mb_text(now.memory_held), mb_text(now.memory_budget), share_text(cpu),
                      mb_text(now.daemon_memory), share_text(daemon_cpu),
                      causes.empty() ? "none" : causes)};
}

std::vector<TopView::Line> TopView::lines(std::size_t width, std::size_t height) const {
  std::vector<Line> out;
  for (std::string& text : summary()) out.push_back({std::move(text)});
  const std::vector<Row> all = rows();
  const bool wide = width >= 104;
  // What is left of the numbers' columns is the name's.
  const std::size_t numbers = wide ? 59 + 24 : 59;
  const std::size_t names = std::clamp<std::size_t>(width > numbers ? width - numbers : 0, 8, 64);
  const auto line = [&](std::string name, const auto&... cells) {
    std::string text = fmt::format("{:<{}}", fit(std::move(name), names), names);
    constexpr std::size_t kWidths[] = {6, 7, 7, 6, 6, 5, 6, 7, 5, 10, 6, 5};
    std::size_t column = 0;
    const auto add = [&](const std::string& cell) {
      const std::size_t room = kWidths[column++];
      if (column <= 9 || wide) text += fmt::format(" {:>{}}", cell, room - (column <= 9 ? 1 : 0));
    };
    (add(cells), ...);
    return text;
  };
  using Text = std::string;
  out.push_back({line("FUNCTION", Text("EV/S"), Text("P50ms"), Text("P99ms"), Text("ERR"),
                      Text("COLD"), Text("BUSY"), Text("IDLE"), Text("MB"), Text("CPU%"),
                      Text("EVENTS"), Text("THR/S"), Text("TMPL")),
                 Line::Kind::title});
  const std::size_t room = height == 0 ? all.size() : height > kAround ? height - kAround + 1 : 0;
  const std::size_t first = height == 0 ? 0 : std::min(first_row_, all.size());
  for (std::size_t i = first; i < std::min(all.size(), first + room); ++i) {
    const Row& row = all[i];
    const std::string idle = row.now.spare > 0 ? fmt::format("{}+{}", row.now.idle, row.now.spare)
                                               : count_text(row.now.idle);
    out.push_back({line(
        printable(row.name), rate_text(row.rate), ms_text(row.p50), ms_text(row.p99),
        count_text(row.now.errors), count_text(row.now.cold_starts), count_text(row.now.busy), idle,
        mb_text(row.now.memory_bytes), share_text(row.cpu_share), count_text(row.now.invocations),
        rate_text(row.throttle_rate), count_text(row.now.templates))});
  }
  if (all.empty() && !readings_.empty()) out.push_back({"No function has run yet."});
  if (height > 0) {
    while (out.size() + 1 < height) out.push_back({""});
    out.resize(std::min(out.size(), height - 1));
    out.push_back(
        problem_.empty()
            ? Line{fmt::format(
                  "q quit  s/left/right sort: {}{}  r reverse  up/down scroll  {}-{} of {}",
                  kSortNames[static_cast<std::size_t>(sort_)], reversed_ ? " (reversed)" : "",
                  all.empty() ? 0 : first + 1, std::min(all.size(), first + room), all.size())}
            : Line{problem_, Line::Kind::problem});
  }
  for (Line& each : out) {
    each.text = fit(std::move(each.text), width);
    each.text.erase(each.text.find_last_not_of(' ') + 1);
  }
  return out;
}

void TopView::scroll(std::int64_t by, std::size_t height) {
  const auto all =
      readings_.empty() ? 0 : static_cast<std::int64_t>(readings_.back().functions.size());
  const auto room = static_cast<std::int64_t>(height > kAround ? height - kAround + 1 : 1);
  first_row_ = static_cast<std::size_t>(std::clamp<std::int64_t>(
      static_cast<std::int64_t>(first_row_) + by, 0, std::max<std::int64_t>(all - room, 0)));
}

bool TopView::key(const std::string& pressed, std::size_t height) {
  const auto page = static_cast<std::int64_t>(height > kAround ? height - kAround : 1);
  const auto turn = [&](int by) {
    sort_ = static_cast<TopSort>((static_cast<int>(sort_) + by + kTopSorts) % kTopSorts);
    first_row_ = 0;
  };
  if (pressed == "q" || pressed == "Q" || pressed == "\x03" || pressed == "\x04") return false;
  if (pressed == "s" || pressed == "\x1b[C" || pressed == "\x1bOC") turn(1);
  if (pressed == "S" || pressed == "\x1b[D" || pressed == "\x1bOD") turn(-1);
  if (pressed == "r") reversed_ = !reversed_;
  if (pressed == "\x1b[A" || pressed == "\x1bOA" || pressed == "k") scroll(-1, height);
  if (pressed == "\x1b[B" || pressed == "\x1bOB" || pressed == "j") scroll(1, height);
  if (pressed == "\x1b[5~") scroll(-page, height);
  if (pressed == "\x1b[6~" || pressed == " ") scroll(page, height);
  return true;
}

}  // namespace mayfly::cli
