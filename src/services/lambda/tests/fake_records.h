// A stream of records in shards, as the test fills it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ports/record_source.h"
#include "services/lambda/errors.h"
#include "wire/json.h"

namespace mayfly::lambda::testing {

class FakeRecords final : public ports::RecordSource {
 public:
  static constexpr std::string_view kArn =
      "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000";

  // Numbers count from 1 in each shard. `event`: JSON of an object.
  void put(const std::string& shard, base::WallTime arrived, std::string event = R"({"a":1})",
           std::string group = "g") {
    {
      const std::lock_guard lock(mutex_);
      std::vector<ports::SourceRecord>& records = find(shard).records;
      ports::SourceRecord record;
      record.event = *wire::parse_json(event);
      record.sequence_number = position(records.size());
      record.event.set("number", record.sequence_number);
      record.next = position(records.size() + 1);
      record.arrived = arrived;
      records.push_back(std::move(record));
      find(shard).groups.push_back(std::move(group));
    }
    ring(shard);
  }
  void open(std::string shard, std::optional<std::string> parent = std::nullopt) {
    const std::lock_guard lock(mutex_);
    shards_.push_back({{std::move(shard), std::move(parent)}, {}, {}, false});
  }
  void close(const std::string& shard) {
    {
      const std::lock_guard lock(mutex_);
      find(shard).closed = true;
    }
    ring(shard);
  }

  // As if it was trimmed.
  void remove(const std::string& shard) {
    const std::lock_guard lock(mutex_);
    std::erase_if(shards_, [&shard](const Shard& each) { return each.name.id == shard; });
  }

  bool owns(const std::string& arn) const override { return arn == kArn; }
  std::chrono::seconds retention() const override { return std::chrono::hours{24}; }
  base::Task<wire::Result<std::vector<ports::SourceShard>>> shards(base::Scope,
                                                                   std::string) override {
    const std::lock_guard lock(mutex_);
    if (gone) co_return wire::fail(kResourceNotFound, "no stream");
    std::vector<ports::SourceShard> out;
    for (const Shard& shard : shards_) out.push_back(shard.name);
    co_return out;
  }
  base::Task<wire::Result<std::optional<std::string>>> position(base::Scope, std::string,
                                                                std::string shard,
                                                                ports::StartAt at) override {
    const std::lock_guard lock(mutex_);
    if (at == ports::StartAt::oldest) co_return std::optional(position(0));
    const Shard& found = find(shard);
    if (found.closed) co_return std::optional<std::string>{};
    co_return std::optional(position(found.records.size()));
  }
  base::Task<wire::Result<ports::SourcePage>> read(base::Scope, std::string, std::string shard,
                                                   std::string from, std::size_t limit,
                                                   ports::GroupTest wanted) override {
    const std::lock_guard lock(mutex_);
    const Shard& found = find(shard);
    ports::SourcePage page;
    page.next = from;
    std::size_t count = 0;
    for (std::size_t i = 0; i < found.records.size() && count < limit; ++i) {
      const ports::SourceRecord& record = found.records[i];
      if (record.next <= from) continue;
      ++count;
      page.next = record.next;
      if (wanted && !wanted(found.groups[i])) {
        ++page.others;
      } else {
        page.records.push_back(record);
      }
    }
    page.closed = found.closed && count < limit;
    co_return page;
  }
  base::Task<wire::Result<base::OneShot<bool>>> watch(base::Scope, std::string,
                                                      std::string shard) override {
    const std::lock_guard lock(mutex_);
    co_return watches_.emplace(std::move(shard), base::OneShot<bool>{})->second;
  }

  bool gone = false;

 private:
  struct Shard {
    ports::SourceShard name;
    std::vector<ports::SourceRecord> records;
    std::vector<std::string> groups;
    bool closed = false;
  };
  static std::string position(std::size_t index) { return fmt::format("{:04}", index); }
  Shard& find(const std::string& id) {
    const auto found =
        std::ranges::find_if(shards_, [&id](const Shard& shard) { return shard.name.id == id; });
    return *found;
  }
  void ring(const std::string& shard) {
    std::vector<base::OneShot<bool>> rung;
    {
      const std::lock_guard lock(mutex_);
      const auto [begin, end] = watches_.equal_range(shard);
      for (auto at = begin; at != end; ++at) rung.push_back(at->second);
      watches_.erase(begin, end);
    }
    for (const auto& each : rung) each.set(true);
  }

  std::mutex mutex_;
  std::vector<Shard> shards_;
  std::multimap<std::string, base::OneShot<bool>> watches_;
};

}  // namespace mayfly::lambda::testing
