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

void FunctionMetrics::change(Key key, const std::function<void(Sums&)>& how) {
  key.minute -= key.minute % kMinute;
  bool arm = false;
  {
    const std::lock_guard lock(mutex_);
    how(fresh_[std::move(key)]);
    arm = !std::exchange(armed_, true);
  }
  if (arm) alarm_.set(clock_.now() + kFlushEvery, [this] { flush_in_background(); });
}

void FunctionMetrics::record(ports::UsageRecord record) {
  Key key{std::move(record.scope), std::move(record.function), std::move(record.version),
          base::epoch_ms(record.started) / 1000};
  change(std::move(key), [&record](Sums& sums) {
    if (record.throttled) {
      sums.throttles += 1;
      return;
    }
    sums.invocations += 1;
    if (record.error) sums.errors += 1;
    if (record.provisioned == ports::Provisioned::used) sums.provisioned += 1;
    if (record.provisioned == ports::Provisioned::spilled) sums.spilled += 1;
    sums.duration.add(record.duration_ms);
    if (record.extensions_ms)
      sums.others[{"PostRuntimeExtensionsDuration", "Milliseconds"}].add(*record.extensions_ms);
    const ports::Concurrency& now = record.concurrency;
    const auto add = [](Statistics& to, std::int64_t value) {
      if (value > 0) to.add(static_cast<double>(value));
    };
    add(sums.concurrency, now.function);
    add(sums.account_concurrency, now.account);
    add(sums.unreserved, now.unreserved);
    if (now.allocated > 0) {
      sums.provisioned_busy.add(static_cast<double>(now.provisioned));
      sums.utilization.add(static_cast<double>(now.provisioned) /
                           static_cast<double>(now.allocated));
    }
  });
}

void FunctionMetrics::put(ports::FunctionMetric metric) {
  Key key{std::move(metric.scope), std::move(metric.function), std::move(metric.qualifier),
          base::epoch_ms(metric.at) / 1000, std::move(metric.mapping)};
  change(std::move(key),
         [&metric](Sums& sums) { sums.others[{metric.name, metric.unit}].add(metric.value); });
}

void FunctionMetrics::Sums::add(const Sums& other) {
  invocations += other.invocations;
  errors += other.errors;
  throttles += other.throttles;
  provisioned += other.provisioned;
  spilled += other.spilled;
  duration.add(other.duration);
  concurrency.add(other.concurrency);
  account_concurrency.add(other.account_concurrency);
  unreserved.add(other.unreserved);
  provisioned_busy.add(other.provisioned_busy);
  utilization.add(other.utilization);
  for (const auto& [name, values] : other.others) others[name].add(values);
}

void FunctionMetrics::flush_in_background() {
  base::spawn(flush(), [](store::StoreResult<void> result) {
    if (!result) base::log_warn("function metrics are not stored yet: {}", result.error().detail);
  });
}

// A function's values count for the function, for its version or alias as a resource, and for all
// functions together; what is asked of all of them, or of one resource, for that only.
FunctionMetrics::Additions FunctionMetrics::additions_of(const Batch& batch) {
  std::map<std::pair<base::Scope, MetricName>, Addition> all;
  for (const auto& [key, sums] : batch) {
    const std::string resource = key.qualifier.empty() || key.qualifier == "$LATEST"
                                     ? key.function
                                     : key.function + ":" + key.qualifier;
    const Dimensions everything;
    const Dimensions function{{"FunctionName", key.function}};
    const Dimensions part{{"FunctionName", key.function}, {"Resource", resource}};
    const auto add = [&](std::string_view name, std::string_view unit, const Statistics& values,
                         const std::vector<Dimensions>& places) {
      if (values.count == 0) return;
      for (const Dimensions& dimensions : places) {
        MetricName metric{std::string(kSpace), std::string(name), dimensions};
        Addition& addition = all[{key.scope, metric}];
        addition.metric = std::move(metric);
        addition.unit = unit;
        addition.values[key.minute].add(values);
      }
    };
    std::vector<Dimensions> each{everything, function, part};
    if (!key.mapping.empty()) each = {Dimensions{{"EventSourceMappingUUID", key.mapping}}};
    add("Invocations", "Count", flags(sums.invocations, sums.invocations), each);
    add("Errors", "Count", flags(sums.invocations, sums.errors), each);
    add("Throttles", "Count", flags(sums.invocations + sums.throttles, sums.throttles), each);
    add("Duration", "Milliseconds", sums.duration, each);
    add("ConcurrentExecutions", "Count", sums.account_concurrency, {everything});
    add("ConcurrentExecutions", "Count", sums.concurrency, {function, part});
    add("UnreservedConcurrentExecutions", "Count", sums.unreserved, {everything});
    const double provisioned = sums.provisioned + sums.spilled;
    add("ProvisionedConcurrencyInvocations", "Count", flags(provisioned, sums.provisioned), each);
    add("ProvisionedConcurrencySpilloverInvocations", "Count", flags(provisioned, sums.spilled),
        each);
    add("ProvisionedConcurrentExecutions", "Count", sums.provisioned_busy, {function, part});
    add("ProvisionedConcurrencyUtilization", "None", sums.utilization, {part});
    for (const auto& [name, values] : sums.others) add(name.first, name.second, values, each);
  }
  Additions out;
  for (auto& [where, addition] : all) out[where.first].push_back(std::move(addition));
  return out;
}

void FunctionMetrics::put_back(const Batch& batch) {
  bool arm = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, sums] : batch) fresh_[key].add(sums);
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
  if (!done && done.error().code != store::StoreErrorCode::outcome_unknown) put_back(batch);
  co_return done;
}

}  // namespace mayfly::cloudwatch
