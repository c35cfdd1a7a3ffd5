// ThroughputLimiter: refuses what exceeds the throughput that a table or global index is given:
// ProvisionedThroughput, or the maximum of an on-demand one. Only where the profile asks for it.
//
// As DynamoDB does: what is not used is kept for five minutes (burst capacity; none of an on-demand
// maximum), a request is let in while anything is left, and may use more than that. Kept in memory:
// what was kept is forgotten at a restart. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/model/schema.h"
#include "services/dynamodb/operations/capacity.h"

namespace mayfly::dynamodb {

enum class Throughputs : std::uint8_t { unlimited, enforced };
enum class Access : std::uint8_t { read, write };

class ThroughputLimiter {
 public:
  ThroughputLimiter(const base::Clock& clock, Throughputs throughputs)
      : clock_(clock), throughputs_(throughputs), started_(clock.monotonic()) {}

  bool enforced() const { return throughputs_ == Throughputs::enforced; }
  // Refuses where the table or an index that `use` has units of has nothing left once `before`, the
  // same request's earlier use, is counted.
  wire::Result<void> check(const Table& table, Access access, const Capacity& use,
                           const Capacity& before = {});
  void spend(const Table& table, Access access, const Capacity& use);

 private:
  struct Bucket {
    double left = 0;
    base::MonotonicTime at;
  };
  struct Key {
    std::string table_id;
    std::uint64_t index_id = 0;  // 0: the table
    Access access = Access::read;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string>{}(key.table_id) ^ key.index_id << 1 ^
             static_cast<std::size_t>(key.access);
    }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Key, Bucket, KeyHash> buckets;
  };
  static constexpr std::size_t kShards = 16;

  // What is left once `used` more is gone; nullopt where there is no limit.
  std::optional<double> left_after(const Table& table, const Index* index, Access access,
                                   double used);

  const base::Clock& clock_;
  const Throughputs throughputs_;
  const base::MonotonicTime started_;
  std::array<Shard, kShards> shards_;
};

// The error of a throttled request.
bool is_throttled(const wire::ApiError& error);

}  // namespace mayfly::dynamodb
