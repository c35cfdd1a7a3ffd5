// Follower: has all shards of a mapping's source read, each by its lanes (lane.h), a shard only
// once its parent is read to its end.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/lambda/event_sources/lane.h"

namespace mayfly::lambda {

class Follower {
 public:
  Follower(FollowTools tools, MappingId id, MappingRow row)
      : following_(tools, std::move(id), std::move(row)) {}

  // Works in the background from now on; await stop() before it goes.
  void start();
  std::int64_t revision() const { return following_.row.revision; }
  // Begins nothing more; what runs goes on to its end. Threads: any.
  void ask_to_stop();
  base::Task<void> stop();

 private:
  base::Task<void> run();
  base::Task<void> look();
  base::Task<wire::Result<bool>> finished(const std::string& shard);
  base::Task<wire::Result<void>> begin(const std::string& shard);
  base::Task<void> forget_gone(const std::vector<ports::SourceShard>& shards);
  void start_lanes(const std::string& shard);
  base::Task<void> run_lane(Lane& lane);

  Following following_;
  std::shared_ptr<work::Wake> wake_ = std::make_shared<work::Wake>();
  base::OneShot<bool> ended_;

  std::set<std::string> begun_;  // shards; of run() alone
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t running_ = 0;
};

}  // namespace mayfly::lambda
