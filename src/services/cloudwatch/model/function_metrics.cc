#include "services/cloudwatch/model/function_metrics.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"

namespace mayfly::cloudwatch {
namespace {

constexpr std::chrono::seconds kFlushEvery{5};
constexpr std::string_view kSpace = "AWS/Lambda";

// `ones` values of 1 and the rest of `all` zeros, as Lambda reports errors and throttles.
Statistics flags(double all, double ones) {
  Statistics out;
  if (ones > 0) out.add(1, ones);
  if (all > ones) out.add(0, all - ones);
  return out;
}

}  // namespace

void FunctionMetrics::record(ports::UsageRecord record) {
  const std::int64_t seconds = base::epoch_ms(record.started) / 1000;
  Key key{std::move(record.scope), std::move(record.function), std::move(record.version),
          seconds - seconds % kMinute};
  bool arm = false;
  {
    const std::lock_guard lock(mutex_);
    Sums& sums = fresh_[std::move(key)];
    if (record.throttled) {
      sums.throttles += 1;
    } else {
      sums.invocations += 1;
      if (record.error) sums.errors += 1;
      if (record.provisioned == ports::Provisioned::used) sums.provisioned += 1;
      if (record.provisioned == ports::Provisioned::spilled) sums.spilled += 1;
      sums.duration.add(record.duration_ms);
      if (record.concurrency > 0) sums.concurrency.add(static_cast<double>(record.concurrency));
    }
    arm = !std::exchange(armed_, true);
  }
  if (arm) alarm_.set(clock_.now() + kFlushEvery, [this] { flush_in_background(); });
}

void FunctionMetrics::flush_in_background() {
  base::spawn(flush(), [](store::StoreResult<void> result) {
    if (!result) base::log_warn("function metrics are not stored yet: {}", result.error().detail);
  });
}

// A function's values count for the function, for its version as a resource, and for all functions
// together.
FunctionMetrics::Additions FunctionMetrics::additions_of(const Batch& batch) {
  std::map<std::pair<base::Scope, MetricName>, Addition> all;
  for (const auto& [key, sums] : batch) {
    const std::string resource =
        key.version == "$LATEST" ? key.function : key.function + ":" + key.version;
    const auto add = [&](std::string_view name, std::string_view unit, const Statistics& values) {
      if (values.count == 0) return;
      for (const Dimensions& dimensions :
           {Dimensions{},
            {{"FunctionName", key.function}},
            {{"FunctionName", key.function}, {"Resource", resource}}}) {
        MetricName metric{std::string(kSpace), std::string(name), dimensions};
        Addition& addition = all[{key.scope, metric}];
        addition.metric = std::move(metric);
        addition.unit = unit;
        addition.values[key.minute].add(values);
      }
    };
    add("Invocations", "Count", flags(sums.invocations, sums.invocations));
    add("Errors", "Count", flags(sums.invocations, sums.errors));
    add("Throttles", "Count", flags(sums.invocations + sums.throttles, sums.throttles));
    add("Duration", "Milliseconds", sums.duration);
    add("ConcurrentExecutions", "Count", sums.concurrency);
    const double provisioned = sums.provisioned + sums.spilled;
    add("ProvisionedConcurrencyInvocations", "Count", flags(provisioned, sums.provisioned));
    add("ProvisionedConcurrencySpilloverInvocations", "Count", flags(provisioned, sums.spilled));
  }
  Additions out;
  for (auto& [where, addition] : all) out[where.first].push_back(std::move(addition));
  return out;
}

void FunctionMetrics::put_back(Batch batch) {
  bool arm = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, sums] : batch) {
      Sums& into = fresh_[key];
      into.invocations += sums.invocations;
      into.errors += sums.errors;
      into.throttles += sums.throttles;
      into.provisioned += sums.provisioned;
      into.spilled += sums.spilled;
      into.duration.add(sums.duration);
      into.concurrency.add(sums.concurrency);
    }
    arm = !std::exchange(armed_, true);
  }
  if (arm) alarm_.set(clock_.now() + kFlushEvery, [this] { flush_in_background(); });
}

base::Task<store::StoreResult<void>> FunctionMetrics::flush() {
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    batch = std::exchange(fresh_, {});
    armed_ = false;
  }
  if (batch.empty()) co_return store::StoreResult<void>{};
  const Additions additions = additions_of(batch);
  auto done = co_await store::transact(
      store_,
      [&additions](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
        for (const auto& [scope, list] : additions) {
          for (const Addition& addition : list) {
            auto added = co_await add_to_series(transaction, scope, addition);
            if (!added) co_return added;
          }
        }
        co_return store::StoreResult<void>{};
      });
  // Where the outcome is unknown, rather too little than twice.
  if (!done && done.error().code != store::StoreErrorCode::outcome_unknown)
    put_back(std::move(batch));
  co_return done;
}

}  // namespace mayfly::cloudwatch
