#include "services/lambda/event_sources/event_sources.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/spawn.h"
#include "services/lambda/model/rows.h"

namespace mayfly::lambda {

namespace {
constexpr std::chrono::seconds kAfterFailure{10};
}

void EventSources::touch(const MappingId& id) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    Entry& entry = entries_[id];
    entry.again = true;
    if (std::exchange(entry.busy, true)) return;
    ++working_;
  }
  base::spawn(work(id));
}

base::Task<wire::Result<void>> EventSources::resume() {
  std::string begin = mappings_prefix();
  const std::string end = store::prefix_end(begin);
  for (bool more = true; more;) {
    const auto transaction = tools_.store.begin();
    auto rows = co_await transaction->range({.begin = begin, .end = end});
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& row : rows->rows) {
      begin = row.key + '\0';
      if (const auto id = read_mapping_key(row.key)) touch(*id);
    }
  }
  co_return wire::Result<void>{};
}

void EventSources::stopping() {
  std::vector<std::shared_ptr<Follower>> followers;
  std::vector<std::shared_ptr<work::Wake>> wakes;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [id, entry] : entries_) {
      if (entry.follower) followers.push_back(entry.follower);
      wakes.push_back(entry.wake);
    }
  }
  for (const auto& wake : wakes) wake->ring();
  for (const auto& follower : followers) follower->ask_to_stop();
}

base::Task<void> EventSources::stop() {
  stopping();
  base::OneShot<bool> idle;
  {
    const std::lock_guard lock(mutex_);
    if (working_ > 0) {
      idle_ = idle;
    } else {
      idle.set(true);
    }
  }
  co_await idle.wait();
  for (auto& [id, entry] : entries_) {
    if (entry.follower) co_await entry.follower->stop();
  }
  entries_.clear();
}

base::Task<void> EventSources::work(MappingId id) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      Entry& entry = entries_[id];
      if (!entry.again || stopping_) {
        entry.busy = false;
        if (!entry.follower && !stopping_) entries_.erase(id);
        const bool last = --working_ == 0;
        const std::optional<base::OneShot<bool>> idle = idle_;
        lock.unlock();
        // Who waits may go on at once, on this thread, and destroy this.
        if (last && idle) idle->set(true);
        co_return;
      }
      entry.again = false;
    }
    if (auto done = co_await settle(id); !done) {
      base::log_warn("event source mapping {}: {}", id.uuid, done.error().message);
      const base::WallTime later = tools_.clock.now() + kAfterFailure;
      std::shared_ptr<work::Wake> wake;
      {
        const std::lock_guard lock(mutex_);
        entries_[id].again = true;
        if (stopping_) continue;
        wake = entries_[id].wake;
      }
      tools_.timers.ring_at(later, wake);
      const base::OneShot<bool> rung = wake->next();
      co_await rung.wait();
    }
  }
}

base::Task<wire::Result<void>> EventSources::settle(const MappingId& id) {
  auto transaction = tools_.store.begin();
  auto row = co_await find_row<MappingRow>(*transaction, mapping_key(id));
  transaction.reset();
  if (!row) co_return std::unexpected(row.error());
  bool followed = false;
  {
    const std::lock_guard lock(mutex_);
    const Entry& entry = entries_[id];
    followed = *row && entry.follower && entry.follower->revision() == (*row)->revision;
  }
  // Only that it is may not have been written yet.
  if (followed) co_return co_await arrive(id, (*row)->revision, kEnabled);
  co_await unfollow(id);
  if (!*row) co_return wire::Result<void>{};
  if ((*row)->state == kDeleting) co_return co_await remove(id);
  const std::int64_t revision = (*row)->revision;
  if (!(*row)->enabled) co_return co_await arrive(id, revision, kDisabled);
  if (auto set = co_await set_lanes(id, (*row)->factor); !set) co_return set;
  const auto fresh = std::make_shared<Follower>(tools_, id, std::move(**row));
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) co_return wire::Result<void>{};
    entries_[id].follower = fresh;
  }
  fresh->start();
  co_return co_await arrive(id, revision, kEnabled);
}

base::Task<void> EventSources::unfollow(const MappingId& id) {
  std::shared_ptr<Follower> running;
  {
    const std::lock_guard lock(mutex_);
    running = entries_[id].follower;
  }
  if (!running) co_return;
  // It stays where stopping() finds it until it has stopped; only this mapping's work takes it
  // away.
  co_await running->stop();
  const std::lock_guard lock(mutex_);
  entries_[id].follower.reset();
}

// Each shard has as many rows as lanes. Where the number changes, all begin where the last one was,
// so some records run again; windows that are open end without their last event.
base::Task<wire::Result<void>> EventSources::set_lanes(const MappingId& id, std::int32_t lanes) {
  co_return co_await store::transact(
      tools_.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string prefix = progress_prefix(id.uuid);
        store::RangeQuery query = store::prefix_query(prefix);
        std::map<std::string, std::vector<std::pair<std::string, ProgressRow>>> shards;
        for (bool more = true; more;) {
          auto rows = co_await transaction.range(query);
          if (!rows) co_return failed(rows.error());
          more = rows->more;
          for (store::KeyValue& entry : rows->rows) {
            auto row = wire::from_row<ProgressRow>(entry.value);
            const auto shard = read_name(prefix, entry.key);
            if (!row) co_return std::unexpected(row.error());
            query.begin = entry.key + '\0';
            row->window.reset();  // goes where the number changes, and is up to 1 MB
            if (shard) shards[*shard].emplace_back(std::move(entry.key), std::move(*row));
          }
        }
        for (const auto& [shard, found] : shards) {
          if (found.size() == static_cast<std::size_t>(lanes)) continue;
          ProgressRow from = found.front().second;
          for (const auto& [key, row] : found) {
            transaction.erase(key);
            from.done = from.done && row.done;
            from.position = std::min(from.position, row.position);
          }
          for (std::int32_t lane = 0; lane < lanes; ++lane) {
            transaction.put(progress_key(id.uuid, shard, lane), wire::to_row(from));
          }
        }
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<void>> EventSources::remove(const MappingId& id) {
  co_return co_await store::transact(
      tools_.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string progress = progress_prefix(id.uuid);
        transaction.erase(mapping_key(id));
        transaction.erase(outcome_key(id.uuid));
        transaction.erase_range(progress, store::prefix_end(progress));
        co_return wire::Result<void>{};
      });
}

// Of that revision only: a later change is on its way to its own state.
base::Task<wire::Result<void>> EventSources::arrive(const MappingId& id, std::int64_t revision,
                                                    std::string_view state) {
  co_return co_await store::transact(
      tools_.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await find_row<MappingRow>(transaction, mapping_key(id));
        if (!row) co_return std::unexpected(row.error());
        if (!*row || (*row)->revision != revision || (*row)->state == state)
          co_return wire::Result<void>{};
        (*row)->state = state;
        transaction.put(mapping_key(id), wire::to_row(std::move(**row)));
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::lambda
