#include "services/dynamodb/throughput_limiter.h"

#include <algorithm>
#include <chrono>

namespace mayfly::dynamodb {
namespace {

constexpr double kBurstSeconds = 300;
// Of a shard. More are forgotten: they begin anew.
constexpr std::size_t kMaxBuckets = 4096;

struct Limit {
  double units = 0;  // a second
  double most = 0;   // that may pile up
};

std::optional<Limit> limit_of(const Table& table, const Index* index, Access access) {
  const Throughput throughput = throughput_of(table, index);
  const auto units =
      static_cast<double>(access == Access::read ? throughput.read : throughput.write);
  if (table.billing == BillingMode::provisioned) return Limit{units, units * kBurstSeconds};
  if (units < 0) return std::nullopt;
  return Limit{units, units};
}

double table_units(const Capacity& use) {
  double sum = use.table;
  for (const auto& [name, units] : use.local) sum += units;
  return sum;
}

double units_of(const std::map<std::string, double>& indexes, const std::string& name) {
  const auto found = indexes.find(name);
  return found == indexes.end() ? 0 : found->second;
}

std::string_view provisioned_message(const Index* index, Access access) {
  if (index == nullptr) {
    return "The level of configured provisioned throughput for the table was exceeded. Consider "
           "increasing your provisioning level with the UpdateTable API.";
  }
  if (access == Access::read) {
    return "The level of configured provisioned throughput for the index was exceeded. Consider "
           "increasing your provisioning level with the UpdateTable API.";
  }
  return "The level of configured provisioned throughput for one or more global secondary indexes "
         "of the table was exceeded. Consider increasing your provisioning level for the "
         "under-provisioned global secondary indexes with the UpdateTable API";
}

std::unexpected<wire::ApiError> throttled(const Table& table, const Index* index, Access access) {
  const bool provisioned = table.billing == BillingMode::provisioned;
  std::string reason = index == nullptr ? "Table" : "Index";
  reason += access == Access::read ? "Read" : "Write";
  reason += provisioned ? "ProvisionedThroughputExceeded" : "MaxOnDemandThroughputExceeded";
  wire::Document entry;
  entry.set("reason", std::move(reason));
  entry.set("resource", index == nullptr ? table.arn() : table.arn() + "/index/" + index->name);
  wire::Document reasons = wire::Document::list();
  reasons.push_back(std::move(entry));
  wire::Document members;
  members.set("ThrottlingReasons", std::move(reasons));
  if (provisioned) {
    return wire::fail(kThroughputExceeded, std::string(provisioned_message(index, access)),
                      std::move(members));
  }
  return wire::fail(wire::kThrottling,
                    "Throughput exceeds the maximum OnDemandThroughput configured on table or "
                    "index. Consider increasing it with the UpdateTable API.",
                    std::move(members));
}

}  // namespace

std::optional<double> ThroughputLimiter::left_after(const Table& table, const Index* index,
                                                    Access access, double used) {
  const auto limit = limit_of(table, index, access);
  if (!limit) return std::nullopt;
  const base::MonotonicTime now = clock_.monotonic();
  const Key key{table.id, index == nullptr ? 0 : index->id, access};
  Shard& shard = shards_[KeyHash{}(key) % kShards];
  std::lock_guard lock(shard.mutex);
  if (shard.buckets.size() >= kMaxBuckets && !shard.buckets.contains(key)) shard.buckets.clear();
  const auto [found, fresh] = shard.buckets.try_emplace(key, Bucket{limit->units, now});
  Bucket& bucket = found->second;
  std::chrono::duration<double> passed = now - bucket.at;
  if (fresh) {  // nobody has used any since the table is there
    const std::chrono::duration<double> there = clock_.now() - table.created;
    passed = std::max(std::chrono::duration<double>{},
                      std::min<std::chrono::duration<double>>(now - started_, there));
  }
  bucket.left = std::min(bucket.left + limit->units * passed.count(), limit->most);
  bucket.at = now;
  bucket.left -= used;
  return bucket.left;
}

wire::Result<void> ThroughputLimiter::check(const Table& table, Access access, const Capacity& use,
                                            const Capacity& before) {
  if (!enforced()) return {};
  if (table_units(use) > 0) {
    const auto left = left_after(table, nullptr, access, 0);
    if (left && *left - table_units(before) <= 0) return throttled(table, nullptr, access);
  }
  for (const auto& [name, units] : use.global) {
    const Index* index = table.find_index(name);
    if (index == nullptr) continue;
    const auto left = left_after(table, index, access, 0);
    if (left && *left - units_of(before.global, name) <= 0) return throttled(table, index, access);
  }
  return {};
}

void ThroughputLimiter::spend(const Table& table, Access access, const Capacity& use) {
  if (!enforced()) return;
  left_after(table, nullptr, access, table_units(use));
  for (const auto& [name, units] : use.global) {
    if (const Index* index = table.find_index(name)) left_after(table, index, access, units);
  }
}

bool is_throttled(const wire::ApiError& error) {
  return error.spec == &kThroughputExceeded || error.spec == &wire::kThrottling;
}

}  // namespace mayfly::dynamodb
