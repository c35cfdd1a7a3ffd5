#include "services/lambda/event_sources/follower.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "services/lambda/model/rows.h"

namespace mayfly::lambda {

namespace {
constexpr std::chrono::seconds kAfterProblem{10};
}

void Follower::start() { base::spawn(run()); }

void Follower::ask_to_stop() {
  following_.stopping = true;
  std::vector<std::shared_ptr<work::Wake>> wakes{wake_};
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : lanes_) wakes.push_back(lane->wake());
  }
  // Who is rung may go on at once, on this thread.
  for (const auto& wake : wakes) wake->ring();
}

base::Task<void> Follower::stop() {
  ask_to_stop();
  co_await ended_.wait();
}

base::Task<void> Follower::run() {
  for (;;) {
    if (!following_.stopping) co_await look();
    {
      const std::lock_guard lock(mutex_);
      if (following_.stopping && running_ == 0) break;
    }
    // A lane that came to the end of its shard rings; new shards come only then.
    const base::OneShot<bool> rung = wake_->next();
    co_await rung.wait();
  }
  // A copy, because whoever waits for it destroys the follower.
  const base::OneShot<bool> ended = ended_;
  ended.set(true);
}

// Starts what can be started.
base::Task<void> Follower::look() {
  const FollowTools& tools = following_.tools;
  auto shards = co_await tools.source.shards(following_.id.scope, following_.row.source);
  if (!shards) {
    co_await following_.note("PROBLEM: " + shards.error().message);
    tools.timers.ring_at(tools.clock.now() + kAfterProblem, wake_);
    co_return;
  }
  for (const ports::SourceShard& shard : *shards) {
    if (begun_.contains(shard.id)) continue;
    const bool has_parent =
        shard.parent &&
        std::ranges::find(*shards, *shard.parent, &ports::SourceShard::id) != shards->end();
    auto done = co_await finished(shard.id);
    if (done && *done) continue;
    if (done && has_parent) {
      done = co_await finished(*shard.parent);
      if (done && !*done) continue;
    }
    wire::Result<void> ready;
    if (done) ready = co_await begin(shard.id);
    if (!done || !ready) {
      base::log_warn("event source mapping {}: {}", following_.id.uuid,
                     done ? ready.error().message : done.error().message);
      tools.timers.ring_at(tools.clock.now() + kAfterProblem, wake_);
      co_return;
    }
    begun_.insert(shard.id);
    start_lanes(shard.id);
  }
  co_await forget_gone(*shards);
}

// Streams get new shards every few hours; what is known of those that are no more goes with them.
base::Task<void> Follower::forget_gone(const std::vector<ports::SourceShard>& shards) {
  const auto gone = [&shards](const std::string& id) {
    return std::ranges::find(shards, id, &ports::SourceShard::id) == shards.end();
  };
  std::erase_if(begun_, gone);
  auto erased = co_await store::transact(
      following_.tools.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string prefix = progress_prefix(following_.id.uuid);
        store::RangeQuery query = store::prefix_query(prefix);
        query.conflict = store::Conflict::ignore;  // a shard that is done changes no more
        auto rows = co_await transaction.range(std::move(query));
        if (!rows) co_return failed(rows.error());
        for (const store::KeyValue& entry : rows->rows) {
          const auto shard = read_name(prefix, entry.key);
          const auto row = wire::from_row<ProgressRow>(entry.value);
          if (shard && row && row->done && gone(*shard)) transaction.erase(entry.key);
        }
        co_return wire::Result<void>{};
      });
  if (!erased)
    base::log_warn("event source mapping {}: {}", following_.id.uuid, erased.error().message);
}

base::Task<wire::Result<bool>> Follower::finished(const std::string& shard) {
  const auto transaction = following_.tools.store.begin();
  const std::string prefix = progress_prefix(following_.id.uuid, shard);
  auto rows = co_await transaction->range(store::prefix_query(prefix));
  if (!rows) co_return failed(rows.error());
  std::int32_t done = 0;
  for (const store::KeyValue& entry : rows->rows) {
    auto row = wire::from_row<ProgressRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    if (row->done) ++done;
  }
  co_return done >= following_.row.factor;
}

// A shard that is new to the mapping is read from its beginning, by all lanes.
base::Task<wire::Result<void>> Follower::begin(const std::string& shard) {
  const FollowTools& tools = following_.tools;
  auto start = co_await tools.source.position(following_.id.scope, following_.row.source, shard,
                                              ports::StartAt::oldest);
  if (!start) co_return std::unexpected(start.error());
  ProgressRow row;
  row.position = start->value_or("");
  co_return co_await store::transact(
      tools.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string prefix = progress_prefix(following_.id.uuid, shard);
        auto rows = co_await transaction.range(store::prefix_query(prefix));
        if (!rows) co_return failed(rows.error());
        if (!rows->rows.empty()) co_return wire::Result<void>{};
        for (std::int32_t lane = 0; lane < following_.row.factor; ++lane) {
          transaction.put(progress_key(following_.id.uuid, shard, lane), wire::to_row(row));
        }
        co_return wire::Result<void>{};
      });
}

void Follower::start_lanes(const std::string& shard) {
  std::vector<Lane*> fresh;
  {
    const std::lock_guard lock(mutex_);
    for (std::int32_t number = 0; number < following_.row.factor; ++number) {
      fresh.push_back(lanes_.emplace_back(std::make_unique<Lane>(following_, shard, number)).get());
    }
    running_ += fresh.size();
  }
  for (Lane* lane : fresh) base::spawn(run_lane(*lane));
}

base::Task<void> Follower::run_lane(Lane& lane) {
  co_await lane.run();
  // Copies: with the last lane the follower may go.
  const std::shared_ptr<work::Wake> wake = wake_;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(lanes_, [&lane](const auto& each) { return each.get() == &lane; });
    --running_;
  }
  wake->ring();
}

}  // namespace mayfly::lambda
