#include "engine/counters.h"

#include <algorithm>
#include <tuple>

namespace mayfly::engine {

std::string_view rung_name(ports::ColdStart rung) {
  constexpr std::string_view kNames[] = {"warm", "spare", "clone", "template", "exec"};
  return kNames[static_cast<std::size_t>(rung)];
}

bool Counters::Less::operator()(const Key& a, const ports::UsageRecord& b) const {
  return std::tie(a.scope, a.function) < std::tie(b.scope, b.function);
}

bool Counters::Less::operator()(const ports::UsageRecord& a, const Key& b) const {
  return std::tie(a.scope, a.function) < std::tie(b.scope, b.function);
}

FunctionCounters& Counters::of(const ports::UsageRecord& record) {
  const auto found = functions_.find(record);
  if (found != functions_.end()) return found->second;
  if (functions_.size() >= kMostFunctions) return others_;
  FunctionCounters fresh;
  fresh.scope = record.scope;
  fresh.function = record.function;
  return functions_.emplace(Key{record.scope, record.function}, std::move(fresh)).first->second;
}

void Counters::observe(const ports::UsageRecord& record) {
  const std::lock_guard lock(mutex_);
  FunctionCounters& counters = of(record);
  if (record.throttled) {
    ++counters.throttles;
    return;
  }
  ++counters.invocations;
  if (record.error) ++counters.errors;
  counters.cpu_us += static_cast<std::uint64_t>(std::max<std::int64_t>(record.cpu_us, 0));
  counters.billed_ms += static_cast<std::uint64_t>(std::max<std::int64_t>(record.billed_ms, 0));
  counters.peak_memory_bytes = std::max(counters.peak_memory_bytes, record.peak_memory_bytes);
  counters.duration.observe(record.duration_ms);
  if (record.cold_start == ports::ColdStart::none) return;
  ++counters.cold_starts[record.cold_start];
  counters.init.observe(record.init_ms);
}

std::vector<FunctionCounters> Counters::functions() const {
  const std::lock_guard lock(mutex_);
  std::vector<FunctionCounters> out;
  out.reserve(functions_.size() + 1);
  for (const auto& [key, counters] : functions_) out.push_back(counters);
  if (others_.invocations + others_.throttles > 0) out.push_back(others_);
  return out;
}

void Counters::expose(base::Exposition& out) const {
  const std::vector<FunctionCounters> all = functions();
  using Kind = base::Exposition::Kind;
  const auto labels_of = [](const FunctionCounters& one) {
    return base::Exposition::Labels{{"account", one.scope.account},
                                    {"region", one.scope.region},
                                    {"function", one.function.empty() ? "(others)" : one.function}};
  };
  const auto counter = [&](std::string_view name, std::string_view help, auto value) {
    out.family(name, Kind::counter, help);
    for (const FunctionCounters& one : all) out.sample(labels_of(one), value(one));
  };
  counter("mayfly_function_invocations_total", "Events that a function has answered.",
          [](const auto& one) { return static_cast<double>(one.invocations); });
  counter("mayfly_function_errors_total", "Of these, that ended in an error, timeout or crash.",
          [](const auto& one) { return static_cast<double>(one.errors); });
  counter("mayfly_function_throttles_total", "Events that were refused by a limit.",
          [](const auto& one) { return static_cast<double>(one.throttles); });
  counter("mayfly_function_cpu_seconds_total", "Processor time of invocations.",
          [](const auto& one) { return static_cast<double>(one.cpu_us) / 1e6; });
  counter("mayfly_function_billed_seconds_total", "Billed time of invocations.",
          [](const auto& one) { return static_cast<double>(one.billed_ms) / 1e3; });
  out.family("mayfly_function_peak_memory_bytes", Kind::gauge,
             "The most memory that one of its environments held.");
  for (const FunctionCounters& one : all)
    out.sample(labels_of(one), static_cast<double>(one.peak_memory_bytes));
  out.family("mayfly_function_cold_starts_total", Kind::counter,
             "Events that found no environment which had run one before, by rung of the ladder.");
  for (const FunctionCounters& one : all) {
    for (const auto& [rung, count] : one.cold_starts) {
      base::Exposition::Labels labels = labels_of(one);
      labels.emplace_back("rung", rung_name(rung));
      out.sample(labels, static_cast<double>(count));
    }
  }
  out.family("mayfly_function_duration_seconds", Kind::histogram, "Duration of invocations.");
  for (const FunctionCounters& one : all) out.histogram(labels_of(one), one.duration);
  out.family("mayfly_function_init_seconds", Kind::histogram,
             "What events waited for their environment's INIT or clone.");
  for (const FunctionCounters& one : all) {
    if (one.init.count > 0) out.histogram(labels_of(one), one.init);
  }
}

}  // namespace mayfly::engine
