#include "services/cloudwatch/model/embedded_metrics.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "wire/json.h"

namespace mayfly::cloudwatch {
namespace {

constexpr std::chrono::seconds kFlushEvery{5};
constexpr std::size_t kMostOfTransaction = 200;
// Of the format's specification.
constexpr std::size_t kMaxName = 1024, kMaxDimensions = 30, kMaxMetrics = 100, kMaxValues = 100;
constexpr std::size_t kMaxDirectives = 100;

const std::vector<wire::Document>* list_at(const wire::Document& in, std::string_view name) {
  const wire::Document* found = in.find(name);
  return found != nullptr ? found->as_list() : nullptr;
}

std::string text_at(const wire::Document& in, std::string_view name) {
  const wire::Document* found = in.find(name);
  return found != nullptr && found->as_string() != nullptr ? *found->as_string() : std::string();
}

bool is_name(std::string_view text) { return !text.empty() && text.size() <= kMaxName; }

void add_value(const wire::Document& value, double times, Statistics& to) {
  const auto number = value.as_double();
  if (number && std::isfinite(*number) && std::abs(*number) <= 0x1p360 && times > 0)
    to.add(*number, times);
}

// A number, or some, or {"Values": [...], "Counts": [...]}.
Statistics values_of(const wire::Document& member) {
  Statistics out;
  if (const auto* values = list_at(member, "Values")) {
    const auto* counts = list_at(member, "Counts");
    for (std::size_t i = 0; i < std::min(values->size(), kMaxValues); ++i) {
      double times = 1;
      if (counts != nullptr) times = i < counts->size() ? (*counts)[i].as_double().value_or(0) : 0;
      add_value((*values)[i], std::isfinite(times) ? times : 0, out);
    }
  } else if (const auto* list = member.as_list()) {
    for (std::size_t i = 0; i < std::min(list->size(), kMaxValues); ++i)
      add_value((*list)[i], 1, out);
  } else {
    add_value(member, 1, out);
  }
  return out;
}

// The dimensions of one set with their values, which are members of the line; nullopt where one is
// not there.
std::optional<Dimensions> dimensions_of(const wire::Document& line, const wire::Document& set) {
  Dimensions out;
  if (set.as_list() == nullptr || set.as_list()->size() > kMaxDimensions) return std::nullopt;
  for (const wire::Document& name : *set.as_list()) {
    if (name.as_string() == nullptr) return std::nullopt;
    std::string value = text_at(line, *name.as_string());
    if (!is_name(*name.as_string()) || !is_name(value)) return std::nullopt;
    out.emplace(*name.as_string(), std::move(value));
  }
  return out;
}

void add_directive(const wire::Document& line, const wire::Document& directive, std::int64_t time,
                   std::vector<Addition>& out) {
  const std::string space = text_at(directive, "Namespace");
  const auto* metrics = list_at(directive, "Metrics");
  if (!is_name(space) || metrics == nullptr || metrics->size() > kMaxMetrics) return;
  std::vector<Dimensions> sets;
  if (const auto* given = list_at(directive, "Dimensions")) {
    for (const wire::Document& set : *given) {
      if (auto dimensions = dimensions_of(line, set)) sets.push_back(std::move(*dimensions));
    }
    if (given->empty()) sets.emplace_back();
  } else {
    sets.emplace_back();
  }
  for (const wire::Document& metric : *metrics) {
    const std::string name = text_at(metric, "Name");
    const wire::Document* member = is_name(name) ? line.find(name) : nullptr;
    if (member == nullptr) continue;
    const Statistics values = values_of(*member);
    if (values.count == 0) continue;
    const wire::Document* resolution = metric.find("StorageResolution");
    for (const Dimensions& dimensions : sets) {
      Addition& addition = out.emplace_back();
      addition.metric = {space, name, dimensions};
      if (std::string unit = text_at(metric, "Unit"); !unit.empty())
        addition.unit = std::move(unit);
      if (resolution != nullptr && resolution->as_int() == kSecond) addition.resolution = kSecond;
      addition.values[time] = values;
    }
  }
}

}  // namespace

std::vector<Addition> embedded_metrics(std::string_view line) {
  std::vector<Addition> out;
  // Most lines are told apart without parsing them.
  if (!line.starts_with('{') || line.find("\"CloudWatchMetrics\"") == std::string_view::npos)
    return out;
  const auto document = wire::parse_json(line);
  const wire::Document* metadata = document ? document->find("_aws") : nullptr;
  if (metadata == nullptr) return out;
  const wire::Document* timestamp = metadata->find("Timestamp");
  const auto* directives = list_at(*metadata, "CloudWatchMetrics");
  const auto time = timestamp != nullptr ? timestamp->as_int() : std::nullopt;
  if (!time || *time <= 0 || directives == nullptr || directives->size() > kMaxDirectives)
    return out;
  for (const wire::Document& directive : *directives)
    add_directive(*document, directive, *time / 1000, out);
  return out;
}

void EmbeddedMetrics::see(const base::Scope& scope, std::string_view message) {
  std::vector<Addition> found = embedded_metrics(message);
  if (!found.empty()) add(scope, std::move(found));
}

void EmbeddedMetrics::add(const base::Scope& scope, std::vector<Addition> additions) {
  // As for PutMetricData.
  constexpr std::int64_t kOldest = 14 * 86'400, kNewest = 2 * 3600;
  const std::int64_t now = base::epoch_ms(clock_.now()) / 1000;
  bool arm = false, drops = false;
  {
    const std::lock_guard lock(mutex_);
    auto& fresh = fresh_[scope];
    for (Addition& addition : additions) {
      const std::int64_t time = addition.values.begin()->first;
      if (time < now - kOldest || time > now + kNewest) continue;
      Name name{addition.metric, addition.unit, addition.resolution};
      const auto known = fresh.find(name);
      if (known != fresh.end()) {
        known->second.values[time].add(addition.values.begin()->second);
      } else if (waiting_ < kMostWaiting) {
        ++waiting_;
        fresh.emplace(std::move(name), std::move(addition));
      } else {
        drops = !std::exchange(dropping_, true);
      }
    }
    arm = !std::exchange(armed_, true);
  }
  if (drops)
    base::log_warn("more than {} metrics in logs within {} s; the rest is dropped", kMostWaiting,
                   kFlushEvery.count());
  if (arm) alarm_.set(clock_.now() + kFlushEvery, [this] { flush_in_background(); });
}

void EmbeddedMetrics::flush_in_background() {
  base::spawn(flush(), [](store::StoreResult<void> result) {
    if (!result) base::log_warn("metrics of logs are lost: {}", result.error().detail);
  });
}

base::Task<store::StoreResult<void>> EmbeddedMetrics::flush() {
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    batch = std::exchange(fresh_, {});
    waiting_ = 0;
    armed_ = dropping_ = false;
  }
  for (const auto& [scope, additions] : batch) {
    for (auto next = additions.begin(); next != additions.end();) {
      const auto begin = next;
      for (std::size_t n = 0; n < kMostOfTransaction && next != additions.end(); ++n) ++next;
      auto done = co_await store::transact(
          store_, [&](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
            for (auto each = begin; each != next; ++each) {
              auto added = co_await add_to_series(transaction, scope, each->second);
              if (!added) co_return added;
            }
            co_return store::StoreResult<void>{};
          });
      if (!done) co_return done;
    }
  }
  co_return store::StoreResult<void>{};
}

}  // namespace mayfly::cloudwatch
