#include "work/queue.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "work/record.h"

namespace mayfly::work {
namespace {

using store::StoreResult;
using store::Transaction;

constexpr std::chrono::seconds kAfterStoreFailure{1};
constexpr std::chrono::seconds kFirstBackoff{1};
constexpr std::chrono::hours kLongestBackoff{1};
constexpr std::size_t kLargestClaim = 64;
constexpr base::WallTime kNever = base::WallTime::max();

std::chrono::seconds backoff(int attempt) {
  constexpr int kDoublings = 12;
  const std::chrono::seconds wait = kFirstBackoff * (1 << std::min(attempt, kDoublings));
  return std::min<std::chrono::seconds>(wait, kLongestBackoff);
}

// What cannot be read must not stop what can.
void put_aside(Transaction& transaction, const store::KeyValue& row) {
  base::log_error("work: a damaged record was put aside ({} bytes)", row.value.size());
  transaction.erase(row.key);
  transaction.put(damaged_key(row.key), row.value);
}

}  // namespace

WorkQueue::WorkQueue(store::Store& store, const base::Clock& clock, base::Ids& ids, Alarm& alarm,
                     QueueOptions options)
    : store_(store), clock_(clock), alarm_(alarm), options_(options), owner_(ids.hex(16)) {}

WorkQueue::~WorkQueue() = default;

void WorkQueue::handle(std::string kind, int concurrency, WorkHandler handler) {
  Kind entry{.name = kind, .concurrency = concurrency, .handler = std::move(handler)};
  kinds_.insert_or_assign(std::move(kind), std::move(entry));
}

base::Task<StoreResult<void>> WorkQueue::start() {
  if (auto reported = co_await report_unknown_kinds(); !reported) co_return reported;
  for (const auto& [name, kind] : kinds_) {
    auto taken = co_await take_back(kind);
    if (!taken) co_return std::unexpected(std::move(taken).error());
  }
  leases_checked_ = clock_.now();
  {
    std::lock_guard lock(mutex_);
    started_ = true;
  }
  base::spawn(pump());
  co_return StoreResult<void>{};
}

base::Task<void> WorkQueue::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!started_) co_return;
  }
  wake_->ring();
  co_await stopped_.wait();
}

// Work of a kind that nobody handles stays where it is: it may be of a version that knows it.
base::Task<StoreResult<void>> WorkQueue::report_unknown_kinds() {
  std::string from = ready_prefix();
  const std::string end = store::prefix_end(from);
  for (;;) {
    const auto transaction = store_.begin();
    store::RangeQuery query{.begin = from, .end = end, .limit = 1};
    auto found = co_await transaction->range(std::move(query));
    if (!found) co_return std::unexpected(std::move(found).error());
    if (found->rows.empty()) co_return StoreResult<void>{};
    const auto key = read_ready_key(found->rows.front().key);
    if (key && !kinds_.contains(key->kind)) {
      base::log_warn("work: nothing handles work of kind {}; it stays stored", key->kind);
    }
    from = key ? store::prefix_end(ready_prefix(key->kind)) : found->rows.front().key + '\0';
  }
}

base::Task<void> WorkQueue::pump() {
  for (;;) {
    // Before looking, so that what is committed while it looks rings.
    watch_for_work();
    const base::WallTime next = co_await pass();
    {
      std::lock_guard lock(mutex_);
      // What could not be stored by now stays leased, and the next owner runs it again.
      if (stopping_ && active_ == 0) break;
    }
    if (next != kNever) {
      alarm_.set(next, [wake = wake_] { wake->ring(); });
    }
    const base::OneShot<bool> rung = wake_->next();
    co_await rung.wait();
  }
  co_await watch_.stop();
  // A copy, because whoever waits for it may destroy the queue.
  const base::OneShot<bool> stopped = stopped_;
  stopped.set(true);
}

void WorkQueue::watch_for_work() {
  if (watch_.listening()) return;
  watch_.renew(store_.watch(options_.owners == Owners::sole ? ready_prefix() : work_prefix()),
               wake_);
}

// Does all that can be done now; answers when there will be more.
base::Task<base::WallTime> WorkQueue::pass() {
  base::WallTime next = co_await store_late_outcomes();
  next = std::min(next, co_await keep_leases());
  for (auto& [name, kind] : kinds_) next = std::min(next, co_await start_due(kind));
  co_return next;
}

std::size_t WorkQueue::free_slots(const Kind& kind) {
  std::lock_guard lock(mutex_);
  return stopping_ ? 0 : static_cast<std::size_t>(std::max(0, kind.concurrency - kind.running));
}

base::Task<base::WallTime> WorkQueue::start_due(Kind& kind) {
  for (;;) {
    const std::size_t slots = free_slots(kind);
    if (slots == 0) co_return kNever;  // the end of a run rings
    if (kind.claim_lost) {
      auto taken = co_await take_back(kind);
      if (!taken) co_return clock_.now() + kAfterStoreFailure;
      kind.claim_lost = false;
    }
    auto claimed = co_await claim(kind, std::min(slots, kLargestClaim));
    if (!claimed) {
      base::log_warn("work: cannot claim {}: {}", kind.name, claimed.error().detail);
      if (claimed.error().code == store::StoreErrorCode::outcome_unknown) kind.claim_lost = true;
      co_return clock_.now() + kAfterStoreFailure;
    }
    {
      std::lock_guard lock(mutex_);
      const int count = static_cast<int>(claimed->work.size());
      kind.running += count;
      active_ += count;
      for (const Work& work : claimed->work) running_[{work.kind, work.id}] = work.attempt;
    }
    for (Work& work : claimed->work) base::spawn(run(kind, std::move(work)));
    if (!claimed->next_due) co_return kNever;
    if (*claimed->next_due > clock_.now()) co_return *claimed->next_due;
  }
}

base::Task<StoreResult<WorkQueue::Claimed>> WorkQueue::claim(const Kind& kind, std::size_t limit) {
  {
    // Most looks find nothing to claim, and need no transaction that writes.
    const auto look = store_.begin();
    store::RangeQuery first = store::prefix_query(ready_prefix(kind.name));
    first.limit = 1;
    auto rows = co_await look->range(std::move(first));
    if (!rows) co_return std::unexpected(std::move(rows).error());
    if (rows->rows.empty()) co_return Claimed{};
    const auto key = read_ready_key(rows->rows.front().key);
    if (key && key->due > clock_.now()) co_return Claimed{.work = {}, .next_due = key->due};
  }
  co_return co_await store::transact(
      store_, [this, &kind, limit](Transaction& transaction) -> base::Task<StoreResult<Claimed>> {
        Claimed claimed;
        const base::WallTime now = clock_.now();
        store::RangeQuery query = store::prefix_query(ready_prefix(kind.name));
        query.limit = limit + 1;
        // Work that others enqueue meanwhile is no conflict; only what is claimed here must still
        // be there.
        query.conflict = store::Conflict::ignore;
        auto rows = co_await transaction.range(std::move(query));
        if (!rows) co_return std::unexpected(std::move(rows).error());
        for (const store::KeyValue& row : rows->rows) {
          auto key = read_ready_key(row.key);
          auto record = decode_record(row.value);
          if (!key || !record) {
            put_aside(transaction, row);
            claimed.next_due = now;  // look again
            continue;
          }
          if (key->due > now || claimed.work.size() == limit) {
            claimed.next_due = key->due;
            break;
          }
          auto still_there = co_await transaction.get(row.key);
          if (!still_there) co_return std::unexpected(std::move(still_there).error());
          record->owner = owner_;
          record->lease_until = now + options_.lease;
          ++record->attempts;
          transaction.erase(row.key);
          transaction.put(leased_key(kind.name, key->id), encode_record(*record));
          claimed.work.push_back({.kind = kind.name,
                                  .scope = std::move(record->scope),
                                  .payload = std::move(record->payload),
                                  .not_before = record->not_before,
                                  .id = std::move(key->id),
                                  .attempt = record->attempts});
        }
        // max_bytes may have ended it early.
        if (rows->more && !claimed.next_due) claimed.next_due = now;
        co_return claimed;
      });
}

base::Task<void> WorkQueue::run(Kind& kind, Work work) {
  WorkOutcome outcome = co_await call(kind, work);
  Ended ended{work, std::move(outcome)};
  const bool stored = co_await store_outcome(ended);
  const std::shared_ptr<Wake> wake = wake_;
  {
    // The last use of the queue where this was its last run: who waits in stop() may destroy it
    // then.
    std::lock_guard lock(mutex_);
    if (!stored) late_.push_back(std::move(ended));
    if (stored) running_.erase({work.kind, work.id});
    --kind.running;
    --active_;
  }
  wake->ring();
}

base::Task<WorkOutcome> WorkQueue::call(const Kind& kind, Work work) {
  const int attempt = work.attempt;
  try {
    co_return co_await kind.handler(std::move(work));
  } catch (const std::exception& error) {
    base::log_error("work: the handler of {} failed: {}", kind.name, error.what());
  }
  co_return WorkOutcome::retry_at(clock_.now() + backoff(attempt));
}

// Work is this run's as long as its lease names this owner and this attempt.
base::Task<StoreResult<bool>> WorkQueue::finish_in(Transaction& transaction, const Work& work) {
  const std::string key = leased_key(work.kind, work.id);
  auto stored = co_await transaction.get(key);
  if (!stored) co_return std::unexpected(std::move(stored).error());
  const auto record = *stored ? decode_record(**stored) : std::nullopt;
  const bool ours = record && record->owner == owner_ && record->attempts == work.attempt;
  if (ours) transaction.erase(key);
  co_return ours;
}

// False where the store failed. Repeating it does no harm: what was stored is not this run's any
// more.
base::Task<bool> WorkQueue::store_outcome(Ended ended) {
  auto result = co_await store::transact(
      store_, [this, &ended](Transaction& transaction) -> base::Task<StoreResult<void>> {
        const Work& work = ended.work;
        auto ours = co_await finish_in(transaction, work);
        if (!ours) co_return std::unexpected(std::move(ours).error());
        if (*ours && ended.outcome.retry) {
          const Record record{.scope = work.scope,
                              .not_before = *ended.outcome.retry,
                              .attempts = work.attempt,
                              .owner = {},
                              .lease_until = {},
                              .payload = ended.outcome.payload.value_or(work.payload)};
          transaction.put(ready_key(work.kind, *ended.outcome.retry, work.id),
                          encode_record(record));
        }
        co_return StoreResult<void>{};
      });
  if (!result)
    base::log_warn("work: cannot store the outcome of {} {}: {}", ended.work.kind, ended.work.id,
                   result.error().detail);
  co_return result.has_value();
}

base::Task<base::WallTime> WorkQueue::store_late_outcomes() {
  std::vector<Ended> late;
  {
    std::lock_guard lock(mutex_);
    late.swap(late_);
  }
  base::WallTime next = kNever;
  for (Ended& ended : late) {
    const bool stored = co_await store_outcome(ended);
    std::lock_guard lock(mutex_);
    if (stored) {
      running_.erase({ended.work.kind, ended.work.id});
    } else {
      late_.push_back(std::move(ended));
      next = clock_.now() + kAfterStoreFailure;
    }
  }
  co_return next;
}

// Where several processes share the store: renews what runs here, takes back what ran out
// elsewhere.
base::Task<base::WallTime> WorkQueue::keep_leases() {
  if (options_.owners == Owners::sole) co_return kNever;
  const base::WallTime due = leases_checked_ + options_.lease / 3;
  base::WallTime next = due;
  if (clock_.now() >= due) {
    leases_checked_ = clock_.now();
    next = leases_checked_ + options_.lease / 3;
    if (auto renewed = co_await renew(); !renewed) {
      base::log_warn("work: cannot renew leases: {}", renewed.error().detail);
      next = clock_.now() + kAfterStoreFailure;
    }
  }
  bool others = false;
  for (const auto& [name, kind] : kinds_) {
    auto earliest = co_await take_back(kind);
    if (!earliest) {
      next = std::min(next, clock_.now() + kAfterStoreFailure);
    } else if (*earliest != kNever) {
      others = true;
      next = std::min(next, *earliest);
    }
  }
  std::lock_guard lock(mutex_);
  co_return others || !running_.empty() ? next : kNever;
}

base::Task<StoreResult<void>> WorkQueue::renew() {
  std::vector<std::pair<Key, int>> mine;
  {
    std::lock_guard lock(mutex_);
    mine.assign(running_.begin(), running_.end());
  }
  if (mine.empty()) co_return StoreResult<void>{};
  co_return co_await store::transact(
      store_, [this, &mine](Transaction& transaction) -> base::Task<StoreResult<void>> {
        for (const auto& [work, attempt] : mine) {
          const std::string key = leased_key(work.first, work.second);
          auto stored = co_await transaction.get(key);
          if (!stored) co_return std::unexpected(std::move(stored).error());
          auto record = *stored ? decode_record(**stored) : std::nullopt;
          if (!record || record->owner != owner_ || record->attempts != attempt) continue;
          record->lease_until = clock_.now() + options_.lease;
          transaction.put(key, encode_record(*record));
        }
        co_return StoreResult<void>{};
      });
}

bool WorkQueue::runs_here(const std::string& kind, const std::string& id) {
  std::lock_guard lock(mutex_);
  return running_.contains({kind, id});
}

// Makes ready again what dead owners hold, and what this one holds without knowing, because the
// answer to its claim was lost. What ends meanwhile conflicts, so it is not run again. Answers when
// the first lease of a living one runs out.
base::Task<StoreResult<base::WallTime>> WorkQueue::take_back(const Kind& kind) {
  co_return co_await store::transact(
      store_, [this, &kind](Transaction& transaction) -> base::Task<StoreResult<base::WallTime>> {
        const base::WallTime now = clock_.now();
        base::WallTime earliest = kNever;
        store::RangeQuery query = store::prefix_query(leased_prefix(kind.name));
        query.conflict = store::Conflict::ignore;
        for (;;) {
          auto rows = co_await transaction.range(query);
          if (!rows) co_return std::unexpected(std::move(rows).error());
          for (const store::KeyValue& row : rows->rows) {
            const auto key = read_leased_key(row.key);
            auto record = decode_record(row.value);
            if (!key || !record) {
              put_aside(transaction, row);
              continue;
            }
            const bool ours = record->owner == owner_;
            if (ours && runs_here(key->kind, key->id)) continue;
            if (!ours && options_.owners == Owners::several && record->lease_until > now) {
              earliest = std::min(earliest, record->lease_until);
              continue;
            }
            auto still_there = co_await transaction.get(row.key);
            if (!still_there) co_return std::unexpected(std::move(still_there).error());
            record->owner.clear();
            transaction.erase(row.key);
            transaction.put(ready_key(kind.name, now, key->id), encode_record(*record));
          }
          if (!rows->more) co_return earliest;
          query.begin = rows->rows.back().key + '\0';
        }
      });
}

}  // namespace mayfly::work
