#include "services/lambda/event_sources/lane.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "services/lambda/errors.h"
#include "services/lambda/model/rows.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kFirstPause{200}, kLongestPause{60'000}, kLongestThrottle{5'000};
constexpr milliseconds kNoStore{1'000};
constexpr std::size_t kPage = 1'000;
constexpr std::size_t kMaxState = 1'048'576;
// Of an event around its records.
constexpr std::size_t kEventRoom = 4'096;
// So many records are skipped before that is stored; a restart skips them again.
constexpr std::size_t kSkippedUnstored = 1'000;
// A record has the time of its write, which may be committed a little later.
constexpr seconds kLateRecords{1};

std::int64_t window_start(base::WallTime at, std::int32_t length) {
  const std::int64_t ms = base::epoch_ms(at);
  return ms - ms % (std::int64_t{length} * 1000);
}

std::vector<patterns::EventPattern> parsed(const MappingRow& row) {
  std::vector<patterns::EventPattern> out;
  for (const std::string& text : row.filters.value_or(std::vector<std::string>{})) {
    auto pattern = patterns::EventPattern::parse(text);
    // They were read before they were stored: one that cannot be is damaged, and lets nothing by.
    if (!pattern) pattern = patterns::EventPattern::parse(R"({"damaged":["filter"]})");
    out.push_back(std::move(*pattern));
  }
  return out;
}

}  // namespace

Following::Following(FollowTools the_tools, MappingId the_id, MappingRow the_row)
    : tools(the_tools), id(std::move(the_id)), row(std::move(the_row)), filters(parsed(row)) {}

base::Task<void> Following::note(std::string outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (outcome_ == outcome) co_return;
    outcome_ = outcome;
  }
  auto done = co_await store::transact(
      tools.store, [&](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
        transaction.put(outcome_key(id.uuid), outcome);
        co_return store::StoreResult<void>{};
      });
  if (done) co_return;
  base::log_warn("event source mapping {}: {}", id.uuid, done.error().detail);
  const std::lock_guard lock(mutex_);
  outcome_.clear();
}

struct Lane::Answer {
  bool ran = false;  // the function ran to its end, well or not
  bool failed = false;
  std::string payload;
};

base::Task<void> Lane::run() {
  co_await load();
  while (!stopping() && !progress_.done) {
    co_await gather();
    if (stopping()) break;
    if (!batch_.empty() && !co_await deliver(std::exchange(batch_, {}))) {
      // position_ is behind what was cut off.
      co_await watching_.stop();
      co_return;
    }
    if (window_over_ && progress_.window && !stopping()) co_await close_window(false);
    if (stopping()) break;
    if (closed_ && ahead_.empty() && !progress_.window) {
      progress_.done = true;
      co_await save(position_);
    } else if (skipped_ >= kSkippedUnstored) {
      co_await save(position_);
    }
  }
  if (skipped_ > 0 && batch_.empty() && !progress_.done) co_await save(position_);
  co_await watching_.stop();
}

base::Task<void> Lane::load() {
  const std::string key = progress_key(following_.id.uuid, shard_, number_);
  while (!stopping()) {
    auto transaction = following_.tools.store.begin();
    auto row = co_await find_row<ProgressRow>(*transaction, key);
    transaction.reset();
    if (row && *row) {
      progress_ = std::move(**row);
      break;
    }
    base::log_warn("event source mapping {}: {}", following_.id.uuid,
                   row ? "its progress is not there" : row.error().message);
    co_await pause(0, kNoStore);
  }
  position_ = read_to_ = progress_.position;
}

base::Task<bool> Lane::listen() {
  if (watching_.listening()) co_return true;
  auto watch =
      co_await following_.tools.source.watch(following_.id.scope, following_.row.source, shard_);
  if (!watch) {
    co_await following_.note("PROBLEM: " + watch.error().message);
    co_await pause(8, kLongestPause);
    co_return false;
  }
  watching_.renew(std::move(*watch), wake_);
  co_return true;
}

// Fills batch_ until it is to be delivered, or the window is over.
base::Task<void> Lane::gather() {
  full_ = window_over_ = false;
  batch_bytes_ = 0;
  while (!stopping()) {
    take_ahead();
    if (full_ || window_over_ || (batch_.empty() && skipped_ >= kSkippedUnstored)) co_return;
    if (closed_) {
      window_over_ = true;
      co_return;
    }
    if (!co_await listen()) continue;
    if (co_await read_more()) continue;
    const base::WallTime now = following_.tools.clock.now();
    const std::optional<base::WallTime> until = deadline();
    if (until && *until <= now) {
      window_over_ = progress_.window && window_end() <= now;
      co_return;
    }
    if (until && alarm_at_ != until) {
      alarm_at_ = until;
      following_.tools.timers.ring_at(*until, wake_);
    }
    const base::OneShot<bool> rung = wake_->next();
    co_await rung.wait();
  }
}

// When what is there is to be handled, even if nothing more comes.
std::optional<base::WallTime> Lane::deadline() const {
  std::optional<base::WallTime> out;
  if (!batch_.empty()) out = batch_began_ + seconds{following_.row.window_seconds};
  if (progress_.window) out = std::min(out.value_or(base::WallTime::max()), window_end());
  return out;
}

// When nothing more is to come into the open window.
base::WallTime Lane::window_end() const {
  return base::from_epoch_ms(progress_.window->start_ms) +
         seconds{following_.row.tumbling_seconds} + kLateRecords;
}

// True where there was something new.
base::Task<bool> Lane::read_more() {
  auto page = co_await following_.tools.source.read(following_.id.scope, following_.row.source,
                                                    shard_, read_to_, kPage, mine());
  if (!page) {
    co_await following_.note("PROBLEM: " + page.error().message);
    co_await pause(8, kLongestPause);
    co_return true;
  }
  closed_ = page->closed;
  const bool something = closed_ || page->others > 0 || !page->records.empty();
  read_to_ = page->next;
  skipped_ += page->others;
  count("PolledEventCount", page->records.size());
  if (page->records.empty() && page->others > 0) position_ = read_to_;
  std::ranges::move(page->records, std::back_inserter(ahead_));
  co_return something;
}

ports::GroupTest Lane::mine() const {
  const std::int32_t lanes = following_.row.factor;
  if (lanes == 1) return {};
  return [lanes, number = number_](std::string_view group) {
    const std::string hash = base::sha256(group);
    return static_cast<unsigned char>(hash[0]) % lanes == number;
  };
}

bool Lane::wanted(const ports::SourceRecord& record) const {
  const auto matches = [&record](const patterns::EventPattern& filter) {
    return filter.matches(record.event);
  };
  return following_.filters.empty() || std::ranges::any_of(following_.filters, matches);
}

void Lane::take_ahead() {
  const MappingRow& row = following_.row;
  for (; !ahead_.empty(); ahead_.pop_front()) {
    ports::SourceRecord& record = ahead_.front();
    if (!wanted(record)) {
      position_ = record.next;
      ++skipped_;
      count("FilteredOutEventCount", 1);
      continue;
    }
    if (row.tumbling_seconds > 0) {
      const std::int64_t start = window_start(record.arrived, row.tumbling_seconds);
      if (progress_.window && start > progress_.window->start_ms) {
        window_over_ = true;
        return;
      }
      if (!progress_.window) progress_.window = WindowRow{start, "{}"};
    }
    std::string json = wire::to_json(record.event);
    const std::size_t state = progress_.window ? progress_.window->state.size() : 0;
    const std::size_t room = kMaxSyncPayload - kEventRoom - std::min(state, kMaxState);
    if (!batch_.empty() && batch_bytes_ + json.size() + 1 > room) {
      full_ = true;
      return;
    }
    if (batch_.empty()) batch_began_ = following_.tools.clock.now();
    batch_bytes_ += json.size() + 1;
    position_ = record.next;
    batch_.push_back({std::move(json), std::move(record.sequence_number), std::move(record.next),
                      record.arrived});
    if (batch_.size() >= static_cast<std::size_t>(row.batch_size)) {
      full_ = true;
      ahead_.pop_front();
      return;
    }
  }
}

std::optional<StreamWindow> Lane::window_shown() const {
  if (!progress_.window) return std::nullopt;
  const std::int64_t start = progress_.window->start_ms;
  return StreamWindow{start,
                      start + std::int64_t{following_.row.tumbling_seconds} * 1000,
                      progress_.window->state,
                      shard_,
                      following_.row.source,
                      false,
                      false};
}

// False: it was cut off.
base::Task<bool> Lane::deliver(std::vector<StreamEntry> entries) {
  std::deque<Batch> batches;
  batches.push_back({std::move(entries), 0});
  while (!batches.empty()) {
    if (stopping()) co_return false;
    if (!co_await give_up_old(batches)) co_await try_first(batches);
  }
  co_return true;
}

// True where something was too old.
base::Task<bool> Lane::give_up_old(std::deque<Batch>& batches) {
  const std::int32_t limit = following_.row.max_age_seconds;
  const seconds kept = following_.tools.source.retention();
  const base::WallTime oldest =
      following_.tools.clock.now() - (limit < 0 ? kept : std::min(kept, seconds{limit}));
  std::vector<StreamEntry>& entries = batches.front().entries;
  const auto young = std::ranges::find_if(
      entries, [oldest](const StreamEntry& entry) { return entry.arrived >= oldest; });
  if (young == entries.begin()) co_return false;
  const std::vector<StreamEntry> old(std::make_move_iterator(entries.begin()),
                                     std::make_move_iterator(young));
  entries.erase(entries.begin(), young);
  give_up(old, "RecordAgeExceeded");
  if (!entries.empty()) {
    batches.front().failures = 0;
    co_await save(old.back().next);
    co_return true;
  }
  batches.pop_front();
  co_await save(batches.empty() ? position_ : old.back().next);
  co_return true;
}

// Takes the first batch away, or leaves of it what has to be tried again.
base::Task<void> Lane::try_first(std::deque<Batch>& batches) {
  const MappingRow& row = following_.row;
  Batch& batch = batches.front();
  const base::WallTime now = following_.tools.clock.now();
  const auto age = std::chrono::duration_cast<milliseconds>(now - batch.entries.back().arrived);
  following_.tools.metrics.put({following_.id.scope, row.function, row.qualifier, now,
                                "IteratorAge", "Milliseconds",
                                static_cast<double>(std::max(age.count(), milliseconds::rep{0}))});
  Answer answer = co_await invoke(stream_event(batch.entries, window_shown()));
  if (!answer.ran) co_return;
  std::optional<std::size_t> good = answer.failed ? 0 : batch.entries.size();
  if (!answer.failed && row.report_failures) good = first_failure(answer.payload, batch.entries);
  std::optional<std::string> state;
  if (!answer.failed && progress_.window) {
    state = answered_state(answer.payload);
    if (!state) good = std::nullopt;
  }
  const std::size_t done = good.value_or(0);
  count("InvokedEventCount", batch.entries.size());
  count("FailedInvokeEventCount", batch.entries.size() - done);
  if (state && done > 0) progress_.window->state = std::move(*state);
  if (done == batch.entries.size()) {
    co_await following_.note("OK");
    std::string behind = batch.entries.back().next;
    batches.pop_front();
    if (batches.empty()) behind = position_;
    if (progress_.window && progress_.window->state.size() > kMaxState) {
      progress_.position = std::move(behind);  // stored with the end of the window
      co_await close_window(true);
    } else {
      co_await save(std::move(behind));
    }
    co_return;
  }
  co_await following_.note("PROBLEM: Function call failed");
  if (done > 0) {
    co_await save(batch.entries[done - 1].next);
    batch.entries.erase(batch.entries.begin(),
                        batch.entries.begin() + static_cast<std::ptrdiff_t>(done));
    batch.failures = row.bisect ? 0 : 1;
  } else if (row.bisect && batch.entries.size() > 1) {
    const auto half = static_cast<std::ptrdiff_t>(batch.entries.size() / 2);
    Batch second{{std::make_move_iterator(batch.entries.begin() + half),
                  std::make_move_iterator(batch.entries.end())},
                 batch.failures};
    batch.entries.erase(batch.entries.begin() + half, batch.entries.end());
    batches.insert(batches.begin() + 1, std::move(second));
    co_return;
  } else {
    ++batch.failures;
  }
  if (row.retries >= 0 && batch.failures > row.retries) {
    give_up(batch.entries, "RetryAttemptsExhausted");
    std::string behind = batch.entries.back().next;
    batches.pop_front();
    co_await save(batches.empty() ? position_ : std::move(behind));
    co_return;
  }
  if (batch.failures > 0) co_await pause(batch.failures - 1, kLongestPause);
}

// The last event of a window: no records, the state.
base::Task<void> Lane::close_window(bool early) {
  for (std::int32_t failures = 0; progress_.window && !stopping();) {
    std::optional<StreamWindow> window = window_shown();
    window->final = true;
    window->early = early;
    const Answer answer = co_await invoke(stream_event({}, window));
    if (!answer.ran) continue;
    co_await following_.note(answer.failed ? "PROBLEM: Function call failed" : "OK");
    if (answer.failed) {
      ++failures;
      const std::int32_t retries = following_.row.retries;
      if (retries < 0 || failures <= retries) {
        co_await pause(failures - 1, kLongestPause);
        continue;
      }
      base::log_warn("event source mapping {}: the end of a window is given up, it failed {} times",
                     following_.id.uuid, failures);
    }
    progress_.window.reset();
    co_await save(progress_.position);
  }
}

// Waits itself where the function could not run.
base::Task<Lane::Answer> Lane::invoke(std::string event) {
  ports::InvokeRequest request;
  request.scope = following_.id.scope;
  request.function = following_.row.function;
  request.qualifier = following_.row.qualifier;
  request.payload = std::move(event);
  auto result = co_await following_.tools.invoker.invoke(std::move(request));
  Answer answer;
  if (!result) {
    const wire::ApiError& error = result.error();
    if (error.spec == &kRequestEntityTooLarge) {
      answer.ran = answer.failed = true;
      co_return answer;
    }
    co_await following_.note("PROBLEM: " + error.message);
    co_await pause(refusals_++, kLongestThrottle);
    co_return answer;
  }
  // What stopping cuts off is no error of the function.
  if (result->function_error && stopping()) co_return answer;
  refusals_ = 0;
  answer.ran = true;
  answer.failed = result->function_error.has_value();
  answer.payload = std::move(result->payload);
  co_return answer;
}

void Lane::give_up(const std::vector<StreamEntry>& entries, std::string_view condition) {
  base::log_warn("event source mapping {}: {} records are given up ({}), {} to {} of {}",
                 following_.id.uuid, entries.size(), condition, entries.front().sequence_number,
                 entries.back().sequence_number, shard_);
  count("DroppedEventCount", entries.size());
}

void Lane::count(std::string_view name, std::size_t events) {
  const auto& asked = following_.row.metrics;
  if (events == 0 || !asked || std::ranges::find(*asked, "EventCount") == asked->end()) return;
  following_.tools.metrics.put({following_.id.scope, following_.row.function,
                                following_.row.qualifier, following_.tools.clock.now(), name,
                                "Count", static_cast<double>(events), following_.id.uuid});
}

// Tries until it is stored or the mapping stops; then what is behind the stored position runs
// again.
base::Task<void> Lane::save(std::string position) {
  progress_.position = std::move(position);
  skipped_ = 0;
  for (;;) {
    auto done = co_await store::transact(
        following_.tools.store,
        [&](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
          transaction.put(progress_key(following_.id.uuid, shard_, number_),
                          wire::to_row(progress_));
          co_return store::StoreResult<void>{};
        });
    if (done || stopping()) co_return;
    base::log_warn("event source mapping {}: {}", following_.id.uuid, done.error().detail);
    co_await pause(0, kNoStore);
  }
}

base::Task<void> Lane::pause(std::int32_t failures, milliseconds longest) {
  constexpr std::int32_t kMostDoublings = 20;
  const milliseconds length =
      std::min(longest, kFirstPause * (std::int64_t{1} << std::min(failures, kMostDoublings)));
  const base::WallTime until = following_.tools.clock.now() + length;
  following_.tools.timers.ring_at(until, wake_);
  while (!stopping() && following_.tools.clock.now() < until) {
    const base::OneShot<bool> rung = wake_->next();
    co_await rung.wait();
  }
}

}  // namespace mayfly::lambda
